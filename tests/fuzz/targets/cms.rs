//! Signatures of documents.

use crypto::{
    Digest, DigestAlgorithm, KeyHandle, Suite,
    cms::{SignedData, sign_detached},
    strangers::{Integrity, read_cms},
};
use futures_util::FutureExt;

use crate::{
    chance::Chance,
    engine::{Target, run},
    ours::OURS,
    tree,
};

const DOCUMENT: &[u8] = b"what was signed";

struct Cms;

impl Target for Cms {
    const NAME: &'static str = "cms";
    const WORDS: &'static [&'static str] = tree::WORDS;

    fn seeds(&self) -> Vec<Vec<u8>> {
        let other = KeyHandle::throw_away(Suite::Es384).unwrap();
        let digest = Digest::of(DigestAlgorithm::Sha384, DOCUMENT);
        let strange = sign_detached(digest, &other, &OURS.certificate, &[]).now_or_never().unwrap().unwrap();
        vec![OURS.signature(DOCUMENT), strange]
    }

    fn change(&self, input: &[u8], chance: &Chance) -> Option<Vec<u8>> {
        tree::changed(input, chance)
    }

    fn read(&self, input: &[u8]) -> String {
        // With tolerance, too, no signature is good for a document that nobody signed.
        let theirs = read_cms(input, &[DOCUMENT, b"?"]).integrity;
        assert_ne!(theirs, Integrity::Intact);
        let theirs = read_cms(input, &[DOCUMENT]).integrity;
        let read = SignedData::parse(input);
        let Ok(signed) = read else { return format!("{:?} {theirs:?}", read.err()) };
        // Zeros fill the room that a file has for a signature, and nothing else may.
        let padded = SignedData::parse_padded(&[input, &[0; 7]].concat());
        assert_eq!(padded.map(|padded| padded.message_digest), Ok(signed.message_digest));
        assert!(SignedData::parse_padded(&[input, &[0, 1]].concat()).is_err());
        let genuine = signed.verify_signature();
        if genuine && signed.signer.der == OURS.certificate {
            let digest = Digest::of(DigestAlgorithm::Sha256, DOCUMENT);
            assert_eq!(signed.message_digest, digest, "a document that nobody signed");
        }
        format!("{genuine} {theirs:?} {} {}", signed.names_certificate, signed.others.len())
    }
}

#[test]
fn no_signature_says_of_another_document_that_it_was_signed() {
    run(&Cms);
}
