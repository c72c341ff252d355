-- Its owner removed it while a lane held it: nobody sees it any more, and it goes when the lane lets
-- it go. The queue knows this itself now, for every kind of job.
alter table job add column removing boolean not null default false;

update job set removing = true from decomposition
where decomposition.id = job.id and decomposition.deleting and job.state = 'CANCEL_REQUESTED';
-- Their files are left over; the sweep of blobs finds them.
delete from job using decomposition
where decomposition.id = job.id and decomposition.deleting and job.finished_at is not null;

alter table job add constraint job_removing
  check (not removing or state in ('CANCEL_REQUESTED', 'CANCELED'));
create index job_removing on job (id) where removing;

-- decomposition.deleting stays for processes of the release before this one; nothing reads it here.
