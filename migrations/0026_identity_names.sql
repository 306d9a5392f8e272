-- What a person was called before a correction. The log says which correction it was and not to what: here it stays when
-- events are archived.
create table person_renaming (
    renaming_id text primary key not null,
    person_id text not null references person (person_id),
    at bigint not null,
    name_before text not null,
    name_after text not null,
    marked bigint not null default 0,
    mark text
);
create index person_renaming_person on person_renaming (person_id, at);

-- Operators and auditors find people and organisations by a name of before, too.
create index person_renaming_name on person_renaming (name_before, person_id);
create index organisation_history_name on organisation_history (name, organisation_id);

-- When the number was typed with which a reset was filed: one search is good for one reset.
alter table password_reset add column searched_at bigint;
create unique index password_reset_search on password_reset (filed_by, person_id, searched_at);
