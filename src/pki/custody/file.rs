//! Key files: PKCS#8 sealed under the envelope key, one file a key.
//!
//! Custody asks three things of where keys lie: make one, keep it under a name, find it again. Whoever else may hold
//! keys, such as a device that speaks PKCS#11, answers the same three and gives [`KeyHandle`]s too.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use base::{Entropy, Fault, Secret, id::KeyId};
use crypto::{KeyHandle, Suite, seal_box::SealBox, sign::SigningKey};
use records::disk;

use crate::{
    custody::{CustodySettings, Signer},
    error::Error,
    limits,
    purpose::Purpose,
};

/// What every key file begins with. The digit is the version of the format.
const HEADER: &[u8] = b"guosuo-key-1\n";

/// What the envelope key is checked with: a digest that says nothing about the key itself.
const CHECK_LABEL: &[u8] = b"guosuo envelope check 1";

/// The file with what keys are derived from, and what it is bound to.
const DERIVATION: &str = "derivation.key";
const DERIVATION_CONTEXT: &[u8] = b"guosuo key derivation 1";

/// Follows the name of a file that waits for the envelope key that it is sealed under, and is followed by its check.
const NEXT: &str = ".next-";

/// The folder of key files.
pub(crate) struct KeyFolder {
    path: PathBuf,
    /// Where those are looked for that were taken out of it.
    taken_out: Option<PathBuf>,
    seal_box: SealBox,
    check: String,
}

impl fmt::Debug for KeyFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFolder").field("path", &self.path).finish_non_exhaustive()
    }
}

impl KeyFolder {
    pub async fn open(settings: &CustodySettings) -> Result<Self, Error> {
        let (folder, envelope) = (settings.folder.clone(), &settings.envelope);
        tokio::task::spawn_blocking(move || create_private_folder(&folder))
            .await
            .map_err(Fault::broken)?
            .map_err(|error| Fault::broken(format!("the key folder: {error}")))?;
        let check = check_of(envelope);
        let (path, taken_out) = (settings.folder.clone(), settings.root_folder.clone());
        Ok(Self { path, taken_out, seal_box: SealBox::new(envelope.expose()), check })
    }

    /// A folder that is only read, of which nothing else is known.
    pub fn at(path: &Path, envelope: &Secret<[u8; 32]>) -> Self {
        let seal_box = SealBox::new(envelope.expose());
        Self { path: path.to_owned(), taken_out: None, seal_box, check: check_of(envelope) }
    }

    /// The same folder under another envelope key.
    pub fn under(&self, envelope: &Secret<[u8; 32]>) -> Self {
        let (path, taken_out) = (self.path.clone(), self.taken_out.clone());
        Self { path, taken_out, seal_box: SealBox::new(envelope.expose()), check: check_of(envelope) }
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
        let sealed = self.seal_box.seal(entropy, &context(key_id, purpose), new.pkcs8.expose());
        self.write(format!("{key_id}.key"), sealed).await
    }

    /// Writes a key's file beside the one that it has under another envelope key, until [`Self::settle`].
    pub async fn write_next(
        &self,
        key_id: &KeyId,
        purpose: Purpose,
        pkcs8: &Secret<Vec<u8>>,
        entropy: &dyn Entropy,
    ) -> Result<(), Error> {
        let sealed = self.seal_box.seal(entropy, &context(key_id, purpose), pkcs8.expose());
        self.write(format!("{key_id}.key{}", self.next()), sealed).await
    }

    /// The same for the file from which keys are derived.
    pub async fn write_next_derivation(&self, key: &Secret<[u8; 32]>, entropy: &dyn Entropy) -> Result<(), Error> {
        let sealed = self.seal_box.seal(entropy, DERIVATION_CONTEXT, key.expose());
        self.write(format!("{DERIVATION}{}", self.next()), sealed).await
    }

    /// What keys are derived from, if it is another one than the envelope key: that was replaced once.
    pub async fn derivation(&self) -> Result<Option<Secret<[u8; 32]>>, Error> {
        let trouble = |why: &dyn fmt::Display| Error::Fault(Fault::broken(format!("{DERIVATION}: {why}")));
        let bytes = match tokio::fs::read(self.path.join(DERIVATION)).await {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(trouble(&error)),
        };
        let opened = bytes.strip_prefix(HEADER).and_then(|sealed| self.seal_box.open(DERIVATION_CONTEXT, sealed));
        let key = opened.and_then(|key| key.try_into().ok());
        key.map(|key| Some(Secret::new(key))).ok_or_else(|| trouble(&"it is damaged or was tampered with"))
    }

    /// Lets the files under this envelope key take the places of those before, also when that was cut off.
    pub async fn settle(&self) -> Result<(), Error> {
        let (folder, ours) = (self.path.clone(), self.next());
        self.with_next(move |name| match name.strip_suffix(&ours) {
            // Somebody else may do the same.
            Some(settled) => found(std::fs::rename(folder.join(name), folder.join(settled))),
            None => Ok(()),
        })
        .await
    }

    /// Removes what a replacement of the envelope key left that did not come to its end. Only whoever begins another one
    /// may do this: what waits may be somebody's who is not ready yet.
    pub async fn forget_next(&self) -> Result<(), Error> {
        let folder = self.path.clone();
        self.with_next(
            move |name| {
                if name.contains(NEXT) { found(std::fs::remove_file(folder.join(name))) } else { Ok(()) }
            },
        )
        .await
    }

