-- The number of an authority's revocation list, which stands in the list's URL: an authority that was replaced keeps its
-- own list under its own number. Until now there was one root and one issuing authority.
alter table pki_key add column list_number bigint;
update pki_key set list_number = 1 where purpose = 'root';
update pki_key set list_number = 2 where purpose = 'issuing_authority';
create unique index pki_key_list_number on pki_key (list_number);
