//! `/desk/receipts/{number}`: what was answered under a receipt, to whom and when.
//!
//! A receipt is open to the department that asked and to auditors. For all others it does not exist. Each opening is
//! an event, because it tells who looked into whose affairs.

use axum::{
    extract::{Path, State},
    response::Response,
};
use base::{
    Fault,
    id::{OrganisationId, ReceiptId, StaffId},
};
use http::StatusCode;
use identity::{Role, organisation, staff};
use licence::verification::receipt::{self, Receipt};
use records::{Tx, Work};
use verify::{Outcome, Reason};

use crate::{
    App, Page, Problem,
    kit::{
        answer,
        form::Query,
        page::{html, see_other},
        session::Staff,
        wording::{self, Worded},
    },
};

#[derive(askama::Template)]
#[template(path = "staff/desk/receipt.html")]
struct ReceiptPage {
    page: Page,
    shown: Option<Shown>,
    /// What was looked for in vain.
    wanted: String,
    /// That it was in vain.
    wrong: &'static str,
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

/// `GET /desk/receipts`, with `number=…` for one of them.
pub async fn find(_: Staff, page: Page, Query(query): Query) -> Response {
    let wanted = query.text("number").trim().to_owned();
    match ReceiptId::typed(&wanted) {
        Some(number) => see_other(&format!("/desk/receipts/{number}")),
        None => empty(page, wanted),
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
    let shown = describe(&app, &mut tx, &page, &receipt, asker).await?;
    drop(tx);
    let open = async |mut work: Work| {
        receipt::opened(&mut work, &receipt);
        Ok(work.commit().await?)
    };
    staff.attempt(open).await?;
    Ok(html(StatusCode::OK, &ReceiptPage { page, shown: Some(shown), wanted: String::new(), wrong: "" }))
}

/// The field for a number; not found, when one was given.
fn empty(page: Page, wanted: String) -> Response {
    let (status, wrong) = if wanted.is_empty() {
        (StatusCode::OK, "")
    } else {
        (StatusCode::NOT_FOUND, page.say(words::receipt::UNKNOWN))
    };
    html(status, &ReceiptPage { page, shown: None, wanted, wrong })
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

async fn describe(app: &App, tx: &mut Tx, page: &Page, receipt: &Receipt, asker: Asker) -> Result<Shown, Problem> {
    let department = match &asker.organisation {
        Some(id) => organisation::find(tx, id).await?.map(|found| found.name).unwrap_or_default(),
        None => String::new(),
    };
    let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == receipt.outcome);
    let outcome = outcome.ok_or_else(|| Fault::broken("a receipt with an unknown outcome"))?;
    let reason = receipt.reason.as_deref().and_then(|code| Reason::ALL.iter().find(|reason| reason.code() == code));
    let licence = match &receipt.licence {
        Some(id) => licence::register::by_id(tx, id).await?,
        None => None,
    };
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
        licence: licence.transpose()?,
    })
}
