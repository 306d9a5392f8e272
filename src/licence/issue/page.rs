//! From a licence to its signed page.

use base::{
    Date, Fault, Instant,
    id::{KeyId, LicenceId, SealId},
};
use crypto::{
    Digest, KeyHandle,
    cms::{self, CmsError, SignedData},
};
use documents::{Field, Filling, Finished, Prepared, packing::Piece, pdf::read::read};
use seal::ActiveSeal;

use super::press::Press;
use crate::{
    catalogue::{
        field::{FieldError, FieldProblem, ISSUER},
        licence_type::LicenceType,
    },
    error::Error,
    register::{
        content::{Content, Fields},
        licence::Licence,
    },
};

/// A signed document, verified, not yet recorded.
#[derive(Debug)]
pub struct Signed {
    /// Whose document it is.
    pub(crate) licence_id: LicenceId,
    /// Its digest, hexadecimal.
    pub sha256: String,
    /// The document.
    pub bytes: Vec<u8>,
    /// What it has in common with others, and the document packed with that.
    pub(crate) pieces: Vec<Piece>,
    pub(crate) packed: Vec<u8>,
    /// Under which seal.
    pub seal_id: SealId,
    pub key_id: KeyId,
}

/// What a page is made from.
pub(crate) struct PageFacts<'a> {
    pub licence: &'a Licence,
    pub content: &'a Content,
    pub at: Instant,
}

/// What the page of a licence says, by the keys of its layout: the fields of the type and what issuing adds. A
/// verification compares the document with this.
fn printed(licence: &Licence, content: &Content) -> Fields {
    let issue = Issue {
        number: licence.number(),
        issuer: &licence.issuer_name,
        on: licence.issued_at.date(),
        valid: (licence.valid_from, licence.valid_until),
    };
    issue.printed(content)
}

/// What issuing adds to the fields of the type.
pub(crate) struct Issue<'a> {
    pub number: &'a str,
    pub issuer: &'a str,
    pub on: Date,
    /// The first and the last day.
    pub valid: (Date, Option<Date>),
}

impl Issue<'_> {
    /// What the page says, by the keys of its layout.
    pub(crate) fn printed(&self, content: &Content) -> Fields {
        let mut fields = content.fields.clone();
        let mut add = |key: &str, value: String| fields.insert(key.to_owned(), value);
        add("certificate_number", self.number.to_owned());
        add(ISSUER, self.issuer.to_owned());
        add("issued_on", self.on.chinese());
        add(
            "validity",
            match self.valid {
                (from, Some(until)) => format!("{}至{}", from.chinese(), until.chinese()),
                (_, None) => "长期".to_owned(),
            },
        );
        fields
    }
}

/// What of that has a place on the page.
pub(crate) fn placed(licence_type: &LicenceType, printed: &Fields) -> Vec<Field> {
    let places = &licence_type.definition.layout.cells;
    let has_place = |key: &str| places.iter().any(|cell| cell.key == key);
    printed.iter().filter(|(key, _)| has_place(key)).map(|(key, value)| Field::new(key, value)).collect()
}

