-- Who holds a licence beside its holder: the other parent of a newborn.
create table licence_joint_holder (
    licence_id text primary key not null references licence (licence_id),
    person_id text not null,
    marked bigint not null default 0,
    mark text
);
create index licence_joint_holder_person on licence_joint_holder (person_id, licence_id);

-- What waits for somebody, by whom it is about: nobody waits twice for what is held once.
create index application_waiting on application (holder_id, application_id) where state in ('proposed', 'submitted');
