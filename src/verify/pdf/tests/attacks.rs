//! The published attacks on signed PDFs, made from a licence of ours: signature forgery, incremental saving, wrapping,
//! shadowing, transplanting. Each has its twin: the file as issued is valid.

use std::fmt::Write as _;

use super::*;

pub(super) fn find(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).position(|part| part == wanted).unwrap()
}

/// The digits between `/Contents<` and `>`.
pub(super) fn hole(bytes: &[u8]) -> std::ops::Range<usize> {
    let begin = place(bytes, b"/Contents<") + 10;
    begin..begin + bytes[begin..].iter().position(|byte| *byte == b'>').unwrap()
}

pub(super) fn inserted(bytes: &[u8], at: usize, more: &[u8]) -> Vec<u8> {
    [&bytes[..at], more, &bytes[at..]].concat()
}

pub(super) fn written_over(bytes: &[u8], at: usize, new: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at..at + new.len()].copy_from_slice(new);
    assert_ne!(changed, bytes);
    changed
}

/// An entry with another one in its place, filled up with spaces so that every offset stays right.
fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut new = new.to_vec();
    assert!(new.len() <= old.len());
    new.resize(old.len(), b' ');
    written_over(bytes, place(bytes, old), &new)
}

pub(super) fn number_after(bytes: &[u8], word: &[u8]) -> usize {
    let text = String::from_utf8_lossy(&bytes[place(bytes, word) + word.len()..]).into_owned();
    text.split_whitespace().next().unwrap().parse().unwrap()
}

/// An incremental update, as any editor saves one.
pub(super) fn revised(bytes: &[u8], objects: &[(usize, &str)]) -> Vec<u8> {
    let (previous, root) = (number_after(bytes, b"startxref"), number_after(bytes, b"/Root "));
    let mut file = bytes.to_vec();
    let mut table = String::from("xref\n");
    for (number, body) in objects {
        let _ = write!(table, "{number} 1\n{:010} 00000 n \n", file.len());
        file.extend_from_slice(format!("{number} 0 obj\n{body}\nendobj\n").as_bytes());
    }
    let start = file.len();
    let _ = write!(table, "trailer\n<</Size 99999/Prev {previous}/Root {root} 0 R>>\nstartxref\n{start}\n%%EOF\n");
    file.extend_from_slice(table.as_bytes());
    file
}

struct Attack {
    name: &'static str,
    file: Vec<u8>,
    reason: Reason,
}

fn attack(name: &'static str, file: Vec<u8>, reason: Reason) -> Attack {
    Attack { name, file, reason }
}

fn check(city: &City, attacks: Vec<Attack>) {
    assert_eq!(verdict(&city.file, &city.trust, Some(&city.record)).outcome, Outcome::Valid);
    for Attack { name, file, reason } in attacks {
        assert_ne!(file, city.file, "{name}");
        let found = verdict(&file, &city.trust, Some(&city.record));
        assert_eq!(found.reason(), Some(reason), "{name}: {found:#?}");
        assert_eq!(found.outcome, reason.outcome(), "{name}");
        assert_ne!(found.outcome, Outcome::Valid, "{name}");
    }
}

