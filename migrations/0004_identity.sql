-- Who exists: natural and legal persons, who works for whom, and how they sign in.

create table person (
    person_id text primary key not null,
    name text not null,
    -- A keyed hash: equal numbers meet here, and nobody without the key can try numbers out.
    identity_lookup text not null,
    identity_sealed bytea not null,
    profile text not null,
    registered_at bigint not null,
    updated_at bigint not null,
    died_on text
);
create unique index person_identity_lookup on person (identity_lookup);

create table organisation (
    organisation_id text primary key not null,
    name text not null,
    credit_code text not null,
    kind text not null check (kind in ('department', 'enterprise')),
    legal_representative text references person (person_id),
    -- A suspended department issues nothing; what has ceased (注销、吊销) holds and issues nothing any more.
    state text not null check (state in ('active', 'suspended', 'ceased')),
    registered_at bigint not null
);
create unique index organisation_credit_code on organisation (credit_code);
create index organisation_legal_representative on organisation (legal_representative);
create index organisation_kind on organisation (kind, organisation_id);

-- Who may act for an organisation besides its legal representative.
create table mandate (
    person_id text not null references person (person_id),
    organisation_id text not null references organisation (organisation_id),
    starts_at bigint not null,
    ends_at bigint,
    primary key (person_id, organisation_id)
);
create index mandate_organisation on mandate (organisation_id, person_id);

create table staff (
    staff_id text primary key not null,
    person_id text not null references person (person_id),
    organisation_id text not null references organisation (organisation_id),
    roles text not null,
    appointed_at bigint not null,
    ended_at bigint
);
-- A person works in one department at a time: a session then has one appointment at most.
create unique index staff_person on staff (person_id) where ended_at is null;
create index staff_organisation on staff (organisation_id, staff_id);

create table account (
    account_id text primary key not null,
    person_id text not null references person (person_id),
    username text not null,
    username_key text not null,
    state text not null check (state in ('open', 'locked', 'closed')),
    opened_at bigint not null
);
create unique index account_username on account (username_key);
create index account_person on account (person_id);

create table password (
    account_id text primary key not null references account (account_id),
    phc text not null,
    set_at bigint not null
);

create table session (
    session_id text primary key not null,
    token_hash text not null,
    account_id text not null references account (account_id),
    method text not null,
    address text not null,
    device text not null,
    opened_at bigint not null,
    authenticated_at bigint not null,
    seen_at bigint not null,
    idle_until bigint not null,
    ends_at bigint not null,
    closed_at bigint
);
create unique index session_token on session (token_hash);
create index session_account on session (account_id, session_id);
create index session_end on session (ends_at);

-- Failures in a row. Keys are keyed hashes of account names and addresses; a row of a name and an address together
-- also says that this address signed in with that name before.
create table sign_in_throttle (
    throttle_key text primary key not null,
    failures bigint not null,
    delay bigint not null,
    retry_at bigint not null,
    counted_at bigint not null
);
create index sign_in_throttle_age on sign_in_throttle (counted_at);
