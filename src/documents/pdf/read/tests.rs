mod mended;

use crypto::digest::{Digest, DigestAlgorithm};

use super::*;
use crate::{
    Layout, SealPicture, SealText, Template, font::testing::fonts, pdf::signature::SignatureProblem, template,
};

/// A licence of ours with bytes of the form of a signature in its hole.
fn ours() -> (Vec<u8>, Digest) {
    let fonts = fonts();
    let text = SealText { ring: "滨海市市场监督管理局".into(), below: String::new(), number: String::new() };
    let seal = SealPicture::draw(&fonts, &text).unwrap();
    let template =
        Template::new(&fonts, &Layout::parse(crate::layout::FOOD_BUSINESS).unwrap(), &seal, DigestAlgorithm::Sha256)
            .unwrap();
    let prepared = template.typeset(&template::tests::food("滨海市<𠮷野家>&龘餐饮")).unwrap();
    let digest = prepared.digest();
    (prepared.finish(&[0x30, 0x03, 0x02, 0x01, 0x07]).unwrap().into_bytes(), digest)
}

/// A file made of these objects, with a table that fits them.
fn build(objects: &[(u32, &str)], trailer: &str) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (number, body) in objects {
        places.push((*number, out.len()));
        out.extend_from_slice(format!("{number} 0 obj\n{body}\nendobj\n").as_bytes());
    }
    let start = out.len();
    out.extend_from_slice(b"xref\n");
    for (number, place) in &places {
        out.extend_from_slice(format!("{number} 1\n{place:010} 00000 n \n").as_bytes());
    }
    out.extend_from_slice(format!("trailer\n<<{trailer}>>\nstartxref\n{start}\n%%EOF\n").as_bytes());
    out
}

const SMALL: &[(u32, &str)] = &[
    (1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]>>>>"),
    (2, "<</Type/Pages/Count 1/Kids[3 0 R]>>"),
    (3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Annots[4 0 R]>>"),
    (4, "<</Type/Annot/Subtype/Widget/FT/Sig/T(S)/Rect[0 0 9 9]/V 5 0 R>>"),
    (5, SIGNATURE),
];
const SIGNATURE: &str =
    "<</Type/Sig/Filter/A/SubFilter/ETSI.CAdES.detached/ByteRange[0 00000 00000 00000]/Contents<300102>>>";

/// A small file whose byte range is right.
fn small() -> Vec<u8> {
    let mut file = build(SMALL, "/Root 1 0 R/Size 6");
    let open = find(&file, b"<300102>");
    let range = format!("[0 {open:05} {:05} {:05}]", open + 8, file.len() - open - 8);
    replace(&mut file, b"[0 00000 00000 00000]", range.as_bytes());
    file
}

fn find(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).position(|part| part == wanted).unwrap()
}

/// Replaces in place; what is shorter is filled up with spaces, so that every offset stays right.
fn replace(bytes: &mut [u8], old: &[u8], new: &[u8]) {
    let at = find(bytes, old);
    let mut new = new.to_vec();
    assert!(new.len() <= old.len());
    new.resize(old.len(), b' ');
    bytes[at..at + old.len()].copy_from_slice(&new);
}

fn only(bytes: &[u8]) -> Signature {
    let file = read(bytes).unwrap();
    assert_eq!(file.signatures.len(), 1);
    file.signatures.into_iter().next().unwrap()
}

