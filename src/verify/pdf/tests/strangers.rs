//! Files that others signed, in the forms that others use.

use std::{fmt::Write as _, fs, path::PathBuf, process::Command};

use crypto::digest::hex;

use super::*;
use crate::CheckResult;

/// A folder in which openssl signs.
struct Desk(PathBuf);

impl Desk {
    fn new(name: &str, key: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("guosuo-verify-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let desk = Self(folder);
        desk.openssl(&format!("genpkey -out key {key}"));
        let configuration = "[ts]\nserial=./serial\nsigner_digest=sha256\ndigests=sha256\ndefault_policy=1.2.3\n\
                             ess_cert_id_alg=sha256\n[req]\ndistinguished_name=name\nx509_extensions=stamp\n[name]\n\
                             [stamp]\nextendedKeyUsage=critical,timeStamping\n";
        fs::write(desk.0.join("configuration"), configuration).unwrap();
        desk.openssl("req -x509 -config configuration -key key -subj /CN=Somebody -out certificate -days 3650");
        desk.openssl("x509 -in certificate -outform DER -out der");
        desk
    }

    fn openssl(&self, arguments: &str) {
        let mut command = Command::new("openssl");
        let command = command.args(arguments.split_whitespace()).current_dir(&self.0);
        let output = command.output().expect("this test needs the openssl command on the PATH");
        assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).unwrap()
    }

    fn cms(&self, document: &[u8], how: &str) -> Vec<u8> {
        fs::write(self.0.join("document"), document).unwrap();
        self.openssl(&format!(
            "cms -sign -binary -in document -outform DER -out cms -signer certificate -inkey key {how}"
        ));
        self.read("cms")
    }

    fn time_stamp(&self, document: &[u8]) -> Vec<u8> {
        fs::write(self.0.join("document"), document).unwrap();
        self.openssl("ts -query -data document -sha256 -cert -no_nonce -out query");
        self.openssl(
            "ts -reply -config configuration -section ts -queryfile query -signer certificate -inkey key -token_out -out token",
        );
        self.read("token")
    }

