select count(*) from job where state in ('QUEUED', 'RUNNING', 'CANCEL_REQUESTED')
