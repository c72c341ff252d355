-- Takes longer than a transaction may stand idle in the test that applies it.
select pg_sleep(4);
