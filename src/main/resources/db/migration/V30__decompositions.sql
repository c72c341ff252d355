-- What a decomposition has beside its job: the picture it is made from and the concept it became.
-- The rows live and die with their job; where the job stands is the job's own business.
create table decomposition (
  id             uuid primary key references job on delete cascade,
  tenant         text not null,
  model_digest   text not null,
  image_sha256   text,              -- of the normalised picture; null: the concept was imported
  image_width    integer,
  image_height   integer,
  concept_sha256 text,              -- null until it has been learned
  concept_bytes  bigint,
  learned_at     timestamptz,
  step_millis    double precision,  -- median of the run, for the estimates of later ones
  expired_at     timestamptz,       -- the concept was deleted because it was past its retention
  deleting       boolean not null default false,  -- its owner deleted it while it ran

  check ((image_sha256 is null) or (image_width is not null and image_height is not null)),
  check ((concept_sha256 is null) = (learned_at is null))
);
create index decomposition_concept on decomposition (tenant, concept_sha256)
  where concept_sha256 is not null;
create index decomposition_speed on decomposition (model_digest, learned_at desc)
  where step_millis is not null;
create index decomposition_kept on decomposition (learned_at)
  where learned_at is not null and expired_at is null;
create index decomposition_deleting on decomposition (id) where deleting;

-- Pictures made on the way. A run that lost its job cannot replace those of the run that has it.
create table preview (
  decomposition_id uuid not null references decomposition on delete cascade,
  step             integer not null,
  fence            bigint not null,
  sha256           text not null,
  primary key (decomposition_id, step)
);
