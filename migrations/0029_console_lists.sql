-- Which licences of a department end soon, and which have ended.
create index licence_ending on licence (issuer_id, valid_until, licence_id)
    where status = 'valid' and valid_until is not null;
