-- What this installation is, one row. The people of a demonstration have passwords that everybody knows: what serves a
-- city has to know that this is none.
create table installation (
    one bigint primary key not null check (one = 1),
    demonstration bigint not null
);
insert into installation (one, demonstration) values (1, 0);
-- Demonstrations that were before this table: each has this invented department, in a division that does not exist.
update installation set demonstration = 1
 where exists (select organisation_id from organisation where credit_code = '113301990024810047');
