-- What the blob store held before this database came to be cannot be a left-over of its own. A database of before this
-- migration is taken to be as old as its oldest job.
alter table installation add column since timestamptz not null default now();

update installation set since = coalesce((select min(created_at) from job), now());
