//! `/desk/receipts`: what was answered under a receipt, to whom and when; one's own of today.
//!
//! A receipt is open to the department that asked and to auditors. For all others it does not exist. Each opening is
//! an event, because it tells who looked into whose affairs.

use axum::{
    extract::{Path, State},
    response::Response,
};
use base::{
    Fault, ListPage,
    id::{OrganisationId, ReceiptId, StaffId},
};
use http::StatusCode;
use identity::{Role, organisation, staff};
use licence::{
    Licence,
    verification::{
        KeptFacet,
        receipt::{self, HolderSaid, Receipt},
    },
};
use records::Tx;
use verify::{CheckResult, Facet, Finding, Outcome, Reason};

use crate::{
    App, Page, Problem,
    kit::{
        answer::{self, Line},
        form::Query,
        page::{html, see_other},
        session::Staff,
        wording::{self, Worded},
    },
};

/// What stands where there is nothing.
const NONE: &str = "–";

/// Receipts on one page of those of today.
const PAGE: i64 = 50;

#[derive(askama::Template)]
#[template(path = "staff/desk/receipt.html")]
struct ReceiptPage {
    page: Page,
    shown: Option<Shown>,
    /// What was looked for in vain.
    wanted: String,
    /// That it was in vain.
    wrong: &'static str,
    /// One's own of today.
    today: Vec<OfToday>,
    next: Option<String>,
}

/// One of those of today.
struct OfToday {
    number: String,
    at: String,
    class: &'static str,
    word: String,
    licence: String,
    holder: &'static str,
}

/// What the page says of a receipt.
struct Shown {
    number: String,
    at: String,
    asked_by: String,
    department: String,
    method: &'static str,
    outcome: &'static str,
    class: &'static str,
    word: String,
    reason: String,
    facets: Vec<Line>,
    /// What was said of the person who showed the licence; nothing where that is not asked.
    holder: Option<String>,
    is_not_holder: bool,
    /// Whether it can still be said.
    may_be_said: bool,
    licence: Option<About>,
}

/// The licence it was about. Nothing here changes after the issue.
struct About {
    name: String,
    identifier: String,
    issuer: String,
    holder: String,
    qr: String,
}

/// Who asked.
struct Asker {
    name: String,
    organisation: Option<OrganisationId>,
}

/// `GET /desk/receipts`, with `number=…` for one of them; otherwise one's own of today.
pub async fn find(State(app): State<App>, staff: Staff, page: Page, Query(query): Query) -> Result<Response, Problem> {
    let wanted = query.text("number").trim().to_owned();
    match ReceiptId::typed(&wanted) {
        Some(number) => Ok(see_other(&format!("/desk/receipts/{number}"))),
        None if wanted.is_empty() => today(&app, &staff, page, query.text("after")).await,
        None => Ok(empty(page, wanted)),
    }
}

/// `GET /desk/receipts/{number}`.
pub async fn show(
    State(app): State<App>,
    staff: Staff,
    page: Page,
    Path(wanted): Path<String>,
) -> Result<Response, Problem> {
    let Some(number) = ReceiptId::typed(&wanted) else { return Ok(empty(page, wanted)) };
    let mut tx = app.database.read().await?;
    let Some(receipt) = receipt::find(&mut tx, &number).await? else { return Ok(empty(page, wanted)) };
    let asker = asker(&app, &mut tx, &page, &receipt.asked_by).await?;
    let is_own = asker.organisation.as_ref() == Some(&staff.appointment.organisation_id);
    if !is_own && !staff.appointment.roles.has(Role::Auditor) {
        return Ok(empty(page, wanted));
    }
    let mut shown = describe(&app, &mut tx, &page, &receipt, asker).await?;
    drop(tx);
    staff.tell(receipt::opened(&receipt)).await?;
    let is_mine = receipt.asked_by == format!("staff:{}", staff.appointment.staff_id);
    shown.may_be_said &= is_mine && receipt.at.date() == page.visit.at.date();
    let (wanted, wrong) = (String::new(), "");
    Ok(html(StatusCode::OK, &ReceiptPage { page, shown: Some(shown), wanted, wrong, today: vec![], next: None }))
}

/// The field for a number, and what whoever looks verified today.
async fn today(app: &App, staff: &Staff, page: Page, after: &str) -> Result<Response, Problem> {
    let stretch = match after {
        "" => ListPage::first(PAGE),
        text => ListPage::after(ReceiptId::parse(text).map_err(|_| Problem::NotFound)?, PAGE),
    };
    let mut tx = app.database.read().await?;
    let found = receipt::of_today(&mut tx, &staff.appointment.staff_id, page.visit.at, &stretch).await?;
    let mut today = Vec::with_capacity(found.items.len());
    for receipt in found.items {
        let outcome = outcome(&receipt)?;
        let licence = licence(&mut tx, &receipt).await?;
        let licence = licence.map(|licence| app.library.catalogue.now().of(&licence)).transpose()?;
        today.push(OfToday {
            at: receipt.at.legal_text(),
            class: answer::class(outcome),
            word: page.say(&outcome.text()).to_owned(),
            licence: licence.map_or_else(|| NONE.to_owned(), |of| page.say(&of.definition.name.text()).to_owned()),
            holder: match (outcome, receipt.holder) {
                (Outcome::Valid, said) => page.say(said_of_holder(said)),
                _ => NONE,
            },
            number: receipt.id.to_string(),
        });
    }
    drop(tx);
    let next = found.next.map(|next| next.to_string());
    let (wanted, wrong) = (String::new(), "");
    Ok(html(StatusCode::OK, &ReceiptPage { page, shown: None, wanted, wrong, today, next }))
}

