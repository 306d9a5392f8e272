create function event_guard() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.sequence is null
       and (new.event_id, new.at, new.actor_kind, new.actor, new.kind, new.object, new.data)
         = (old.event_id, old.at, old.actor_kind, old.actor, old.kind, old.object, old.data)
       and new.on_behalf is not distinct from old.on_behalf
       and new.request_id is not distinct from old.request_id then
        return new;
    end if;
    raise exception 'events are never changed or removed';
end $$;

create trigger event_guard before update or delete on event
    for each row execute function event_guard();

create trigger event_guard_truncate before truncate on event
    for each statement execute function event_guard();
