//! Private keys stay in custody.

use std::fs;

use tests::source;

use super::{none, shown};

/// Where a private key may be named: where it is made of bytes, and where it lies.
const PLACES: [&str; 2] = ["src/crypto/", "src/pki/"];

#[test]
fn private_keys_are_named_where_they_lie_and_nowhere_else() {
    let (mut wrong, mut places) = (Vec::new(), 0);
    for file in source::rust_files("src") {
        let (name, text) = (shown(&file), fs::read_to_string(&file).unwrap());
        // Tests bring keys of their own.
        if source::is_test_file(&file) || !["SigningKey", "pkcs8", "PKCS8"].iter().any(|word| text.contains(word)) {
            continue;
        }
        if PLACES.iter().any(|place| name.starts_with(place)) {
            places += 1;
        } else {
            wrong.push(format!("{name}: has a private key; rather a KeyHandle"));
        }
    }
    none(&wrong);
    assert!(places >= 3, "the rule looks for words that are not used any more");
}
