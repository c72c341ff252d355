-- Tables of db-scheduler, one per scheduler: a scheduler deletes rows whose task it does not know, so
-- two different schedulers must never share one.

create table ticket_decomposition (
  task_name            text not null,
  task_instance        text not null,
  task_data            bytea,
  execution_time       timestamptz not null,
  picked               boolean not null,
  picked_by            text,
  last_success         timestamptz,
  last_failure         timestamptz,
  consecutive_failures integer,
  last_heartbeat       timestamptz,
  version              bigint not null,
  primary key (task_name, task_instance)
);
create index ticket_decomposition_due on ticket_decomposition (execution_time);
create index ticket_decomposition_beat on ticket_decomposition (last_heartbeat);

create table ticket_generation (
  task_name            text not null,
  task_instance        text not null,
  task_data            bytea,
  execution_time       timestamptz not null,
  picked               boolean not null,
  picked_by            text,
  last_success         timestamptz,
  last_failure         timestamptz,
  consecutive_failures integer,
  last_heartbeat       timestamptz,
  version              bigint not null,
  primary key (task_name, task_instance)
);
create index ticket_generation_due on ticket_generation (execution_time);
create index ticket_generation_beat on ticket_generation (last_heartbeat);

create table housekeeping_task (
  task_name            text not null,
  task_instance        text not null,
  task_data            bytea,
  execution_time       timestamptz not null,
  picked               boolean not null,
  picked_by            text,
  last_success         timestamptz,
  last_failure         timestamptz,
  consecutive_failures integer,
  last_heartbeat       timestamptz,
  version              bigint not null,
  primary key (task_name, task_instance)
);
create index housekeeping_task_due on housekeeping_task (execution_time);
create index housekeeping_task_beat on housekeeping_task (last_heartbeat);
