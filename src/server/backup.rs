//! Backups: the whole product as it was at one moment, in a folder of files that are read without it.
//!
//! A backup is one file for each table, one JSON array for each row, perhaps the key files, and a manifest that names all
//! of them with their digests. It is written under a name that says that it is not finished, the manifest last; when
//! all of it is on the disk it gets its own name. Decision 0047 says why it is not the database's own format.

mod drill;
mod fill;
mod folder;
mod manifest;
mod put_back;
mod restore;
mod rows;
mod take;
mod teller;

pub(crate) use drill::{documents, verify};
pub(crate) use put_back::put_rows_back;
pub(crate) use restore::restore;
pub(crate) use take::{Wanted, take};
pub(crate) use teller::tell_put_back;

#[cfg(test)]
mod tests;
