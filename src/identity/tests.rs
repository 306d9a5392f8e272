//! The rules of this crate, on the database that the test command chose.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use base::{
    Fault, Instant, ListPage,
    id::{AccountId, PersonId},
    number::{CreditCode, IdentityNumber},
};
use records::{
    Actor, Consequence, Context, Database, Event, EventRow, Marked, Reacting, Tx, Work,
    log::{self, Filter},
    testing::{self, Fresh, context},
};

use crate::{
    Error, PasswordGate, Role, Session, SessionToken, Vault, account, death, events, limits, mandate,
    organisation::{self, NewOrganisation, OrganisationKind},
    password,
    person::{self, NewPerson, Profile},
    session,
    sign_in::{self, Attempt, Opened},
    staff,
};

use office::{Office, department, past_the_product, staff_of, why};

mod accounts;
mod appointments;
mod borrowed;
mod dates;
mod numbers;
mod office;
mod operators;
mod order;
mod organisations;
mod people;
mod persons;
mod proposals;
mod resets;
mod sessions;
mod signing_in;

const PASSWORD: &str = "一个很长的密码 with spaces";

fn at(seconds: i64) -> Instant {
    Instant::from_seconds(1_790_000_000 + seconds)
}

fn stranger() -> IpAddr {
    "203.0.113.9".parse().unwrap()
}

fn home() -> IpAddr {
    "198.51.100.7".parse().unwrap()
}

/// A database with one person who has an account.
struct City {
    fresh: Fresh,
    vault: Vault,
    gate: PasswordGate,
    person: PersonId,
    account: AccountId,
    tries: AtomicU64,
}

fn number(serial: u32) -> IdentityNumber {
    IdentityNumber::complete(&format!("11010519900101{serial:03}")).unwrap()
}

fn new_person(name: &str, serial: u32) -> NewPerson {
    NewPerson { name: name.to_owned(), identity_number: number(serial), profile: Profile::default() }
}

impl City {
    async fn found() -> Result<Self, Error> {
        static ALL: [&[Marked]; 1] = [crate::marked::MARKED];
        Self::found_on(testing::fresh_protected(&ALL).await?).await
    }

    async fn found_on(fresh: Fresh) -> Result<Self, Error> {
        let vault = Vault::new(&[7; 32]);
        let gate = PasswordGate::new(2, Duration::from_mins(1));
        let setting = context(at(-1000), 1);
        let hashed = password::hash(&gate, &setting.entropy, "zhangwei", PASSWORD).await?;
        let mut work = fresh.database.begin(setting).await?;
        let person = person::register(&mut work, &vault, new_person("张伟", 1)).await?;
        let account = account::open(&mut work, &person, "ZhangWei", Some(&hashed)).await?;
        work.commit().await?;
        Ok(Self { fresh, vault, gate, person, account, tries: AtomicU64::new(0) })
    }

    fn database(&self) -> &Database {
        &self.fresh.database
    }

    async fn sign_in(&self, seconds: i64, attempt: &Attempt<'_>) -> Result<Opened, Error> {
        let seed = 1_000 + self.tries.fetch_add(1, Ordering::Relaxed);
        let context = Context { actor: Actor::Anonymous, ..context(at(seconds), seed) };
        let proof = sign_in::with_password(self.database(), &self.vault, &self.gate, &context, attempt).await?;
        proof.open(self.database(), &context, attempt).await
    }

    /// Stores a hash as the product would have stored it.
    async fn store_hash(&self, phc: &str) -> Result<(), Fault> {
        let seed = 500 + self.tries.fetch_add(1, Ordering::Relaxed);
        let mut work = self.database().begin(context(at(-500), seed)).await?;
        work.tx.run("update password set phc = $1", records::args![phc]).await?;
        work.record(events::PasswordSet { account: self.account.clone() });
        work.commit().await
    }

    async fn session(&self, token: &SessionToken, seconds: i64) -> Result<Option<Session>, Fault> {
        session::find(&mut self.database().read().await?, token, at(seconds)).await
    }

    async fn events<E: Event>(&self) -> Result<Vec<E>, Fault> {
        testing::told(self.database()).await
    }

    async fn throttles(&self) -> Result<Vec<(String, i64, i64, i64)>, Fault> {
        let mut tx: Tx = self.database().read().await?;
        tx.all("select throttle_key, failures, delay, retry_at from sign_in_throttle order by throttle_key", vec![])
            .await
    }
}

fn right() -> Attempt<'static> {
    Attempt {
        username: "zhangwei",
        password: PASSWORD,
        address: stranger(),
        device: "Chrome, Windows",
        browser: None,
        limits: session::Limits::default(),
    }
}

fn wrong() -> Attempt<'static> {
    Attempt { password: "not the password", ..right() }
}
