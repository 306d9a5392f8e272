//! One round: load on every node, a fault, a promotion, and a comparison of what was told with what is there.

use std::{
    collections::BTreeSet,
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use serde_json::Value;
use tests::{
    city::City,
    load::{Acknowledged, Load, Node, Told},
    process::Process,
    wait::any_moment,
};

use crate::{
    cluster::Cluster,
    fault::Fault,
    people::{Met, People},
};

/// How long writes may take to be back on each node after the promotion.
pub const BACK_WITHIN: Duration = Duration::from_secs(15);

/// A node that does not write after so long would have to be restarted.
const GIVEN_UP_AFTER: Duration = Duration::from_mins(1);

/// How long the load goes on before the fault, and after every node writes again.
const BEFORE: Duration = Duration::from_secs(2);
const AFTERWARDS: Duration = Duration::from_secs(1);

/// Callers that issue, at each node, and how long each rests. It is a load, not a measurement: what stands still for want
/// of a processor would be taken for dead.
const CALLERS_EACH: usize = 2;
const REST: Duration = Duration::from_millis(250);

/// How many acknowledged licences of a round are asked for again under their keys.
const ASKED_AGAIN: usize = 5;

/// What came out of a round.
#[derive(Debug)]
pub struct Outcome {
    pub until_promotion: Duration,
    /// From the promotion to the first licence acknowledged after it, at each node; `None`: not at all.
    pub back: Vec<Option<Duration>>,
    pub acknowledged: usize,
    pub refused: u32,
    pub unknown: u32,
    pub met: Met,
    /// Acknowledged licences that are not there.
    pub lost: usize,
    /// Licences that are there and nobody was told of: the second one of a key.
    pub doubled: usize,
    /// What `guosuo audit` says.
    pub audit: String,
    pub is_sound: bool,
}

impl Outcome {
    pub fn is_good(&self) -> bool {
        let in_time = self.back.iter().all(|back| back.is_some_and(|back| back <= BACK_WITHIN));
        in_time && self.is_sound && self.lost == 0 && self.doubled == 0 && self.met.lost == 0
    }

    /// Whether a node did not come back by itself.
    pub fn needs_restart(&self) -> bool {
        self.back.iter().any(Option::is_none)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let back =
            |back: &Option<Duration>| back.map_or("never".to_owned(), |back| format!("{:.1} s", back.as_secs_f64()));
        let back: Vec<String> = self.back.iter().map(back).collect();
        write!(
            f,
            "promoted after {:.1} s, writes back after {}; {} licences acknowledged, {} refused, {} unknown; {} refreshes, \
             {} sign-ins, {} failed, {} families ended; {} lost, {} doubled; {}",
            self.until_promotion.as_secs_f64(),
            back.join(", "),
            self.acknowledged,
            self.refused,
            self.unknown,
            self.met.refreshes,
            self.met.sign_ins,
            self.met.failed,
            self.met.families_ended,
            self.lost + self.met.lost as usize,
            self.doubled,
            self.audit,
        )
    }
}

/// The product on a cluster.
pub struct Stage {
    pub cluster: Cluster,
    pub city: City,
    pub nodes: Vec<Node>,
    pub processes: Vec<Process>,
    /// Every licence that was there after the last round.
    pub known: BTreeSet<String>,
}

impl Stage {
    pub async fn round(&mut self, fault: Fault) -> Result<Outcome> {
        self.cluster.whole().await?;
        let people = People::start(&self.city, &self.nodes).await;
        let load = Load::start(&self.city, &self.nodes, CALLERS_EACH, REST);
        any_moment(BEFORE).await;
        let (struck, at, promoted) = self.cluster.strike(fault).await?;
        let back = self.back(&load, promoted).await;
        any_moment(AFTERWARDS).await;
        self.cluster.mend(struck, fault).await?;
        any_moment(AFTERWARDS).await;
        ensure!(self.processes.iter().all(Process::runs), "a node has ended:\n{}", self.city.log_text());
        let (told, met) = (load.finish().await, people.finish().await);
        self.asked_again(&told).await;
        let audit = self.city.run(&["audit"]);
        let (lost, doubled) = self.compare(&told).await?;
        Ok(Outcome {
            until_promotion: promoted - at,
            back,
            acknowledged: told.acknowledged.len(),
            refused: told.refused,
            unknown: told.unknown,
            met,
            lost,
            doubled,
            is_sound: audit.code == Some(0),
            audit: format!("{}{}", audit.out.trim(), audit.err.trim()),
        })
    }

    /// How long each node took to write again.
    async fn back(&self, load: &Load, promoted: Instant) -> Vec<Option<Duration>> {
        loop {
            let first = |node: &Node| load.first_after(node.place, promoted).map(|first| first - promoted);
            let back: Vec<Option<Duration>> = self.nodes.iter().map(first).collect();
            if back.iter().all(Option::is_some) || promoted.elapsed() > GIVEN_UP_AFTER {
                return back;
            }
            any_moment(Duration::from_millis(50)).await;
        }
    }

    /// Asks for the last licences once more under their keys, each at another node than before.
    async fn asked_again(&self, told: &Told) {
        let token = self.city.api_token().await;
        for Acknowledged { key, licence, node, .. } in told.acknowledged.iter().rev().take(ASKED_AGAIN) {
            let other = &self.nodes[(node + 1) % self.nodes.len()];
            let request = other.post("/api/v1/licences").bearer_auth(&token).header("idempotency-key", key);
            let answer = request.json(&self.city.facts["issue_example"]).send().await.unwrap();
            let (status, body) = (answer.status(), answer.json::<Value>().await.unwrap());
            assert!(status.is_success(), "{key}: {status} {body}");
            assert_eq!(body["id"], licence.as_str(), "{key}");
        }
    }

    /// Every key was repeated until it was acknowledged, so there is one licence for each and none beside.
    async fn compare(&mut self, told: &Told) -> Result<(usize, usize)> {
        let there = City::licences(&self.cluster.primary().await?).await;
        let expected: BTreeSet<String> = self.known.union(&told.licences()).cloned().collect();
        let (lost, doubled) = (expected.difference(&there).count(), there.difference(&expected).count());
        self.known = there;
        Ok((lost, doubled))
    }
}