#[test]
fn a_licence_of_ours_is_read_back_as_it_was_written() {
    let (bytes, digest) = ours();
    let file = read(&bytes).unwrap();
    assert_eq!((file.revisions, file.ambiguities.as_slice()), (1, [].as_slice()));
    assert_eq!(file.active_content, []);
    assert_eq!(file.pages, Pages { all: 1, of_licences: 1 });
    assert!(bytes.windows(11).any(|part| part == b"/Type/Page/"), "ISO 32000-2, table 31");
    assert_eq!(file.entry("holder_name"), Some("滨海市<𠮷野家>&龘餐饮"));
    assert_eq!(file.entry("certificate_name"), Some("食品经营许可证"));
    assert!(file.entry("certificate_identifier").unwrap().starts_with("1.2.156.3005.2."));
    let signature = only(&bytes);
    assert_eq!(signature.problem, None);
    assert!(signature.covers_whole_file);
    assert_eq!(signature.digest(DigestAlgorithm::Sha256, &bytes), Some(digest));
    assert_eq!(signature.sub_filter.as_deref(), Some("ETSI.CAdES.detached"));
    assert_eq!(signature.name.as_deref(), Some("滨海市市场监督管理局"));
    // Certified, and nothing may be changed (ISO 32000-2, table 257).
    assert!(
        String::from_utf8_lossy(&bytes).contains("/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/P 1/")
    );
    assert_eq!(&signature.contents[..6], [0x30, 3, 2, 1, 7, 0]);
    assert_eq!(signature.contents.len(), limits::CMS_BYTES_MAX);
}

#[test]
fn every_changed_byte_changes_the_digest_or_the_signature() {
    let (bytes, digest) = ours();
    let hole = only(&bytes).hole.unwrap();
    for at in (0..bytes.len()).step_by(1_499).chain([hole.start + 1, hole.end - 2, hole.start - 1, hole.end]) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let Ok(file) = read(&changed) else { continue };
        let same = file.signatures.len() == 1
            && file.signatures[0].problem.is_none()
            && file.signatures[0].covers_whole_file
            && file.signatures[0].digest(DigestAlgorithm::Sha256, &changed) == Some(digest)
            && file.signatures[0].contents == only(&bytes).contents;
        assert!(!same, "byte {at}");
    }
}

/// Universal signature forgery: the signature is there, but nothing of it can be checked.
#[test]
fn a_signature_without_a_usable_range_or_value_is_reported_as_broken_not_as_absent() {
    let range = {
        let file = small();
        let at = find(&file, b"/ByteRange[");
        file[at..at + 31].to_vec()
    };
    let check = |old: &[u8], new: &str, expected: SignatureProblem| {
        let mut file = small();
        replace(&mut file, old, new.as_bytes());
        let signature = only(&file);
        assert_eq!(signature.problem, Some(expected), "{new}");
        assert!(!signature.covers_whole_file, "{new}");
    };
    for new in [
        "",
        "/ByteRange null",
        "/ByteRange[]",
        "/ByteRange[0 0 0 0]",
        "/ByteRange[0 -1 2 3]",
        "/ByteRange[0 10 20]",
        "/ByteRange[0 9999999 1 1]",
        "/ByteRange[1 2 3 4]",
        "/ByteRange 5 0 R",
        "/ByteRange[0 9 9 1844674407370]",
    ] {
        check(&range, new, SignatureProblem::ByteRange);
    }
    for new in [
        "/Contents<>",
        "/Contents<00>",
        "/Contents null",
        "/Contemts<300102>",
        "/Contents(300102)",
        "/Contents<30 102>",
    ] {
        check(b"/Contents<300102>", new, SignatureProblem::Contents);
    }
    check(b"/Filter/A", "", SignatureProblem::Incomplete);
    check(b"/SubFilter/ETSI.CAdES.detached", "", SignatureProblem::Incomplete);
    check(b"/Type/Sig", "", SignatureProblem::Incomplete);
    check(b"/FT/Sig", "", SignatureProblem::NoField);
}

