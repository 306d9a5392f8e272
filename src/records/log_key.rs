//! The key of the log.

use crypto::mac::HmacKey;

/// What is written down with it cannot be written by somebody who has the database alone. It lies with the other keys and
/// never in the database.
#[derive(Clone, Debug)]
pub struct LogKey(HmacKey);

impl LogKey {
    /// From a key that is the same on every node and after every start.
    pub fn new(key: [u8; 32]) -> Self {
        Self(HmacKey::new(&key))
    }

    /// The code (HMAC-SHA-256, hexadecimal) over parts for one use: what is made for one is good for no other, and no two
    /// lists of parts are read as the same.
    pub(crate) fn code(&self, usage: &str, parts: &[Option<&[u8]>]) -> String {
        crypto::digest::hex(&self.bytes(usage, parts))
    }

    /// The same code as bytes.
    pub(crate) fn bytes(&self, usage: &str, parts: &[Option<&[u8]>]) -> [u8; 32] {
        let mut text = Vec::with_capacity(512);
        text.extend_from_slice(usage.as_bytes());
        text.push(0);
        for part in parts {
            match part {
                None => text.push(0),
                Some(bytes) => {
                    text.push(1);
                    text.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
                    text.extend_from_slice(bytes);
                }
            }
        }
        self.0.code(&[&text])
    }
}

/// Whether a stored code is the one that it should be.
pub fn is_code(stored: Option<&str>, expected: &str) -> bool {
    stored.is_some_and(|stored| base::secret::equal(stored.as_bytes(), expected.as_bytes()))
}
