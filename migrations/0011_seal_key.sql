-- From a key that ends to the seal that it belongs to.
create index seal_key on seal (key_id) where key_id is not null;
