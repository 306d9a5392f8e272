//! What is sealed at rest: the contents and the documents of licences.

use std::{collections::HashSet, sync::Arc};

use base::{Entropy, Fault, Secret, id::LicenceId};
use crypto::{
    digest::{hex, sha256},
    mac::hmac_sha256,
    seal_box::SealBox,
};
use documents::packing::{self, Piece};
use records::Tx;

use super::{
    content::Content,
    pieces::{self, Pieces},
    queries,
};
use crate::error::Error;

/// Opens and seals what the records hold of licences. Cloning it is cheap.
#[derive(Clone)]
pub struct Safe(Arc<Boxes>);

struct Boxes {
    contents: SealBox,
    documents: SealBox,
    pieces: Pieces,
}

/// What was found of documents that are packed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// How many there are.
    pub documents: u64,
    /// How many pieces they share.
    pub pieces: usize,
    /// What is wrong, in words.
    pub wrong: Vec<String>,
}

impl std::fmt::Debug for Safe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Safe(..)")
    }
}

impl Safe {
    /// A safe under the key that all nodes share.
    pub fn new(key: &Secret<[u8; 32]>) -> Self {
        let under = |purpose: &str| SealBox::new(&hmac_sha256(key.expose(), &[purpose.as_bytes()]));
        let (contents, documents) = (under("licence contents at rest"), under("licence documents at rest"));
        Self(Arc::new(Boxes { contents, documents, pieces: Pieces::default() }))
    }

    /// The fields of a licence.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is no such licence; [`Fault`] when the stored content was changed or sealed under
    /// another key.
    pub async fn content(&self, tx: &mut Tx, id: &LicenceId) -> Result<Content, Error> {
        let row = queries::content(tx, id).await?.ok_or(Error::NotFound)?;
        Ok(self.open_content(id.as_str(), &row.content, &row.content_digest)?)
    }

    /// The signed document of a licence, with its SHA-256.
    ///
    /// # Errors
    ///
    /// [`Error::NotIssued`] when it was not signed yet; [`Fault`] when the stored bytes were changed or sealed under
    /// another key, or when what it has in common with others is gone or was changed.
    pub async fn document(&self, tx: &mut Tx, id: &LicenceId) -> Result<(String, Vec<u8>), Error> {
        let row = queries::file(tx, id).await?.ok_or(Error::NotIssued)?;
        let sealed = row.packed.as_deref().unwrap_or(&row.bytes);
        let opened = self.0.documents.open(&document_context(id, row.packed.is_some()), sealed);
        let mut bytes = opened.ok_or_else(|| Fault::broken("a stored document cannot be opened with this key"))?;
        if row.packed.is_some() {
            let pieces = self.0.pieces.of(tx, &packing::names(&bytes)?).await?;
            bytes = packing::unpack(&bytes, &pieces)?;
        }
        if hex(&sha256(&bytes)) != row.sha256 {
            return Err(Fault::broken("a stored document is not the one that was sealed").into());
        }
        Ok((row.sha256, bytes))
    }

    /// Looks whether everything is there that documents are made of: opens each that is packed, and looks at each piece.
    ///
    /// # Errors
    ///
    /// [`Fault`] when the database is out of reach.
    pub async fn check_documents(&self, tx: &mut Tx) -> Result<Checked, Fault> {
        let found = pieces::check(tx).await?;
        let (mut checked, mut last) = (Checked::default(), String::new());
        checked.pieces = found.whole.len() + found.wrong.len();
        checked.wrong.extend(found.wrong.iter().map(|name| format!("the piece {name} is not as it was written")));
        let mut gone = HashSet::new();
        loop {
            let rows = queries::packed_after(tx, &last).await?;
            let Some((licence, _)) = rows.last() else { return Ok(checked) };
            last.clone_from(licence);
            for (licence, sealed) in rows {
                let Some(sealed) = sealed else { continue };
                checked.documents += 1;
                let id = LicenceId::stored(licence);
                let opened = self.0.documents.open(&document_context(&id, true), &sealed);
                let Some(names) = opened.and_then(|packed| packing::names(&packed).ok()) else {
                    checked.wrong.push(format!("the document of {id} cannot be opened"));
                    continue;
                };
                for name in names {
                    if !found.whole.contains(&name) && !found.wrong.contains(&name) && gone.insert(name.clone()) {
                        checked
                            .wrong
                            .push(format!("the piece {name}, of the document of {id} and maybe of more, is gone"));
                    }
                }
            }
        }
    }

    pub(crate) async fn write_pieces(&self, tx: &mut Tx, pieces: &[Piece]) -> Result<(), Fault> {
        self.0.pieces.write(tx, pieces).await
    }

    /// A content sealed, and the digest of it that an approval names: SHA-256 over the canonical text, hexadecimal.
    pub(crate) fn seal_content(
        &self,
        entropy: &dyn Entropy,
        of: &str,
        content: &Content,
    ) -> Result<(Vec<u8>, String), Fault> {
        let canonical = content.canonical()?;
        let sealed = self.0.contents.seal(entropy, of.as_bytes(), canonical.as_bytes());
        Ok((sealed, hex(&sha256(canonical.as_bytes()))))
    }

    pub(crate) fn open_content(&self, of: &str, sealed: &[u8], digest: &str) -> Result<Content, Fault> {
        let opened = self.0.contents.open(of.as_bytes(), sealed);
        let canonical =
            opened.ok_or_else(|| Fault::broken("a stored licence content cannot be opened with this key"))?;
        // The digest is what was approved; whoever changed the row after that is noticed here, before anything is signed.
        if hex(&sha256(&canonical)) != digest {
            return Err(Fault::broken("a stored licence content is not the one that was approved"));
        }
        Content::read(&canonical)
    }

    /// As documents were kept before they were packed.
    #[cfg(test)]
    pub(crate) fn seal_whole(&self, entropy: &dyn Entropy, id: &LicenceId, bytes: &[u8]) -> Vec<u8> {
        self.0.documents.seal(entropy, &document_context(id, false), bytes)
    }

    pub(crate) fn seal_packed(&self, entropy: &dyn Entropy, id: &LicenceId, packed: &[u8]) -> Vec<u8> {
        self.0.documents.seal(entropy, &document_context(id, true), packed)
    }
}

fn document_context(id: &LicenceId, is_packed: bool) -> Vec<u8> {
    format!("{} {id}", if is_packed { "packed document" } else { "document" }).into_bytes()
}
