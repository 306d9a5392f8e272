create trigger event_kept before delete on event
begin
    select raise(abort, 'events are never removed');
end;

create trigger event_unchanged before update on event
when old.sequence is not null
  or new.event_id <> old.event_id or new.at <> old.at
  or new.actor_kind <> old.actor_kind or new.actor <> old.actor
  or new.on_behalf is not old.on_behalf or new.request_id is not old.request_id
  or new.kind <> old.kind or new.object <> old.object or new.data <> old.data
begin
    select raise(abort, 'events are never changed');
end;
