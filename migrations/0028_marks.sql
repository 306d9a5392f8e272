-- What a person lets a client have is marked; up to which of what marks cover the rows are marked, for rows that are
-- older (`records::mark_older`).
alter table client_grant add column marked bigint not null default 0;
alter table client_grant add column mark text;
alter table event_head add column marks bigint;
