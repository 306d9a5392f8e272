-- What one member of staff did. Others' acts are found by what they were done to.
create index event_actor on event (actor, event_id) where actor_kind in ('staff', 'operator');
