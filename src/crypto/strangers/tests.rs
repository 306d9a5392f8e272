//! Signatures that OpenSSL makes, which has nothing in common with what reads them here.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use base::{Entropy, SeededEntropy};

use super::*;
use crate::limits::STRANGERS_CMS_BYTES_MAX;

const DOCUMENT: &[u8] = b"what the first range covers, and what the second does";

/// The document in two parts, as a byte range has it, with a byte of it changed or not.
fn parts(document: &[u8]) -> [&[u8]; 2] {
    let (first, second) = document.split_at(20);
    [first, second]
}

fn altered() -> Vec<u8> {
    let mut document = DOCUMENT.to_vec();
    document[30] ^= 1;
    document
}

/// A folder with a document in which openssl is called.
struct Desk(PathBuf);

impl Desk {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("guosuo-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("document"), DOCUMENT).unwrap();
        Self(folder)
    }

    fn openssl(&self, arguments: &str) {
        let output = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(&self.0)
            .output()
            .expect("this test needs the openssl command on the PATH");
        assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).unwrap()
    }

    /// A key, and a certificate of it that it signed itself.
    fn make_key(&self, how: &str) {
        self.openssl(&format!("genpkey -out key {how}"));
        self.openssl("req -x509 -key key -subj /O=Somewhere/CN=Somebody -out certificate -days 3650");
    }

    fn sign(&self, how: &str) -> Vec<u8> {
        self.openssl(&format!(
            "cms -sign -binary -in document -outform DER -out cms -signer certificate -inkey key {how}"
        ));
        self.read("cms")
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn integrity(cms: &[u8], document: &[u8]) -> Integrity {
    read_cms(cms, &parts(document)).integrity
}

/// Changes the last byte of a signature without unsigned attributes, which is the last of its value.
fn bent(cms: &[u8]) -> Vec<u8> {
    let mut bent = cms.to_vec();
    *bent.last_mut().unwrap() ^= 1;
    bent
}

const FORMS: &[&str] = &["", "-noattr", "-noattr -nodetach", "-nodetach", "-keyid", "-stream"];

#[test]
fn each_common_algorithm_of_strangers_is_told_intact_or_altered() {
    let desk = Desk::new("algorithms");
    desk.openssl("dsaparam -out parameters 1024");
    let (strong, weak) = (false, true);
    let rsa = |bits: u32| format!("-algorithm RSA -pkeyopt rsa_keygen_bits:{bits}");
    let ec = |curve: &str| format!("-algorithm EC -pkeyopt ec_paramgen_curve:{curve}");
    let pss = "-keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen";
    let keys: Vec<(String, Vec<(String, bool)>)> = vec![
        (rsa(1024), vec![("-md sha1".into(), weak), ("-md sha256".into(), weak)]),
        (
            rsa(2048),
            vec![
                ("-md sha1".into(), weak),
                ("-md sha224".into(), strong),
                ("-md sha256".into(), strong),
                ("-md sha384".into(), strong),
                ("-md sha512".into(), strong),
                ("-md sha3-256".into(), strong),
                ("-md sha3-512".into(), strong),
                (format!("-md sha1 {pss}:20"), weak),
                (format!("-md sha256 {pss}:-1"), strong),
                (format!("-md sha384 {pss}:-1"), strong),
                (format!("-md sha512 {pss}:20"), strong),
                (format!("-md sha256 {pss}:0"), strong),
                (format!("-md sha256 {pss}:32 -keyopt rsa_mgf1_md:sha512"), strong),
            ],
        ),
        (rsa(3072), vec![("-md sha512".into(), strong), (format!("-md sha512 {pss}:-1"), strong)]),
        // Where the modulus has a bit more than whole bytes, the padding begins a byte later.
        (rsa(2049), vec![("-md sha256".into(), strong), (format!("-md sha256 {pss}:-1"), strong)]),
        (ec("P-224"), vec![("-md sha224".into(), strong)]),
        (
            ec("P-256"),
            ["sha1", "sha224", "sha256", "sha384", "sha512"].map(|hash| (format!("-md {hash}"), hash == "sha1")).into(),
        ),
        (ec("P-384"), ["sha256", "sha384", "sha512"].map(|hash| (format!("-md {hash}"), strong)).into()),
        (ec("P-521"), ["sha256", "sha512"].map(|hash| (format!("-md {hash}"), strong)).into()),
        (ec("secp256k1"), vec![("-md sha256".into(), strong)]),
        (ec("brainpoolP256r1"), vec![("-md sha256".into(), strong)]),
        (ec("brainpoolP384r1"), vec![("-md sha384".into(), strong)]),
        (ec("brainpoolP512r1"), vec![("-md sha512".into(), strong)]),
        ("-paramfile parameters".into(), vec![("-md sha1".into(), weak), ("-md sha256".into(), weak)]),
    ];
    for (key, ways) in keys {
        desk.make_key(&key);
        for (place, (way, is_weak)) in ways.into_iter().enumerate() {
            // The form has nothing to do with the algorithm: all of them once for each key.
            let forms: &[&str] = if place == 0 { FORMS } else { &["", "-noattr"] };
            for form in forms {
                let name = format!("{key} {way} {form}");
                let cms = desk.sign(&format!("{way} {form}"));
                let read = read_cms(&cms, &parts(DOCUMENT));
                assert_eq!((read.integrity, read.is_weak), (Integrity::Intact, is_weak), "{name}");
                assert_eq!(read.signer.as_deref(), Some("Somebody"), "{name}");
                assert_eq!(integrity(&cms, &altered()), Integrity::Altered, "{name}");
                let expected = if form.contains("-noattr") { Integrity::Altered } else { Integrity::Forged };
                if *form != "-stream" {
                    // Without attributes nothing tells a changed signature from a changed document.
                    assert_eq!(integrity(&bent(&cms), DOCUMENT), expected, "{name}");
                }
            }
        }
    }
}

/// Curves, algorithms and digests that we do not know, SM2 and SM3 among them, and signatures without their certificate:
/// they are not called altered, unless the document shows it.
#[test]
fn what_is_not_checked_is_said_to_be_and_altered_all_the_same_where_a_digest_tells() {
    let desk = Desk::new("unchecked");
    let check = |key: &str, how: &str, obstacle: Obstacle, altered_as: Integrity| {
        desk.make_key(key);
        let cms = desk.sign(how);
        assert_eq!(integrity(&cms, DOCUMENT), Integrity::Unchecked(obstacle), "{key} {how}");
        assert_eq!(integrity(&cms, &altered()), altered_as, "{key} {how}");
    };
    let unknown = Integrity::Unchecked(Obstacle::Algorithm);
    let curve = "-algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP320r1";
    check(curve, "-md sha256", Obstacle::Algorithm, Integrity::Altered);
    check(curve, "-md sha256 -noattr", Obstacle::Algorithm, unknown);
    check("-algorithm RSA -pkeyopt rsa_keygen_bits:2048", "-md md5", Obstacle::Algorithm, unknown);
    check("-algorithm RSA -pkeyopt rsa_keygen_bits:512", "-md sha1", Obstacle::Algorithm, Integrity::Altered);
    let (key, missing) = ("-algorithm EC -pkeyopt ec_paramgen_curve:P-256", Obstacle::Certificate);
    check(key, "-md sha256 -nocerts", missing, Integrity::Altered);
    check(key, "-md sha256 -nocerts -noattr", missing, Integrity::Unchecked(missing));
    for bytes in [&b""[..], &[0; 100], b"%PDF", &[0x30, 3, 2, 1, 7]] {
        assert_eq!(integrity(bytes, DOCUMENT), Integrity::Unchecked(Obstacle::Form), "{bytes:02x?}");
    }
}

#[test]
fn a_time_stamp_over_a_document_is_intact_or_altered() {
    let desk = Desk::new("stamp");
    desk.openssl("genpkey -out key -algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    let configuration = "[ts]\ndir=.\nserial=./serial\nsigner_digest=sha256\ndigests=sha256\ndefault_policy=1.2.3\n\
                         ess_cert_id_alg=sha256\n[req]\ndistinguished_name=name\nx509_extensions=stamp\n[name]\n\
                         [stamp]\nextendedKeyUsage=critical,timeStamping\n";
    fs::write(desk.0.join("configuration"), configuration).unwrap();
    desk.openssl("req -x509 -config configuration -key key -subj /CN=Clock -out certificate -days 3650");
    desk.openssl("ts -query -data document -sha256 -cert -no_nonce -out query");
    desk.openssl(
        "ts -reply -config configuration -section ts -queryfile query -signer certificate -inkey key -token_out -out token",
    );
    let token = desk.read("token");
    let read = read_cms(&token, &parts(DOCUMENT));
    assert_eq!((read.integrity, read.signer.as_deref()), (Integrity::Intact, Some("Clock")));
    assert_eq!(integrity(&token, &altered()), Integrity::Altered);
    assert_eq!(integrity(&bent(&token), DOCUMENT), Integrity::Forged);
}

/// `adbe.pkcs7.sha1` signs a digest that stands inside, `adbe.x509.rsa_sha1` has neither structure nor certificate.
#[test]
fn the_forms_of_older_programs_are_read() {
    let desk = Desk::new("older");
    desk.make_key("-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    for form in ["", "-noattr"] {
        let digest = hash::Hash::Sha1.digest(&parts(DOCUMENT));
        fs::write(desk.0.join("document"), digest).unwrap();
        let cms = desk.sign(&format!("-md sha256 -nodetach {form}"));
        let read = read_cms(&cms, &parts(DOCUMENT));
        assert_eq!((read.integrity, read.is_weak), (Integrity::Intact, true), "{form}");
        assert_eq!(integrity(&cms, &altered()), Integrity::Altered, "{form}");
    }
    fs::write(desk.0.join("document"), DOCUMENT).unwrap();
    desk.openssl("x509 -in certificate -outform DER -out der");
    for (hash, is_weak) in [("sha1", true), ("sha256", false)] {
        desk.openssl(&format!("dgst -{hash} -sign key -out signature document"));
        let contents = crate::der::writer::octet_string(&desk.read("signature"));
        let certificates = [desk.read("der")];
        let read = |document: &[u8]| read_bare(&contents, &certificates, &parts(document));
        let (intact, changed) = (read(DOCUMENT), read(&altered()));
        assert_eq!((intact.integrity, intact.is_weak), (Integrity::Intact, is_weak), "{hash}");
        assert_eq!((intact.signer.as_deref(), changed.integrity), (Some("Somebody"), Integrity::Altered), "{hash}");
        let lost = read_bare(&contents, &[], &parts(DOCUMENT)).integrity;
        assert_eq!(lost, Integrity::Unchecked(Obstacle::Certificate), "{hash}");
    }
}

#[test]
fn an_ed25519_signature_of_a_stranger_is_checked_too() {
    use crate::{Digest, DigestAlgorithm, KeyHandle, Suite, cms::sign_detached, handle::at_once, sign::SigningKey};
    let pkcs8 = crate::sign::generate_pkcs8(Suite::EdDsa).unwrap().expose().clone();
    let pair = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.as_slice().into(), &rcgen::PKCS_ED25519).unwrap();
    let certificate = rcgen::CertificateParams::new(vec![]).unwrap().self_signed(&pair).unwrap().der().to_vec();
    let key: KeyHandle = SigningKey::from_pkcs8(Suite::EdDsa, &pkcs8).unwrap().into();
    let digest = Digest::of(DigestAlgorithm::Sha512, DOCUMENT);
    let cms = at_once(sign_detached(digest, &key, &certificate, &[])).unwrap();
    assert_eq!(integrity(&cms, DOCUMENT), Integrity::Intact);
    assert_eq!(integrity(&cms, &altered()), Integrity::Altered);
    assert_eq!(integrity(&bent(&cms), DOCUMENT), Integrity::Forged);
}

#[test]
fn no_changed_bytes_make_the_tolerant_reader_panic_or_leave_an_altered_document_intact() {
    let desk = Desk::new("changed");
    desk.make_key("-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    let cms = desk.sign("-md sha256 -stream");
    let entropy = SeededEntropy::new(7);
    for round in 0..1_500 {
        let mut bytes = cms.clone();
        for _ in 0..=entropy.next() % 4 {
            let place = entropy.next() as usize % bytes.len();
            let mut byte = [0];
            entropy.fill(&mut byte);
            bytes[place] = byte[0];
        }
        let cut = if round % 3 == 0 { entropy.next() as usize % bytes.len() } else { bytes.len() };
        assert_ne!(integrity(&bytes[..cut], &altered()), Integrity::Intact);
    }
    let beyond = [cms.clone(), vec![0; STRANGERS_CMS_BYTES_MAX]].concat();
    assert_eq!(integrity(&beyond, DOCUMENT), Integrity::Intact, "what follows is room, however much");
    assert!(Path::new(&desk.0).exists());
}
