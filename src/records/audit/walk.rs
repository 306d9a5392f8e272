//! The walk along the chain, from file to file of the archive and then through the table.

use std::collections::BTreeMap;

use base::Fault;

use super::{
    actors::Actors,
    finding::{Audit, Finding, RowFault},
};
use crate::{
    archive::{
        point::Point,
        shelf::{EVENTS, Name, Shelf},
    },
    database::Database,
    entry::Entry,
    events::{LogArchived, LossAcknowledged},
    heads::KeptHead,
    limits::AUDIT_ENTRIES,
    log::{self, Head},
    log_key::LogKey,
    mark::{self, Left, RowState, Table},
    tally::Tally,
    tx::Tx,
};

/// How much older than what stands before it an entry is that may be a copy of one in the archive: no server is slower.
const LATE_MICROS: i64 = 86_400_000_000;
/// How many of them are looked for.
const LATE_MAX: usize = 10_000;

/// How far somebody came along the chain, and what was heard on the way.
pub(super) struct Walk<'a> {
    key: Option<&'a LogKey>,
    keyed_from: Option<i64>,
    tables: &'a [Table],
    /// The number of the last entry.
    pub number: i64,
    /// Its hash, unless it is not known.
    pub hash: Option<String>,
    /// Heads that were kept of what comes.
    kept: &'a [KeptHead],
    /// The rows that the entries left.
    pub tally: Tally,
    /// The losses that somebody answers for, each with its instant.
    pub losses: Vec<(i64, LossAcknowledged)>,
    /// What is said of files.
    told: Vec<LogArchived>,
    /// The digests of the files that were read.
    read: BTreeMap<String, String>,
    /// Who acted.
    pub actors: Actors,
    /// The instant of the youngest entry.
    youngest: i64,
    /// Entries that are much older than what stands before them, by their identifiers.
    late: BTreeMap<String, i64>,
}

impl<'a> Walk<'a> {
    /// From before the first event.
    pub fn new(database: &'a Database, head: &Head, kept: &'a [KeptHead]) -> Self {
        Self {
            key: database.log_key(),
            keyed_from: head.keyed_from,
            tables: database.tables(),
            number: 0,
            hash: Some(String::new()),
            kept,
            tally: Tally::default(),
            losses: Vec::new(),
            told: Vec::new(),
            read: BTreeMap::new(),
            actors: Actors::default(),
            youngest: i64::MIN,
            late: BTreeMap::new(),
        }
    }

    /// From behind an event, of which this is the hash.
    pub fn go_on(&mut self, number: i64, hash: Option<String>, tally: Tally) {
        self.number = number;
        self.hash = hash;
        self.tally = tally;
    }

    /// Takes the next entry.
    pub fn take(&mut self, entry: &Entry, audit: &mut Audit) {
        let own = entry.sequence.unwrap_or_default();
        if own != self.number + 1 {
            audit.find(Finding::Missing(self.number + 1, own - 1));
            self.hash = None;
        }
        self.number = own;
        if entry.at < self.youngest.saturating_sub(LATE_MICROS) && self.late.len() < LATE_MAX {
            self.late.insert(entry.event_id.clone(), own);
        }
        self.youngest = self.youngest.max(entry.at);
        let key = self.key.filter(|_| self.keyed_from.is_some_and(|from| own >= from));
        let is_foreign = key.is_some_and(|key| !entry.is_ours(key));
        // Without the key nobody can tell whether what was made with it is right.
        let can_be_told = key.is_some() || self.keyed_from.is_none_or(|from| own < from);
        let chained = self.hash.as_ref().map(|hash| entry.chained(key, hash, own));
        let is_chained = !can_be_told || chained.is_none() || entry.hash == chained;
        if is_foreign {
            audit.find(Finding::Foreign(own));
        } else if !is_chained {
            audit.find(Finding::Changed(own));
        }
        while let Some((one, rest)) = self.kept.split_first().filter(|(one, _)| one.sequence <= own) {
            self.kept = rest;
            if one.sequence == own && entry.hash.as_ref() != Some(&one.hash) {
                audit.find(Finding::Contradicted(own));
            }
        }
        if !is_foreign {
            self.actors.hear(self.tables, entry);
            self.losses.extend(entry.read::<LossAcknowledged>().map(|loss| (entry.at, loss)));
            self.told.extend(entry.read::<LogArchived>());
        }
        self.hash.clone_from(&entry.hash);
    }

    /// Through the table up to a number.
    pub async fn table(&mut self, tx: &mut Tx, to: i64, audit: &mut Audit) -> Result<(), Fault> {
        loop {
            let entries = log::from(tx, self.number, to).await?;
            if entries.is_empty() {
                return Ok(());
            }
            for entry in &entries {
                self.take(entry, audit);
            }
            self.hold_against(tx, &entries, audit).await?;
        }
    }

    /// Through the files that are there, from before the first event to the last that is archived.
    pub async fn files(
        &mut self,
        shelf: Option<&Shelf>,
        tx: &mut Tx,
        point: &Point,
        audit: &mut Audit,
    ) -> Result<(), Fault> {
        let mut files = Vec::new();
        for name in shelf.map(|shelf| shelf.names(EVENTS)).transpose()?.unwrap_or_default() {
            if let (Ok(first), Ok(last)) = (name.first.parse::<i64>(), name.last.parse::<i64>()) {
                files.push((first, last, name));
            }
        }
        // Of several that begin with the same event the longest says the most.
        files.sort_by_key(|(first, last, _)| (*first, -last));
        for (first, last, name) in files {
            let is_next = first > self.number && last >= first && last <= point.sequence;
            let Some(shelf) = shelf.filter(|_| is_next) else { continue };
            self.pass(first - 1, audit);
            self.file(shelf, (last, &name), tx, audit).await?;
        }
        self.pass(point.sequence, audit);
        if self.hash.as_ref().is_some_and(|hash| *hash != point.hash) {
            audit.find(Finding::Archived);
        }
        self.at(point, audit);
        Ok(())
    }

