//! G2 27 and G5 54, many times: the two statements on which "once" rests, with four connections at each row.

use std::sync::atomic::{AtomicU64, Ordering};

use records::Context;

use super::*;
use crate::{
    code::Code,
    events::{CodeRedeemed, TokenRefreshed},
    family::{self, Redemption, Rotation},
    limits,
    scope::ScopeSet,
};

const ROUNDS: u32 = 1_000;
const AT_ONCE: usize = 4;

/// The rounds that were won, over all who took part, in order.
async fn won(tasks: Vec<impl Future<Output = Vec<u32>> + Send + 'static>) -> Vec<u32> {
    let mut set = tokio::task::JoinSet::new();
    for task in tasks {
        set.spawn(task);
    }
    let mut won = set.join_all().await.concat();
    won.sort_unstable();
    won
}

fn code(city: &City, round: u32) -> Code {
    Code {
        family: format!("family-{round}"),
        client: "tax".to_owned(),
        session: city.session.clone(),
        person: city.person.clone(),
        scopes: ScopeSet::parse("openid offline_access").unwrap(),
        nonce: None,
        challenge: None,
        redirect: [0; 32],
        authenticated_at: NOW,
        expires_at: NOW.plus_seconds(limits::CODE_SECONDS),
    }
}

fn context() -> Context {
    static SEED: AtomicU64 = AtomicU64::new(1_000_000);
    records::testing::context(NOW, SEED.fetch_add(1, Ordering::Relaxed))
}

async fn redeemed(database: Database, codes: Arc<Vec<Code>>) -> Vec<u32> {
    let mut won = Vec::new();
    for (round, code) in codes.iter().enumerate() {
        let until = NOW.plus_seconds(limits::REFRESH_IDLE_SECONDS);
        let hash = format!("hash-{round}");
        let redemption = Redemption { code, expires_at: until, refresh: Some((&hash, until)) };
        let event = CodeRedeemed {
            family: code.family.clone(),
            client: ClientId::parse("tax").unwrap(),
            person: code.person.clone(),
            session: code.session.clone(),
            scopes: code.scopes.text(),
            pkce_reuse: None,
        };
        if family::begin(&database, &context(), &redemption, event).await.unwrap().is_some() {
            won.push(u32::try_from(round).unwrap());
        }
    }
    won
}

async fn rotated(database: Database) -> Vec<u32> {
    let client = ClientId::parse("tax").unwrap();
    let mut won = Vec::new();
    for round in 0..ROUNDS {
        let (family, presented, next) = (format!("family-{round}"), format!("hash-{round}"), format!("next-{round}"));
        let rotation = Rotation {
            family: &family,
            client: &client,
            presented_hash: &presented,
            next_hash: &next,
            idle_until: NOW.plus_seconds(limits::REFRESH_IDLE_SECONDS),
        };
        let event = TokenRefreshed { family: family.clone(), client: client.clone(), again: None };
        if family::rotate(&database, &context(), &rotation, event).await.unwrap().is_some() {
            won.push(round);
        }
    }
    won
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_thousand_rounds_no_code_is_redeemed_twice_and_no_refresh_token_exchanged_twice() {
    let city = City::new().await;
    city.client("tax", web()).await;
    let codes: Arc<Vec<Code>> = Arc::new((0..ROUNDS).map(|round| code(&city, round)).collect());
    let every: Vec<u32> = (0..ROUNDS).collect();
    let tasks = (0..AT_ONCE).map(|_| redeemed(city.database().clone(), Arc::clone(&codes))).collect();
    assert_eq!(won(tasks).await, every);
    let tasks = (0..AT_ONCE).map(|_| rotated(city.database().clone())).collect();
    assert_eq!(won(tasks).await, every);
    let mut tx = city.database().read().await.unwrap();
    let rows: Vec<(String, String)> =
        tx.all("select refresh_hash, refresh_hash_before from token_family", vec![]).await.unwrap();
    assert_eq!(rows.len(), every.len());
    assert!(rows.iter().all(|(now, before)| now.strip_prefix("next-") == before.strip_prefix("hash-")));
}
