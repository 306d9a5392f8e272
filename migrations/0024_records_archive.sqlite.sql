-- Up to which number events are in archive files: the last of them, its hash, and a code for each table over the rows that
-- these events left, made with the key of the log. Events up to there may be removed from the table, and no other.
create table event_archived (
    one bigint primary key not null check (one = 1),
    sequence bigint not null,
    hash text not null,
    tally text not null,
    mac text
);
insert into event_archived (one, sequence, hash, tally, mac) values (1, 0, '', '{}', null);

-- Whose turn it is to archive, until when: of several nodes one does.
create table archive_turn (
    one bigint primary key not null check (one = 1),
    holder text not null,
    ends_at bigint not null
);
insert into archive_turn (one, holder, ends_at) values (1, '', 0);

-- It goes forward only, and what stands at the beginning is put there by whoever fills an empty database.
create trigger event_archived_forward before update on event_archived
when new.sequence <= old.sequence
begin
    select raise(abort, 'what is archived stays archived');
end;

create trigger event_archived_kept before delete on event_archived
when old.sequence > 0
begin
    select raise(abort, 'what is archived stays archived');
end;

drop trigger event_kept;

create trigger event_kept before delete on event
when old.sequence is null or old.sequence > coalesce((select a.sequence from event_archived a where a.one = 1), 0)
begin
    select raise(abort, 'events are never removed');
end;
