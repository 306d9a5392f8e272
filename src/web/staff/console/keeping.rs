//! `/console/seals/{id}/…`: what a seal keeper does to the seals of the department. What is refused is said on the page
//! that it was asked for on, with what was typed.

use axum::{
    extract::{Path, State},
    response::Response,
};
use base::id::ProposalId;
use http::StatusCode;
use identity::{Reason, organisation, proposal};
use records::Work;
use seal::{SealKind, SealView, keeper};

use super::seals::{Deed, Refused, make_title, own, render, render_list, state_tag, way};
use crate::{
    App, Page, Problem,
    kit::{form::Fields, session::Staff, wording::seal_kind_words},
    staff::confirm::{self, Act, Asked, Change},
};

/// `POST /console/seals/{id}/…`, one for each deed: says what follows, until that was seen, and does or proposes it.
pub async fn act(deed: Deed, (State(app), keeper, page, Path(id), fields): Asked) -> Result<Response, Problem> {
    let seal = own(&app, &keeper, &id).await?;
    let (typed, seen) = (fields.text("reason"), fields.text("seen"));
    let refuse =
        |status, text: &base::Text| Refused { form: deed.name(), reason: typed.to_owned(), status, text: text.clone() };
    let Ok(reason) = Reason::parse(typed) else {
        let refused = refuse(StatusCode::UNPROCESSABLE_ENTITY, words::proposal::REASON_MISSING);
        return render(&app, &keeper, page, &seal, "", Some(refused)).await;
    };
    if seal.seen() != seen {
        return render(&app, &keeper, page, &seal, "", Some(refuse(StatusCode::CONFLICT, words::proposal::STALE)))
            .await;
    }
    let is_confirmed = confirm::is_confirmed(&fields);
    let operation = async |mut work: Work| {
        let custody = &app.custody;
        match deed {
            Deed::Cancel => keeper::propose(&mut work, keeper::CANCEL, &seal.seal_id, seen, &reason).await?,
            Deed::Freeze => keeper::freeze(&mut work, &seal.seal_id, seen, &reason).await?,
            // A key that is made leaves a file.
            Deed::Renew if !is_confirmed => {
                keeper::check_renewal(&mut work, &seal.seal_id, seen).await?;
                return Ok(());
            }
            Deed::Renew => keeper::renew(&mut work, custody, &seal.seal_id, seen, &reason).await?,
            Deed::Unfreeze => keeper::propose(&mut work, keeper::UNFREEZE, &seal.seal_id, seen, &reason).await?,
        }
        Ok(work.commit().await?)
    };
    let about = confirmed(&page, &seal, deed).with(vec![("seen".to_owned(), seen.to_owned())]);
    match confirm::perform(&keeper, page.clone(), &fields, about, &reason, operation).await {
        Err(Problem::Domain { status, text, .. }) => {
            // As it is now: whoever came first may have changed it.
            let seal = own(&app, &keeper, &id).await?;
            render(&app, &keeper, page, &seal, "", Some(refuse(status, &text))).await
        }
        other => other,
    }
}

/// `POST /console/seals`: proposes that the department gets a seal of a kind.
pub async fn make(State(app): State<App>, keeper: Staff, page: Page, fields: Fields) -> Result<Response, Problem> {
    let kind = SealKind::parse(fields.text("kind"));
    let form = kind.map_or("", SealKind::code);
    let refuse = |status, text: &base::Text| Refused {
        form,
        reason: fields.text("reason").to_owned(),
        status,
        text: text.clone(),
    };
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    let Some(kind) = kind else {
        return render_list(&app, &keeper, page, "", Some(refuse(wrong, words::seals::KIND_MISSING))).await;
    };
    let Ok(reason) = Reason::parse(fields.text("reason")) else {
        return render_list(&app, &keeper, page, "", Some(refuse(wrong, words::proposal::REASON_MISSING))).await;
    };
    let department = &keeper.appointment.organisation_id;
    let department = organisation::find(&mut app.database.read().await?, department).await?;
    let name = kind.name_for(&department.ok_or(Problem::NotFound)?.name);
    let propose = async |mut work: Work| {
        keeper::propose_making(&mut work, &app.library.cabinet, kind, &reason).await?;
        Ok(work.commit().await?)
    };
    let change = Change {
        label: page.say(seal_kind_words(kind)).to_owned(),
        before: page.say(words::confirm::NOTHING).to_owned(),
        after: name.clone(),
    };
    let act = Act::at("/console/seals", "/console/seals", &name, (make_title(kind), words::seals::MAKE_APPROVED))
        .proposed_to_operators()
        .changing(vec![change])
        .with(vec![("kind".to_owned(), kind.code().to_owned())]);
    match confirm::perform(&keeper, page.clone(), &fields, act, &reason, propose).await {
        Err(Problem::Domain { status, text, .. }) => {
            render_list(&app, &keeper, page, "", Some(refuse(status, &text))).await
        }
        other => other,
    }
}

/// `POST /console/seals/proposals/{id}/withdraw`: takes back what one proposed oneself.
pub async fn withdraw(
    State(app): State<App>,
    keeper: Staff,
    page: Page,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = ProposalId::parse(&id).map_err(|_| Problem::NotFound)?;
    let found = proposal::find(&mut app.database.read().await?, &id, page.visit.at).await?;
    let found = found.filter(|one| keeper::is_ours(&one.kind)).ok_or(Problem::NotFound)?;
    let withdraw = async |mut work: Work| {
        proposal::withdraw(&mut work, &id).await?;
        Ok(work.commit().await?)
    };
    let seal = if keeper::made(&found.kind).is_some() { None } else { Some(own(&app, &keeper, &found.object).await?) };
    let back = seal.as_ref().map_or_else(|| "/console/seals".to_owned(), |seal| way(seal.seal_id.as_str()));
    match keeper.attempt(withdraw).await {
        Ok(()) => Ok(page.leads_back(&back, "withdrawn")),
        Err(Problem::Domain { status, text, .. }) => {
            let refused = Some(Refused { form: "", reason: String::new(), status, text });
            match seal {
                Some(seal) => render(&app, &keeper, page, &seal, "", refused).await,
                None => render_list(&app, &keeper, page, "", refused).await,
            }
        }
        Err(other) => Err(other),
    }
}

/// What the page says on which a deed is confirmed.
fn confirmed(page: &Page, seal: &SealView, deed: Deed) -> Act<'static> {
    let change = deed.becomes().map(|state| Change {
        label: page.say(words::seals::STATE).to_owned(),
        before: state_tag(page, seal.state).1.to_owned(),
        after: state_tag(page, state).1.to_owned(),
    });
    let (title, follows) = deed.words(seal.kind);
    let words = (title, deed.follows_approved().unwrap_or(follows));
    let act = Act::new(&way(seal.seal_id.as_str()), deed.name(), &seal.name, words);
    let act = act.changing(change.into_iter().collect());
    match deed {
        Deed::Freeze => act.danger(),
        Deed::Renew => act,
        Deed::Cancel | Deed::Unfreeze => act.proposed_to_operators(),
    }
}