/// Incremental saving attacks.
#[test]
fn what_is_appended_after_signing_is_seen() {
    let (bytes, _) = ours();
    let appended = |tail: &[u8]| {
        let mut file = bytes.clone();
        file.extend_from_slice(tail);
        file
    };
    let seen = |tail: &[u8]| {
        let Ok(file) = read(&appended(tail)) else { return };
        assert!(!file.signatures.iter().any(|signature| signature.covers_whole_file));
        let noticed = file.revisions > 1 || file.ambiguities.contains(&Ambiguity::TrailingBytes);
        assert!(noticed, "{:?}", String::from_utf8_lossy(tail));
    };
    let start = String::from_utf8_lossy(&bytes[bytes.len() - 20..]).lines().nth(1).unwrap().to_owned();
    seen(b"% a comment\n");
    seen(b"99 0 obj\n<<>>\nendobj\n");
    seen(format!("99 0 obj\n<<>>\nendobj\nstartxref\n{start}\n%%EOF\n").as_bytes());
    seen(b"startxref\n0\n%%EOF\n");
    let object = bytes.len();
    let page = "12 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>\nendobj\n";
    let table = object + page.len();
    let update = format!(
        "{page}xref\n12 1\n{object:010} 00000 n \ntrailer\n<</Size 30/Root 1 0 R/Prev {start}>>\nstartxref\n{table}\n%%EOF\n"
    );
    let file = read(&appended(update.as_bytes())).unwrap();
    assert_eq!((file.revisions, file.signatures[0].covers_whole_file), (2, false));
    // The end of the same file once more.
    let tail = bytes[bytes.len() - 600..].to_vec();
    seen(&tail);
    let before: Vec<u8> = b"x".iter().chain(&bytes).copied().collect();
    assert!(matches!(read(&before), Err(ReadError::Damaged(_))));
}

/// Signature wrapping: the range is moved so that something else can stand in the file.
#[test]
fn a_range_that_is_not_exactly_around_the_signature_is_refused() {
    let file = small();
    let [_, before, after, length] = only(&file).byte_range.unwrap();
    let old = format!("[0 {before:05} {after:05} {length:05}]");
    for (a, b, c) in [
        (before - 1, after, length),
        (before + 1, after, length),
        (before, after + 1, length - 1),
        (before, after - 1, length + 1),
        (before, before, length),
        (before, after, length + 1),
    ] {
        let mut moved = file.clone();
        replace(&mut moved, old.as_bytes(), format!("[0 {a:05} {b:05} {c:05}]").as_bytes());
        assert_eq!(only(&moved).problem, Some(SignatureProblem::ByteRange), "{a} {b} {c}");
    }
    let mut short = file.clone();
    replace(&mut short, old.as_bytes(), format!("[0 {before:05} {after:05} {:05}]", length - 1).as_bytes());
    assert!(!only(&short).covers_whole_file);
}

/// Shadow attacks prepare a file so that a later change shows what was hidden.
#[test]
fn objects_that_nothing_refers_to_are_seen() {
    let (bytes, _) = ours();
    let hidden = b"98 0 obj\n<</Type/Page>>\nendobj\n";
    let table = bytes.windows(5).rposition(|part| part == b"xref\n").unwrap();
    let table = bytes[..table].windows(5).rposition(|part| part == b"xref\n").unwrap_or(table);
    let mut file = bytes[..table].to_vec();
    file.extend_from_slice(hidden);
    file.extend_from_slice(&bytes[table..]);
    let old = format!("startxref\n{table}\n");
    let at = file.len() - 40 + find(&file[file.len() - 40..], b"startxref");
    file.truncate(at);
    file.extend_from_slice(old.replace(&table.to_string(), &(table + hidden.len()).to_string()).as_bytes());
    file.extend_from_slice(b"%%EOF\n");
    assert_eq!(read(&file).unwrap().ambiguities, [Ambiguity::HiddenBytes, Ambiguity::HiddenObjects]);
}

