-- Names are looked for by a key: the name in the form in which what looks alike is the same, without what people leave
-- out. It is null in rows of a version before, until `identity` and `seal` have filled it in; nobody rests on it.

alter table person add column name_key text;
alter table person_renaming add column name_key text;
alter table organisation add column name_key text;
alter table organisation_history add column name_key text;
alter table seal add column name_key text;

create index person_name_key on person (name_key, person_id);
create index person_renaming_name_key on person_renaming (name_key, person_id);
create index organisation_name_key on organisation (name_key, organisation_id);
create index organisation_history_name_key on organisation_history (name_key, organisation_id);
create index seal_name_key on seal (name_key, seal_id);
