-- What waits for somebody, by whom it is about: nobody waits twice for what is held once.
create index application_waiting on application (holder_id, application_id) where state in ('proposed', 'submitted');
