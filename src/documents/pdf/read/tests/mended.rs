//! Files that are not in order and that common programs show.

use super::*;

/// The small file in which every occurrence of a text is another one, whatever that does to its offsets.
fn with(old: &str, new: &str) -> Vec<u8> {
    let text = String::from_utf8(small()).unwrap();
    assert!(text.contains(old), "{old}");
    text.replace(old, new).into_bytes()
}

fn mended(name: &str, bytes: &[u8]) -> SignedFile {
    assert!(read(bytes).is_err(), "{name} is in order");
    let file = read_tolerantly(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(file.is_mended, "{name}");
    file
}

#[test]
fn what_common_programs_show_is_put_in_order_and_read() {
    let small = small();
    let text = String::from_utf8(small.clone()).unwrap();
    let start = find(&small, b"xref\n");
    let without_table = [&small[..start], b"trailer\n<</Root 1 0 R/Size 6>>\n"].concat();
    let named = format!("startxref\n{start}");
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("a line before the header", [b"\n\xef\xbb\xbf".as_slice(), &small].concat()),
        ("headers of a mail before it", [b"Content-Type: application/pdf\r\n\r\n".as_slice(), &small].concat()),
        ("cross-references one byte off", with(&named, &format!("startxref\n{}", start + 1))),
        ("cross-references nowhere", with(&named, "startxref\n0")),
        ("cross-references beyond the end", with(&named, "startxref\n99999999999")),
        ("no number of cross-references", with(&named, "startxref\n")),
        ("no cross-references", without_table.clone()),
        ("no trailer either", small[..start].to_vec()),
        ("no end mark", text.replace("%%EOF", "").into_bytes()),
        ("an offset that is wrong", with("0000000009 00000 n", "0000000011 00000 n")),
        ("rows that are too long", with(" 00000 n \n", " 00000 n  x\n")),
        ("a circle of sections", with("/Root 1 0 R/Size 6", &format!("/Root 1 0 R/Prev {start}"))),
        ("a section before that is none", with("/Root 1 0 R/Size 6", "/Root 1 0 R/Prev 5")),
        ("a trailer without a catalogue", with("/Root 1 0 R", "/Roof 1 0 R")),
        ("a trailer whose catalogue is none", with("/Root 1 0 R", "/Root 9 0 R")),
        ("objects without an end", with("endobj\n", "")),
        ("a name with a sign", with("/MediaBox", "/A#/MediaBox")),
        ("numbers that are none", with("[0 0 9 9]", "[0 --1 1.2.3 9x]")),
        ("a word that is nothing", with("/Count 1", "/Count 1 /X what")),
        ("a key without a value", with("/Count 1", "/Count 1 /Kids[3 0 R] /X")),
        ("a value without a key", with("/Count 1", "/Count 1 2")),
        ("a dictionary that nobody closes", with("/Kids[3 0 R]>>", "/Kids[3 0 R]")),
        ("digits that are none", with("<300102>", "<3001x2>")),
    ];
    for (name, bytes) in cases {
        let file = mended(name, &bytes);
        assert_eq!(file.signatures.len(), 1, "{name}");
        assert_eq!(file.signatures[0].sub_filter.as_deref(), Some("ETSI.CAdES.detached"), "{name}");
    }
    let file = read_tolerantly(&small).unwrap();
    assert!(!file.is_mended, "what is in order stays as it is");
}

#[test]
fn streams_are_found_whatever_is_said_of_their_length() {
    let packet = "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"/>";
    let build_with = |dictionary: &str, begin: &str, end: &str| {
        let stream = format!("<</JS 1{dictionary}>>\n{begin}{packet}{end}");
        let mut objects = SMALL.to_vec();
        objects.push((6, &stream));
        objects.push((7, "<</S/Launch>>"));
        build(&objects, "/Root 1 0 R")
    };
    let right = format!("/Length {}", packet.len());
    for (name, dictionary, begin, end) in [
        ("too short", "/Length 3", "stream\n", "\nendstream"),
        ("too long", "/Length 400", "stream\n", "\nendstream"),
        ("beyond the end", "/Length 99999999", "stream\r\n", "\r\nendstream"),
        ("negative", "/Length -1", "stream\n", "\nendstream"),
        ("none", "", "stream\n", "\nendstream"),
        ("in an object that is not there", "/Length 9 0 R", "stream\n", "\nendstream"),
        ("behind a bare carriage return", &right, "stream\r", "\nendstream"),
        ("behind nothing", &right, "stream ", "\nendstream"),
    ] {
        let file = mended(name, &build_with(dictionary, begin, end));
        // What stands behind the stream is seen.
        assert_eq!(file.active_content, [ActiveContent::JavaScript, ActiveContent::Launch], "{name}");
        assert_eq!(file.signatures.len(), 1, "{name}");
    }
}

