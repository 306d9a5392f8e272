//! Who says that they are us, who only speaks of us, and what several signatures are worth.

use std::fmt::Write as _;

use super::{
    attacks::{find, hole, inserted, revised, written_over},
    *,
};
use crate::{CheckResult, Facet};

/// A letter with a form for signatures: its catalogue is object 1, the list of fields 9.
fn letter(text: &str, catalogue: &str, more: &[(usize, String)]) -> Vec<u8> {
    let page = format!("BT /F1 12 Tf 72 720 Td ({text}) Tj ET");
    let mut objects = vec![
        (1, format!("<</Type/Catalog/Pages 2 0 R/AcroForm<</SigFlags 3/Fields 9 0 R>>{catalogue}>>")),
        (2, "<</Type/Pages/Count 1/Kids[3 0 R]>>".to_owned()),
        (3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>".to_owned()),
        (4, format!("<</Length {}>>\nstream\n{page}\nendstream", page.len())),
        (9, "[]".to_owned()),
    ];
    objects.extend(more.iter().cloned());
    let mut file = String::from("%PDF-1.7\n");
    let mut table = String::from("xref\n0 1\n0000000000 65535 f \n");
    for (number, body) in &objects {
        let _ = write!(table, "{number} 1\n{:010} 00000 n \n", file.len());
        let _ = write!(file, "{number} 0 obj\n{body}\nendobj\n");
    }
    let start = file.len();
    let _ = write!(file, "{table}trailer\n<</Size 100/Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    file.into_bytes()
}

/// With a further revision: these objects, and a signature over everything up to then.
fn signed_by(bytes: &[u8], (place, name): (usize, &str), seal: &Seal, more: &[(usize, &str)]) -> Vec<u8> {
    let fields = (0..=place).map(|place| format!("{} 0 R", 20 + 2 * place)).collect::<Vec<_>>().join(" ");
    let field = format!("<</FT/Sig/T(S{place})/V {} 0 R>>", 21 + 2 * place);
    let range = "/ByteRange[0 aaaaaaaaaa bbbbbbbbbb cccccccccc]";
    let empty = format!(
        "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/Name({name}){range}/Contents<{}>>>",
        "0".repeat(12_000)
    );
    let fields = format!("[{fields}]");
    let mut objects = more.to_vec();
    objects.extend([(9, fields.as_str()), (20 + 2 * place, field.as_str()), (21 + 2 * place, empty.as_str())]);
    let mut file = revised(bytes, &objects);
    let hole = hole(&file);
    let (before, after) = (hole.start - 1, hole.end + 1);
    for (word, number) in [("aaaaaaaaaa", before), ("bbbbbbbbbb", after), ("cccccccccc", file.len() - after)] {
        let at = place_of(&file, word);
        file[at..at + 10].copy_from_slice(format!("{number:<10}").as_bytes());
    }
    let digest = Digest::of(DigestAlgorithm::Sha256, &[&file[..before], &file[after..]].concat());
    let signature = signature(digest, seal);
    for (byte, at) in signature.iter().zip((hole.start..).step_by(2)) {
        file[at..at + 2].copy_from_slice(format!("{byte:02x}").as_bytes());
    }
    file
}

fn place_of(bytes: &[u8], word: &str) -> usize {
    find(bytes, word.as_bytes())
}

fn stranger(name: &str) -> Seal {
    Authority::new("某某公司根证书").seal(name)
}

fn answer(verdict: &Verdict) -> (Outcome, Option<Reason>) {
    (verdict.outcome, verdict.reason())
}

#[test]
fn whoever_cites_a_licence_claims_nothing() {
    let city = city();
    let citing = letter(&identifier(0), "", &[]);
    let check = |file: &[u8], expected| {
        let found = verdict(file, &city.trust, Some(&city.record));
        assert_eq!(answer(&found), expected, "{found:#?}");
        assert_eq!(found.licence, None);
    };
    check(&citing, (Outcome::Unverifiable, Some(Reason::Unsigned)));
    let by_bank = signed_by(&citing, (0, "Bank"), &stranger("某某银行"), &[]);
    check(&by_bank, (Outcome::NeedsReview, Some(Reason::UnknownIssuer)));
    // Our own metadata in somebody's words is no metadata.
    let packet = format!("<gs:certificate_identifier>{}</gs:certificate_identifier>", identifier(0));
    check(&letter(&packet, "", &[]), (Outcome::Unverifiable, Some(Reason::Unsigned)));
    // The intact licence, attached.
    let attached = crypto::digest::hex(&city.file) + ">";
    let file = format!(
        "<</Type/EmbeddedFile/Filter/ASCIIHexDecode/Length {}>>\nstream\n{attached}\nendstream",
        attached.len()
    );
    let names = "/Names<</EmbeddedFiles<</Names[(a)<</Type/Filespec/F(a)/EF<</F 30 0 R>>>>]>>>>";
    check(&letter("enclosed", names, &[(30, file)]), (Outcome::Unverifiable, Some(Reason::Unsigned)));
    let text = String::from_utf8_lossy(&city.file).replace(char::REPLACEMENT_CHARACTER, "?");
    let file = format!("<</Type/EmbeddedFile/Length {}>>\nstream\n{text}\nendstream", text.len());
    let letter = letter("enclosed", names, &[(30, file)]);
    check(&letter, (Outcome::Unverifiable, Some(Reason::Unsigned)));
    check(
        &signed_by(&letter, (0, "Bank"), &stranger("某某银行"), &[]),
        (Outcome::NeedsReview, Some(Reason::UnknownIssuer)),
    );
}

#[test]
fn metadata_of_ours_is_a_claim_however_many_false_identifiers_stand_before_it() {
    let city = city();
    let entry = |identifier: &str| format!("<gs:certificate_identifier>{identifier}</gs:certificate_identifier>");
    let false_ones: String = (0..17)
        .map(|n| base::number::LicenceIdentifier::compose("11100000000013338W032", ELSEWHERE, &format!("{n}1"), 1))
        .map(|identifier| entry(identifier.unwrap().as_str()))
        .collect();
    let with = |entries: &str| {
        let packet = format!("<x xmlns:gs=\"urn:guosuo:licence:1:\">{entries}</x>");
        let stream = format!("<</Type/Metadata/Subtype/XML/Length {}>>\nstream\n{packet}\nendstream", packet.len());
        letter("x", "/Metadata 40 0 R", &[(40, stream)])
    };
    let stranger = stranger("某某公司");
    for entries in [entry(&identifier(0)), format!("{false_ones}{}", entry(&identifier(0))), entry(&identifier(1))] {
        let unsigned = with(&entries);
        let signed = signed_by(&unsigned, (0, "x"), &stranger, &[]);
        for file in [unsigned, signed] {
            let found = verdict(&file, &city.trust, Some(&city.record));
            assert_eq!(answer(&found), (Outcome::Invalid, Some(Reason::NoSealOfOurs)), "{found:#?}");
        }
    }
    let elsewhere = with(&entry(&identifier_of(ELSEWHERE, 0)));
    assert_eq!(verdict(&elsewhere, &city.trust, None).reason(), Some(Reason::Unsigned));
}

#[test]
fn a_page_of_ours_without_its_metadata_is_a_claim_and_among_other_pages_a_copy() {
    let city = city();
    // The same length, so that every place stays right.
    let metadata = find(&city.file, b"<gs:certificate_identifier>");
    let bare = written_over(&city.file, metadata, b"<gx:certificate_identifier>");
    let close = find(&bare, b"</gs:certificate_identifier>");
    let bare = written_over(&bare, close, b"</gx:certificate_identifier>");
    assert_eq!(examine(&bare).claimed, []);
    // Our seal is still there, and is over something else.
    assert_eq!(verdict(&bare, &city.trust, Some(&city.record)).reason(), Some(Reason::ContentAltered));
    // Without it, and with a stranger's in its place.
    let hole = hole(&bare);
    let unsealed = written_over(&bare, hole.start, &vec![b'0'; hole.len()]);
    let found = verdict(&unsealed, &city.trust, Some(&city.record));
    assert_eq!(found.outcome, Outcome::Invalid, "{found:#?}");
    let theirs = sealed("none", "某某公司", &stranger("某某公司"));
    let found = verdict(&theirs, &city.trust, Some(&city.record));
    assert_eq!(answer(&found), (Outcome::Invalid, Some(Reason::NoSealOfOurs)), "{found:#?}");
    // In somebody's papers, which have a page of their own.
    let font = (50, "<</Type/Font/Subtype/Type0/BaseFont/GSFIXE+x>>".to_owned());
    let other = (51, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>".to_owned());
    let papers = letter("x", "", &[font.clone(), other]);
    assert_eq!(answer(&verdict(&papers, &city.trust, None)), (Outcome::Unverifiable, Some(Reason::HoldsLicences)));
    let alone = letter("x", "", &[font]);
    assert_eq!(answer(&verdict(&alone, &city.trust, None)), (Outcome::Invalid, Some(Reason::NoSealOfOurs)));
}

#[test]
fn two_licences_in_one_file_are_described_and_not_accused() {
    let city = city();
    let second = licence(1, &city.seal);
    let records = [city.record.clone(), record(1, &second)];
    let described = (Outcome::Unverifiable, Some(Reason::HoldsLicences));
    // One behind the other.
    for merged in [[city.file.as_slice(), &second].concat(), [second.as_slice(), &city.file].concat()] {
        let found = verdict_among(&merged, &city.trust, &records);
        assert_eq!(answer(&found), described, "{found:#?}");
        assert_eq!(found.licence, None);
    }
    // As a program merges pages: fonts, pages and signatures of both in a new file.
    let contents = |file: &[u8]| String::from_utf8(file[hole(file)].to_vec()).unwrap();
    let dictionary = |file: &[u8]| {
        format!(
            "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange[0 9 99 9]/Contents<{}>>>",
            contents(file)
        )
    };
    let objects = [
        (50, "<</Type/Font/Subtype/Type0/BaseFont/GSFIXE+x>>".to_owned()),
        (51, "<</Type/Font/Subtype/Type0/BaseFont/GSFIXE+x>>".to_owned()),
        (52, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>".to_owned()),
        (60, dictionary(&city.file)),
        (61, dictionary(&second)),
    ];
    let merged = letter("x", "", &objects);
    assert_eq!(answer(&verdict_among(&merged, &city.trust, &records)), described);
    // One page with two seals is no two licences.
    let bent = letter("x", "", &objects[3..]);
    assert_eq!(verdict_among(&bent, &city.trust, &records).outcome, Outcome::Invalid);
    // The same one twice is one that was changed.
    let twice = [city.file.as_slice(), &city.file].concat();
    assert_eq!(verdict_among(&twice, &city.trust, &records).reason(), Some(Reason::ChangedAfterSigning));
}

#[test]
fn of_several_strangers_the_verdict_names_the_one_after_whom_something_was_added() {
    let city = city();
    let (first, second) = (stranger("甲公司"), stranger("乙公司"));
    let signed = signed_by(&letter("one", "", &[]), (0, "A"), &first, &[]);
    let found = verdict(&signed, &city.trust, None);
    let content = |found: &Verdict| found.facet(Facet::Content).unwrap().clone();
    assert_eq!(content(&found).finding, Finding::UnalteredSince("甲公司".to_owned()));
    let overlay = "<</Length 20>>\nstream\n0 0 595 842 re f % x\nendstream";
    let again = signed_by(&signed, (1, "B"), &second, &[(4, overlay)]);
    let found = verdict(&again, &city.trust, None);
    assert_eq!(answer(&found), (Outcome::NeedsReview, Some(Reason::CoversPart)), "{found:#?}");
    assert_eq!(content(&found).finding, Finding::AddedAfter("甲公司".to_owned()));
    assert_eq!(content(&found).result, CheckResult::Failed);
    let issuer = found.facet(Facet::Issuer).unwrap();
    assert_eq!(issuer.finding, Finding::SignedByStrangers(vec!["甲公司".to_owned(), "乙公司".to_owned()]));
    assert_eq!(found.signatures.iter().map(|report| report.covers_whole_file).collect::<Vec<_>>(), [false, true]);
    // What is altered leads, and names whose content it was.
    let at = place_of(&again, "(one)") + 1;
    let altered = verdict(&written_over(&again, at, b"two"), &city.trust, None);
    assert_eq!(answer(&altered), (Outcome::Invalid, Some(Reason::ContentAltered)));
    assert_eq!(content(&altered).finding, Finding::AlteredSince("甲公司".to_owned()));
    let behind = verdict(&[signed.as_slice(), b"% more\n%%EOF\n"].concat(), &city.trust, None);
    assert_eq!(content(&behind).finding, Finding::AddedAfter("甲公司".to_owned()));
}

#[test]
fn a_strangers_name_is_shown_without_what_turns_or_hides_words() {
    let city = city();
    let turned = stranger("\u{202e}司公某某\u{202c}\u{200b}\n（有效）");
    let found = verdict(&signed_by(&letter("x", "", &[]), (0, "x"), &turned, &[]), &city.trust, None);
    assert_eq!(found.signatures[0].signer.as_deref(), Some("司公某某 （有效）"));
    assert!(!found.signatures[0].is_signer_confirmed);
}

#[test]
fn a_seal_of_ours_that_leaves_our_authority_out_is_ours() {
    let root = Authority::new("滨江市根证书");
    let issuing = root.authority("滨江市签发证书");
    let mut seal = issuing.seal(SEAL);
    seal.chain.clear();
    let file = licence(0, &seal);
    let record = record(0, &file);
    let lists = vec![issuing.list(None, now().plus_seconds(86_400))];
    let trust = Trust { authorities: vec![Certificate::parse(issuing.0.der()).unwrap()], lists, ..root.trust(None) };
    let found = verdict(&file, &trust, Some(&record));
    assert_eq!(answer(&found), (Outcome::Valid, None), "{found:#?}");
    // Nobody else's is, whatever it leaves out.
    let unknown = Trust { authorities: vec![], ..trust };
    assert_eq!(verdict(&file, &unknown, Some(&record)).outcome, Outcome::Invalid);
}

#[test]
fn what_was_altered_and_bent_or_encrypted_is_altered_and_never_to_be_fetched_again() {
    let city = city();
    let text = find(&city.file, b"stream\n") + 60;
    let altered = written_over(&city.file, text, b"\x01");
    let range = find(&altered, b"/ByteRange[");
    let end = range + find(&altered[range..], b"]");
    let numbers: Vec<usize> = String::from_utf8_lossy(&altered[range + 11..end])
        .split_whitespace()
        .map(|number| number.parse().unwrap())
        .collect();
    let bent = format!("/ByteRange[0 {} {} {}", numbers[1], numbers[2], numbers[3] + 4096);
    let bent = written_over(&altered, range, format!("{bent:<width$}", width = end - range).as_bytes());
    let root = place(&altered, b"/Root");
    let encrypted = inserted(&altered, root, b"/Encrypt 1 0 R ");
    for (file, reason) in [(bent, Reason::SignatureBroken), (encrypted, Reason::ChangedAfterSigning)] {
        let found = verdict(&file, &city.trust, Some(&city.record));
        assert_eq!(answer(&found), (Outcome::Invalid, Some(reason)), "{found:#?}");
        assert_eq!(found.advice(), crate::Advice::Report);
        assert_eq!(found.facet(Facet::Status).unwrap().finding, Finding::OtherFile);
    }
    // The twin: a download that broke off one byte before its end.
    let cut = verdict(&city.file[..city.file.len() - 1], &city.trust, Some(&city.record));
    assert_eq!(
        (answer(&cut), cut.advice()),
        ((Outcome::Invalid, Some(Reason::FileIncomplete)), crate::Advice::DownloadAgain)
    );
}

/// What was not checked is indeterminate: the structure of a stranger's signature that this reader does not take.
#[test]
fn what_was_not_checked_is_indeterminate_and_has_not_failed() {
    let city = city();
    let signed = signed_by(&letter("x", "", &[]), (0, "x"), &stranger("某某公司"), &[]);
    let hole = hole(&signed);
    let unread = written_over(&signed, hole.start + 8, b"00");
    let found = verdict(&unread, &city.trust, None);
    assert_eq!(answer(&found), (Outcome::NeedsReview, Some(Reason::SignatureUnreadable)), "{found:#?}");
    assert_eq!(found.signatures[0].indication, "INDETERMINATE");
    // The twin: what was checked and does not hold has failed.
    let at = place_of(&signed, "(x)") + 1;
    let altered = verdict(&written_over(&signed, at, b"y"), &city.trust, None);
    assert_eq!(altered.signatures[0].indication, "TOTAL-FAILED");
}
