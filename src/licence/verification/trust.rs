//! Whom we trust now, from memory.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use base::Fault;
use crypto::x509::{Certificate, Crl};
use identity::organisation;
use pki::Custody;
use records::{Database, Kept};
use verify::pdf::{Trust, folded};

/// Whom we trust, as it was read last: certificates and lists are taken apart once, not for every file. Cloning it is
/// cheap.
#[derive(Clone)]
pub struct KnownTrust {
    custody: Custody,
    names: Kept<Names>,
    known: Arc<Mutex<Known>>,
}

/// What strangers must not be called.
#[derive(Default)]
struct Names {
    seals: HashSet<String>,
    issuers: HashSet<String>,
}

#[derive(Default)]
struct Known {
    roots: Vec<Vec<u8>>,
    authorities: Vec<Vec<u8>>,
    lists: Vec<Arc<pki::Crl>>,
    names: Arc<Names>,
    trust: Arc<Trust>,
}

impl std::fmt::Debug for KnownTrust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KnownTrust(..)")
    }
}

impl KnownTrust {
    /// Whom the custody's roots and lists make trustworthy. What our seals are called is known once a database keeps it.
    pub fn new(custody: Custody) -> Self {
        let names = Kept::new(&[seal::REVISION], Names::default(), |database| Box::pin(names(database)));
        Self { custody, names, known: Arc::default() }
    }

    /// Lets a database tell when seals changed.
    pub(crate) fn keep(&self, database: &Database) {
        database.keep(&self.names);
    }

    /// Our roots and authorities, the newest revocation lists, and the names of our seals.
    ///
    /// # Errors
    ///
    /// [`Fault`] when a certificate or list of our own cannot be read.
    pub fn now(&self) -> Result<Arc<Trust>, Fault> {
        let (roots, authorities) = (self.custody.roots(), self.custody.authorities());
        let (lists, names) = (self.custody.crls(), self.names.now());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |(a, b): (&Arc<_>, &Arc<_>)| Arc::ptr_eq(a, b);
        let same_lists = known.lists.len() == lists.len() && known.lists.iter().zip(&lists).all(is_same);
        let same_keys = known.roots == roots && known.authorities == authorities;
        if !(same_lists && same_keys && Arc::ptr_eq(&known.names, &names)) {
            let trust = Trust {
                roots: certificates(&roots)?,
                authorities: certificates(&authorities)?,
                lists: lists
                    .iter()
                    .map(|list| Crl::parse(&list.der))
                    .collect::<Result<_, _>>()
                    .map_err(Fault::broken)?,
                seal_names: names.seals.clone(),
                issuer_codes: names.issuers.clone(),
            };
            *known = Known { roots, authorities, lists, names, trust: Arc::new(trust) };
        }
        Ok(Arc::clone(&known.trust))
    }
}

fn certificates(ders: &[Vec<u8>]) -> Result<Vec<Certificate>, Fault> {
    ders.iter().map(|der| Certificate::parse(der)).collect::<Result<_, _>>().map_err(Fault::broken)
}

async fn names(database: Database) -> Result<Names, Fault> {
    let mut names = Names::default();
    let mut tx = database.read().await?;
    let mut departments = HashSet::new();
    for (name, department) in seal::names(&mut tx).await? {
        names.seals.insert(folded(&name));
        departments.insert(department);
    }
    for department in departments {
        let found = organisation::find(&mut tx, &department).await?;
        names.issuers.extend(found.map(|found| found.credit_code.as_str().to_owned()));
    }
    Ok(names)
}
