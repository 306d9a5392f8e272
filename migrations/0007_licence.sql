-- The catalogue: every published version stays, because licences keep the version they were issued under.
create table licence_type (
    licence_type_id text primary key not null,
    type_code text not null,
    version bigint not null,
    state text not null,
    definition text not null,
    created_at bigint not null
);
create unique index licence_type_version on licence_type (type_code, version);

-- Which department may issue licences of which type.
create table licence_type_issuer (
    type_code text not null,
    organisation_id text not null,
    primary key (type_code, organisation_id)
);

-- `content` is sealed; `content_digest` is what the reviewer binds himself to.
create table application (
    application_id text primary key not null,
    licence_type_id text not null,
    issuer_id text not null,
    holder_kind text not null,
    holder_id text not null,
    holder_shown text not null,
    state text not null,
    content bytea not null,
    content_digest text not null,
    renews text,
    maker_staff text not null,
    maker_person text not null,
    submitted_at bigint not null,
    checker_staff text,
    checker_person text,
    decided_at bigint,
    return_reason text,
    return_note text,
    licence_id text
);
create index application_queue on application (issuer_id, state, application_id);

-- The hot row: what a verification reads. Everything long is in the two tables below.
create table licence (
    licence_id text primary key not null,
    identifier text not null,
    code text not null,
    origin text not null,
    licence_type_id text not null,
    issuer_id text not null,
    issuer_name text not null,
    holder_kind text not null,
    holder_id text not null,
    holder_shown text not null,
    status text not null,
    reason text,
    changed_at bigint not null,
    issued_at bigint not null,
    valid_from text not null,
    valid_until text,
    renews text
);
create unique index licence_identifier on licence (identifier);
create unique index licence_code on licence (code);
-- One application, or one request of one client, makes one licence, whatever crashes in between.
create unique index licence_origin on licence (origin);
create index licence_of_holder on licence (holder_id, licence_id);
create index licence_of_issuer on licence (issuer_id, licence_id);
create index licence_intent on licence (changed_at) where status = 'intent';

-- Of a type that a holder has only once: the licence that has the place. It is taken by one statement on one row, so
-- that of two at the same instant, on any node, one gets it. Whether that licence is over (revoked, superseded, void,
-- past its last day) is read from its own row: nothing has to be cleared when it ends.
create table licence_holding (
    holder_id text not null,
    type_code text not null,
    licence_id text not null,
    primary key (holder_id, type_code)
);

create table licence_content (
    licence_id text primary key not null,
    content bytea not null,
    content_digest text not null,
    maker_staff text not null,
    maker_person text not null,
    checker_staff text not null,
    checker_person text not null
);

-- `bytes` is sealed: the page shows the holder's number. `sha256` is that of the document itself.
create table licence_file (
    licence_id text primary key not null,
    sha256 text not null,
    bytes bytea not null,
    seal_id text not null,
    key_id text not null,
    made_at bigint not null
);
create unique index licence_file_digest on licence_file (sha256);

-- Receipts: what was answered to whom, without personal data.
create table verification (
    receipt_id text primary key not null,
    at bigint not null,
    asked_by text not null,
    method text not null,
    licence_id text,
    outcome text not null,
    reason text
);
create index verification_of_licence on verification (licence_id, receipt_id);
