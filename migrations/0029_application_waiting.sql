-- Before a clerk types an application, the department is asked whether one for the same holder waits.
create index application_waiting on application (holder_id) where state in ('proposed', 'submitted');
