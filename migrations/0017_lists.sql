-- Every list has an index that begins with what it is of and goes on with its order, so that its page costs the same
-- beside ten thousand rows and beside a million. What a list leaves out, its index leaves out too.

create index event_request on event (request_id, event_id) where request_id is not null;
create index event_kind on event (kind, event_id);
-- What waits for its number stands in one index and what has one in another: neither can be taken for the other.
drop index event_waiting;
create index event_waiting on event (sequence, event_id) where sequence is null;
drop index event_sequence;
create unique index event_sequence on event (sequence) where sequence is not null;
drop index job_due;
create index job_waiting on job (lane, run_at) where dead = 0;

drop index staff_organisation;
create index staff_in_office on staff (organisation_id, staff_id) where ended_at is null;

drop index licence_of_issuer;
create index licence_listed on licence (issuer_id, licence_id) where status not in ('intent', 'void');
create index licence_by_status on licence (issuer_id, status, licence_id) where status not in ('intent', 'void');
create index licence_renewal on licence (renews, identifier) where renews is not null;
create index application_of_issuer on application (issuer_id, application_id);

create index pki_key_service on pki_key (key_id) where purpose <> 'seal';
drop index pki_key_end;
drop index pki_key_purpose;
create index pki_key_seal_end on pki_key (not_after, key_id) where purpose = 'seal' and state = 'active';
drop index pki_certificate_revoked;
create index pki_certificate_revoked on pki_certificate (issuer_key_id, revoked_at, serial)
    where revoked_at is not null;
