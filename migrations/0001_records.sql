-- What happened. `sequence` and `hash` are filled a moment later by the sequencer; nothing else ever changes.
create table event (
    event_id text primary key not null,
    at bigint not null,
    actor_kind text not null,
    actor text not null,
    on_behalf text,
    request_id text,
    kind text not null,
    object text not null,
    data text not null,
    sequence bigint,
    hash text
);
create unique index event_sequence on event (sequence);
create index event_waiting on event (event_id) where sequence is null;
create index event_object on event (object, event_id);

create table event_head (
    one bigint primary key not null check (one = 1),
    sequence bigint not null,
    hash text not null
);
insert into event_head (one, sequence, hash) values (1, 0, '');

create table job (
    job_id text primary key not null,
    kind text not null,
    payload text not null,
    run_at bigint not null,
    attempts bigint not null,
    leased_until bigint,
    dead bigint not null,
    last_error text
);
create index job_due on job (run_at) where dead = 0;

create table revision (
    name text primary key not null,
    value bigint not null
);

create table idempotency (
    caller text not null,
    idempotency_key text not null,
    request_digest text not null,
    claimed_at bigint not null,
    status bigint,
    body text,
    primary key (caller, idempotency_key)
);
create index idempotency_age on idempotency (claimed_at);
