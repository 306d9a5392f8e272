//! What documents have in common, kept once.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use base::Fault;
use documents::packing::Piece;
use records::Tx;

use super::queries;
use crate::limits;

/// The pieces that documents were made of lately, so that the next one is not looked up piece by piece.
#[derive(Debug, Default)]
pub(crate) struct Pieces(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    pieces: HashMap<String, Piece>,
    bytes: usize,
}

impl Pieces {
    /// The pieces with these names, in their order.
    ///
    /// # Errors
    ///
    /// [`Fault`] when one is gone, or has other bytes than its name says.
    pub(crate) async fn of(&self, tx: &mut Tx, names: &[String]) -> Result<Vec<Piece>, Fault> {
        let mut pieces = Vec::with_capacity(names.len());
        for name in names {
            let known = self.known().pieces.get(name).cloned();
            pieces.push(match known {
                Some(piece) => piece,
                None => self.read(tx, name).await?,
            });
        }
        Ok(pieces)
    }

    async fn read(&self, tx: &mut Tx, name: &str) -> Result<Piece, Fault> {
        let bytes = queries::piece(tx, name).await?;
        let bytes = bytes.ok_or_else(|| Fault::broken(format!("the piece {name} of a document is gone")))?;
        let piece = Piece::new(bytes);
        if piece.name() != name {
            return Err(Fault::broken(format!("the piece {name} of a document is not as it was written")));
        }
        self.remember(name, &piece);
        Ok(piece)
    }

    /// Writes those of these pieces that are not there, and those that are not as they were written. Always in one order,
    /// so that of two who write the same ones neither waits for the other.
    pub(crate) async fn write(&self, tx: &mut Tx, pieces: &[Piece]) -> Result<(), Fault> {
        let mut named: Vec<(String, &Piece)> = pieces.iter().map(|piece| (piece.name(), piece)).collect();
        named.sort_by(|one, other| one.0.cmp(&other.0));
        named.dedup_by(|one, other| one.0 == other.0);
        let names: Vec<&str> = named.iter().map(|(name, _)| name.as_str()).collect();
        let mut there = Vec::new();
        for names in names.chunks(queries::PIECES_ASKED) {
            there.append(&mut queries::pieces_there(tx, names).await?);
        }
        for (name, piece) in &named {
            if !there.contains(name) {
                queries::insert_piece(tx, name, piece.bytes()).await?;
            } else if !self.known().pieces.contains_key(name) {
                // Once in the life of the program: a row that was damaged would damage every document to come.
                let stored = queries::piece(tx, name).await?;
                if stored.as_deref() == Some(piece.bytes()) {
                    self.remember(name, piece);
                } else {
                    queries::mend_piece(tx, name, piece.bytes()).await?;
                }
            }
        }
        Ok(())
    }

    fn remember(&self, name: &str, piece: &Piece) {
        let mut known = self.known();
        if known.bytes + piece.bytes().len() > limits::PIECES_KEPT_BYTES_MAX {
            *known = Known::default();
        }
        if known.pieces.insert(name.to_owned(), piece.clone()).is_none() {
            known.bytes += piece.bytes().len();
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was found of all pieces.
pub(crate) struct Found {
    /// Those that are as they were written.
    pub whole: HashSet<String>,
    /// Those that are not.
    pub wrong: Vec<String>,
}

/// Looks at every piece.
pub(crate) async fn check(tx: &mut Tx) -> Result<Found, Fault> {
    let (mut found, mut last) = (Found { whole: HashSet::new(), wrong: Vec::new() }, String::new());
    loop {
        let rows = queries::pieces_after(tx, &last).await?;
        let Some((name, _)) = rows.last() else { return Ok(found) };
        last.clone_from(name);
        for (name, bytes) in rows {
            if Piece::new(bytes).name() == name {
                found.whole.insert(name);
            } else {
                found.wrong.push(name);
            }
        }
    }
}
