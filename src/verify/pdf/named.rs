//! Names and identifiers in a file, as they are looked for and compared.

use base::number::LicenceIdentifier;
use unicode_normalization::UnicodeNormalization;

use crate::limits::IDENTIFIERS_MAX;

/// The entry of a licence's metadata that says which one it is (GB/T 36903).
const ENTRY: &str = "certificate_identifier";

/// The identifiers in the metadata that was read.
pub(super) fn in_metadata(metadata: &[(String, String)]) -> Vec<LicenceIdentifier> {
    let mut claimed = Vec::new();
    for (_, value) in metadata.iter().filter(|(name, _)| name == ENTRY) {
        add(&mut claimed, value);
    }
    claimed
}

/// The identifiers in packets of metadata as we write them, wherever they stand in some bytes: ours are never compressed,
/// so that a file can be told to be one of ours even when nothing else of it can be read.
pub(super) fn in_packets(bytes: &[u8]) -> Vec<LicenceIdentifier> {
    const LONGEST: usize = 160;
    let begin = format!("<gs:{ENTRY}>");
    let mut claimed = Vec::new();
    let mut rest = bytes;
    while let Some(place) = find(rest, begin.as_bytes()) {
        rest = rest.get(place + begin.len()..).unwrap_or_default();
        let length = rest.iter().take(LONGEST).take_while(|byte| **byte != b'<').count();
        add(&mut claimed, &String::from_utf8_lossy(rest.get(..length).unwrap_or_default()));
        if claimed.len() > IDENTIFIERS_MAX {
            break;
        }
    }
    claimed
}

/// Whether a file is followed by the beginning of another one.
pub(super) fn is_joined(bytes: &[u8]) -> bool {
    const BEGIN: &[u8] = b"%PDF-";
    let mut rest = bytes.get(1..).unwrap_or_default();
    let mut before = bytes.get(..1).unwrap_or_default().len();
    while let Some(place) = find(rest, BEGIN) {
        before += place;
        if bytes.get(..before).is_some_and(|head| head.trim_ascii_end().ends_with(b"%%EOF")) {
            return true;
        }
        before += BEGIN.len();
        rest = bytes.get(before..).unwrap_or_default();
    }
    false
}

fn add(claimed: &mut Vec<LicenceIdentifier>, text: &str) {
    if let Ok(identifier) = LicenceIdentifier::parse(text)
        && !claimed.contains(&identifier)
    {
        claimed.push(identifier);
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut start = 0;
    // Looking for the first byte is what the machine does fast.
    while let Some(place) = bytes.get(start..)?.iter().position(|byte| *byte == first) {
        let at = start + place;
        if bytes.get(at..)?.starts_with(wanted) {
            return Some(at);
        }
        start = at + 1;
    }
    None
}

/// A name as it is compared: what looks the same is the same.
pub fn folded(name: &str) -> String {
    base::plain(&name.nfkc().collect::<String>()).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identifier(n: usize) -> LicenceIdentifier {
        LicenceIdentifier::compose("11100000000013338W032", "11220000013544541J", &format!("{n}"), 1).unwrap()
    }

    #[test]
    fn a_licence_is_claimed_by_a_packet_of_metadata_and_by_no_other_mention() {
        let check =
            |text: &str, expected: &[LicenceIdentifier]| assert_eq!(in_packets(text.as_bytes()), expected, "{text}");
        let one = identifier(1);
        let packet = |identifier: &LicenceIdentifier| format!("<gs:certificate_identifier>{identifier}</gs:x>");
        check(&packet(&one), std::slice::from_ref(&one));
        check(&format!("{} {}", packet(&one), packet(&one)), std::slice::from_ref(&one));
        check(&format!("{one} ({one}) <dc:title>{one}</dc:title>"), &[]);
        check("<gs:certificate_identifier>1.2.156.3005.2.x</gs:certificate_identifier>", &[]);
        check("<gs:certificate_identifier>", &[]);
        check(&format!("<gs:certificate_identifier>{}", "1".repeat(400)), &[]);
        let many: Vec<_> = (1..=IDENTIFIERS_MAX + 2).map(identifier).collect();
        let text = many.iter().map(packet).collect::<String>();
        check(&text, &many[..=IDENTIFIERS_MAX]);
    }

    #[test]
    fn names_that_look_the_same_are_the_same() {
        for other in ["滨江市\u{200b}市场监督管理局", "滨江市 市场监督管理局\u{202c}", "滨江市市场监督\u{f9db}局"]
        {
            assert_eq!(folded(other) == folded("滨江市市场监督管理局"), !other.contains('\u{f9db}'), "{other:?}");
        }
        assert_eq!(folded("⼤Ａ局"), folded("大a局"));
    }
}
