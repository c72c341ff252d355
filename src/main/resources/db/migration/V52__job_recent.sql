-- How long the last runs of a kind took: without a walk through those of the other kind.
create index job_recent on job (kind, finished_at desc) where state = 'SUCCEEDED';
drop index attempt_recent;
