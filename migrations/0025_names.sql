-- Auditors ask for an organisation and for a seal by the name that people know.

create index organisation_name on organisation (name, organisation_id);
create index seal_name on seal (name, seal_id);
