//! What follows from what: reactions to an event, in the unit of work that records it.
//!
//! This crate knows no domain. Which reactions there are is said where every domain is known, in one table that the
//! database is opened with, so that no unit of work can do without it.

use std::pin::Pin;

use base::Fault;

use crate::{event::Event, event_row::EventRow, work::Work};

/// The most steps of what follows from an act: a table that leads in a circle is refused, not followed for ever.
pub const STEPS_MAX: usize = 8;

/// A row of the table: what follows from one kind of event.
#[derive(Clone, Copy, Debug)]
pub struct Consequence {
    /// The kind of event.
    pub after: &'static str,
    /// What is done then, in this order.
    pub reactions: &'static [Reaction],
}

impl Consequence {
    /// What follows from events of this type.
    pub const fn after<E: Event>(reactions: &'static [Reaction]) -> Self {
        Self { after: E::KIND.name, reactions }
    }
}

/// One thing that follows from an event. It changes what has to change in the same unit of work, or enqueues a job there
/// when others are to be told, and may record events with consequences of their own.
pub type Reaction = for<'a> fn(&'a mut Work, &'a EventRow) -> Reacting<'a>;

/// A reaction under way. A fault undoes the act.
pub type Reacting<'a> = Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 'a>>;

/// Whether something follows from an event of this kind.
pub(crate) fn has_any(table: &[Consequence], kind: &str) -> bool {
    table.iter().any(|row| row.after == kind)
}

