//! The first start: everything that must exist and does not is made in one go.

use records::{Context, revision};

use crate::{
    REVISION, authority, calendar, crl,
    custody::{Custody, NewKey},
    error::Error,
    events::EnvelopeBound,
    purpose::{KeyState, Purpose},
    queries,
};

impl Custody {
    /// Makes the root, the issuing authority, the service keys and the revocation lists that are missing; does nothing
    /// when all are there. Of two processes that start together one makes them, the other waits and finds them.
    ///
    /// # Errors
    ///
    /// [`Error::EnvelopeMismatch`] when the other process has another envelope key.
    pub async fn ensure(&self, context: Context) -> Result<(), Error> {
        self.0.database.refresh_kept().await?;
        if self.missing().is_empty() && self.has_lists() {
            return Ok(());
        }
        // Before the transaction: an RSA key takes seconds, and others wait for their turn meanwhile.
        let mut spares: Vec<(Purpose, NewKey)> = Vec::new();
        for purpose in self.missing() {
            spares.push((purpose, self.0.folder.make(purpose.suite(), &context.entropy).await?));
        }
        let mut work = self.0.database.begin(context).await?;
        let bound = queries::take_turn(&mut work.tx).await?;
        self.check_envelope(&bound)?;
        if bound.is_empty() {
            queries::bind_envelope(&mut work.tx, self.0.folder.check()).await?;
            work.record(EnvelopeBound { check: self.0.folder.check().to_owned() });
        }
        // What the other process made while this one waited.
        let there = self.inventory_from(&mut work.tx).await?;
        let mut signers = there.current;
        let mut changed = bound.is_empty();
        for (purpose, new) in spares {
            if signers.contains_key(&purpose) {
                continue;
            }
            let issuer =
                calendar::above(purpose).map(|issuer| signers.get(&issuer).cloned().ok_or(Error::NoCurrentKey(issuer)));
            let issuer = issuer.transpose()?;
            let organisation = self.0.settings.organisation.clone();
            let name = format!("{organisation} {}", purpose.certificate_name());
            let profile = self.profile(&work, purpose, (organisation, None), name, issuer.as_deref());
            let made =
                authority::adopt(&mut work, self, (purpose, KeyState::Active), new, (profile, issuer.as_deref()))
                    .await?;
            signers.insert(purpose, std::sync::Arc::new(made));
            changed = true;
        }
        for purpose in [Purpose::Root, Purpose::IssuingAuthority] {
            let authority = signers.get(&purpose).ok_or(Error::NoCurrentKey(purpose))?;
            if queries::last_crl_number(&mut work.tx, &authority.key_id).await? == 0 {
                crl::sign_list(&mut work, authority).await?;
                changed = true;
            }
        }
        if changed {
            revision::bump(&mut work.tx, REVISION).await?;
            work.commit().await?;
        }
        // Also when the other process made it all.
        Ok(self.0.database.refresh_kept().await?)
    }

    fn missing(&self) -> Vec<Purpose> {
        let inventory = self.inventory();
        Purpose::SINGLE.into_iter().filter(|purpose| !inventory.current.contains_key(purpose)).collect()
    }

    fn has_lists(&self) -> bool {
        let inventory = self.inventory();
        let list = |purpose| inventory.crls.get(&inventory.current.get(purpose)?.list_number?);
        [Purpose::Root, Purpose::IssuingAuthority].iter().all(|purpose| list(purpose).is_some())
    }
}