#[test]
fn files_that_two_programs_could_read_differently_say_so() {
    let check = |objects: &[(u32, &str)], trailer: &str, expected: Ambiguity| {
        let file = read(&build(objects, trailer)).unwrap();
        assert!(file.ambiguities.contains(&expected), "{expected:?}: {:?}", file.ambiguities);
    };
    let with = |number: u32, body: &'static str| {
        let mut objects = SMALL.to_vec();
        objects.retain(|object| object.0 != number);
        objects.push((number, body));
        objects
    };
    check(&with(6, "<</A 1/A 2>>"), "/Root 1 0 R", Ambiguity::DuplicateKeys);
    check(SMALL, "/Root 1 0 R/XRefStm 0", Ambiguity::HybridReferences);
    let mut shared = with(6, "<</FT/Sig/T(Second)/V 5 0 R>>");
    shared.retain(|object| object.0 != 1);
    shared.push((1, "<</Type/Catalog/AcroForm<</Fields[4 0 R 6 0 R]>>>>"));
    check(&shared, "/Root 1 0 R", Ambiguity::SharedSignature);
    let mut overlapping = with(6, "<</B(\n7 0 obj\n<<>>\nendobj\n)>>");
    overlapping.push((7, "<<>>"));
    let mut file = build(&overlapping, "/Root 1 0 R");
    let inner = find(&file, b"7 0 obj");
    let row = file.windows(4).rposition(|part| part == b"7 1\n").unwrap() + 4;
    file[row..row + 10].copy_from_slice(format!("{inner:010}").as_bytes());
    assert!(read(&file).unwrap().ambiguities.contains(&Ambiguity::OverlappingObjects));
}

#[test]
fn content_that_does_something_is_listed() {
    let check = |entry: &str, expected: ActiveContent| {
        let catalog = format!("<</Type/Catalog/Pages 2 0 R{entry}>>");
        let file = read(&build(&[(1, &catalog), (2, "<</Type/Pages/Kids[]>>")], "/Root 1 0 R")).unwrap();
        assert_eq!(file.active_content, [expected], "{entry}");
    };
    check("/OpenAction<</S/JavaScript>>", ActiveContent::JavaScript);
    check("/Names<</JavaScript 9 0 R>>", ActiveContent::JavaScript);
    check("/AA<</O<</S/Launch>>>>", ActiveContent::Launch);
    check("/Names<</EmbeddedFiles 9 0 R>>", ActiveContent::EmbeddedFile);
    check("/AcroForm<</XFA[]>>", ActiveContent::Xfa);
    check("/A<</S/GoToR>>", ActiveContent::RemoteGoTo);
    check("/A<</S/SubmitForm>>", ActiveContent::FormAction);
    let external = build(&[(1, "<</Type/Catalog>>"), (2, "<</F(x)/Length 0>>\nstream\n\nendstream")], "/Root 1 0 R");
    assert_eq!(read(&external).unwrap().active_content, [ActiveContent::ExternalStream]);
}

#[test]
fn other_files_are_told_apart() {
    let check = |bytes: &[u8], expected: ReadError| assert_eq!(read(bytes).unwrap_err(), expected);
    check(b"", ReadError::NotPdf);
    check(b"PK\x03\x04", ReadError::NotPdf);
    check(b"<html>%PDF-1.7", ReadError::Damaged("it does not begin as a PDF"));
    check(&build(SMALL, "/Root 1 0 R/Encrypt 5 0 R"), ReadError::Encrypted);
    let (bytes, _) = ours();
    check(&bytes[..bytes.len() / 2], ReadError::CutOff);
    check(&bytes[..bytes.len() - 7], ReadError::CutOff);
    check(&vec![b' '; limits::PDF_BYTES_MAX + 1], ReadError::TooLarge);
    check(&vec![b' '; limits::PDF_BYTES_MAX], ReadError::NotPdf);
}

