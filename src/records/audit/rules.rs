//! What the log alone says cannot be: something happened with what was over by then, also when the row that says so was lent
//! for a moment and taken away again.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::{
    actors::SLACK_MICROS,
    finding::{Audit, Finding},
};
use crate::{
    entry::Entry,
    mark::{After, Rule, Table},
};

/// So many objects of each rule are remembered, so that none silences another; then those that nobody can do anything with any more are forgotten, and of what comes
/// when there are still as many nothing is told.
const OBJECTS_MAX: usize = if cfg!(test) { 50 } else { 1_000_000 };

/// Of so many that are not remembered one looks for those that can be forgotten.
const FORGOTTEN_EVERY: usize = 10_000;

/// So many contradictions are told of one object.
const TOLD_MAX: usize = 4;

const MICROS_A_DAY: i64 = 86_400_000_000;

/// What was heard of the objects of rules.
#[derive(Debug, Default)]
pub(super) struct Rules {
    all: Vec<&'static Rule>,
    /// Of which rules an event of a kind says something.
    heard: HashMap<&'static str, Vec<Hears>>,
    /// Of which rules an act of a kind of actors does.
    actors: HashMap<&'static str, Vec<usize>>,
    objects: BTreeMap<(usize, String), Heard>,
    /// How many these are of each rule.
    counts: HashMap<usize, usize>,
    /// Who has powers by a rule: by what, and since when.
    holders: BTreeMap<(usize, String), (String, i64)>,
    /// Of how many nothing was remembered.
    refused: usize,
}

/// What an event of a kind says in a rule.
#[derive(Clone, Copy, Debug)]
struct Hears {
    rule: usize,
    says: Says,
    after: &'static After,
}

#[derive(Clone, Copy, Debug)]
enum Says {
    /// That something was done with an object.
    Act,
    /// That it begins again.
    Begins,
    /// That it is over.
    Ends,
    /// Up to which number somebody counted.
    Counts,
    /// That somebody is given powers.
    Given,
    /// That these end.
    Ended,
    /// That it was done with somebody who has none.
    Without,
}

/// What was heard of one object.
#[derive(Clone, Debug, Default)]
struct Heard {
    /// Since when it is over.
    over_at: Option<i64>,
    begun_at: Option<i64>,
    /// When something was heard last.
    last_at: i64,
    /// The numbers that were counted up to, and when.
    counted: Option<([i64; 2], i64)>,
    /// Events that cannot be, with their instants.
    contrary: Vec<(i64, i64)>,
}

