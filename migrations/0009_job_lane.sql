-- Whom a job waits for: of one lane only so many run at the same time.
alter table job add column lane text not null default '';