#[test]
fn loops_and_bombs_end() {
    let mut looped = build(SMALL, "/Root 1 0 R/Prev 00000");
    let start = find(&looped, b"xref\n");
    replace(&mut looped, b"/Prev 00000", format!("/Prev {start:05}").as_bytes());
    assert!(matches!(read(&looped), Err(ReadError::Damaged(_))));
    let kids = build(
        &[(1, "<</AcroForm<</Fields[2 0 R]>>>>"), (2, "<</Kids[2 0 R 3 0 R]>>"), (3, "<</Kids[2 0 R]>>")],
        "/Root 1 0 R",
    );
    assert_eq!(read(&kids).unwrap().signatures.len(), 0);
    let signatures = |count: u32| {
        let objects: Vec<(u32, &str)> =
            std::iter::once((1, "<<>>")).chain((2..2 + count).map(|number| (number, SIGNATURE))).collect();
        read(&build(&objects, "/Root 1 0 R"))
    };
    assert!(signatures(limits::PDF_SIGNATURES_MAX as u32).is_ok());
    assert_eq!(signatures(limits::PDF_SIGNATURES_MAX as u32 + 1).unwrap_err(), ReadError::Limit(Limit::Signatures));
    let far = build(&[(1, "<<>>")], "/Root 1 0 R/Prev 99999999999999999");
    assert!(read(&far).is_err());
}

#[test]
fn files_of_too_many_parts_are_refused_at_the_limit() {
    let objects = |count: usize| {
        let mut file = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n".to_vec();
        let start = file.len();
        file.extend_from_slice(format!("xref\n1 {count}\n0000000009 00000 n \n").as_bytes());
        file.extend(b"0000000000 00000 f \n".repeat(count - 1));
        file.extend_from_slice(format!("trailer\n<</Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").as_bytes());
        read(&file)
    };
    assert!(objects(limits::PDF_OBJECTS_MAX).is_ok());
    assert_eq!(objects(limits::PDF_OBJECTS_MAX + 1).unwrap_err(), ReadError::Limit(Limit::Objects));
    let values = |arrays: usize| {
        let body = format!("[{}]", "[1 1 1 1 1 1 1 1 1]".repeat(arrays));
        read(&build(&[(1, "<<>>"), (2, &body)], "/Root 1 0 R"))
    };
    assert!(values(10_000).is_ok());
    assert_eq!(values(limits::PDF_MEMORY_BYTES_MAX / 100).unwrap_err(), ReadError::Limit(Limit::Memory));
    let metadata = |size: usize| {
        let packet = format!("xmlns:gs=\"{}\"{}", xmp::NAMESPACE, "<gs:".repeat(limits::PDF_METADATA_BYTES_MAX / 4));
        let packet = &packet[..size];
        let stream = format!("<</Length {}>>\nstream\n{packet}\nendstream", packet.len());
        read(&build(&[(1, "<</Metadata 2 0 R>>"), (2, &stream)], "/Root 1 0 R"))
    };
    assert!(metadata(limits::PDF_METADATA_BYTES_MAX).is_ok());
    assert!(metadata(limits::PDF_METADATA_BYTES_MAX + 1).is_err());
}

fn pack(data: &[u8]) -> Vec<u8> {
    use flate2::{Compression, write::ZlibEncoder};
    use std::io::Write as _;
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// Some kilobytes whose streams unpack to so many bytes each.
fn swelling(streams: u8, bytes: usize) -> Result<SignedFile, ReadError> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let row = |kind: u8, value: usize| [&[kind][..], &u32::try_from(value).unwrap().to_be_bytes()].concat();
    let mut rows = vec![row(0, 0)];
    // Each holds one object, which the cross-references say is there, so that it is unpacked.
    for number in 1..=streams {
        let mut content = format!("{} 0 <</Type/Catalog>>", streams + number).into_bytes();
        let first = content.iter().position(|byte| *byte == b'<').unwrap();
        content.resize(bytes, b' ');
        let content = pack(&content);
        rows.push(row(1, file.len()));
        let length = content.len();
        let head =
            format!("{number} 0 obj\n<</Type/ObjStm/N 1/First {first}/Filter/FlateDecode/Length {length}>>\nstream\n");
        file.extend(head.into_bytes());
        file.extend(content);
        file.extend(b"\nendstream\nendobj\n");
    }
    rows.extend((1..=streams).map(|number| row(2, number.into())));
    let (start, own) = (file.len(), 2 * streams + 1);
    rows.push(row(1, start));
    let table = pack(&rows.concat());
    let (root, size, length) = (streams + 1, rows.len(), table.len());
    let head = format!(
        "{own} 0 obj\n<</Type/XRef/W[1 4 0]/Size {size}/Root {root} 0 R/Filter/FlateDecode/Length {length}>>\nstream\n"
    );
    file.extend(head.into_bytes());
    file.extend(table);
    file.extend(format!("\nendstream\nendobj\nstartxref\n{start}\n%%EOF\n").into_bytes());
    read(&file)
}