    async fn with_next(&self, act: impl Fn(&str) -> std::io::Result<()> + Send + 'static) -> Result<(), Error> {
        let folder = self.path.clone();
        let each = move || {
            for entry in std::fs::read_dir(&folder)? {
                entry?.file_name().to_str().map_or(Ok(()), &act)?;
            }
            std::fs::File::open(&folder)?.sync_all()
        };
        let done = tokio::task::spawn_blocking(each).await.map_err(Fault::broken)?;
        done.map_err(|error| Fault::broken(format!("the key folder: {error}")).into())
    }

    /// Whether a key's file lies in this folder.
    pub fn has(&self, key_id: &KeyId) -> bool {
        self.path.join(format!("{key_id}.key")).exists()
    }

    /// What the names of files under this envelope key end with until they take the places of those before.
    fn next(&self) -> String {
        format!("{NEXT}{}", self.check)
    }

    async fn write(&self, name: String, sealed: Vec<u8>) -> Result<(), Error> {
        let (folder, file) = (self.path.clone(), name.clone());
        let bytes = [HEADER, &sealed].concat();
        tokio::task::spawn_blocking(move || disk::write(&folder.join(file), [bytes.as_slice()]))
            .await
            .map_err(Fault::broken)?
            .map_err(|error| Fault::broken(format!("the key file {name}: {error}")).into())
    }

    /// Reads a key's file.
    pub async fn find(&self, key_id: &KeyId, purpose: Purpose, suite: Suite) -> Result<KeyHandle, Error> {
        self.find_in(&self.path, key_id, purpose, suite).await
    }

    /// Reads the file of a key that was taken out, if it is within reach.
    pub async fn find_taken_out(&self, key_id: &KeyId, purpose: Purpose, suite: Suite) -> Option<KeyHandle> {
        let folder = self.taken_out.as_ref()?;
        // A medium that cannot be read is one that is not there: everything else goes on.
        self.find_in(folder, key_id, purpose, suite).await.ok()
    }

    /// Copies a key's file between this folder and another, and reads the copy before it counts.
    ///
    /// # Errors
    ///
    /// As [`Self::find`], and [`Error::Fault`] when the copy cannot be written.
    pub async fn copy(&self, key: &Signer, (from, to): (&Path, &Path)) -> Result<(), Error> {
        let name = format!("{}.key", key.key_id);
        let (source, folder, from) = (from.join(&name), to.to_owned(), from.to_owned());
        let copied = tokio::task::spawn_blocking(move || {
            create_private_folder(&folder)?;
            if std::fs::canonicalize(&from)? == std::fs::canonicalize(&folder)? {
                return Err(std::io::Error::other("it is the same folder"));
            }
            disk::write(&folder.join(name), [std::fs::read(source)?.as_slice()])
        });
        let copied = copied.await.map_err(Fault::broken)?;
        copied.map_err(|error| Fault::broken(format!("copying the file of key {}: {error}", key.key_id)))?;
        self.find_in(to, &key.key_id, key.purpose, key.key.suite()).await.map(|_| ())
    }

    /// Removes a key's file from this folder.
    pub async fn remove(&self, key_id: &KeyId) -> Result<(), Error> {
        let removed = tokio::fs::remove_file(self.path.join(format!("{key_id}.key"))).await;
        Ok(removed.map_err(|error| Fault::broken(format!("removing the file of key {key_id}: {error}")))?)
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What a key's file holds.
    pub async fn open_file(&self, key_id: &KeyId, purpose: Purpose) -> Result<Secret<Vec<u8>>, Error> {
        self.open_in(&self.path, key_id, purpose).await
    }

    async fn find_in(&self, folder: &Path, key_id: &KeyId, purpose: Purpose, suite: Suite) -> Result<KeyHandle, Error> {
        let pkcs8 = self.open_in(folder, key_id, purpose).await?;
        let key = SigningKey::from_pkcs8(suite, pkcs8.expose());
        Ok(key.map_err(|_| Error::KeyFileTampered(key_id.clone()))?.into())
    }

    async fn open_in(&self, folder: &Path, key_id: &KeyId, purpose: Purpose) -> Result<Secret<Vec<u8>>, Error> {
        let path = folder.join(format!("{key_id}.key"));
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
        self.seal_box.open(&context(key_id, purpose), sealed).map(Secret::new).ok_or_else(tampered)
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

/// Tells one key from which others are derived from another, and says nothing about it.
pub(crate) fn derivation_check(derivation: &Secret<[u8; 32]>) -> String {
    check(derivation, DERIVATION_CONTEXT)
}

fn check_of(envelope: &Secret<[u8; 32]>) -> String {
    check(envelope, CHECK_LABEL)
}

fn check(key: &Secret<[u8; 32]>, label: &[u8]) -> String {
    let check = crypto::mac::hmac_sha256(key.expose(), &[label]);
    crypto::digest::hex(check.get(..16).unwrap_or_default())
}

/// Done, also by somebody else.
fn found(done: std::io::Result<()>) -> std::io::Result<()> {
    match done {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
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
