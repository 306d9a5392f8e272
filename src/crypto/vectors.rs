//! Published test vectors: what others found broken elsewhere must not be broken here.

use crate::{PublicKey, Suite, seal_box::SealBox};

fn bytes(text: &str) -> Vec<u8> {
    let digits = text.trim_start_matches('-');
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// Asks about each case and gives how many there were; a case that is `acceptable` may be answered either way.
fn check(lines: &str, suite: Suite, verify: fn(&PublicKey, Suite, &[u8], &[u8]) -> bool) -> usize {
    let mut key = None;
    let mut count = 0;
    for line in lines.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["key", spki] => key = Some(PublicKey::from_spki_der(&bytes(spki)).unwrap()),
            [expected, case, message, signature] => {
                let key = key.as_ref().unwrap();
                assert!(key.fits(suite));
                let sound = verify(key, suite, &bytes(message), &bytes(signature));
                assert!(*expected == "acceptable" || sound == (*expected == "valid"), "case {case} is {expected}");
                count += 1;
            }
            _ => panic!("{line}"),
        }
    }
    count
}

#[test]
fn wycheproof_ecdsa_p256_sha256_as_certificates_have_it() {
    let lines = include_str!("vectors/ecdsa-p256-sha256-der.txt");
    assert_eq!(check(lines, Suite::Es256, PublicKey::verify_der), 484);
}

#[test]
fn wycheproof_ecdsa_p256_sha256_as_jose_has_it() {
    let lines = include_str!("vectors/ecdsa-p256-sha256-p1363.txt");
    assert_eq!(check(lines, Suite::Es256, PublicKey::verify_jose), 262);
}

#[test]
fn wycheproof_ecdsa_p384_sha384_as_certificates_have_it() {
    let lines = include_str!("vectors/ecdsa-p384-sha384-der.txt");
    assert_eq!(check(lines, Suite::Es384, PublicKey::verify_der), 504);
}

#[test]
fn wycheproof_ecdsa_p384_sha384_as_jose_has_it() {
    let lines = include_str!("vectors/ecdsa-p384-sha384-p1363.txt");
    assert_eq!(check(lines, Suite::Es384, PublicKey::verify_jose), 280);
}

#[test]
fn wycheproof_ed25519() {
    let lines = include_str!("vectors/ed25519.txt");
    assert_eq!(check(lines, Suite::EdDsa, PublicKey::verify_der), 151);
    assert_eq!(check(lines, Suite::EdDsa, PublicKey::verify_jose), 151);
}

#[test]
fn wycheproof_rsa_pss_2048_sha256() {
    let lines = include_str!("vectors/rsa-pss-2048-sha256.txt");
    assert_eq!(check(lines, Suite::Ps256, PublicKey::verify_der), 108);
    assert_eq!(check(lines, Suite::Ps256, PublicKey::verify_jose), 108);
}

#[test]
fn wycheproof_rsa_2048_sha256() {
    let lines = include_str!("vectors/rsa-2048-sha256.txt");
    assert_eq!(check(lines, Suite::Rs256, PublicKey::verify_der), 259);
    assert_eq!(check(lines, Suite::Rs256, PublicKey::verify_jose), 259);
}

#[test]
fn wycheproof_aes_256_gcm() {
    for line in include_str!("vectors/aes-256-gcm.txt").lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [expected, case, key, nonce, context, plain, cipher] = words.as_slice() else { panic!("{line}") };
        let sealed = [vec![1], bytes(nonce), bytes(cipher)].concat();
        let opened = SealBox::new(&bytes(key).try_into().unwrap()).open(&bytes(context), &sealed);
        assert_eq!(opened, (*expected == "valid").then(|| bytes(plain)), "case {case} is {expected}");
    }
}
