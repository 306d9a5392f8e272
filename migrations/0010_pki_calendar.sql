-- Which keys end next is asked every few minutes: of seals there are thousands.
create index pki_key_end on pki_key (purpose, state, not_after);
-- Since when a root's key is not on this machine any more, if somebody took it away.
alter table pki_key add column taken_out_at bigint;
-- Tells what keys are derived from, since the envelope key was first replaced: a missing file would give other keys.
alter table pki_ceremony add column derivation_check text not null default '';
