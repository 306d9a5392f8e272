-- A password that somebody forgot, given anew at a counter: one member of staff files it, another one approves it.
create table password_reset (
    reset_id text primary key not null,
    account_id text not null references account (account_id),
    person_id text not null references person (person_id),
    -- Where it was filed, and where alone it is approved.
    organisation_id text not null references organisation (organisation_id),
    -- Which document the person showed.
    document text not null,
    filed_by text not null references staff (staff_id),
    filed_at bigint not null,
    ends_at bigint not null,
    -- `ended` is written when the next one for the account is filed; until then its time says it.
    state text not null check (state in ('open', 'approved', 'refused', 'withdrawn', 'ended')),
    decided_by text references staff (staff_id),
    marked bigint not null default 0,
    mark text
);
create unique index password_reset_account on password_reset (account_id) where state = 'open';
create index password_reset_department on password_reset (organisation_id, reset_id);
create index password_reset_person on password_reset (person_id, filed_at);
create index password_reset_filed on password_reset (filed_by, filed_at);
create index password_reset_age on password_reset (filed_at);
