-- Digest of the file that was uploaded; of the picture that was made of it there is one already.
-- Null: the concept was imported, or the picture came before this column.
alter table decomposition add column source_sha256 text;
