//! Whether a department can seal what it issues, said before anybody types an application or approves one.

use base::{
    ListPage,
    id::{OrganisationId, SealId},
};
use identity::{Role, staff};
use records::Tx;
use seal::{SealKind, SealState};

use crate::{App, Page, Problem};

/// Why nothing can be sealed now, and whom to ask; nothing when it can.
///
/// # Errors
///
/// When the database is out of reach.
pub(super) async fn hindrance(
    app: &App,
    page: &Page,
    tx: &mut Tx,
    department: &OrganisationId,
) -> Result<Vec<String>, Problem> {
    let say = |text| page.say(text).to_owned();
    let seals = seal::list(tx, department, &ListPage::first(ListPage::<SealId>::LIMIT_MAX)).await?.items;
    let is_in_use = |state| matches!(state, SealState::Enabled | SealState::Frozen);
    let found = seals.into_iter().find(|seal| seal.kind == SealKind::Licence && is_in_use(seal.state));
    let Some(seal) = found else { return Ok(vec![say(words::seals::NONE_IN_USE), say(words::seals::ASK_OPERATORS)]) };
    let why = if seal.state == SealState::Frozen {
        page.say(&words::seals::frozen_since(seal.changed_at.legal_text())).to_owned()
    } else {
        match app.library.cabinet.active_for(tx, department, page.visit.at).await {
            Err(seal::Error::Pki(_)) => say(words::seals::NOTHING_SEALED),
            // What else is wrong is said where it is sealed: the page is there all the same.
            _ => return Ok(Vec::new()),
        }
    };
    let keeper = staff::find(tx, &seal.keeper).await?.filter(|keeper| keeper.roles.has(Role::SealKeeper));
    let ask = match keeper {
        Some(keeper) => page.say(&words::seals::ask_keeper(keeper.name)).to_owned(),
        None => say(words::seals::ASK_OPERATORS),
    };
    Ok(vec![why, ask])
}
