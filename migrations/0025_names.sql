-- Auditors ask for an organisation and for a seal by the name that people know, and for what somebody did in every
-- office, also in one that has ended.

create index organisation_name on organisation (name, organisation_id);
create index seal_name on seal (name, seal_id);
create index staff_of_person on staff (person_id, staff_id);
