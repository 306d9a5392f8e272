-- What a receipt says of the four things that people at a counter ask, and whether whoever verified found the person to be
-- the holder; the receipts of one member of staff, of today.
alter table verification add column facets text;
alter table verification add column holder_is bigint;
alter table verification add column holder_at bigint;
create index verification_asked_by on verification (asked_by, receipt_id);