#[test]
fn streams_unpack_to_so_much_each_and_to_so_much_together() {
    let most = limits::PDF_STREAM_BYTES_MAX;
    assert_eq!(swelling(1, most).unwrap().revisions, 1);
    assert_eq!(swelling(1, most + 1).unwrap_err(), ReadError::Limit(Limit::Streams));
    let together = limits::PDF_STREAMS_BYTES_MAX / most;
    let each = most - 4_096;
    assert_eq!(swelling(u8::try_from(together).unwrap(), each).unwrap().revisions, 1);
    assert_eq!(swelling(u8::try_from(together).unwrap() + 1, each).unwrap_err(), ReadError::Limit(Limit::Streams));
}

/// Streams of cross-references and of objects, as most programs write them.
#[test]
fn packed_objects_are_read() {
    let mut file = b"%PDF-1.7\n".to_vec();
    let objects = pack(b"1 0 2 18 <</Type/Catalog>> <</FT/Sig/T(S)/V<</ByteRange[0 1 2 3]>>>>");
    let packed_at = file.len();
    file.extend_from_slice(
        format!("3 0 obj\n<</Type/ObjStm/N 2/First 9/Filter/FlateDecode/Length {}>>\nstream\n", objects.len())
            .as_bytes(),
    );
    file.extend_from_slice(&objects);
    file.extend_from_slice(b"\nendstream\nendobj\n");
    let start = file.len();
    let (p, s) = ((packed_at as u16).to_be_bytes(), (start as u16).to_be_bytes());
    // Each row is written as the difference to the row above (PNG's filter 2).
    let rows = [[0, 0, 0, 0], [2, 0, 3, 0], [2, 0, 3, 1], [1, p[0], p[1], 0], [1, s[0], s[1], 0]];
    let mut table = Vec::new();
    let mut above = [0_u8; 4];
    for row in rows {
        table.push(2);
        table.extend(row.iter().zip(above).map(|(value, up)| value.wrapping_sub(up)));
        above = row;
    }
    let table = pack(&table);
    file.extend_from_slice(format!("4 0 obj\n<</Type/XRef/W[1 2 1]/Size 5/Root 1 0 R/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 4>>/Length {}>>\nstream\n", table.len()).as_bytes());
    file.extend_from_slice(&table);
    file.extend_from_slice(format!("\nendstream\nendobj\nstartxref\n{start}\n%%EOF\n").as_bytes());
    let read = read(&file).unwrap();
    assert_eq!((read.revisions, read.ambiguities.as_slice()), (1, [].as_slice()));
}

#[test]
fn no_flipped_or_missing_byte_makes_the_reader_panic() {
    let file = small();
    assert!(only(&file).covers_whole_file);
    for at in 0..file.len() {
        let _ = read(&file[..at]);
        for value in [0, b' ', b'<', b'>', b'(', b'[', b'/', b'0', b'9', b'R', 0xff] {
            let mut changed = file.clone();
            changed[at] = value;
            let _ = read(&changed);
        }
        let mut removed = file.clone();
        removed.remove(at);
        let _ = read(&removed);
    }
}
