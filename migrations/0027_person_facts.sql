-- Whoever tells a client about a person sees whether the row is as the last act left it.

drop view person_facts;
create view person_facts as
select person_id, name, profile, identity_sealed, updated_at, identity_lookup, died_on, marked, mark
  from person;
