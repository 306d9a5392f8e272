//! Whatever staff and citizens do in a browser is tried again when another act came between.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use base::Fault;
use futures_util::future::join_all;
use http::StatusCode;
use identity::events::SessionClosed;
use licence::events::{
    ApplicationApproved, ApplicationReturned, ApplicationSubmitted, HolderCompared, LicenceIssued, LicenceReinstated,
    LicenceRevoked, LicenceSuspended, LicenceVerified, RevocationFiled,
};
use records::{Consequence, EventRow, Reacting, Work};

use super::{Desk, REVOKE, apply, hidden};
use crate::public::api::tests::{Answer, office, office_on};

/// Commits that will still meet a conflict.
static CONFLICTS: AtomicUsize = AtomicUsize::new(0);

fn meet<'a>(_: &'a mut Work, _: &'a EventRow) -> Reacting<'a> {
    let met = CONFLICTS.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok();
    Box::pin(async move { if met { Err(Fault::conflict("another came between")) } else { Ok(()) } })
}

static TABLE: &[Consequence] = &[
    Consequence::after::<ApplicationSubmitted>(&[meet]),
    Consequence::after::<ApplicationApproved>(&[meet]),
    Consequence::after::<ApplicationReturned>(&[meet]),
    Consequence::after::<LicenceIssued>(&[meet]),
    Consequence::after::<LicenceSuspended>(&[meet]),
    Consequence::after::<LicenceReinstated>(&[meet]),
    Consequence::after::<LicenceRevoked>(&[meet]),
    Consequence::after::<RevocationFiled>(&[meet]),
    Consequence::after::<LicenceVerified>(&[meet]),
    Consequence::after::<HolderCompared>(&[meet]),
    Consequence::after::<SessionClosed>(&[meet]),
];

/// The answer to an act of which so many commits meet a conflict first.
async fn met(conflicts: usize, act: impl Future<Output = Answer>) -> Answer {
    CONFLICTS.store(conflicts, Relaxed);
    let answer = act.await;
    assert_eq!(CONFLICTS.load(Relaxed), 0, "it met no conflict: {}", answer.text);
    answer
}

#[tokio::test]
async fn an_act_in_a_browser_that_met_a_conflict_is_tried_again() {
    let office = office_on(records::testing::fresh_following(TABLE).await.unwrap()).await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let reviewer = Desk::new(&office, &office.reviewer).await;
    let seen = |answer: &Answer| assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    CONFLICTS.store(2, Relaxed);
    let returned = apply(&clerk).await;
    assert_eq!(CONFLICTS.load(Relaxed), 0);
    let fields = [("reason", "conditions_not_met"), ("note", "")];
    seen(&met(2, reviewer.post(&format!("{returned}/return"), &fields)).await);
    let application = apply(&clerk).await;
    let digest = hidden(&reviewer.get(&application).await.text, "digest");
    let digest = [("digest", digest.as_str())];
    let approved = met(3, reviewer.post(&format!("{application}/approve"), &digest)).await;
    seen(&approved);
    let licence = approved.location();
    seen(&met(1, clerk.post(&format!("{licence}/suspend"), &[("reason", "investigation")])).await);
    seen(&met(1, clerk.post(&format!("{licence}/reinstate"), &[])).await);
    let page = clerk.get(licence).await.text;
    let identifier = page.split_once("id=\"identifier\">").unwrap().1.split('<').next().unwrap();
    let verified = met(2, clerk.post("/desk", &[("text", identifier)])).await;
    assert_eq!(verified.status, StatusCode::OK, "{}", verified.text);
    let receipt = verified.text.split_once("/desk/receipts/ver_").unwrap().1.split('"').next().unwrap();
    let said = [("receipt", format!("ver_{receipt}")), ("is", "yes".to_owned())];
    seen(&met(2, clerk.post("/desk/holder", &said.each_ref().map(|(name, value)| (*name, value.as_str())))).await);
    let filed = met(3, clerk.post(&format!("{licence}/revoke"), &REVOKE)).await;
    seen(&filed);
    seen(&met(3, reviewer.post(&format!("{}/approve", filed.location()), &[("confirmed", "yes")])).await);
    seen(&met(3, clerk.post("/sign-out", &[])).await);
    // Four in a row are told.
    CONFLICTS.store(4, Relaxed);
    let busy = reviewer.post("/sign-out", &[]).await;
    assert_eq!((busy.status, CONFLICTS.load(Relaxed)), (StatusCode::SERVICE_UNAVAILABLE, 0));
    let once =
        [("application.submitted", 2), ("application.approved", 1), ("licence.issued", 1), ("licence.revoked", 1)];
    for (kind, times) in once {
        let filter = records::log::Filter { kind: Some(kind.to_owned()), ..records::log::Filter::default() };
        let mut tx = office.app.database.read().await.unwrap();
        let found = records::log::list(&mut tx, &filter, &base::ListPage::first(10)).await.unwrap();
        assert_eq!(found.items.len(), times, "{kind}");
    }
}

/// On PostgreSQL all but one of them find the licence changed since they looked; on SQLite they wait for each other.
#[tokio::test]
async fn clerks_who_suspend_one_licence_at_once_are_all_answered() {
    let office = office().await;
    let clerk = Desk::new(&office, &office.clerk).await;
    let reviewer = Desk::new(&office, &office.reviewer).await;
    let application = apply(&clerk).await;
    let digest = hidden(&reviewer.get(&application).await.text, "digest");
    let approved = reviewer.post(&format!("{application}/approve"), &[("digest", &digest)]).await;
    let suspend = format!("{}/suspend", approved.location());
    for answer in join_all((0..8).map(|_| clerk.post(&suspend, &[("reason", "investigation")]))).await {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    }
    assert_eq!(office.count("select count(*) from event where kind = 'licence.suspended'").await, 1);
}
