-- Before a clerk types an application, the department is asked whether one for the same holder waits.
create index application_waiting on application (holder_id) where state in ('proposed', 'submitted');

-- Which licences of a department end soon, and which have ended.
create index licence_ending on licence (issuer_id, valid_until, licence_id)
    where status = 'valid' and valid_until is not null;
