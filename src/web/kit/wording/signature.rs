//! What was found about a signature, in words. The codes are those of ETSI EN 319 102-1, which programs read.

use base::Text;
use verify::SignatureReport;

/// The codes, with their words.
const CODES: &[(&str, &Text)] = &[
    ("CRYPTO_CONSTRAINTS_FAILURE", words::signature::CRYPTO_CONSTRAINTS_FAILURE),
    ("FORMAT_FAILURE", words::signature::FORMAT_FAILURE),
    ("HASH_FAILURE", words::signature::HASH_FAILURE),
    ("INDETERMINATE", words::signature::INDETERMINATE),
    ("NO_CERTIFICATE_CHAIN_FOUND", words::signature::NO_CERTIFICATE_CHAIN_FOUND),
    ("NO_SIGNING_CERTIFICATE_FOUND", words::signature::NO_SIGNING_CERTIFICATE_FOUND),
    ("OUT_OF_BOUNDS_NO_POE", words::signature::OUT_OF_BOUNDS_NO_POE),
    ("REVOKED", words::signature::REVOKED),
    ("SIGNED_DATA_NOT_FOUND", words::signature::SIGNED_DATA_NOT_FOUND),
    ("SIG_CONSTRAINTS_FAILURE", words::signature::SIG_CONSTRAINTS_FAILURE),
    ("SIG_CRYPTO_FAILURE", words::signature::SIG_CRYPTO_FAILURE),
    ("TOTAL-FAILED", words::signature::TOTAL_FAILED),
    ("TOTAL-PASSED", words::signature::TOTAL_PASSED),
    ("TRY_LATER", words::signature::TRY_LATER),
];

/// Who signed: a seal of ours by its name, anybody else by what they call themselves.
pub fn signer(report: &SignatureReport) -> Option<Text> {
    let name = report.signer.as_deref()?;
    let confirmed = || Text::new(name.to_owned(), name.to_owned());
    Some(if report.is_signer_confirmed { confirmed() } else { words::answer::called(name) })
}

/// Whether a signature is good, and why not.
pub fn signature(report: &SignatureReport) -> Text {
    let outcome = said(report.indication);
    match report.sub_indication {
        None => outcome,
        Some(why) => {
            let why = said(why);
            Text::composed(|language| {
                words::signature::because(outcome.in_language(language), why.in_language(language))
            })
        }
    }
}

fn said(code: &str) -> Text {
    let known = CODES.iter().find(|(known, _)| *known == code);
    known.map_or(words::signature::INDETERMINATE, |(_, words)| words).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_said_of_a_signature_has_words_for_people() {
        let sources = [include_str!("../../../verify/pdf/judged.rs"), include_str!("../../../verify/pdf/signature.rs")];
        let quoted = sources.iter().flat_map(|source| source.split('"').skip(1).step_by(2));
        let is_code =
            |text: &&str| text.len() > 5 && text.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c == '-');
        let mut said: Vec<&str> = quoted.filter(is_code).collect();
        said.sort_unstable();
        said.dedup();
        assert_eq!(said, CODES.iter().map(|(code, _)| *code).collect::<Vec<_>>());
    }
}
