-- API keys. Written by io.diptych.http.access alone.

create table api_key (
  id           text primary key,             -- public prefix of the key
  tenant       text not null,
  name         text not null,
  hash         bytea not null check (octet_length(hash) = 32),  -- SHA-256 of the key in full
  scopes       text[] not null,
  created_at   timestamptz not null,
  expires_at   timestamptz,                  -- null: never
  last_used_at timestamptz,                  -- to the minute
  revoked_at   timestamptz
);
create index api_key_of_tenant on api_key (tenant, created_at desc);
