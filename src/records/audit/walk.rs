//! The walk along the chain, from file to file of the archive and then through the table.

use std::collections::{BTreeMap, BTreeSet};

use base::{Fault, Instant};

use super::{
    actors::Actors,
    checked::CheckedPoint,
    finding::{Audit, Finding, RowFault},
    rules::Rules,
};
use crate::{
    archive::{
        point::{self, Point},
        shelf::{Name, Shelf},
    },
    database::Database,
    entry::Entry,
    events::{BackupRestored, LogArchived, LogHeadsBegun, LossAcknowledged},
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
pub(crate) struct Walk<'a> {
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
    /// Files that the log names, as far as that is known before the walk.
    pub named: BTreeSet<String>,
    /// Whether an event tells that heads are kept.
    pub are_heads_kept: bool,
    /// Whether the tally has rows that were marked without an event, because they are older than the key of the log.
    pub knows_older_rows: bool,
    /// Whether it passed over what was archived meanwhile.
    has_jumped: bool,
    /// The digests of the files that were read.
    read: BTreeMap<String, String>,
    /// Who acted.
    pub(super) actors: Actors,
    /// What cannot follow what.
    pub(super) rules: Rules,
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
            named: BTreeSet::new(),
            are_heads_kept: false,
            knows_older_rows: false,
            has_jumped: false,
            read: BTreeMap::new(),
            actors: Actors::default(),
            rules: Rules::of(database.tables()),
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

    /// What is much older than this instant is late.
    pub fn since(&mut self, at: Instant) {
        self.youngest = at.as_micros();
    }

    /// Whether somebody answers for it that the log has no more what was checked.
    pub fn is_lost(&self, checked: &CheckedPoint) -> bool {
        let at = checked.at.as_micros();
        self.losses.iter().any(|(answered, loss)| at <= *answered && checked.sequence > loss.found)
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
            self.rules.hear(entry);
            self.losses.extend(entry.read::<LossAcknowledged>().map(|loss| (entry.at, loss)));
            self.told.extend(entry.read::<LogArchived>());
            // Who puts a backup back has no heads of it yet.
            self.are_heads_kept |= entry.read::<LogHeadsBegun>().is_some();
            self.are_heads_kept &= entry.read::<BackupRestored>().is_none();
        }
        self.hash.clone_from(&entry.hash);
    }

    /// Through the table up to a number.
    pub async fn table(&mut self, tx: &mut Tx, to: i64, audit: &mut Audit) -> Result<(), Fault> {
        loop {
            let entries = log::from(tx, self.number, to).await?;
            if entries.first().is_none_or(|first| first.sequence != Some(self.number + 1))
                && let Some(point) = self.archived_meanwhile(tx).await?
            {
                self.has_jumped = true;
                self.at(&point, audit);
                continue;
            }
            if entries.is_empty() {
                return Ok(());
            }
            for entry in &entries {
                self.take(entry, audit);
            }
            self.hold_against(tx, &entries, audit).await?;
        }
    }

    /// Up to where somebody archived since the walk came here. It was as it was written then, or it would be here still.
    async fn archived_meanwhile(&self, tx: &mut Tx) -> Result<Option<Point>, Fault> {
        let is_ours = |point: &Point| self.key.is_none_or(|key| point.is_ours(key));
        Ok(point::find(tx).await?.filter(|point| point.sequence > self.number && is_ours(point)))
    }

    /// Through the files that are there, from before the first event to the last that is archived.
    pub async fn files(
        &mut self,
        shelf: Option<&Shelf>,
        tx: &mut Tx,
        point: &Point,
        audit: &mut Audit,
    ) -> Result<(), Fault> {
        let (mut files, strays) = shelf.map(Shelf::files_of_events).transpose()?.unwrap_or_default();
        for stray in strays {
            audit.find(Finding::StrayFile(stray));
        }
        // Of several that begin with the same event the one that the log names counts, and then the longest says the most.
        files.sort_by_key(|(first, last, name)| (*first, !self.named.contains(&name.to_string()), -last));
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
    pub fn look_for_copies(&self, shelf: Option<&Shelf>, audit: &mut Audit) -> Result<(), Fault> {
        let Some(shelf) = shelf.filter(|_| !self.late.is_empty()) else { return Ok(()) };
        for (_, _, name) in shelf.files_of_events()?.0 {
            // One that cannot be read is named by whoever reads all of them.
            let Ok(Some(mut reader)) = shelf.open(&name.to_string()) else { continue };
            while let Ok(Some(line)) = reader.next() {
                let Ok(entry) = serde_json::from_str::<Entry>(&line) else { break };
                let late = self.late.get(&entry.event_id).filter(|late| entry.sequence != Some(**late));
                if let Some(late) = late {
                    audit.find(Finding::Again(*late));
                }
            }
        }
        Ok(())
    }

    /// Holds the files that are there against what the log says of them; some of it waits for its number.
    pub fn look_at_files(
        &self,
        shelf: Option<&Shelf>,
        point: &Point,
        waiting: &[String],
        audit: &mut Audit,
    ) -> Result<(), Fault> {
        let Some(shelf) = shelf.filter(|_| audit.checked.is_none()) else { return Ok(()) };
        for told in &self.told {
            // One that was not read, because another one stood in for it, may be there all the same.
            let digest = match self.read.get(&told.file) {
                Some(digest) => Some(digest.clone()),
                None => shelf.digest(&told.file).unwrap_or_default(),
            };
            if digest.is_some_and(|digest| digest != told.sha256) {
                audit.find(Finding::File(told.file.clone()));
            }
        }
        // Where events are away or the log is not whole, so may be those that name files.
        let is_of_a_whole_log =
            |finding: &Finding| matches!(finding, Finding::File(_) | Finding::StrayFile(_) | Finding::Row(..));
        let is_all_heard = audit.away.is_empty() && !self.has_jumped && audit.findings.iter().all(is_of_a_whole_log);
        let is_told = |name: &String| {
            self.told.iter().any(|told| told.file == *name) || waiting.contains(name) || self.named.contains(name)
        };
        for (first, _, name) in shelf.files_of_events()?.0 {
            let name = name.to_string();
            // What begins behind the point is what somebody wrote who was cut off then.
            if is_all_heard && first <= point.sequence && !is_told(&name) {
                audit.find(Finding::StrayFile(name));
            }
        }
        Ok(())
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