/// The signed document, and what it has in common with others, in the order in which it is packed with them.
pub(crate) async fn signed(
    press: &Press,
    licence_type: &LicenceType,
    seal: &ActiveSeal,
    facts: &PageFacts<'_>,
) -> Result<(Finished, Vec<Piece>), Error> {
    let pressed = press.template(licence_type, seal)?;
    let printed = printed(facts.licence, facts.content);
    let layout = &licence_type.definition.layout;
    let has_place = |key: &str| layout.cells.iter().any(|cell| cell.key == key);
    let content = Filling {
        title: licence_type.definition.name.zh.clone(),
        identifier: facts.licence.identifier.clone(),
        fields: placed(licence_type, &printed),
        qr_text: verify::qr::payload(press.public_url(), facts.licence.code.as_str()),
        metadata: printed
            .iter()
            .filter(|(key, _)| !has_place(key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
        signer_name: seal.name.clone(),
        at: facts.at,
    };
    let prepared = pressed.template.typeset(&content).map_err(refused)?;
    let prepared_pieces = prepared.pieces().cloned().collect::<Vec<_>>();
    let chain = &seal.signer.chain;
    let throw_away = press.throw_away(seal.signer.key.suite())?;
    let rehearsed = sealed(prepared.clone(), &throw_away, chain).await?;
    lint(&rehearsed, facts, &printed)?;
    let sealed = sealed(prepared, &seal.signer.key, chain).await?;
    // A signature is verified with the public key before it leaves: a faulty machine must not publish one.
    let verifies =
        sealed.signature.is_ok_and(|parsed| parsed.message_digest == sealed.digest && parsed.verify_signature());
    if verifies {
        let mut pieces = prepared_pieces;
        // Behind the beginning: what is most like the file is nearest to it.
        pieces.insert(1, pressed.sample.clone());
        Ok((sealed.file, pieces))
    } else {
        Err(Fault::broken("a fresh signature does not verify; nothing was issued").into())
    }
}

/// A page with a signature in it, which is read back.
struct Sealed {
    file: Finished,
    digest: Digest,
    signature: Result<SignedData, CmsError>,
}

async fn sealed(prepared: Prepared, key: &KeyHandle, chain: &[Vec<u8>]) -> Result<Sealed, Error> {
    let (certificate, above) = chain.split_first().ok_or(Error::Seal)?;
    let digest = prepared.digest();
    let signature = cms::sign_detached(digest, key, certificate, above).await?;
    let file = prepared.finish(&signature).map_err(refused)?;
    Ok(Sealed { file, digest, signature: SignedData::parse(&signature) })
}

/// Reads a page that a key signed which means nothing, as a verifier would: what cannot be read, or says something else
/// than the record, is found before a real key has signed it.
fn lint(rehearsed: &Sealed, facts: &PageFacts<'_>, printed: &Fields) -> Result<(), Error> {
    let Sealed { file, digest, signature } = rehearsed;
    let parsed = signature.as_ref().map_err(|error| Error::Lint(error.to_string()))?;
    let bytes = file.bytes();
    let file = read(bytes).map_err(|error| Error::Lint(error.to_string()))?;
    let [only] = file.signatures.as_slice() else { return Err(Error::Lint("not exactly one signature".to_owned())) };
    let says = |key: &str, value: &str| file.entry(key) == Some(value);
    let rules = [
        (parsed.message_digest == *digest, "the signature is over something else"),
        (only.covers_whole_file && only.problem.is_none(), "the signature does not cover the whole file"),
        (only.digest(digest.algorithm(), bytes) == Some(*digest), "the file's own range gives another digest"),
        (file.revisions == 1, "the file has more than one revision"),
        (file.active_content.is_empty(), "the file does or carries something"),
        (file.ambiguities.is_empty(), "two programs could read two documents"),
        (says("certificate_identifier", &facts.licence.identifier), "the metadata has another identifier"),
        (printed.iter().all(|(key, value)| says(key, value)), "the metadata has other fields than the record"),
        (
            parsed.signer.not_before <= facts.at && facts.at < parsed.signer.not_after,
            "the seal's certificate is not valid now",
        ),
    ];
    match rules.into_iter().find(|(holds, _)| !holds) {
        None => Ok(()),
        Some((_, rule)) => Err(Error::Lint(rule.to_owned())),
    }
}

pub(crate) fn refused(error: documents::Error) -> Error {
    let field = |key, problem| Error::Fields(vec![FieldError { key, problem }]);
    match error {
        documents::Error::Fault(fault) => Error::Fault(fault),
        documents::Error::MissingGlyph { field: key, character } => field(key, FieldProblem::Glyph(character)),
        documents::Error::TooLong { field: key } => field(key, FieldProblem::NoRoom),
        documents::Error::MissingField { field: key } => field(key, FieldProblem::Missing),
        error => Error::Lint(error.to_string()),
    }
}
