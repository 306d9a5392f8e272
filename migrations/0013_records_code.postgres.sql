-- What an event was written with cannot be made by somebody who has the database alone: `mac` is keyed, over all but its
-- number, and the chain is keyed from `keyed_from` on. `marks` says which rows the act left, and in which version.
alter table event add column marks text;
alter table event add column mac text;
alter table event_head add column keyed_from bigint;
alter table event_head add column mac text;

create or replace function event_guard() returns trigger language plpgsql as $$
begin
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
