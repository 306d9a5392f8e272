-- A registered application. What is asked of it only by identifier is in `settings` (JSON); the columns are what
-- statements name.
create table client (
    client_id text primary key not null,
    organisation_id text not null,
    name_zh text not null,
    name_en text not null,
    purpose_zh text not null,
    purpose_en text not null,
    secret_hash text,
    backchannel_logout_uri text,
    settings text not null,
    enabled bigint not null,
    created_at bigint not null
);

-- What a person lets a client have: one row for each pair. `scopes` is a list separated by spaces.
create table client_grant (
    grant_id text primary key not null,
    person_id text not null,
    client_id text not null,
    scopes text not null,
    granted_at bigint not null,
    withdrawn_at bigint
);
create unique index client_grant_pair on client_grant (person_id, client_id);

-- Everything that came out of one authorization code. The row is inserted when the code is redeemed: its key is the
-- code's, so that a second redemption meets it.
create table token_family (
    family_id text primary key not null,
    client_id text not null,
    person_id text not null,
    account_id text not null,
    session_id text not null,
    scopes text not null,
    authenticated_at bigint not null,
    created_at bigint not null,
    expires_at bigint not null,
    offline bigint not null,
    refresh_hash text,
    refresh_hash_before text,
    refreshed_at bigint,
    idle_until bigint,
    revoked_at bigint,
    revoked_for text
);
create index token_family_session on token_family (session_id);
create index token_family_pair on token_family (person_id, client_id);
create index token_family_age on token_family (expires_at);

-- What tokens need to know of persons, accounts and sessions. Those tables belong to `identity`; these views are all
-- that `oidc` sees of them, so that one statement can check a token and the life it hangs on.
create view session_liveness as
select s.session_id, s.account_id, a.person_id, a.state as account_state, s.authenticated_at, s.idle_until, s.ends_at,
       s.closed_at
  from session s
  join account a on a.account_id = s.account_id;

create view account_liveness as
select account_id, person_id, state
  from account;

create view person_facts as
select person_id, name, profile, identity_sealed, updated_at
  from person;