/// Universal signature forgery, and signature wrapping: what the signature says of itself is bent.
#[test]
fn a_bent_frame_is_told_from_altered_content() {
    let city = city();
    let file = &city.file;
    let hole = hole(file);
    let range = &file[place(file, b"/ByteRange[")..];
    let range = &range[..=range.iter().position(|byte| *byte == b']').unwrap()];
    let (before, after) = (hole.start - 1, hole.end + 1);
    let rest = file.len() - after;
    let ranged =
        |a: i64, b: i64, c: usize, d: usize| replaced(file, range, format!("/ByteRange[{a} {b} {c} {d}]").as_bytes());
    let (first, length) = (0, before as i64);
    let upper = file[hole.clone()].to_ascii_uppercase();
    check(
        &city,
        vec![
            attack("no byte range", replaced(file, range, b"/ByteRange null"), Reason::SignatureBroken),
            attack("an empty one", replaced(file, range, b"/ByteRange[]"), Reason::SignatureBroken),
            attack("a negative one", ranged(first, -1, after, rest), Reason::SignatureBroken),
            attack("it begins later", ranged(1, length - 1, after, rest), Reason::ContentAltered),
            attack("the gap is wider", ranged(first, length - 20, after, rest), Reason::ContentAltered),
            attack("the parts overlap", ranged(first, length, before, rest), Reason::ContentAltered),
            attack("the end is left out", ranged(first, length, after, rest - 1), Reason::ContentAltered),
            attack("it goes on beyond the end", ranged(first, length, after, rest + 9), Reason::SignatureBroken),
            // As when another program saved the file anew.
            attack("it fits nothing", ranged(first, length + 50, after + 50, rest), Reason::SignatureBroken),
            attack("white space in it", replaced(file, b"/ByteRange[0 ", b"/ByteRange[0\t"), Reason::ContentAltered),
            attack("no contents", replaced(file, b"/Contents<", b"/Contints<"), Reason::SignatureBroken),
            attack("empty contents", written_over(file, hole.start, &vec![b'0'; hole.len()]), Reason::SignatureBroken),
            attack("padding at the end", written_over(file, hole.end - 1, b"1"), Reason::SignatureBroken),
            attack(
                "a structure in the padding",
                written_over(file, hole.end - 400, b"3003020101"),
                Reason::SignatureBroken,
            ),
            // The same bytes in other digits: everything holds but that it is not the file that we issued.
            attack("other digits", written_over(file, hole.start, &upper), Reason::RecordDiffers),
            attack("two byte ranges", inserted(file, hole.end + 1, b"/ByteRange[0 0 0 0]"), Reason::SignatureBroken),
            attack("two contents", inserted(file, hole.end + 1, b"/Contents<00>"), Reason::SignatureBroken),
            attack(
                "another kind",
                replaced(file, b"/ETSI.CAdES.detached", b"/adbe.pkcs7.detached"),
                Reason::ContentAltered,
            ),
        ],
    );
}

/// Incremental saving, and the shadows (hide, replace, hide and replace): what is signed stays, what is shown changes.
#[test]
fn what_a_later_revision_hides_replaces_or_adds_is_told_as_that() {
    let city = city();
    let file = &city.file;
    let root = number_after(file, b"/Root ");
    let catalogue = {
        let text = String::from_utf8_lossy(file).into_owned();
        let begin = text.find(&format!("\n{root} 0 obj\n")).unwrap() + format!("\n{root} 0 obj\n").len();
        text[begin..begin + text[begin..].find("\nendobj").unwrap()].to_owned()
    };
    let page = number_after(file, b"/Kids[");
    let without_form = catalogue.replace("/AcroForm", "/AcroFarm");
    let overlay = "<</Length 20>>\nstream\n0 0 595 842 re f % x\nendstream";
    let blank = "<</Type/Page/MediaBox[0 0 595 842]/Contents 9001 0 R>>";
    let changed = Reason::ChangedAfterSigning;
    check(
        &city,
        vec![
            attack("a note", revised(file, &[(9000, "<</Type/Annot/Subtype/FreeText/Contents(x)>>")]), changed),
            attack("hide: another page in its place", revised(file, &[(page, blank), (9001, overlay)]), changed),
            attack("replace: another catalogue", revised(file, &[(root, &catalogue)]), changed),
            attack("hide the signature field", revised(file, &[(root, &without_form)]), changed),
            attack("a script", revised(file, &[(9000, "<</S/JavaScript/JS(app.alert\\(1\\))>>")]), changed),
            attack("white space", [file.as_slice(), b"  \n"].concat(), changed),
            attack("one line end", [file.as_slice(), b"\n"].concat(), changed),
            attack("a zero", [file.as_slice(), b"\0"].concat(), changed),
            attack("another end", [file.as_slice(), b"%%EOF\n"].concat(), changed),
            attack("its own tail again", [file.as_slice(), &file[file.len() - 600..]].concat(), changed),
            attack("the whole file again", [file.as_slice(), file].concat(), changed),
            attack("an archive behind it", [file.as_slice(), b"PK\x05\x06", &[0; 18]].concat(), changed),
            attack("no table any more", [file.as_slice(), b"startxref\n0\n%%EOF\n"].concat(), Reason::SignatureBroken),
        ],
    );
}