#[test]
fn a_file_behind_something_else_counts_its_bytes_from_its_header() {
    let before = b"HTTP/1.1 200 OK\r\n\r\n";
    let bytes = [before.as_slice(), &small()].concat();
    let file = mended("headers", &bytes);
    assert_eq!((file.before, file.signatures[0].covers_whole_file), (before.len(), true));
    let far = [vec![b' '; HEAD], small()].concat();
    assert_eq!(read_tolerantly(&far).unwrap_err(), ReadError::NotPdf);
}

/// The newest object of a number counts, as in a file in order.
#[test]
fn of_two_objects_with_one_number_the_later_one_is_read() {
    let mut bytes = small();
    let end = find(&bytes, b"startxref");
    bytes.truncate(end);
    bytes.extend_from_slice(
        b"5 0 obj\n<</Type/Sig/Filter/A/SubFilter/Later/ByteRange[0 1 2 3]/Contents<30>>>\nendobj\n",
    );
    let file = mended("a later revision", &bytes);
    assert_eq!(file.signatures[0].sub_filter.as_deref(), Some("Later"));
    let packed = pack(b"5 0 <</Type/Sig/Filter/A/SubFilter/Packed/ByteRange[0 1 2 3]>>");
    let head = format!("8 0 obj\n<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length {}>>\nstream\n", packed.len());
    let bytes = [&bytes[..], head.as_bytes(), &packed, b"\nendstream\nendobj\n"].concat();
    assert_eq!(mended("packed", &bytes).signatures[0].sub_filter.as_deref(), Some("Packed"));
    let bytes = [&bytes[..], b"5 0 obj\n<</Type/Sig/SubFilter/Last/ByteRange[0 1 2 3]>>\nendobj\n"].concat();
    assert_eq!(mended("and again", &bytes).signatures[0].sub_filter.as_deref(), Some("Last"));
}

#[test]
fn what_stays_refused_is_told_apart() {
    let check = |name: &str, bytes: &[u8], expected: ReadError| {
        assert_eq!(read_tolerantly(bytes).unwrap_err(), expected, "{name}");
    };
    let small = small();
    let nothing = ReadError::Damaged("it has no catalogue");
    check("nothing in it", b"%PDF-1.7\nnothing", ReadError::CutOff);
    check("no catalogue", &build(&SMALL[1..], "/Root 1 0 R"), nothing);
    check("cut off in an object", &small[..find(&small, b"/SubFilter")], ReadError::CutOff);
    let stream = build(&[(1, "<</Type/Catalog>>"), (2, "<</Length 3>>\nstream\nabcdefgh")], "/Root 1 0 R");
    let text = build(&[(1, "<</Type/Catalog>>"), (2, "<</A(abcdefgh)>>")], "/Root 1 0 R");
    check("cut off in a text", &text[..find(&text, b"efgh")], ReadError::CutOff);
    check("cut off in a stream", &stream[..find(&stream, b"efgh")], ReadError::CutOff);
    let lost = |trailer: &str| with("/Root 1 0 R/Size 6", trailer);
    let encrypted = lost("/Root 1 0 R/Prev 5/Encrypt 9 0 R");
    check("encrypted", &encrypted, ReadError::Encrypted);
    check("no file of this kind", b"PK\x03\x04", ReadError::NotPdf);
    // The twin: an entry that says nothing.
    assert!(read_tolerantly(&lost("/Root 1 0 R/Prev 5/Encrypt null")).is_ok());
}

/// What claims to be ours is in order or refused.
#[test]
fn nothing_is_put_in_order_that_carries_metadata_of_ours() {
    let (bytes, _) = ours();
    let before = [b"\n".as_slice(), &bytes].concat();
    assert!(matches!(read_tolerantly(&before), Err(ReadError::Damaged(_))));
    assert_eq!(read_tolerantly(&bytes[..bytes.len() - 7]).unwrap_err(), ReadError::CutOff);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(text.contains(xmp::NAMESPACE));
}

