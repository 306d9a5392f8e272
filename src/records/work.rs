//! One unit of work: a transaction that knows who acts, when, and what is to be remembered of it.

use std::{pin::Pin, sync::Arc};

use base::{
    Entropy, Fault, Instant,
    id::{EventId, Id, Ids, RequestId},
};

use crate::{
    actor::Actor,
    args,
    consequence::{self, Consequence},
    entry::Entry,
    event::Event,
    event_row::EventRow,
    mark::{self, Ledger},
    tx::Tx,
};

/// The most events one unit of work may record.
pub const EVENTS_MAX: usize = 10_000;

/// Who acts, when, for which request.
#[derive(Clone)]
pub struct Context {
    /// Who acts.
    pub actor: Actor,
    /// When: read once, at the edge.
    pub at: Instant,
    /// The request it belongs to.
    pub request: Option<RequestId>,
    /// Where new identifiers get their randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The identifiers of this request: whatever units of work it has, they count up.
    pub ids: Ids,
}

impl Context {
    /// The next identifier of this request.
    pub fn new_id<I: Id>(&self) -> I {
        self.ids.next(self.at, &*self.entropy)
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("actor", &self.actor).field("at", &self.at).finish_non_exhaustive()
    }
}

/// A transaction with its actor, instant, request and the events recorded so far.
///
/// Dropping it undoes everything.
#[derive(Debug)]
pub struct Work {
    /// Where statements run.
    pub tx: Tx,
    context: Context,
    events: Vec<EventRow>,
    consequences: &'static [Consequence],
    ledger: Arc<Ledger>,
    memory: Box<dyn Remember>,
    is_rehearsal: bool,
}

/// What this process remembers of the database.
pub(crate) trait Remember: std::fmt::Debug + Send + Sync {
    /// These revisions were raised: what is remembered follows.
    fn raised(&self, names: Vec<&'static str>) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + '_>>;
}

impl Work {
    pub(crate) fn new(
        tx: Tx,
        context: Context,
        consequences: &'static [Consequence],
        ledger: Arc<Ledger>,
        memory: Box<dyn Remember>,
    ) -> Self {
        Self { tx, context, events: Vec::new(), consequences, ledger, memory, is_rehearsal: false }
    }

    /// What makes the log, and what it says of rows, hard to change.
    pub(crate) fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// The same, of which nothing is kept: committing it finds out whether it could be, with all that follows.
    pub(crate) fn rehearsal(self) -> Self {
        Self { is_rehearsal: true, ..self }
    }

    /// The instant of this act.
    pub fn at(&self) -> Instant {
        self.context.at
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.context.actor
    }

    /// A new identifier, which sorts after every one that this request has drawn so far.
    pub fn new_id<I: Id>(&self) -> I {
        self.context.new_id()
    }

    /// Randomness for secrets and numbers.
    pub fn entropy(&self) -> &dyn Entropy {
        &*self.context.entropy
    }

    /// The context, for beginning the next unit of work of the same request.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Writes down what happened, with the commit.
    pub fn record(&mut self, event: impl Event) {
        self.events.push(EventRow::of(event));
    }

    /// The events so far.
    pub(crate) fn events(&self) -> &[EventRow] {
        &self.events
    }

    /// Does what follows from the events, writes them and commits, all or nothing.
    ///
    /// # Errors
    ///
    /// [`Fault`] from the database or from a consequence, or when rows were changed and no event was recorded: then
    /// nothing is kept.
    pub async fn commit(self) -> Result<(), Fault> {
        self.commit_and_tell().await.map(|_| ())
    }

    /// Commits, and tells what was recorded, with what followed from it: for whoever reports it.
    ///
    /// # Errors
    ///
    /// As for [`Work::commit`].
    pub async fn commit_and_tell(mut self) -> Result<Vec<EventRow>, Fault> {
        let table = self.consequences;
        consequence::follow(&mut self, table).await?;
        if self.events.is_empty() && self.tx.rows_changed() > 0 {
            return Err(Fault::broken("rows were changed and no event was recorded"));
        }
        if self.events.len() > EVENTS_MAX {
            return Err(Fault::broken("one unit of work recorded too many events"));
        }
        let key = self.ledger.key();
        let marks = match key {
            Some(key) => mark::mark(&mut self.tx, key, &self.ledger.tables, &self.events).await?,
            None => vec![None; self.events.len()],
        };
        for (event, marks) in self.events.iter().zip(marks) {
            write(&mut self.tx, &self.context, event, marks).await?;
        }
        if self.is_rehearsal {
            return Ok(self.events);
        }
        let raised = self.tx.raised();
        self.tx.commit().await?;
        // The act stands, whatever becomes of this process's memory of it.
        if !raised.is_empty()
            && let Err(fault) = self.memory.raised(raised).await
        {
            tracing::warn!(%fault, "what is kept in memory was not refreshed after a change; it will be soon");
        }
        Ok(self.events)
    }
}

pub(crate) async fn write(
    tx: &mut Tx,
    context: &Context,
    event: &EventRow,
    marks: Option<String>,
) -> Result<(), Fault> {
    let values = event_values(tx.ledger(), context, event, marks);
    let written = tx
        .run(
            "insert into event (event_id, at, actor_kind, actor, on_behalf, request_id, kind, object, data, marks, mac)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            values,
        )
        .await?;
    // A trigger of somebody who has the database may let it fall: then nothing is done either.
    if written == 1 { Ok(()) } else { Err(Fault::broken("the database did not take an event")) }
}

pub(crate) fn event_values(
    ledger: &Ledger,
    context: &Context,
    event: &EventRow,
    marks: Option<String>,
) -> Vec<args::Value> {
    let id: EventId = context.new_id();
    let mut entry = Entry {
        event_id: id.as_str().to_owned(),
        at: context.at.as_micros(),
        actor_kind: context.actor.kind().to_owned(),
        actor: context.actor.id().to_owned(),
        on_behalf: context.actor.on_behalf().map(str::to_owned),
        request_id: context.request.as_ref().map(|request| request.as_str().to_owned()),
        kind: event.kind.to_owned(),
        object: event.object.clone(),
        data: event.details.to_string(),
        marks,
        ..Entry::default()
    };
    if let Some(key) = ledger.key() {
        entry.mac = Some(entry.code(key));
        ledger.written.remember(&entry);
    }
    args![
        entry.event_id,
        entry.at,
        entry.actor_kind,
        entry.actor,
        entry.on_behalf,
        entry.request_id,
        entry.kind,
        entry.object,
        entry.data,
        entry.marks,
        entry.mac,
    ]
}
