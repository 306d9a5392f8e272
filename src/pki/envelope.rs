//! Another envelope key: every file that was sealed under the one before is sealed under the new one.
//!
//! The files of the new key are written beside the old ones first; then the database says which key counts, in one
//! transaction; then the new files take the places of the old ones. When that is cut off, the next start
//! finishes it. What an attempt that failed left is removed by the next attempt: until the database says so, the old
//! key counts.

use base::{ListPage, Secret, id::KeyId};
use records::Context;

use crate::{
    custody::{Custody, derivation_check},
    error::Error,
    events::EnvelopeBound,
    purpose::KeyState,
    queries,
};

/// Seals every key file under a new envelope key. No server may run meanwhile, and all roots must be here. Afterwards only
/// the new key opens them. Returns how many keys there are.
///
/// # Errors
///
/// [`Error::KeyAway`], [`Error::KeyFileMissing`] or [`Error::KeyFileTampered`] for a key that cannot be sealed anew,
/// [`Error::EnvelopeMismatch`] when somebody else replaced it meanwhile: then nothing was changed.
pub async fn replace(custody: &Custody, context: Context, new: &Secret<[u8; 32]>) -> Result<usize, Error> {
    let mut work = custody.0.database.begin(context).await?;
    custody.check_envelope(&queries::take_turn(&mut work.tx).await?)?;
    let folder = custody.0.folder.under(new);
    folder.forget_next().await?;
    let derivation = custody.derivation().await?;
    let mut page = ListPage::first(ListPage::<KeyId>::LIMIT_MAX);
    let mut count = 0;
    loop {
        let keys = Custody::list(&mut work.tx, &page).await?;
        for key in &keys.items {
            if key.taken_out_at.is_some() {
                if key.state == KeyState::Revoked {
                    continue;
                }
                return Err(Error::KeyAway(key.key_id.clone()));
            }
            let pkcs8 = custody.0.folder.open_file(&key.key_id, key.purpose).await?;
            folder.write_next(&key.key_id, key.purpose, &pkcs8, work.entropy()).await?;
        }
        count += keys.items.len();
        match keys.next {
            Some(next) => page = ListPage::after(next, page.limit),
            None => break,
        }
    }
    folder.write_next_derivation(&derivation, work.entropy()).await?;
    queries::rebind_envelope(&mut work.tx, folder.check(), &derivation_check(&derivation)).await?;
    work.record(EnvelopeBound { check: folder.check().to_owned() });
    // No revision is raised: what is kept in memory under the key before could not be read again.
    work.commit().await?;
    folder.settle().await?;
    Ok(count)
}
