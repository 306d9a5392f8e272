-- A licence that somebody wants revoked, which cannot be undone: one member of staff files it, another one approves it.
create table licence_revocation (
    revocation_id text primary key not null,
    licence_id text not null references licence (licence_id),
    issuer_id text not null,
    reason text not null,
    -- The number of the decision by which it is revoked. A system may leave it to the clerk who takes it on.
    decision text,
    -- Which system asked for it, if one did.
    client text,
    -- Who answers for it; nobody yet while a system's waits for a clerk.
    filed_by text,
    filed_person text,
    filed_at bigint not null,
    ends_at bigint not null,
    -- `ended` is written when the next one for the licence is filed, or when the licence was revoked in another way.
    state text not null check (state in ('proposed', 'open', 'approved', 'refused', 'withdrawn', 'ended')),
    decided_by text,
    decided_at bigint,
    refusal text,
    marked bigint not null default 0,
    mark text
);
create unique index licence_revocation_licence on licence_revocation (licence_id) where state in ('proposed', 'open');
create index licence_revocation_waiting on licence_revocation (issuer_id, revocation_id)
    where state in ('proposed', 'open');
create index licence_revocation_issuer on licence_revocation (issuer_id, revocation_id);
create index licence_revocation_filed on licence_revocation (filed_by, revocation_id) where filed_by is not null;
create index licence_revocation_age on licence_revocation (filed_at);

-- The number of the decision by which a licence was revoked.
alter table licence add column decision text;

-- `one` where the issuer lets one person revoke licences of the type; nothing where it takes two.
alter table licence_type_issuer add column revoked_by text;

-- Which holder has seen what about a licence: that it was suspended or revoked, and at which instant.
create table licence_notice (
    licence_id text not null references licence (licence_id),
    person_id text not null,
    status text not null,
    changed_at bigint not null,
    seen_at bigint not null,
    primary key (licence_id, person_id)
);
create index licence_out_of_force on licence (holder_id, licence_id) where status in ('suspended', 'revoked');
