-- Which pictures this service made, to answer for them later. Written by io.diptych.generation alone.
-- Rows outlive the generation, its prompt and its files: they hold hashes, no content.
create table generation_log (
  job_id          uuid not null,
  image_index     integer not null check (image_index >= 0),
  tenant          text not null,
  seed            bigint not null,
  content         uuid,             -- decomposition that gave the content
  style           uuid,             -- decomposition that gave the style
  model_digest    text not null,
  sha256          bytea not null check (octet_length(sha256) = 32),        -- of the PNG file
  pixel_sha256    bytea not null check (octet_length(pixel_sha256) = 32),  -- of the RGB pixels
  perceptual_hash bigint not null,  -- 64-bit difference hash
  made_at         timestamptz not null,
  primary key (job_id, image_index)
);
create index generation_log_sha256 on generation_log (sha256);
create index generation_log_pixel_sha256 on generation_log (pixel_sha256);
create index generation_log_perceptual_hash on generation_log (perceptual_hash);
