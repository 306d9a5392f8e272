-- Until when a password can be used that somebody else has seen: for nothing but choosing another one.
alter table password add column ends_at bigint;
