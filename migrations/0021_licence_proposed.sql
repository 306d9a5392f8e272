-- Which system asked for the licence, and left it to two people of the department to decide.
alter table application add column proposed_by text;
