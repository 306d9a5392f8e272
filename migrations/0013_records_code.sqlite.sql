-- What an event was written with cannot be made by somebody who has the database alone: `mac` is keyed, over all but its
-- number, and the chain is keyed from `keyed_from` on. `marks` says which rows the act left, and in which version.
alter table event add column marks text;
alter table event add column mac text;
alter table event_head add column keyed_from bigint;
alter table event_head add column mac text;

drop trigger event_unchanged;

create trigger event_unchanged before update on event
when old.sequence is not null
  or new.event_id <> old.event_id or new.at <> old.at
  or new.actor_kind <> old.actor_kind or new.actor <> old.actor
  or new.on_behalf is not old.on_behalf or new.request_id is not old.request_id
  or new.kind <> old.kind or new.object <> old.object or new.data <> old.data
  or new.marks is not old.marks or new.mac is not old.mac
begin
    select raise(abort, 'events are never changed');
end;
