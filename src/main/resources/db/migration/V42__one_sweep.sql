-- Chores that became parts of others: the queue finishes removals itself, one sweep does all blobs.
delete from housekeeping_task
where task_name in ('diptych-finish-deletions', 'diptych-sweep-decomposition-blobs');
