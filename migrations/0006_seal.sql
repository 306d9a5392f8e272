-- Electronic seals of departments. `ring`, `below` and `number` are the text of the picture, from which it is drawn
-- again whenever it is needed. `gbt_38540` is the place of the seal structure of GB/T 38540 (a later issue fills it).
create table seal (
    seal_id text primary key not null,
    organisation_id text not null,
    kind text not null,
    name text not null,
    number text not null,
    ring text not null,
    below text not null,
    keeper text not null,
    state text not null,
    reason text,
    key_id text,
    gbt_38540 bytea,
    applied_at bigint not null,
    changed_at bigint not null
);
create unique index seal_number on seal (number);
create index seal_organisation on seal (organisation_id, seal_id);
create unique index seal_in_use on seal (organisation_id, kind) where state in ('enabled', 'frozen');

-- The next serial of each administrative division.
create table seal_serial (
    division text primary key not null,
    last bigint not null
);
