//! The log tells things in the order in which they happened: nothing is named before the event that made it.

use std::collections::HashMap;

use records::{Database, log::Entry, testing};
use tests::{browser::client, city::City, wait::soon};

/// The prefix of an identifier → the event that makes what it names.
const MADE_BY: &[(&str, &str)] = &[
    ("acc", "account.opened"),
    ("app", "application.submitted"),
    ("crt", "pki.certificate.issued"),
    ("key", "pki.key.created"),
    ("lic", "licence.issue_intended"),
    ("lty", "licence_type.drafted"),
    ("org", "organisation.registered"),
    ("per", "person.registered"),
    ("sea", "seal.applied"),
    ("ses", "sign_in.succeeded"),
    ("stf", "staff.appointed"),
    ("ver", "licence.verified"),
];

/// What happens to one object in one act, or in two that follow each other.
const CHAINS: &[&[&str]] = &[
    &["account.opened", "password.set"],
    &["licence.issue_intended", "licence.issued"],
    &["licence_type.drafted", "licence_type.published"],
    &["seal.applied", "seal.made", "seal.filed", "seal.enabled"],
];

#[tokio::test]
async fn a_fresh_city_tells_everything_in_the_order_in_which_it_happened() {
    let mut city = City::start().await;
    let account = city.citizen(0);
    city.signed_in(&account).await;
    let token = city.api_token().await;
    for number in 0..8 {
        let request = client().post(city.url("/api/v1/licences")).bearer_auth(&token);
        let request = request.header("idempotency-key", format!("in-order-{number}"));
        let answer = request.json(&city.facts["issue_example"]).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }
    let database = Database::open(&city.database()).await.unwrap();
    soon("the city to number what happened", async || {
        let waiting = "select count(event_id) from event where sequence is null";
        let (waiting,): (i64,) = database.read().await.unwrap().one(waiting, vec![]).await.unwrap();
        (waiting == 0).then_some(())
    })
    .await;
    let entries = testing::last_numbered(&database, 10_000).await.unwrap();
    database.close().await;
    city.close();

    let mut wrong = Vec::new();
    let mut made: HashMap<&str, &Entry> = HashMap::new();
    for entry in &entries {
        for (prefix, _) in MADE_BY.iter().filter(|(_, kind)| *kind == entry.kind) {
            for id in named(entry, prefix) {
                made.entry(id).or_insert(entry);
            }
        }
    }
    let mut compared = 0;
    for entry in &entries {
        for (prefix, _) in MADE_BY {
            for id in named(entry, prefix) {
                // Licences from before the city was made are told at their own time.
                let Some(maker) = made.get(id).filter(|maker| maker.at <= entry.at) else { continue };
                compared += 1;
                if maker.sequence > entry.sequence {
                    wrong.push(format!("{} of {id} before {}", entry.kind, maker.kind));
                }
            }
        }
    }
    for chain in CHAINS {
        let mut objects: HashMap<&str, Vec<&str>> = HashMap::new();
        for entry in entries.iter().filter(|entry| chain.contains(&entry.kind.as_str())) {
            objects.entry(&entry.object).or_default().push(&entry.kind);
        }
        assert!(objects.len() >= 3, "too few of {chain:?}: {}", objects.len());
        for (object, kinds) in objects.into_iter().filter(|(_, kinds)| kinds.as_slice() != *chain) {
            wrong.push(format!("{object}: {kinds:?}"));
        }
    }
    assert!(compared > 500, "only {compared} names were compared");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The identifiers with this prefix that an entry names.
fn named<'a>(entry: &'a Entry, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    let words = [&entry.object, &entry.data].into_iter().flat_map(|text| {
        text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| word.len() == 30)
    });
    words.filter(move |word| word.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('_')))
}
