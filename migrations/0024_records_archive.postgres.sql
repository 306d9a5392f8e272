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
create function event_archived_guard() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and new.sequence > old.sequence then
        return new;
    end if;
    if tg_op = 'DELETE' and old.sequence = 0 then
        return old;
    end if;
    raise exception 'what is archived stays archived';
end $$;

create trigger event_archived_guard before update or delete on event_archived
    for each row execute function event_archived_guard();

create trigger event_archived_guard_truncate before truncate on event_archived
    for each statement execute function event_archived_guard();

create or replace function event_guard() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and old.sequence <= (select a.sequence from event_archived a where a.one = 1) then
        return old;
    end if;
    if tg_op = 'UPDATE' and old.sequence is null
       and (new.event_id, new.at, new.actor_kind, new.actor, new.kind, new.object, new.data)
         = (old.event_id, old.at, old.actor_kind, old.actor, old.kind, old.object, old.data)
       and new.on_behalf is not distinct from old.on_behalf
       and new.request_id is not distinct from old.request_id
       and new.marks is not distinct from old.marks
       and new.mac is not distinct from old.mac then
        return new;
    end if;
    raise exception 'events are never changed or removed';
end $$;
