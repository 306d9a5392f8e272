//! The root's key is needed a few times in ten years: it can be kept somewhere else, and brought when it is.

use std::{path::Path, sync::Arc};

use base::id::KeyId;
use records::{Context, revision};

use crate::{
    REVISION, crl,
    custody::{Custody, Signer},
    error::Error,
    events::{KeyBroughtBack, KeyTakenOut},
    limits,
    purpose::{KeyState, Purpose},
    queries,
};

/// Moves the files of the root keys into a folder, which is then taken away: on a medium that is kept locked up. Each is
/// copied, the copy read, its list signed for more than a year, and only then removed here. Returns which.
///
/// Nodes that have a key folder of their own each hold a copy: there the file is removed by hand.
///
/// # Errors
///
/// [`Error::NoCurrentKey`] when there is no root key here; [`Error::Fault`] when the folder cannot be written.
pub async fn take_out(custody: &Custody, context: Context, to: &Path) -> Result<Vec<KeyId>, Error> {
    let folder = &custody.0.folder;
    // Also one that was taken out and whose file stayed, because something ended this half way.
    let roots = roots(custody, |root| root.taken_out_at.is_none() || folder.has(&root.key_id))?;
    for root in &roots {
        folder.copy(root, (folder.path(), to)).await?;
    }
    let at = context.at;
    for root in roots.iter().filter(|root| root.taken_out_at.is_none()) {
        let mut work = custody.0.database.begin(context.clone()).await?;
        queries::take_turn(&mut work.tx).await?;
        queries::set_taken_out(&mut work.tx, &root.key_id, Some(at)).await?;
        work.record(KeyTakenOut { key: root.key_id.clone() });
        crl::sign_list_for_long(&mut work, root).await?;
        revision::bump(&mut work.tx, REVISION).await?;
        work.commit().await?;
    }
    for root in &roots {
        folder.remove(&root.key_id).await?;
    }
    Ok(ids(&roots))
}

/// Puts the files of the root keys back from a folder.
///
/// # Errors
///
/// [`Error::NoCurrentKey`] when none was taken out; [`Error::Fault`] when its file is not in the folder, and
/// [`Error::KeyFileTampered`] when that is another one.
pub async fn bring_back(custody: &Custody, context: Context, from: &Path) -> Result<Vec<KeyId>, Error> {
    let roots = roots(custody, |root| root.taken_out_at.is_some())?;
    let folder = &custody.0.folder;
    for root in &roots {
        folder.copy(root, (from, folder.path())).await?;
    }
    let mut work = custody.0.database.begin(context).await?;
    queries::take_turn(&mut work.tx).await?;
    for root in &roots {
        queries::set_taken_out(&mut work.tx, &root.key_id, None).await?;
        work.record(KeyBroughtBack { key: root.key_id.clone() });
    }
    revision::bump(&mut work.tx, REVISION).await?;
    work.commit().await?;
    Ok(ids(&roots))
}

/// Signs the lists of the roots anew, for as long as they may count: the key is within reach now.
///
/// # Errors
///
/// [`Error::KeyAway`] when it is not; [`Error::Fault`] when the database is out of reach.
pub async fn sign_lists(custody: &Custody, context: Context) -> Result<Vec<KeyId>, Error> {
    let roots = roots(custody, |root| !has_last_list(custody, root))?;
    let mut work = custody.0.database.begin(context).await?;
    for root in &roots {
        crl::sign_list(&mut work, root).await?;
    }
    revision::bump(&mut work.tx, REVISION).await?;
    work.commit().await?;
    Ok(ids(&roots))
}

/// Whether a root has signed the list after which there is no other.
fn has_last_list(custody: &Custody, root: &Signer) -> bool {
    let list = root.list_number.and_then(|number| custody.crl(number));
    list.is_some_and(|list| list.next_update >= limits::NO_NEXT_UPDATE)
}

/// The roots that may still be believed and of which this holds.
fn roots(custody: &Custody, which: impl Fn(&Signer) -> bool) -> Result<Vec<Arc<Signer>>, Error> {
    let inventory = custody.inventory();
    let all = inventory.signers.values().filter(|signer| signer.purpose == Purpose::Root);
    let mut roots: Vec<_> = all.filter(|root| root.state != KeyState::Revoked && which(root)).cloned().collect();
    roots.sort_by(|a, b| a.key_id.cmp(&b.key_id));
    if roots.is_empty() { Err(Error::NoCurrentKey(Purpose::Root)) } else { Ok(roots) }
}

fn ids(roots: &[Arc<Signer>]) -> Vec<KeyId> {
    roots.iter().map(|root| root.key_id.clone()).collect()
}
