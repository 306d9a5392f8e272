//! What operators are shown of a seal that a keeper proposed something for. They decide it for every department, and a
//! seal's own page is for its department.

use identity::{Progress, proposal::ProposalView, staff};
use records::Tx;
use seal::keeper;

use crate::{
    Page, Problem,
    kit::wording::seal_kind_words,
    staff::{confirm::Change, console::seals::state_tag},
};

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
    if waits {
        let follows = match proposal.kind.as_str() {
            keeper::CANCEL => words::seals::CANCEL_APPROVED,
            keeper::UNFREEZE => words::seals::UNFREEZE_FOLLOWS,
            _ => words::seals::MAKE_APPROVED,
        };
        facts.push(Fact { label: page.say(words::confirm::FOLLOWS), value: page.say(follows).to_owned() });
    }
    Ok(facts)
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
