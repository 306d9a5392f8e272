//! Certificates with their keys, revocation lists, and plain DER.

use crypto::{
    der::{reader::Reader, writer},
    x509::{Certificate, Chain, ChainError, Crl, Revocation, chain::build_and_check},
};

use crate::{
    chance::Chance,
    change::find,
    engine::{Target, run},
    ours::{OURS, now},
    tree,
};

struct Der;

impl Target for Der {
    const NAME: &'static str = "der";
    const WORDS: &'static [&'static str] = tree::WORDS;

    fn seeds(&self) -> Vec<Vec<u8>> {
        vec![OURS.certificate.clone(), OURS.root.clone(), OURS.lists[0].clone(), OURS.lists[1].clone()]
    }

    fn change(&self, input: &[u8], chance: &Chance) -> Option<Vec<u8>> {
        tree::changed(input, chance)
    }

    fn read(&self, input: &[u8]) -> String {
        written(input);
        [certificate(input), list(input)].join(" ")
    }
}

/// What is written is read as the same.
fn written(input: &[u8]) {
    let digits: &[u8] = match input.iter().position(|byte| *byte != 0) {
        Some(first) => &input[first..],
        None => &[0],
    };
    let whole = writer::sequence(&[&writer::unsigned(input), &writer::bit_string(input)]);
    let mut reader = Reader::new(&whole);
    let mut inside = reader.sequence().unwrap();
    assert_eq!(reader.finish(), Ok(()));
    assert_eq!(inside.unsigned(), Ok(digits));
    assert_eq!(inside.bit_string(), Ok(input));
    assert_eq!(inside.finish(), Ok(()));
}

fn certificate(input: &[u8]) -> String {
    let Ok(read) = Certificate::parse(input) else { return String::new() };
    assert_eq!(read.der, input);
    if let Some(key) = &read.public_key {
        assert!(find(input, &key.spki_der()).is_some(), "a key that is another one when it is written");
    }
    let roots = [Certificate::parse(&OURS.root).unwrap()];
    let chain = build_and_check(&read, &[], &roots, now(), &Revocation::not_asked());
    if chain.is_ok() {
        assert!([&OURS.certificate, &OURS.root].contains(&&read.der), "a certificate that nobody issued");
    }
    format!("certificate {} {:?}", kind(&chain), read.key_usage)
}

fn list(input: &[u8]) -> String {
    let Ok(read) = Crl::parse(input) else { return String::new() };
    let seal = Certificate::parse(&OURS.certificate).unwrap();
    let roots = [Certificate::parse(&OURS.root).unwrap()];
    let found = read.find(&seal.serial).is_some();
    let lists = [read];
    let asked = Revocation { lists: &lists, now: now(), required: true };
    let chain = build_and_check(&seal, &[], &roots, now(), &asked);
    if chain.is_ok() {
        assert_eq!(input, OURS.lists[0], "a list that nobody issued");
    }
    format!("list {found} {}", kind(&chain))
}

/// What kind of answer it is, without the names in it.
fn kind(chain: &Result<Chain, ChainError>) -> String {
    chain.as_ref().map_or_else(
        |error| format!("{error:?}").split([' ', '"']).next().unwrap_or_default().to_owned(),
        |_| "ok".to_owned(),
    )
}

#[test]
fn no_certificate_or_list_counts_that_nobody_issued() {
    run(&Der);
}