    fn bare(&self, document: &[u8]) -> Vec<u8> {
        fs::write(self.0.join("document"), document).unwrap();
        self.openssl("dgst -sha256 -sign key -out signature document");
        let signature = self.read("signature");
        [&[4, 0x82, (signature.len() >> 8) as u8, signature.len() as u8][..], &signature].concat()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const ROOM: usize = 6_000;

/// A letter with a signature in it: `entries` stand in its dictionary, `make` signs what it covers.
fn letter(entries: &str, make: &dyn Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let signature = format!("<<{entries}/ByteRange[0 00000 00000 00000]/Contents<{}>>>", "0".repeat(2 * ROOM));
    let bodies = [
        "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]>>>>",
        "<</Type/Pages/Count 1/Kids[3 0 R]>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Annots[4 0 R]/Said(ten thousand)>>",
        "<</Type/Annot/Subtype/Widget/FT/Sig/T(S)/Rect[0 0 9 9]/V 5 0 R>>",
        &signature,
    ];
    let (mut file, mut table) = (b"%PDF-1.7\n".to_vec(), String::from("xref\n0 6\n0000000000 65535 f \n"));
    for (place, body) in bodies.iter().enumerate() {
        let _ = writeln!(table, "{:010} 00000 n ", file.len());
        file.extend_from_slice(format!("{} 0 obj\n{body}\nendobj\n", place + 1).as_bytes());
    }
    let start = file.len();
    file.extend_from_slice(format!("{table}trailer\n<</Root 1 0 R/Size 6>>\nstartxref\n{start}\n%%EOF\n").as_bytes());
    let open = place(&file, b"/Contents<") + 9;
    let close = open + 2 * ROOM + 2;
    let range = format!("[0 {open:05} {close:05} {:05}]", file.len() - close);
    let at = place(&file, b"[0 00000 00000 00000]");
    file[at..at + range.len()].copy_from_slice(range.as_bytes());
    let digits = hex(&make(&[&file[..open], &file[close..]].concat()));
    file[open + 1..open + 1 + digits.len()].copy_from_slice(digits.as_bytes());
    file
}

fn altered(letter: &[u8]) -> Vec<u8> {
    let mut altered = letter.to_vec();
    let at = place(letter, b"ten thousand");
    altered[at..at + 12].copy_from_slice(b"two thousand");
    altered
}

/// What is said of a file by somebody who trusts nobody.
fn said(bytes: &[u8]) -> (Option<Reason>, Vec<(&'static str, Option<&'static str>)>) {
    let found = verdict(bytes, &Trust::default(), None);
    // What goes from one process to another says the same there.
    let message = serde_json::to_vec(&examine(bytes)).unwrap();
    let arrived: Examined = serde_json::from_slice(&message).unwrap();
    let trust = Trust::default();
    let subject = Subject::File { examined: &arrived, trust: &trust, known: 0 };
    assert_eq!(decide(Evidence { subject, licence: None, at: now() }), found);
    let reports = found.signatures.iter().map(|report| (report.indication, report.sub_indication)).collect();
    (found.reason(), reports)
}

const DETACHED: &str = "/Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached";
const STRANGER: (&str, Option<&str>) = ("INDETERMINATE", Some("NO_CERTIFICATE_CHAIN_FOUND"));
const ALTERED: (&str, Option<&str>) = ("TOTAL-FAILED", Some("HASH_FAILURE"));

/// Signs what it is given.
type Make<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;

#[test]
fn a_letter_that_others_signed_is_intact_or_altered_in_every_form() {
    let rsa = Desk::new("rsa", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    let curve = Desk::new("curve", "-algorithm EC -pkeyopt ec_paramgen_curve:P-521");
    let bare = format!("/Type/Sig/Filter/A/SubFilter/adbe.x509.rsa_sha1/Cert<{}>", hex(&rsa.read("der")));
    let digest = |document: &[u8]| rsa.cms(&sha1(document), "-md sha256 -nodetach");
    let weak = (Reason::WeakSignature, ("INDETERMINATE", Some("CRYPTO_CONSTRAINTS_FAILURE")));
    let good = (Reason::UnknownIssuer, STRANGER);
    let cases: [(&str, &str, Make<'_>, _); 9] = [
        ("P-521", DETACHED, &|document| curve.cms(document, "-md sha512"), good),
        ("RSA", DETACHED, &|document| rsa.cms(document, "-md sha384"), good),
        ("RSA-PSS", DETACHED, &|document| rsa.cms(document, "-md sha512 -keyopt rsa_padding_mode:pss"), good),
        ("SHA-1", DETACHED, &|document| rsa.cms(document, "-md sha1"), weak),
        ("no attributes, BER", DETACHED, &|document| rsa.cms(document, "-md sha256 -noattr -stream"), good),
        ("no type", "/Filter/A/SubFilter/adbe.pkcs7.detached", &|document| rsa.cms(document, "-md sha256"), good),
        ("a digest inside", "/Type/Sig/Filter/A/SubFilter/adbe.pkcs7.sha1", &digest, weak),
        ("no structure", &bare, &|document| rsa.bare(document), good),
        ("a time stamp", "/Type/DocTimeStamp/Filter/A/SubFilter/ETSI.RFC3161", &|d| curve.time_stamp(d), good),
    ];
    for (name, entries, make, (reason, report)) in cases {
        let letter = letter(entries, make);
        assert_eq!(said(&letter), (Some(reason), vec![report]), "{name}");
        assert_eq!(said(&altered(&letter)), (Some(Reason::ContentAltered), vec![ALTERED]), "{name}");
        let found = verdict(&letter, &Trust::default(), None);
        assert_eq!(found.signatures[0].signer.as_deref(), Some("Somebody"), "{name}");
        assert!(found.signatures[0].covers_whole_file, "{name}");
        let content = found.facet(crate::Facet::Content).unwrap().result;
        assert_eq!(content == CheckResult::Passed, reason == Reason::UnknownIssuer, "{name}");
    }
}

fn sha1(bytes: &[u8]) -> Vec<u8> {
    let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, bytes);
    digest.as_ref().to_vec()
}

/// What is not checked is undetermined and never failed.
#[test]
fn what_cannot_be_checked_of_a_letter_has_its_own_reason() {
    let desk = Desk::new("unchecked", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    let unknown = Desk::new("unknown", "-algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP320r1");
    let check = |name: &str, file: &[u8], reason: Reason, why: &'static str| {
        assert_eq!(said(file), (Some(reason), vec![("INDETERMINATE", Some(why))]), "{name}");
    };
    let missing = "SIGNED_DATA_NOT_FOUND";
    let letter_of = |make: &dyn Fn(&[u8]) -> Vec<u8>| letter(DETACHED, make);
    let good = letter_of(&|document| desk.cms(document, "-md sha256"));
    check(
        "no certificate",
        &letter_of(&|document| desk.cms(document, "-md sha256 -nocerts")),
        Reason::SignerCertificateMissing,
        "NO_SIGNING_CERTIFICATE_FOUND",
    );
    check(
        "a curve that we do not know",
        &letter_of(&|document| unknown.cms(document, "-md sha256")),
        Reason::UnsupportedSignature,
        "CRYPTO_CONSTRAINTS_FAILURE",
    );
    check("no structure", &letter_of(&|_| vec![7; 40]), Reason::SignatureUnreadable, missing);
    let other = letter("/Type/Sig/Filter/A/SubFilter/GM.sm2seal", &|_| vec![7; 40]);
    check("another structure", &other, Reason::UnsupportedSignature, "CRYPTO_CONSTRAINTS_FAILURE");
    check("nothing", &letter_of(&|_| vec![]), Reason::NotYetSigned, missing);
    // Saved anew by a program that moved everything.
    let range = place(&good, b"/ByteRange[0 ");
    let mut moved = good.clone();
    moved[range + 13..range + 18].copy_from_slice(b"90000");
    check("moved", &moved, Reason::SignatureMisplaced, missing);
    // A gap in which something else has room.
    let mut open = letter(&format!("{DETACHED}/Reason(     )"), &|_| vec![]);
    let gap = place(&open, b"/Reason(");
    let (begin, end) = (place(&open, b"/Contents<") + 9, place(&open, b"/Contents<") + 9 + 2 * ROOM + 2);
    let at = place(&open, b"/ByteRange[0 ") + 13;
    open[at..at + 5].copy_from_slice(format!("{gap:05}").as_bytes());
    let digits = hex(&desk.cms(&[&open[..gap], &open[end..]].concat(), "-md sha256"));
    open[begin + 1..begin + 1 + digits.len()].copy_from_slice(digits.as_bytes());
    check("a gap", &open, Reason::SignatureLeavesOut, "SIG_CONSTRAINTS_FAILURE");
    // The end is gone.
    let (found, reports) = said(&good[..good.len() - 40]);
    assert_eq!((found, reports), (Some(Reason::FileCutOff), vec![("INDETERMINATE", Some(missing))]));
}

/// A seal of ours in a form that we never write is no stranger's signature, and not intact.
#[test]
fn a_seal_of_ours_written_in_another_way_is_broken() {
    let city = city();
    let strict = |document: &[u8]| {
        let digest = crypto::Digest::of(DigestAlgorithm::Sha256, document);
        sign_detached(digest, &city.seal.key, &city.seal.certificate, &city.seal.chain).now_or_never().unwrap().unwrap()
    };
    // The outermost length is not counted but marked.
    let loose = |document: &[u8]| {
        let cms = strict(document);
        [&[0x30, 0x80], &cms[4..], &[0, 0]].concat()
    };
    let file = letter(DETACHED, &loose);
    assert_eq!(said(&file), (Some(Reason::UnknownIssuer), vec![STRANGER]), "for who does not trust us, it is intact");
    let found = verdict(&file, &city.trust, None);
    assert_eq!((found.outcome, found.reason()), (Outcome::Invalid, Some(Reason::SignatureBroken)), "{found:#?}");
}

/// Hybrid cross-references, lines before the header and offsets that are wrong are no alarm in a letter that others signed;
/// the same in a licence of ours is.
#[test]
fn a_letter_that_is_untidy_is_read_and_no_alarm() {
    let desk = Desk::new("untidy", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    let good = letter(DETACHED, &|document| desk.cms(document, "-md sha256"));
    let broken = {
        let mut wrong = good.clone();
        let at = place(&wrong, b"startxref\n") + 10;
        wrong[at..at + 3].copy_from_slice(b"999");
        wrong
    };
    assert_eq!(said(&broken).0, Some(Reason::ContentAltered), "the offset is signed too");
    let before = [b"\r\n".as_slice(), &good].concat();
    let found = verdict(&before, &Trust::default(), None);
    assert_eq!(found.reason(), Some(Reason::UnknownIssuer), "{found:#?}");
    assert_eq!(found.checks[0].finding, Finding::FileMended);
    assert!(found.checks.iter().all(|check| check.reason != Some(Reason::HiddenContent)));
    let city = city();
    let ours = [b"\r\n".as_slice(), &city.file].concat();
    assert_eq!(verdict(&ours, &city.trust, Some(&city.record)).reason(), Some(Reason::SignatureBroken));
}
