-- One row: who holds it may create keys. `envelope_check` tells a wrong envelope key from a damaged key file.
create table pki_ceremony (
    one bigint primary key not null check (one = 1),
    envelope_check text not null,
    turns bigint not null
);
insert into pki_ceremony (one, envelope_check, turns) values (1, '', 0);

-- What is known about each key. The private half is a sealed file in the key folder, never here.
create table pki_key (
    key_id text primary key not null,
    purpose text not null,
    algorithm text not null,
    state text not null,
    spki bytea not null,
    not_before bigint not null,
    not_after bigint not null,
    created_at bigint not null
);
create index pki_key_purpose on pki_key (purpose, key_id);

create table pki_certificate (
    certificate_id text primary key not null,
    key_id text not null references pki_key (key_id),
    issuer_key_id text not null references pki_key (key_id),
    serial text not null,
    subject text not null,
    der bytea not null,
    not_before bigint not null,
    not_after bigint not null,
    revoked_at bigint,
    revocation_reason text
);
create unique index pki_certificate_serial on pki_certificate (issuer_key_id, serial);
create unique index pki_certificate_key on pki_certificate (key_id);
create index pki_certificate_revoked on pki_certificate (issuer_key_id, revoked_at) where revoked_at is not null;

create table pki_crl (
    issuer_key_id text not null references pki_key (key_id),
    number bigint not null,
    this_update bigint not null,
    next_update bigint not null,
    der bytea not null,
    primary key (issuer_key_id, number)
);
