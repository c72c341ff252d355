-- Signs paging cursors, so that every instance of the service accepts every other's. Written by io.diptych.http.paging alone.
create table signing_secret (
  name       text primary key,
  secret     bytea not null check (octet_length(secret) = 32),
  created_at timestamptz not null
);