/// A hybrid file says in a table what old programs see, and in a stream beside it what they do not (ISO 32000-2
/// §7.5.8.4).
#[test]
fn what_a_hybrid_file_hides_from_old_programs_is_read() {
    let mut file = b"%PDF-1.5\n".to_vec();
    let mut places = Vec::new();
    let mut add = |file: &mut Vec<u8>, body: &[u8]| {
        places.push(file.len());
        file.extend_from_slice(body);
    };
    add(&mut file, b"1 0 obj\n<</Type/Catalog/AcroForm<</Fields[2 0 R]>>>>\nendobj\n");
    let packed = pack(b"2 0 <</FT/Sig/T(Hidden)/V 3 0 R>>");
    let head = format!("4 0 obj\n<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length {}>>\nstream\n", packed.len());
    let signature = SIGNATURE.as_bytes();
    add(&mut file, &[b"3 0 obj\n", signature, b"\nendobj\n"].concat());
    add(&mut file, &[head.as_bytes(), &packed, b"\nendstream\nendobj\n"].concat());
    let beside = file.len();
    let row = |kind: u8, first: usize| [kind, (first >> 8) as u8, first as u8, 0];
    let rows = [row(2, 4), row(1, places[2])].concat();
    let head = format!(
        "5 0 obj\n<</Type/XRef/W[1 2 1]/Index[2 1 4 1]/Size 6/Filter/FlateDecode/Length {}>>\nstream\n",
        pack(&rows).len()
    );
    file.extend_from_slice(&[head.as_bytes(), &pack(&rows), b"\nendstream\nendobj\n"].concat());
    let start = file.len();
    let table = format!(
        "xref\n0 4\n0000000000 65535 f \n{:010} 00000 n \n0000000000 65535 f \n{:010} 00000 n \n\
         trailer\n<</Size 6/Root 1 0 R/XRefStm {beside}>>\nstartxref\n{start}\n%%EOF\n",
        places[0], places[1]
    );
    file.extend_from_slice(table.as_bytes());
    let read = read(&file).unwrap();
    assert_eq!(read.signatures[0].field, "Hidden");
    assert_eq!(read.ambiguities, [Ambiguity::HybridReferences], "and no byte is left over");
    assert!(!read.ambiguities.iter().any(|ambiguity| ambiguity.hides()));
}

#[test]
fn keys_that_occur_twice_hide_something_when_they_differ() {
    let hides = |entries: &str| {
        let mut objects = SMALL.to_vec();
        let body = format!("<<{entries}>>");
        objects.push((6, &body));
        read(&build(&objects, "/Root 1 0 R")).unwrap().ambiguities.iter().any(|ambiguity| ambiguity.hides())
    };
    assert!(!hides("/A 1/B[2]/A 1/B[2]"));
    assert!(hides("/A 1/B[2]/A 1/B[3]"));
}

#[test]
fn no_flipped_or_missing_byte_makes_the_mender_panic() {
    let start = find(&small(), b"xref\n");
    let file = [&small()[..start], b"trailer\n<</Root 1 0 R>>\n"].concat();
    for at in 0..file.len() {
        let _ = read_tolerantly(&file[..at]);
        for value in [0, b' ', b'<', b'>', b'(', b'[', b'/', b'0', b'9', b'R', b'#', b'-', 0xff] {
            let mut changed = file.clone();
            changed[at] = value;
            let _ = read_tolerantly(&changed);
        }
        let mut removed = file.clone();
        removed.remove(at);
        let _ = read_tolerantly(&removed);
    }
}

/// However often something begins, what it costs to look at it stays in proportion to the file.
#[test]
fn what_begins_over_and_over_ends() {
    for begin in ["1 0 obj(", "1 0 obj<4", "1 0 obj[", "1 0 obj<</A ", "1 0 obj<<>>stream\n", "trailer(", "trailer<</A"]
    {
        let bytes = [b"%PDF-1.7\n".as_slice(), &begin.as_bytes().repeat(100_000)].concat();
        assert!(read_tolerantly(&bytes).is_err(), "{begin}");
    }
    let many = |count: usize| {
        let bytes = [b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n".as_slice(), &b"2 0 obj 1 endobj\n".repeat(count)];
        read_tolerantly(&bytes.concat())
    };
    assert!(many(limits::PDF_OBJECTS_MAX - 1).is_ok());
    assert_eq!(many(limits::PDF_OBJECTS_MAX).unwrap_err(), ReadError::Limit(Limit::Objects));
}
