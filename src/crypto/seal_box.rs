//! Sealing small values at rest: AES-256-GCM.

use base::Entropy;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

const VERSION: u8 = 1;

/// Seals and opens values under one key. The context (a table and row, a purpose) is bound to the value: what was
/// sealed for one place does not open in another.
pub struct SealBox(LessSafeKey);

impl std::fmt::Debug for SealBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealBox(..)")
    }
}

impl SealBox {
    /// A box with this key.
    #[allow(clippy::expect_used, reason = "ring refuses only keys of another length, and the type fixes the length")]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("32 bytes")))
    }

    /// A version byte, a random nonce, the ciphertext and its tag. With random nonces one key may seal some 2^32
    /// values, far more than a city has.
    pub fn seal(&self, entropy: &dyn Entropy, context: &[u8], plain: &[u8]) -> Vec<u8> {
        let nonce = entropy.bytes::<NONCE_LEN>();
        let mut body = plain.to_vec();
        // Only a value of 64 GiB cannot be sealed; it would come back empty and never open.
        let sealed =
            self.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut body);
        if sealed.is_err() {
            body.clear();
        }
        let mut out = Vec::with_capacity(1 + NONCE_LEN + body.len());
        out.push(VERSION);
        out.extend_from_slice(&nonce);
        out.append(&mut body);
        out
    }

    /// The value, if it was sealed with this key for this context and nothing was changed.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (&version, rest) = sealed.split_first()?;
        if version != VERSION || rest.len() < NONCE_LEN {
            return None;
        }
        let (nonce, body) = rest.split_at(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = body.to_vec();
        let plain = self.0.open_in_place(nonce, Aad::from(context), &mut body).ok()?;
        let length = plain.len();
        body.truncate(length);
        Some(body)
    }
}

#[cfg(test)]
mod tests {
    use base::SeededEntropy;

    use super::*;

    #[test]
    fn a_sealed_value_opens_only_unchanged_in_its_own_context() {
        let seal_box = SealBox::new(&[3; 32]);
        let sealed = seal_box.seal(&SeededEntropy::new(1), b"person.number", b"secret");
        assert_eq!(seal_box.open(b"person.number", &sealed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(seal_box.open(b"person.name", &sealed), None);
        assert_eq!(SealBox::new(&[4; 32]).open(b"person.number", &sealed), None);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(seal_box.open(b"person.number", &changed), None, "byte {place}");
            assert_eq!(seal_box.open(b"person.number", &sealed[..place]), None, "cut at {place}");
        }
    }

    #[test]
    fn the_cipher_is_aes_256_gcm() {
        // Test case 14 of the GCM specification, with the nonce and tag in our frame.
        let seal_box = SealBox::new(&[0; 32]);
        let mut sealed = vec![1];
        sealed.extend([0; 12]);
        sealed.extend(hex_bytes("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"));
        assert_eq!(seal_box.open(b"", &sealed), Some(vec![0; 16]));
    }

    fn hex_bytes(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
    }
}
