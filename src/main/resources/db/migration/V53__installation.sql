-- Marks the blob store as this database's: a sweep that meets the mark of another one deletes nothing.
create table installation (
    singleton boolean primary key default true check (singleton),
    id        uuid not null
);

insert into installation (id) values (gen_random_uuid());
