-- With which commands on a machine act for an operator: only the hash of the key is kept. It ends by itself.
create table command_key (
    key_hash text primary key not null,
    account_id text not null references account (account_id),
    made_at bigint not null,
    ends_at bigint not null,
    ended_at bigint,
    marked bigint not null default 0,
    mark text
);
create index command_key_account on command_key (account_id, made_at);
