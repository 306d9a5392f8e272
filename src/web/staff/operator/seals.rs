//! What operators are shown of a seal that a keeper proposed something for. They decide it for every department, and a
//! seal's own page is for its department.

use base::ListPage;
use identity::{Progress, proposal::ProposalView, staff};
use records::{Event, Tx, log};
use seal::{events::SealFrozen, keeper};

use crate::{
    Page, Problem,
    kit::wording::seal_kind_words,
    staff::{
        confirm::Change,
        console::seals::state_tag,
        told::{Names, who},
    },
};

/// Freezings of one seal among which the last one before a proposal is looked for.
const FREEZINGS_LOOKED_AT: i64 = 20;

/// What is to be known of a seal.
pub struct Fact {
    pub label: &'static str,
    pub value: String,
}

/// Whose seal it is, which one, who keeps it; of what waits also how it stands, and what follows.
pub async fn facts(
    tx: &mut Tx,
    page: &Page,
    proposal: &ProposalView,
    about: &keeper::About,
) -> Result<Vec<Fact>, Problem> {
    let mut facts = vec![Fact { label: page.say(words::seals::DEPARTMENT), value: about.department.clone() }];
    let waits = proposal.state == Progress::Open;
    if let Some(seal) = &about.seal {
        let keeper = staff::ever(tx, &seal.keeper).await?.map(|keeper| keeper.name).unwrap_or_default();
        facts.push(Fact { label: page.say(words::console::SEAL_NUMBER), value: seal.number.clone() });
        facts.push(Fact { label: page.say(words::console::SEAL_KEEPER), value: keeper });
        if waits {
            let state = state_tag(page, seal.state).1.to_owned();
            facts.push(Fact { label: page.say(words::seals::STATE_NOW), value: state });
            let since = seal.changed_at.legal_text();
            facts.push(Fact { label: page.say(words::console::SEAL_CHANGED), value: since });
        }
    }
    if proposal.kind == keeper::UNFREEZE {
        facts.extend(freezing(tx, page, proposal).await?);
    }
    if waits {
        let follows = match proposal.kind.as_str() {
            keeper::CANCEL => words::seals::CANCEL_APPROVED,
            keeper::UNFREEZE => words::seals::UNFREEZE_APPROVED,
            _ => words::seals::MAKE_APPROVED,
        };
        facts.push(Fact { label: page.say(words::confirm::FOLLOWS_APPROVED), value: page.say(follows).to_owned() });
    }
    Ok(facts)
}

/// How the seal came to be frozen that is to seal again: whoever decides on that asks this first.
async fn freezing(tx: &mut Tx, page: &Page, proposal: &ProposalView) -> Result<Vec<Fact>, Problem> {
    let filter = log::Filter {
        object: Some(proposal.object.clone()),
        kind: Some(SealFrozen::KIND.name.to_owned()),
        ..log::Filter::default()
    };
    let told = log::list(tx, &filter, &ListPage::first(FREEZINGS_LOOKED_AT)).await?.items;
    // The last one before it was proposed: the seal may have been frozen again since.
    let Some(entry) = told.into_iter().find(|entry| entry.at() <= proposal.proposed_at) else { return Ok(Vec::new()) };
    let reason = entry.read::<SealFrozen>().map(|frozen| frozen.reason).unwrap_or_default();
    let by = who(page, tx, &mut Names::default(), &entry).await?;
    Ok(vec![
        Fact { label: page.say(words::seals::FROZEN_WHY), value: reason },
        Fact { label: page.say(words::seals::FROZEN_BY), value: by },
        Fact { label: page.say(words::seals::FROZEN_AT), value: entry.at().legal_text() },
    ])
}

/// What would be different, of what waits.
pub fn changes(page: &Page, kind: &str, about: &keeper::About) -> Vec<Change> {
    if let Some(made) = keeper::made(kind) {
        let before = page.say(words::confirm::NOTHING).to_owned();
        return vec![Change { label: page.say(seal_kind_words(made)).to_owned(), before, after: about.name.clone() }];
    }
    let (Some(seal), Some(becomes)) = (&about.seal, keeper::becomes(kind)) else { return Vec::new() };
    let word = |state| state_tag(page, state).1.to_owned();
    vec![Change { label: page.say(words::seals::STATE).to_owned(), before: word(seal.state), after: word(becomes) }]
}
