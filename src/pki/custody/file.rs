//! Key files: PKCS#8 sealed under the envelope key, one file a key.
//!
//! Custody asks three things of where keys lie: make one, keep it under a name, find it again. Whoever else may hold
//! keys, such as a device that speaks PKCS#11, answers the same three and gives [`KeyHandle`]s too.

use std::{
    fmt,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use base::{Entropy, Fault, Secret, id::KeyId};
use crypto::{KeyHandle, Suite, seal_box::SealBox, sign::SigningKey};

use crate::{error::Error, limits, purpose::Purpose};

/// What every key file begins with. The digit is the version of the format.
const HEADER: &[u8] = b"guosuo-key-1\n";

/// What the envelope key is checked with: a digest that says nothing about the key itself.
const CHECK_LABEL: &[u8] = b"guosuo envelope check 1";

/// The folder of key files.
pub(crate) struct KeyFolder {
    path: PathBuf,
    seal_box: SealBox,
    check: String,
}

impl fmt::Debug for KeyFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFolder").field("path", &self.path).finish_non_exhaustive()
    }
}

impl KeyFolder {
    pub async fn open(path: &Path, envelope: &Secret<[u8; 32]>) -> Result<Self, Error> {
        let folder = path.to_owned();
        tokio::task::spawn_blocking(move || create_private_folder(&folder))
            .await
            .map_err(Fault::broken)?
            .map_err(|error| Fault::broken(format!("the key folder: {error}")))?;
        let check = crypto::mac::hmac_sha256(envelope.expose(), &[CHECK_LABEL]);
        let check = crypto::digest::hex(check.get(..16).unwrap_or_default());
        Ok(Self { path: path.to_owned(), seal_box: SealBox::new(envelope.expose()), check })
    }

    /// Tells one envelope key from another.
    pub fn check(&self) -> &str {
        &self.check
    }

    /// Makes a key that nothing knows yet. RSA takes a second or two of CPU, so it is made on a blocking thread.
    pub async fn make(&self, suite: Suite, entropy: &Arc<dyn Entropy>) -> Result<NewKey, Error> {
        let pkcs8 = match suite {
            Suite::EdDsa | Suite::Es256 | Suite::Es384 => crypto::sign::generate_pkcs8(suite)?,
            Suite::Ps256 | Suite::Rs256 => {
                let entropy = Arc::clone(entropy);
                tokio::task::spawn_blocking(move || rsa_pkcs8(&*entropy)).await.map_err(Fault::broken)??
            }
        };
        let key = SigningKey::from_pkcs8(suite, pkcs8.expose()).map_err(Fault::broken)?;
        Ok(NewKey { pkcs8, handle: key.into() })
    }

    /// Writes a key's file and waits until it is on the disk: its row is committed only afterwards.
    pub async fn keep(
        &self,
        key_id: &KeyId,
        purpose: Purpose,
        new: &NewKey,
        entropy: &dyn Entropy,
    ) -> Result<(), Error> {
        let mut bytes = HEADER.to_vec();
        bytes.extend(self.seal_box.seal(entropy, &context(key_id, purpose), new.pkcs8.expose()));
        let (folder, name) = (self.path.clone(), format!("{key_id}.key"));
        tokio::task::spawn_blocking(move || write_durably(&folder, &name, &bytes))
            .await
            .map_err(Fault::broken)?
            .map_err(|error| Fault::broken(format!("the file of key {key_id}: {error}")))?;
        Ok(())
    }

    /// Reads a key's file.
    pub async fn find(&self, key_id: &KeyId, purpose: Purpose, suite: Suite) -> Result<KeyHandle, Error> {
        let path = self.path.join(format!("{key_id}.key"));
        let tampered = || Error::KeyFileTampered(key_id.clone());
        let trouble = |error: std::io::Error| {
            if error.kind() == std::io::ErrorKind::NotFound {
                Error::KeyFileMissing(key_id.clone())
            } else {
                Error::Fault(Fault::broken(format!("the file of key {key_id}: {error}")))
            }
        };
        if tokio::fs::metadata(&path).await.map_err(trouble)?.len() > limits::KEY_FILE_BYTES_MAX {
            return Err(tampered());
        }
        let bytes = tokio::fs::read(&path).await.map_err(trouble)?;
        let sealed = bytes.strip_prefix(HEADER).ok_or_else(tampered)?;
        let pkcs8 = self.seal_box.open(&context(key_id, purpose), sealed).ok_or_else(tampered)?;
        let pkcs8 = Secret::new(pkcs8);
        Ok(SigningKey::from_pkcs8(suite, pkcs8.expose()).map_err(|_| tampered())?.into())
    }
}

/// A key that is not kept yet.
pub(crate) struct NewKey {
    pkcs8: Secret<Vec<u8>>,
    /// The key, which signs already: a root's certificate is signed by itself before it is kept.
    pub handle: KeyHandle,
}

/// A new RSA-2048 key. The `rsa` crate only makes it; it never signs with it.
fn rsa_pkcs8(entropy: &dyn Entropy) -> Result<Secret<Vec<u8>>, Error> {
    use rsa::pkcs8::EncodePrivateKey;
    let key = rsa::RsaPrivateKey::new(&mut FromEntropy(entropy), 2048).map_err(Fault::broken)?;
    let pkcs8 = key.to_pkcs8_der().map_err(Fault::broken)?;
    Ok(Secret::new(pkcs8.as_bytes().to_vec()))
}

struct FromEntropy<'a>(&'a dyn Entropy);

impl rsa::rand_core::RngCore for FromEntropy<'_> {
    fn next_u32(&mut self) -> u32 {
        u32::from_le_bytes(self.0.bytes())
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_le_bytes(self.0.bytes())
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rsa::rand_core::Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl rsa::rand_core::CryptoRng for FromEntropy<'_> {}

/// Binds the ciphertext to the key's name and purpose: a file renamed, or a purpose changed in the database, does not
/// open.
fn context(key_id: &KeyId, purpose: Purpose) -> Vec<u8> {
    format!("guosuo key file\n{key_id}\n{purpose}").into_bytes()
}

fn create_private_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    // The folder may have been there before, for everyone to read.
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

fn write_durably(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let half = folder.join(format!("{name}.half"));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&half)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&half, folder.join(name))?;
    std::fs::File::open(folder)?.sync_all()
}
