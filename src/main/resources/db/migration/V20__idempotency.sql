-- First answers, replayed to clients that repeat a request. Written by io.diptych.http.idempotency alone.

create table idempotency_key (
  tenant      text not null,
  route       text not null,
  key         text not null,
  fingerprint bytea not null check (octet_length(fingerprint) = 32),  -- of the request and its uploads
  resource_id uuid,                -- what the first request made; set before its transaction commits
  status      integer,             -- of the first answer; null while it is being made
  headers     jsonb,
  body        text,                -- null: made anew from the resource
  claimed_at  timestamptz not null,
  expires_at  timestamptz not null,
  primary key (tenant, route, key)
);
create index idempotency_key_expiry on idempotency_key (expires_at);
