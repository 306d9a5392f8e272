-- What widens trust: one operator proposes it, another one approves it, and until then nothing changes.
create table proposal (
    proposal_id text primary key not null,
    kind text not null,
    object text not null,
    -- JSON, as the crate that does it writes and reads it.
    change text not null,
    reason text not null,
    proposed_by text not null references staff (staff_id),
    proposed_at bigint not null,
    ends_at bigint not null,
    -- `ended` is written when the next one of the kind is made for the object; until then its time says it.
    state text not null check (state in ('open', 'approved', 'refused', 'withdrawn', 'ended')),
    decided_by text references staff (staff_id),
    marked bigint not null default 0,
    mark text
);
create unique index proposal_object on proposal (kind, object) where state = 'open';
create index proposal_proposed on proposal (proposed_by, state);
create index proposal_age on proposal (proposed_at);

-- An organisation as it was before a change, and until when. What it is now stands in its row.
alter table organisation add column address text;
create table organisation_history (
    organisation_id text not null references organisation (organisation_id),
    until bigint not null,
    name text not null,
    legal_representative text references person (person_id),
    address text,
    primary key (organisation_id, until)
);

-- Operators find people by their whole name.
create index person_name on person (name, person_id);