#[test]
fn a_changed_byte_anywhere_has_the_reason_of_its_place() {
    let city = city();
    let file = &city.file;
    let table = number_after(file, b"startxref");
    let row = table + find(&file[table..], b" n \n") - 16;
    let name = find(file, "龙福".as_bytes());
    let hole = hole(file);
    let signed = hole.end - file[hole.clone()].iter().rev().take_while(|byte| **byte == b'0').count();
    let other = |at: usize| if file[at] == b'7' { b"8" } else { b"7" };
    check(
        &city,
        vec![
            attack("a stream", written_over(file, find(file, b"stream\n") + 60, b"\x01"), Reason::ContentAltered),
            attack("metadata", written_over(file, name, "鳳".as_bytes()), Reason::ContentAltered),
            attack("the version", written_over(file, 7, b"4"), Reason::ContentAltered),
            attack("an offset of the table", written_over(file, row + 8, other(row + 8)), Reason::SignatureBroken),
            attack("a generation", written_over(file, row + 15, b"1"), Reason::ContentAltered),
            attack("the signature value", written_over(file, signed - 6, other(signed - 6)), Reason::SignatureForged),
            attack("a byte before", inserted(file, 0, b"x"), Reason::SignatureBroken),
            attack("a line before", inserted(file, 0, b"\n"), Reason::SignatureBroken),
            attack("a mark before", inserted(file, 0, b"\xef\xbb\xbf"), Reason::SignatureBroken),
            attack("a page of the web before", inserted(file, 0, b"<html>"), Reason::SignatureBroken),
            attack(
                "a byte more in a stream",
                inserted(file, find(file, b"stream\n") + 60, b"A"),
                Reason::SignatureBroken,
            ),
            attack("a key twice", inserted(file, find(file, b"/Type/Catalog"), b"/Type/X"), Reason::SignatureBroken),
            attack("the last byte gone", file[..file.len() - 1].to_vec(), Reason::FileIncomplete),
            attack("the end gone", file[..file.len() - 7].to_vec(), Reason::FileIncomplete),
            attack("the table gone", file[..table + 50].to_vec(), Reason::FileIncomplete),
            attack("cut in the signature", file[..hole.start + 1000].to_vec(), Reason::FileIncomplete),
            attack("cut before it says what it is", file[..file.len() / 4].to_vec(), Reason::FileCutOff),
        ],
    );
}

/// A seal cut out of one document and put into another raises no alarm about the key: it does not fit, that is all.
#[test]
fn a_seal_in_a_document_that_nobody_recorded_is_altered_content_and_no_alarm() {
    let city = city();
    let (unknown, ours) = (licence(1, &city.authority.seal("滨江市市场监督管理局")), &city.file);
    let transplanted = written_over(&unknown, hole(&unknown).start, &ours[hole(ours)]);
    let found = verdict(&transplanted, &city.trust, Some(&city.record));
    assert_eq!((found.outcome, found.reason()), (Outcome::Invalid, Some(Reason::ContentAltered)));
    assert!(found.checks.iter().all(|check| check.reason != Some(Reason::NotRecorded)), "{found:#?}");
    // The twin: what the key really signed and nobody recorded.
    let found = verdict(&unknown, &city.trust, None);
    assert_eq!(found.reason(), Some(Reason::NotRecorded));
}

/// Our names on another key: the city's root by its name, the department's seal by its name.
#[test]
fn an_authority_that_borrows_our_names_imitates_us() {
    let city = city();
    let imitates = |bytes: &[u8], record| {
        let found = verdict(bytes, &city.trust, record);
        assert_eq!((found.outcome, found.reason()), (Outcome::Invalid, Some(Reason::SealImitated)), "{found:#?}");
        assert!(found.signatures.iter().all(|report| !report.is_signer_confirmed));
        found
    };
    let pretender = Authority::new("滨江市根证书").seal(SEAL);
    let found = imitates(&licence(0, &pretender), Some(&city.record));
    assert_eq!(sub_indication(&found), Some("NO_CERTIFICATE_CHAIN_FOUND"));
    // With our own certificates enclosed, as if they were on the chain.
    let mut enclosed = pretender;
    enclosed.chain.extend([city.seal.certificate.clone(), city.seal.chain[0].clone()]);
    imitates(&licence(0, &enclosed), Some(&city.record));
    imitates(&licence(1, &enclosed), None);
    // The name alone, also as it only looks, and the name beside the certificate alone.
    let elsewhere = identifier_of(ELSEWHERE, 0);
    let company = Authority::new("某某公司根证书");
    for name in [SEAL, "滨江市\u{200b}市场监督管理局", "\u{202d}滨江市 市场监督管理局", "滨江\u{5e02}市场监督管理局"]
    {
        imitates(&sealed(&elsewhere, "某某公司", &company.seal(name)), None);
        imitates(&sealed(&elsewhere, name, &company.seal("某某公司")), None);
    }
    let other = sealed(&elsewhere, "某某公司", &company.seal("某某公司"));
    assert_eq!(verdict(&other, &city.trust, None).reason(), Some(Reason::UnknownIssuer));
}
