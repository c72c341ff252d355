-- Jobs: what was asked, where it stands, what came of it. Written by io.diptych.job alone.

-- What a tenant may take of the queue. A row appears with the tenant's first job.
create table tenant_share (
  tenant      text primary key,
  weight      double precision not null default 1 check (weight > 0),
  queued_cap  integer check (queued_cap >= 0),   -- null: the service's default
  running_cap integer check (running_cap >= 0),  -- null: the service's default
  created_at  timestamptz not null
);

-- The fair order: the tenant with the smallest pass is served next, and its pass grows by 1 / weight.
create table tenant_turn (
  tenant    text not null references tenant_share,
  kind      text not null,
  pass      double precision not null,
  served_at timestamptz not null,
  primary key (tenant, kind)
);

-- The pass of the job served last. A tenant that was idle starts here, not at its old pass.
create table queue_clock (
  kind text primary key,
  pass double precision not null
);

create table job (
  id                  uuid primary key,
  kind                text not null check (kind in ('DECOMPOSITION', 'GENERATION')),
  tenant              text not null references tenant_share,
  state               text not null check (state in
      ('QUEUED', 'RUNNING', 'CANCEL_REQUESTED', 'SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED')),
  priority            smallint not null,
  queue_order         timestamptz not null,  -- queued_at - priority * ageing interval
  labels              jsonb not null,
  request             jsonb not null,
  batch_key           text,                  -- null: never batched
  alone               boolean not null default false,  -- it was in a lane that died; risk no mates
  model_digest        text,
  config_hash         text,
  need_bytes          bigint not null default 0,
  traceparent         text,

  fence               bigint not null default 0,  -- grows with every claim; older writers are refused
  attempt             integer not null default 1, -- runs that counted, this one included
  retry_fence         bigint not null default 0,  -- failures up to this fence no longer count
  ticket              uuid,                       -- the ticket that holds it while it runs
  ticket_version      bigint,                     -- which pick of that ticket
  worker              text,
  lane                text,

  progress            jsonb,
  result              jsonb,
  error_code          text,
  error_message       text,
  error_retryable     boolean,
  version             bigint not null default 1,  -- grows with every change; id of its newest event

  created_at          timestamptz not null,
  queued_at           timestamptz not null,
  not_before          timestamptz,
  started_at          timestamptz,
  finished_at         timestamptz,
  cancel_requested_at timestamptz,
  updated_at          timestamptz not null,
  start_within_millis  bigint,
  finish_within_millis bigint,
  start_by            timestamptz,
  finish_by           timestamptz,

  check ((finished_at is not null) = (state in ('SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED'))),
  check ((ticket is not null) = (state in ('RUNNING', 'CANCEL_REQUESTED')))
);

-- The two live states are small however many jobs have ended.
create index job_queued on job (kind, tenant, queue_order, id) where state = 'QUEUED';
create index job_mates on job (kind, batch_key, tenant, queue_order, id)
  where state = 'QUEUED' and batch_key is not null and not alone;
create index job_start_by on job (start_by) where state = 'QUEUED' and start_by is not null;
create index job_held on job (ticket) where state in ('RUNNING', 'CANCEL_REQUESTED');
create index job_running on job (tenant) where state in ('RUNNING', 'CANCEL_REQUESTED');
create index job_listed on job (tenant, kind, id desc);
create index job_ended on job (state, finished_at) where finished_at is not null;

-- One row per claim.
create table attempt (
  job_id     uuid not null references job on delete cascade,
  fence      bigint not null,
  number     integer not null,
  worker     text not null,
  lane       text not null,
  batch_size integer not null,
  started_at timestamptz not null,
  ended_at   timestamptz,
  outcome    text check (outcome in
      ('SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED', 'HANDED_BACK')),
  reason     text,
  message    text,
  last_step  integer,
  primary key (job_id, fence)
);
create index attempt_recent on attempt (ended_at desc) where outcome = 'SUCCEEDED';

-- What happened, newest last; bounded per job. The number is the id of a server-sent event.
create table job_event (
  job_id uuid not null references job on delete cascade,
  seq    bigint not null,
  at     timestamptz not null,
  type   text not null,
  data   jsonb not null,
  primary key (job_id, seq)
);

create table checkpoint (
  job_id     uuid not null references job on delete cascade,
  step       integer not null,
  fence      bigint not null,
  content    bytea not null,
  created_at timestamptz not null,
  primary key (job_id, step)
);
-- Optimiser state does not compress.
alter table checkpoint alter column content set storage external;