impl Rules {
    pub fn of(tables: &[Table]) -> Self {
        let mut rules = Self::default();
        for rule in tables.iter().flat_map(|table| table.marked.rules) {
            let place = rules.all.len();
            rules.all.push(rule);
            let mut hear = |says, events: &'static [After]| {
                for after in events {
                    rules.heard.entry(after.kind).or_default().push(Hears { rule: place, says, after });
                }
            };
            match rule {
                Rule::Ends { acts, begins, ends, actors, .. } => {
                    // What ends once is asked for an end before it is told that it ended.
                    hear(Says::Act, acts);
                    hear(Says::Begins, begins);
                    hear(Says::Ends, ends);
                    for kind in *actors {
                        rules.actors.entry(*kind).or_default().push(place);
                    }
                }
                Rule::Counts { after, .. } => hear(Says::Counts, after),
                Rule::Holds { given, ended, without, .. } => {
                    hear(Says::Without, without);
                    hear(Says::Given, std::slice::from_ref(given));
                    hear(Says::Ended, std::slice::from_ref(ended));
                }
            }
        }
        rules
    }

    /// Hears of an event.
    pub fn hear(&mut self, entry: &Entry) {
        let actors = self.actors.get(entry.actor_kind.as_str()).cloned().unwrap_or_default();
        for rule in actors {
            self.act(&(rule, entry.actor.clone()), entry);
        }
        let Some(heard) = self.heard.get(entry.kind.as_str()).cloned() else { return };
        let mut details = Details(entry, None);
        for Hears { rule, says, after } in heard {
            let Some(name) = after.names.iter().map(|name| details.text(name)).collect::<Option<Vec<_>>>() else {
                continue;
            };
            let key = (rule, name.join(" "));
            match (says, self.all.get(rule)) {
                (Says::Act, _) => self.act(&key, entry),
                (Says::Begins, _) => self.begin(&key, entry.at),
                (Says::Ends, Some(Rule::Ends { is_once, .. })) => self.end(key, *is_once, entry),
                (Says::Counts, Some(Rule::Counts { number, least, .. })) => {
                    if let (Some(number), Some(least)) = (details.number(number), details.number(least)) {
                        self.count(key, [number, least], entry);
                    }
                }
                (Says::Given, Some(Rule::Holds { listed, powers, .. })) => {
                    let all = details.text(listed).unwrap_or_default();
                    if self.holders.len() < OBJECTS_MAX && all.split(' ').any(|one| powers.contains(&one)) {
                        self.holders.insert(key, (entry.object.clone(), entry.at));
                    }
                }
                (Says::Ended, _) => {
                    self.holders.retain(|(of, _), (by, _)| *of != rule || *by != key.1);
                    // Numbered before it, by a node with another clock.
                    if let Some(heard) = self.objects.get_mut(&key) {
                        heard.contrary.retain(|(_, then)| *then < entry.at.saturating_sub(SLACK_MICROS));
                    }
                }
                (Says::Without, _) => self.without(&key, entry),
                _ => {}
            }
        }
    }

    fn without(&mut self, key: &(usize, String), entry: &Entry) {
        let Some((by, since)) = self.holders.get(key).cloned() else { return };
        if entry.at > since.saturating_add(SLACK_MICROS)
            && let Some(heard) = self.object((key.0, by), entry.at)
        {
            heard.contradict(entry);
        }
    }

    fn act(&mut self, key: &(usize, String), entry: &Entry) {
        let Some(heard) = self.objects.get_mut(key) else { return };
        // What was on its way when it ended is no contradiction.
        if heard.over_at.is_some_and(|over| entry.at > over.saturating_add(SLACK_MICROS)) {
            heard.contradict(entry);
        }
    }

    fn begin(&mut self, key: &(usize, String), at: i64) {
        let Some(heard) = self.objects.get_mut(key) else { return };
        (heard.over_at, heard.begun_at, heard.last_at) = (None, Some(at), at);
        // Numbered before it, by a node with another clock.
        heard.contrary.retain(|(_, then)| *then < at.saturating_sub(SLACK_MICROS));
    }

    fn end(&mut self, key: (usize, String), is_once: bool, entry: &Entry) {
        let Some(heard) = self.object(key, entry.at) else { return };
        if is_once && heard.over_at.is_some() {
            heard.contradict(entry);
        }
        if heard.begun_at.is_none_or(|begun| begun <= entry.at) {
            heard.over_at = heard.over_at.or(Some(entry.at));
        }
    }

    fn count(&mut self, key: (usize, String), now: [i64; 2], entry: &Entry) {
        let Some(heard) = self.object(key, entry.at) else { return };
        let (before, then) = heard.counted.unwrap_or(([i64::MIN; 2], i64::MIN));
        // Numbered behind it, by a node with another clock.
        if now[0] < before[0] && entry.at <= then.saturating_add(SLACK_MICROS) {
            return;
        }
        if now[0] <= before[0] || now[1] < before[1] {
            heard.contradict(entry);
        }
        heard.counted = Some(([now[0].max(before[0]), now[1]], entry.at));
    }

    /// What is heard of an object from now on; none when there are too many.
    fn object(&mut self, key: (usize, String), at: i64) -> Option<&mut Heard> {
        let (of, is_new) = (key.0, !self.objects.contains_key(&key));
        let count = |counts: &HashMap<usize, usize>| counts.get(&of).copied().unwrap_or_default();
        if is_new && count(&self.counts) >= OBJECTS_MAX {
            self.refused += 1;
            if self.refused % FORGOTTEN_EVERY != 1 {
                return None;
            }
            let rules = &self.all;
            let is_kept = |rule: usize, heard: &Heard| {
                let days = match rules.get(rule) {
                    Some(Rule::Ends { kept_days, .. }) => *kept_days,
                    _ => i64::MAX,
                };
                !heard.contrary.is_empty() || heard.last_at.saturating_add(days.saturating_mul(MICROS_A_DAY)) > at
            };
            self.objects.retain(|(rule, _), heard| *rule != of || is_kept(*rule, heard));
            let left = self.objects.keys().filter(|(rule, _)| *rule == of).count();
            self.counts.insert(of, left);
            if left >= OBJECTS_MAX {
                return None;
            }
        }
        if is_new {
            *self.counts.entry(of).or_default() += 1;
        }
        let heard = self.objects.entry(key).or_default();
        heard.last_at = heard.last_at.max(at);
        Some(heard)
    }

    /// Names what cannot be, in the order of the log.
    pub fn tell(&self, audit: &mut Audit) {
        let mut all = Vec::new();
        for ((rule, name), heard) in self.objects.iter().filter(|(_, heard)| !heard.contrary.is_empty()) {
            let Some(rule) = self.all.get(*rule) else { continue };
            all.extend(heard.contrary.iter().map(|(number, _)| (*number, rule.what(), name)));
        }
        all.sort_unstable();
        for (number, what, name) in all {
            audit.find(Finding::Contrary(number, what, name.clone()));
        }
    }
}

impl Heard {
    fn contradict(&mut self, entry: &Entry) {
        let told = (entry.sequence.unwrap_or_default(), entry.at);
        // Several rules of one event name one object once.
        if self.contrary.len() < TOLD_MAX && !self.contrary.contains(&told) {
            self.contrary.push(told);
        }
    }
}

/// What an event says, read when somebody asks for more than its object.
struct Details<'a>(&'a Entry, Option<Value>);

impl Details<'_> {
    fn value(&mut self, name: &str) -> Option<&Value> {
        let data = &self.0.data;
        self.1.get_or_insert_with(|| serde_json::from_str(data).unwrap_or_default()).get(name)
    }

    fn text(&mut self, name: &str) -> Option<String> {
        if name.is_empty() {
            return Some(self.0.object.clone());
        }
        self.value(name)?.as_str().map(str::to_owned)
    }

    fn number(&mut self, name: &str) -> Option<i64> {
        self.value(name)?.as_i64()
    }
}
