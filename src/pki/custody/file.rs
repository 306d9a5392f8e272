//! Key files: PKCS#8 sealed under the envelope key, one file a key.

use std::{
    fmt,
    io::Write,
    path::{Path, PathBuf},
};

use base::{Entropy, Fault, Secret, id::KeyId};
use crypto::{seal_box::SealBox, sign::SigningKey};

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

    /// Writes a key's file and waits until it is on the disk: its row is committed only afterwards.
    pub async fn write(
        &self,
        key_id: &KeyId,
        purpose: Purpose,
        pkcs8: &Secret<Vec<u8>>,
        entropy: &dyn Entropy,
    ) -> Result<(), Error> {
        let mut bytes = HEADER.to_vec();
        bytes.extend(self.seal_box.seal(entropy, &context(key_id, purpose), pkcs8.expose()));
        let (folder, name) = (self.path.clone(), format!("{key_id}.key"));
        tokio::task::spawn_blocking(move || write_durably(&folder, &name, &bytes))
            .await
            .map_err(Fault::broken)?
            .map_err(|error| Fault::broken(format!("the file of key {key_id}: {error}")))?;
        Ok(())
    }

    /// Reads a key's file.
    pub async fn read(&self, key_id: &KeyId, purpose: Purpose) -> Result<SigningKey, Error> {
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
        SigningKey::from_pkcs8(purpose.algorithm(), pkcs8.expose()).map_err(|_| tampered())
    }
}

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
