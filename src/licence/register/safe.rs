//! What is sealed at rest: the contents and the documents of licences.

use std::sync::Arc;

use base::{Entropy, Fault, Secret, id::LicenceId};
use crypto::{
    digest::{hex, sha256},
    mac::hmac_sha256,
    seal_box::SealBox,
};
use records::Tx;

use super::{content::Content, queries};
use crate::error::Error;

/// Opens and seals what the records hold of licences. Cloning it is cheap.
#[derive(Clone)]
pub struct Safe(Arc<Boxes>);

struct Boxes {
    contents: SealBox,
    documents: SealBox,
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
        Self(Arc::new(Boxes { contents, documents }))
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
    /// another key.
    pub async fn document(&self, tx: &mut Tx, id: &LicenceId) -> Result<(String, Vec<u8>), Error> {
        let (sha256, sealed) = queries::file(tx, id).await?.ok_or(Error::NotIssued)?;
        let opened = self.0.documents.open(&document_context(id), &sealed);
        let bytes = opened.ok_or_else(|| Fault::broken("a stored document cannot be opened with this key"))?;
        Ok((sha256, bytes))
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

    pub(crate) fn seal_document(&self, entropy: &dyn Entropy, id: &LicenceId, bytes: &[u8]) -> Vec<u8> {
        self.0.documents.seal(entropy, &document_context(id), bytes)
    }
}

fn document_context(id: &LicenceId) -> Vec<u8> {
    format!("document {id}").into_bytes()
}