    /// What a head says that was kept of the last event in the archive; and goes on behind it.
    pub fn at(&mut self, point: &Point, audit: &mut Audit) {
        let is_other = |kept: &&KeptHead| kept.sequence == point.sequence && kept.hash != point.hash;
        if self.kept.iter().any(|kept| is_other(&kept)) {
            audit.find(Finding::Contradicted(point.sequence));
        }
        self.go_on(point.sequence, Some(point.hash.clone()), point.tally());
    }

    /// Passes over events whose files are not there.
    fn pass(&mut self, to: i64, audit: &mut Audit) {
        if to > self.number {
            audit.miss(self.number + 1, to);
            self.number = to;
            self.hash = None;
        }
    }

    /// Through one file. What cannot be read of it is passed over, and the file is named.
    async fn file(
        &mut self,
        shelf: &Shelf,
        (last, name): (i64, &Name),
        tx: &mut Tx,
        audit: &mut Audit,
    ) -> Result<(), Fault> {
        let name = name.to_string();
        let mut reader = match shelf.open(&name) {
            Ok(Some(reader)) => reader,
            Ok(None) => return Ok(()),
            Err(_) => {
                self.pass_over(name, last, audit);
                return Ok(());
            }
        };
        let mut entries = Vec::new();
        let is_whole = loop {
            let entry = match reader.next() {
                Ok(None) => break self.number == last,
                Ok(Some(line)) => serde_json::from_str::<Entry>(&line).ok(),
                Err(_) => None,
            };
            let Some(entry) = entry.filter(|entry| entry.sequence == Some(self.number + 1)) else { break false };
            self.take(&entry, audit);
            entries.push(entry);
            if entries.len() >= AUDIT_ENTRIES {
                self.hold_against(tx, &std::mem::take(&mut entries), audit).await?;
            }
        };
        self.hold_against(tx, &entries, audit).await?;
        if is_whole {
            self.read.insert(name, reader.sha256());
        } else {
            self.pass_over(name, last, audit);
        }
        Ok(())
    }

    fn pass_over(&mut self, file: String, last: i64, audit: &mut Audit) {
        audit.find(Finding::File(file));
        self.number = last.max(self.number);
        self.hash = None;
    }

    /// Whether what is much older than what stands before it is in the archive already: its code is right, for it is a copy.
    /// A clock that was wrong for a while makes entries late too, and those are in no file.
    pub fn look_for_copies(&self, shelf: Option<&Shelf>, audit: &mut Audit) {
        let Some(shelf) = shelf.filter(|_| !self.late.is_empty()) else { return };
        for name in self.read.keys() {
            // It could be read a moment ago.
            let Ok(Some(mut reader)) = shelf.open(name) else { continue };
            while let Ok(Some(line)) = reader.next() {
                let Ok(entry) = serde_json::from_str::<Entry>(&line) else { break };
                let late = self.late.get(&entry.event_id).filter(|late| entry.sequence != Some(**late));
                if let Some(late) = late {
                    audit.find(Finding::Again(*late));
                }
            }
        }
    }

    /// Holds the files that were read against what the log says of them.
    pub fn check_digests(&self, audit: &mut Audit) {
        for told in &self.told {
            if self.read.get(&told.file).is_some_and(|digest| *digest != told.sha256) {
                audit.find(Finding::File(told.file.clone()));
            }
        }
    }

    /// Holds rows against what these entries say of them: each is there, and no older.
    async fn hold_against(&mut self, tx: &mut Tx, entries: &[Entry], audit: &mut Audit) -> Result<(), Fault> {
        let Some(key) = self.key else { return Ok(()) };
        let mut said: BTreeMap<(String, Vec<String>), i64> = BTreeMap::new();
        for row in entries.iter().flat_map(|entry| Left::read(entry.marks.as_deref())) {
            self.tally.left(key, &row);
            let known = said.entry((row.table, row.name)).or_default();
            *known = row.version.max(*known);
        }
        for ((name_of_table, name), version) in said {
            let table = self.tables.iter().find(|table| table.marked.table == name_of_table);
            let Some(table) = table else { continue };
            match mark::look(tx, key, table, &name).await? {
                None if !table.marked.is_removed => audit.find(row(table, &name, RowFault::Removed)),
                Some(RowState::Right(now)) if now < version => audit.find(row(table, &name, RowFault::PutBack)),
                // What is wrong with the row itself is found when all rows are walked.
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether it ends where the head says.
    pub fn end(&self, head: &Head, audit: &mut Audit) {
        audit.events = self.number;
        if self.number < head.sequence {
            audit.find(Finding::Cut(self.number, head.sequence));
        } else if self.hash.as_ref().is_some_and(|hash| *hash != head.hash) && !audit.findings.contains(&Finding::Head)
        {
            audit.find(Finding::Head);
        }
    }
}

/// A row that is not as an act left it.
pub(super) fn row(table: &Table, name: &[String], fault: RowFault) -> Finding {
    Finding::Row(table.marked.table, name.join(" "), fault)
}
