-- What many documents have in common, each once, named by its bytes: how the page of a type begins, and the drawings of
-- characters. It says nothing about anybody, and is never removed: documents are made of it for as long as there are any.
create table licence_piece (
    name text primary key not null,
    bytes bytea not null
);

-- Of a document, what is its own, sealed; `bytes` is then empty. Null for those that were kept whole.
alter table licence_file add column packed bytea;