/// The field for a number; not found, when one was given.
fn empty(page: Page, wanted: String) -> Response {
    let wrong = page.say(words::receipt::UNKNOWN);
    html(StatusCode::NOT_FOUND, &ReceiptPage { page, shown: None, wanted, wrong, today: vec![], next: None })
}

/// Who is behind what the log has, also when he has left since.
async fn asker(app: &App, tx: &mut Tx, page: &Page, asked_by: &str) -> Result<Asker, Problem> {
    let (kind, id) = asked_by.split_once(':').unwrap_or((asked_by, ""));
    let found = match kind {
        "staff" => staff::ever(tx, &StaffId::stored(id.to_owned()))
            .await?
            .map(|view| Asker { name: view.name, organisation: Some(view.organisation_id) }),
        "client" => app.provider.client(&app.database, id).await?.map(|client| Asker {
            name: page.say(&client.name).to_owned(),
            organisation: Some(client.organisation_id.clone()),
        }),
        _ => None,
    };
    Ok(found.unwrap_or_else(|| Asker { name: asked_by.to_owned(), organisation: None }))
}

fn outcome(receipt: &Receipt) -> Result<Outcome, Fault> {
    let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == receipt.outcome);
    outcome.ok_or_else(|| Fault::broken("a receipt with an unknown outcome"))
}

async fn licence(tx: &mut Tx, receipt: &Receipt) -> Result<Option<Licence>, Fault> {
    match &receipt.licence {
        Some(id) => licence::register::by_id(tx, id).await,
        None => Ok(None),
    }
}

async fn describe(app: &App, tx: &mut Tx, page: &Page, receipt: &Receipt, asker: Asker) -> Result<Shown, Problem> {
    let department = match &asker.organisation {
        Some(id) => organisation::find(tx, id).await?.map(|found| found.name).unwrap_or_default(),
        None => String::new(),
    };
    let outcome = outcome(receipt)?;
    let reason = receipt.reason.as_deref().and_then(|code| Reason::ALL.iter().find(|reason| reason.code() == code));
    let licence = licence(tx, receipt).await?;
    let facets = receipt.facets.iter().map(|kept| facet(page, *kept, receipt, licence.as_ref())).collect();
    let licence = licence.map(|licence| {
        let name = app.library.catalogue.now().of(&licence)?.definition.name.text();
        let payload = verify::qr::payload(page.public_url(), licence.code.as_str());
        Ok::<_, Problem>(About {
            name: page.say(&name).to_owned(),
            identifier: licence.identifier,
            issuer: licence.issuer_name,
            holder: licence.holder_shown,
            qr: documents::qr::svg(&payload).map_err(Fault::broken)?,
        })
    });
    let licence = licence.transpose()?;
    let is_asked = outcome == Outcome::Valid && licence.is_some();
    Ok(Shown {
        number: receipt.id.to_string(),
        at: receipt.at.legal_text(),
        asked_by: asker.name,
        department,
        method: match receipt.method.as_str() {
            "file" => page.say(words::receipt::BY_FILE),
            "identifier" => page.say(words::receipt::BY_IDENTIFIER),
            _ => page.say(words::receipt::BY_CODE),
        },
        outcome: outcome.as_str(),
        class: answer::class(outcome),
        word: page.say(&outcome.text()).to_owned(),
        reason: page
            .say(&reason.map_or_else(|| wording::verdict::all_passed(receipt.method == "file"), Worded::text))
            .to_owned(),
        facets,
        holder: is_asked.then(|| holder_words(page, receipt.holder)),
        is_not_holder: receipt.holder.is_some_and(|said| !said.is_holder),
        may_be_said: is_asked && receipt.holder.is_none(),
        licence,
    })
}

/// How one of the four stood, in the words that it had then; what a licence says beside it does not change.
fn facet(page: &Page, kept: KeptFacet, receipt: &Receipt, licence: Option<&Licence>) -> Line {
    let passed = |licence: &Licence| match kept.facet {
        Facet::Content => Finding::Unaltered,
        Facet::Issuer => Finding::IssuedBy(licence.issuer_name.clone()),
        Facet::Status => Finding::InForce,
        Facet::Period => licence.valid_until.map_or(Finding::ValidForGood, Finding::ValidUntil),
    };
    let text = match (kept.reason, kept.result, licence) {
        (Some(reason), _, _) => reason.text(),
        (None, CheckResult::Passed, Some(licence)) => passed(licence).text(),
        (None, CheckResult::NotDone, Some(_)) if receipt.method != "file" && kept.facet == Facet::Content => {
            Finding::StatusOnly.text()
        }
        (None, CheckResult::Passed, None) => kept.facet.text(),
        (None, _, _) => words::facet::NOT_CHECKED.clone(),
    };
    answer::line(page.say(&kept.facet.text()).to_owned(), kept.result, page.say(&text).to_owned())
}

fn said_of_holder(said: Option<HolderSaid>) -> &'static base::Text {
    match said {
        None => words::receipt::NOT_SAID,
        Some(said) if said.is_holder => words::receipt::IS_HOLDER,
        Some(_) => words::receipt::IS_NOT_HOLDER,
    }
}

fn holder_words(page: &Page, said: Option<HolderSaid>) -> String {
    let words = page.say(said_of_holder(said));
    match said {
        Some(said) => page.say(&words::receipt::said_at(words, said.at.legal_text())).to_owned(),
        None => words.to_owned(),
    }
}