/// Does what follows from the events of a unit of work, and from what that records, until nothing follows any more: the
/// events in their order, and of each event the reactions in theirs.
pub(crate) async fn follow(work: &mut Work, table: &[Consequence]) -> Result<(), Fault> {
    let (mut done, mut steps) = (0, 0);
    loop {
        let new = work.events().get(done..).unwrap_or_default().to_vec();
        if !new.iter().any(|event| has_any(table, event.kind())) {
            return Ok(());
        }
        if steps == STEPS_MAX {
            return Err(Fault::broken("what follows from an act has no end"));
        }
        steps += 1;
        done += new.len();
        for event in new {
            let rows = table.iter().filter(|row| row.after == event.kind());
            for reaction in rows.flat_map(|row| row.reactions) {
                reaction(work, &event).await?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use base::{Instant, ListPage, fault::FaultKind};

    use super::*;
    use crate::{
        args, jobs, log, revision,
        testing::{self, Fresh, context},
    };

    const AT: Instant = Instant::from_seconds(1_790_000_000);

    crate::events! {
        /// The river came.
        Flooded = "city.flooded" of city: String {}
        /// Whoever is outside stays outside.
        GateClosed = "gate.closed" of gate: String {}
        /// It cannot be closed.
        GateStuck = "gate.stuck" of gate: String {}
        /// Those who are outside see it.
        FireLit = "fire.lit" of gate: String {}
        /// One of several.
        StepTaken = "step.taken" of walk: String { left: usize }
    }

    static TABLE: &[Consequence] = &[
        Consequence::after::<Flooded>(&[close_gates, tell_villages]),
        Consequence::after::<GateClosed>(&[light_fire]),
        Consequence::after::<GateStuck>(&[fail]),
        Consequence::after::<StepTaken>(&[take_next]),
    ];

    fn close_gates<'a>(work: &'a mut Work, event: &'a EventRow) -> Reacting<'a> {
        Box::pin(async move {
            revision::bump(&mut work.tx, "gates").await?;
            let Flooded { city } = event.read()?;
            work.record(GateClosed { gate: format!("{city} east") });
            work.record(GateClosed { gate: format!("{city} west") });
            Ok(())
        })
    }

    fn tell_villages<'a>(work: &'a mut Work, event: &'a EventRow) -> Reacting<'a> {
        Box::pin(async move { jobs::enqueue(work, "villages", "", &event.read::<Flooded>()?.city).await.map(|_| ()) })
    }

    fn light_fire<'a>(work: &'a mut Work, event: &'a EventRow) -> Reacting<'a> {
        Box::pin(async move {
            let GateClosed { gate } = event.read()?;
            work.record(FireLit { gate });
            Ok(())
        })
    }

    fn fail<'a>(_: &'a mut Work, _: &'a EventRow) -> Reacting<'a> {
        Box::pin(async { Err(Fault::conflict("somebody leans against the gate")) })
    }

    fn take_next<'a>(work: &'a mut Work, event: &'a EventRow) -> Reacting<'a> {
        Box::pin(async move {
            let StepTaken { walk, left } = event.read()?;
            if left > 0 {
                work.record(StepTaken { walk, left: left - 1 });
            }
            Ok(())
        })
    }

    fn steps(left: usize) -> StepTaken {
        StepTaken { walk: "a".to_owned(), left }
    }

    async fn record(fresh: &Fresh, event: impl Event) -> Result<Vec<EventRow>, Fault> {
        let mut work = fresh.database.begin(context(AT, 1)).await?;
        work.record(event);
        work.commit_and_tell().await
    }

    async fn kept(fresh: &Fresh) -> Result<(usize, usize, i64), Fault> {
        let mut tx = fresh.database.read().await?;
        let events = log::list(&mut tx, &log::Filter::default(), &ListPage::first(100)).await?.items.len();
        Ok((events, revision::all(&mut tx).await?.len(), jobs::census(&mut tx).await?.0))
    }

    #[tokio::test]
    async fn what_follows_is_done_in_order_and_committed_with_the_act() -> Result<(), Fault> {
        let fresh = testing::fresh_following(TABLE).await?;
        let mut work = fresh.database.begin(context(AT, 1)).await?;
        work.record(Flooded { city: "a".to_owned() });
        assert_eq!(work.events().len(), 1, "it follows when the act is committed");
        drop(work);
        assert_eq!(kept(&fresh).await?, (0, 0, 0));
        let told = record(&fresh, Flooded { city: "a".to_owned() }).await?;
        let kinds: Vec<_> = told.iter().map(EventRow::kind).collect();
        assert_eq!(kinds, ["city.flooded", "gate.closed", "gate.closed", "fire.lit", "fire.lit"]);
        let fires: Vec<FireLit> =
            told.iter().filter(|row| row.is::<FireLit>()).map(|row| row.read().unwrap()).collect();
        assert_eq!(fires.iter().map(|fire| fire.gate.as_str()).collect::<Vec<_>>(), ["a east", "a west"]);
        assert_eq!(told[0].read::<FireLit>().unwrap_err().kind(), FaultKind::Broken, "it is another event");
        assert_eq!(kept(&fresh).await?, (5, 1, 1));
        Ok(())
    }

    #[tokio::test]
    async fn a_consequence_that_fails_undoes_the_act() -> Result<(), Fault> {
        let fresh = testing::fresh_following(TABLE).await?;
        let mut work = fresh.database.begin(context(AT, 1)).await?;
        work.record(Flooded { city: "a".to_owned() });
        work.record(GateStuck { gate: "a".to_owned() });
        assert_eq!(work.commit().await.unwrap_err().kind(), FaultKind::Conflict, "so that the edge tries again");
        assert_eq!(kept(&fresh).await?, (0, 0, 0));
        Ok(())
    }

    #[tokio::test]
    async fn what_follows_has_an_end() -> Result<(), Fault> {
        let fresh = testing::fresh_following(TABLE).await?;
        assert_eq!(record(&fresh, steps(STEPS_MAX - 1)).await?.len(), STEPS_MAX);
        let endless = record(&fresh, steps(STEPS_MAX)).await;
        assert_eq!(endless.unwrap_err().kind(), FaultKind::Broken);
        assert_eq!(kept(&fresh).await?.0, STEPS_MAX);
        Ok(())
    }

    #[tokio::test]
    async fn an_act_of_one_statement_has_no_consequences() -> Result<(), Fault> {
        const BUMP: &str = "insert into revision (name, value) values ($1, 1) returning name, value";
        let fresh = testing::fresh_following(TABLE).await?;
        let closed = GateClosed { gate: "a".to_owned() };
        let act = fresh.database.act::<(String, i64)>(&context(AT, 1), BUMP, args!["gates"], closed).await;
        assert_eq!(act.unwrap_err().kind(), FaultKind::Broken);
        assert_eq!(kept(&fresh).await?, (0, 0, 0));
        let lit = FireLit { gate: "a".to_owned() };
        fresh.database.act::<(String, i64)>(&context(AT, 1), BUMP, args!["fires"], lit).await?;
        assert_eq!(kept(&fresh).await?, (1, 1, 0));
        Ok(())
    }
}
