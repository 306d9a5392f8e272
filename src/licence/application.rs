//! Applications: handed in by a clerk, decided by a reviewer who is another person.

mod queries;

use std::sync::Arc;

use base::{
    Fault, Instant, ListPage, PageOf,
    id::{ApplicationId, LicenceId, OrganisationId},
};
use identity::{Role, organisation, staff};
use records::{Seen, Tx, Value, Work};

use crate::{
    catalogue::licence_type::{LicenceType, TypeState},
    error::Error,
    events::{
        ApplicationAdopted, ApplicationAmended, ApplicationApproved, ApplicationProposed, ApplicationReturned,
        ApplicationSubmitted, ApplicationWithdrawn,
    },
    issue::{self, Approved, Begun, NewLicence, Origin, Preview, compose, official::Official, preview},
    library::Library,
    limits, own_affair,
    register::{
        content::Content,
        holder::{self, Holder},
        reason::{ReturnReason, WithdrawalReason},
        safe::Safe,
    },
};
use queries::{Amended, ApplicationRow, Decision};

/// Where an application stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationState {
    /// Asked for by a system; waiting for a clerk who takes it on.
    Proposed,
    /// Waiting for a reviewer.
    Submitted,
    /// Approved; its licence is issued.
    Approved,
    /// Returned to the clerk.
    Returned,
    /// Taken back by the clerk who had handed it in.
    Withdrawn,
}

impl ApplicationState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Proposed, Self::Submitted, Self::Approved, Self::Returned, Self::Withdrawn];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Submitted => "submitted",
            Self::Approved => "approved",
            Self::Returned => "returned",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads a state.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// An application with what it says.
#[derive(Clone, Debug)]
pub struct Application {
    /// Its identifier.
    pub id: ApplicationId,
    /// The version of the type, by its identifier.
    pub licence_type: String,
    /// The department.
    pub issuer: OrganisationId,
    /// Whom the licence is to be about.
    pub holder: Holder,
    /// The holder's name, masked.
    pub holder_shown: String,
    /// Where it stands.
    pub state: ApplicationState,
    /// What was applied for.
    pub content: Content,
    /// The digest that an approval names.
    pub digest: String,
    /// Who handed it in.
    pub maker_staff: base::id::StaffId,
    /// The person who handed it in.
    pub maker_person: base::id::PersonId,
    /// When.
    pub submitted_at: Instant,
    /// Who decided it.
    pub checker_staff: Option<base::id::StaffId>,
    /// When it was decided.
    pub decided_at: Option<Instant>,
    /// Why it was returned; one that was changed since and waits again says so still.
    pub return_reason: Option<ReturnReason>,
    /// Why it was withdrawn.
    pub withdrawal_reason: Option<WithdrawalReason>,
    /// What was added to either.
    pub note: Option<String>,
    /// The licence that came of it.
    pub licence: Option<LicenceId>,
    /// The system that asked for it, if a system did.
    pub proposed_by: Option<String>,
}

/// Hands in an application.
///
/// # Errors
///
/// As [`issue::begin`], as far as it can be known now; [`Error::OwnAffair`] when the clerk is the holder or acts for it.
pub async fn apply(
    work: &mut Work,
    library: &Library,
    maker: &Official,
    request: NewLicence,
) -> Result<ApplicationId, Error> {
    let (id, r#type, content_sha256) = insert(work, library, maker, request, None).await?;
    work.record(ApplicationSubmitted { application: id.clone(), r#type, content_sha256 });
    Ok(id)
}

/// Asks for a licence in the name of a system, which two people of the department are to decide: a clerk takes it on, and
/// a reviewer approves it. The clerk whom the system names answers for nothing yet.
///
/// # Errors
///
/// When it could not be handed in either: as [`apply`]; [`Error::OwnAffairOfClerk`] when the clerk named is the holder or
/// acts for it.
pub async fn propose(
    work: &mut Work,
    library: &Library,
    client: &str,
    clerk: &Official,
    request: NewLicence,
) -> Result<ApplicationId, Error> {
    let (id, r#type, content_sha256) = insert(work, library, clerk, request, Some(client)).await?;
    let (application, client, clerk) = (id.clone(), client.to_owned(), clerk.staff_id.clone());
    work.record(ApplicationProposed { application, r#type, content_sha256, client, clerk });
    Ok(id)
}

/// Takes on what a system proposed.
///
/// # Errors
///
/// [`Error::NotAuthorised`] when the official is no clerk, [`Error::NotFound`] when the department has no such
/// application, [`Error::OwnAffair`] when the clerk is the holder or acts for it, [`Error::ApprovalStale`] when what is
/// stored is not what was looked at, [`Error::AlreadyDecided`] when it waits no more.
pub async fn adopt(
    work: &mut Work,
    safe: &Safe,
    clerk: &Official,
    id: &ApplicationId,
    digest: &str,
) -> Result<(), Error> {
    clerk.check_role(Role::Clerk)?;
    let application = find(&mut work.tx, safe, &clerk.organisation_id, id).await?;
    if application.state != ApplicationState::Proposed {
        return Err(Error::AlreadyDecided);
    }
    own_affair::check_applied(work, &clerk.person_id, (&application.holder, &application.content)).await?;
    if application.digest != digest {
        return Err(Error::ApprovalStale);
    }
    let at = work.at();
    if queries::adopt(&mut work.tx, id, clerk, digest, at).await? == 0 {
        return Err(Error::AlreadyDecided);
    }
    work.record(ApplicationAdopted { application: id.clone(), content_sha256: digest.to_owned() });
    Ok(())
}

/// What an application would say and what its page would look like, when nothing is wrong with it that can be known now:
/// for whoever checks the answers before handing it in.
///
/// # Errors
///
/// As [`apply`], or as [`amend`] for one that is to be changed.
pub async fn preview(
    work: &mut Work,
    library: &Library,
    maker: &Official,
    (request, changed, label): (&NewLicence, Option<&ApplicationId>, &str),
) -> Result<Preview, Error> {
    let (licence_type, content) = check(work, library, maker, request, (changed, false)).await?;
    let at = work.at();
    let issuer = issuer_name(&mut work.tx, &content).await?;
    let picture = preview::picture(&library.press, (&licence_type, &content), (&issuer, at), label)?;
    Ok(Preview { content, picture })
}

/// The page that comes of an application when it is approved now.
///
/// # Errors
///
/// [`Error::Fields`] when something has no room on it; [`Error::TypeUnknown`] when the catalogue has not the type any more;
/// [`Fault`] when the database is out of reach.
pub async fn picture(
    tx: &mut Tx,
    library: &Library,
    application: &Application,
    (at, label): (Instant, &str),
) -> Result<String, Error> {
    let licence_type = library.catalogue.now().find(&application.licence_type).ok_or(Error::TypeUnknown)?;
    let issuer = issuer_name(tx, &application.content).await?;
    preview::picture(&library.press, (&licence_type, &application.content), (&issuer, at), label)
}

/// The name of who issues, as the page will have it.
async fn issuer_name(tx: &mut Tx, content: &Content) -> Result<String, Fault> {
    let issuer = organisation::find(tx, &OrganisationId::stored(content.issuer.clone())).await?;
    Ok(issuer.map(|issuer| issuer.name).unwrap_or_default())
}

/// Everything about an application that can be known before somebody decides: whether it may be asked for, what it would
/// say, that no other one stands in its way, and that it has room on its page.
async fn check(
    work: &mut Work,
    library: &Library,
    maker: &Official,
    request: &NewLicence,
    (changed, is_proposed): (Option<&ApplicationId>, bool),
) -> Result<(Arc<LicenceType>, Content), Error> {
    maker.check_role(Role::Clerk)?;
    let licence_type = library.catalogue.now().for_issuer(&request.type_code, &maker.organisation_id)?;
    // A system is told of whom it is.
    let of = |error| if is_proposed { own_affair::of_clerk(error) } else { error };
    own_affair::check(work, &maker.person_id, &request.holder.holder).await.map_err(of)?;
    let content = compose::compose(work, library, &licence_type, request, maker).await?;
    own_affair::check_applied(work, &maker.person_id, (&request.holder.holder, &content)).await.map_err(of)?;
    if let Some(older) = &request.renews {
        issue::check_renewal_open(work, older).await?;
    }
    issue::check_not_held(work, (&licence_type, &content)).await?;
    let holder = (&request.holder.holder, request.renews.as_ref());
    if let Some(waits) = waiting(&mut work.tx, &maker.organisation_id, &licence_type, holder).await?
        && changed != Some(&waits)
    {
        return Err(Error::AlreadyApplied(waits));
    }
    let at = work.at();
    let issuer = issuer_name(&mut work.tx, &content).await?;
    preview::check(&library.press, (&licence_type, &content), (&issuer, at))?;
    Ok((licence_type, content))
}

/// What stands in the way of a licence of a type for a holder, before anything is typed for it.
///
/// # Errors
///
/// [`Error::AlreadyHeld`] when the holder has one in force of a type that is held once; [`Error::AlreadyApplied`] when an
/// application for it waits.
pub async fn check_way(
    tx: &mut Tx,
    library: &Library,
    department: &OrganisationId,
    (type_code, holder, at): (&str, &Holder, Instant),
) -> Result<(), Error> {
    let licence_type = library.catalogue.now().for_issuer(type_code, department)?;
    issue::check_none_held(tx, &licence_type, holder, at).await?;
    match waiting(tx, department, &licence_type, (holder, None)).await? {
        Some(waits) => Err(Error::AlreadyApplied(waits)),
        None => Ok(()),
    }
}

/// An application of the department that waits and that only one of the two could be approved beside: for the same holder
/// and a type that is held once, or for the renewal of the same licence.
async fn waiting(
    tx: &mut Tx,
    department: &OrganisationId,
    licence_type: &LicenceType,
    (holder, renews): (&Holder, Option<&LicenceId>),
) -> Result<Option<ApplicationId>, Fault> {
    match (licence_type.definition.several, renews) {
        (false, _) => queries::waiting_for_holder(tx, department, &licence_type.code, holder.id()).await,
        (true, Some(renews)) => queries::waiting_for_renewal(tx, department, holder.id(), renews).await,
        (true, None) => Ok(None),
    }
}

/// Changes what an application says: the clerk who handed it in, while it waits; any clerk of the department, when it was
/// returned, and answers for it from then on. It waits for a reviewer afterwards, who sees why it was returned.
///
/// # Errors
///
/// As [`apply`] when it could not be handed in either; [`Error::NotFound`] when the department has no such application for
/// this holder and type; [`Error::NotMaker`] when another clerk handed it in and it waits; [`Error::AlreadyDecided`] when it
/// was approved or withdrawn, or waits for a clerk who takes it on; [`Error::ApprovalStale`] when it is not what was opened
/// any more.
pub async fn amend(
    work: &mut Work,
    library: &Library,
    maker: &Official,
    (id, digest): (&ApplicationId, &str),
    request: &NewLicence,
) -> Result<(), Error> {
    maker.check_role(Role::Clerk)?;
    let application = find(&mut work.tx, &library.safe, &maker.organisation_id, id).await?;
    application.check_changeable(maker)?;
    application.rely_on(&mut work.tx).await?;
    if application.holder != request.holder.holder {
        return Err(Error::NotFound);
    }
    if application.digest != digest {
        return Err(Error::ApprovalStale);
    }
    let (licence_type, content) = check(work, library, maker, request, (Some(id), false)).await?;
    let (sealed, content_sha256) = library.safe.seal_content(work.entropy(), id.as_str(), &content)?;
    let amended = Amended {
        licence_type: licence_type.id.as_str(),
        holder_shown: request.holder.shown(),
        content: sealed,
        content_digest: &content_sha256,
        renews: content.renews.as_deref(),
        maker,
        before: digest,
    };
    let at = work.at();
    if queries::amend(&mut work.tx, id, amended, at).await? == 0 {
        return Err(Error::AlreadyDecided);
    }
    work.record(ApplicationAmended { application: id.clone(), content_sha256, before_sha256: digest.to_owned() });
    Ok(())
}

/// Writes an application down; what its event says of it.
async fn insert(
    work: &mut Work,
    library: &Library,
    maker: &Official,
    request: NewLicence,
    proposed_by: Option<&str>,
) -> Result<(ApplicationId, String, String), Error> {
    let (licence_type, content) = check(work, library, maker, &request, (None, proposed_by.is_some())).await?;
    let state = if proposed_by.is_some() { ApplicationState::Proposed } else { ApplicationState::Submitted };
    let id: ApplicationId = work.new_id();
    let (sealed, content_digest) = library.safe.seal_content(work.entropy(), id.as_str(), &content)?;
    let row = ApplicationRow {
        application_id: id.as_str().to_owned(),
        licence_type_id: licence_type.id.as_str().to_owned(),
        issuer_id: maker.organisation_id.as_str().to_owned(),
        holder_kind: request.holder.holder.kind().as_str().to_owned(),
        holder_id: request.holder.holder.id().to_owned(),
        holder_shown: request.holder.shown(),
        state: state.as_str().to_owned(),
        content: sealed,
        content_digest,
        maker_staff: maker.staff_id.as_str().to_owned(),
        maker_person: maker.person_id.as_str().to_owned(),
        submitted_at: work.at().as_micros(),
        checker_staff: None,
        decided_at: None,
        return_reason: None,
        return_note: None,
        licence_id: None,
        proposed_by: proposed_by.map(str::to_owned),
    };
    queries::insert_application(&mut work.tx, &row, content.renews.as_deref()).await?;
    Ok((id, licence_type.code.clone(), row.content_digest))
}

/// One application of a department.
///
/// # Errors
///
/// [`Error::NotFound`], also for another department's: its existence is nobody else's business.
pub async fn find(
    tx: &mut Tx,
    safe: &Safe,
    department: &OrganisationId,
    id: &ApplicationId,
) -> Result<Application, Error> {
    let row = queries::application(tx, id).await?.ok_or(Error::NotFound)?;
    if row.issuer_id != department.as_str() {
        return Err(Error::NotFound);
    }
    Ok(read(safe, row)?)
}

/// The applications of a department, newest first; all, or those in one state.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub async fn list(
    tx: &mut Tx,
    safe: &Safe,
    department: &OrganisationId,
    state: Option<ApplicationState>,
    page: &ListPage<ApplicationId>,
) -> Result<PageOf<Application, ApplicationId>, Fault> {
    let rows = queries::applications(tx, department, state.map(ApplicationState::as_str), page).await?;
    let rows = rows.into_iter().map(|row| read(safe, row)).collect::<Result<Vec<_>, _>>()?;
    Ok(PageOf::from_rows(rows, page.limit, |application| application.id.clone()))
}

/// Approves what has this digest and begins to issue it, both or neither.
///
/// # Errors
///
/// [`Error::FourEyes`] when maker and checker are one person, [`Error::ApprovalStale`] when what is stored is not
/// what was reviewed, [`Error::AlreadyDecided`] when someone else decided first, and as [`issue::begin`].
pub async fn approve(
    work: &mut Work,
    library: &Library,
    checker: &Official,
    id: &ApplicationId,
    digest: &str,
) -> Result<Begun, Error> {
    checker.check_role(Role::Reviewer)?;
    let application = find(&mut work.tx, &library.safe, &checker.organisation_id, id).await?;
    checker.check_other_person(application.maker_person.as_str())?;
    if application.state != ApplicationState::Submitted {
        return Err(Error::AlreadyDecided);
    }
    if application.digest != digest {
        return Err(Error::ApprovalStale);
    }
    application.rely_on(&mut work.tx).await?;
    let maker = staff::find(&mut work.tx, &application.maker_staff).await?;
    // Someone who has left since may still have handed it in; who it was stays in the record.
    let maker = maker.map_or_else(
        || Official {
            staff_id: application.maker_staff.clone(),
            person_id: application.maker_person.clone(),
            organisation_id: application.issuer.clone(),
            roles: staff::Roles::default(),
        },
        Official::from,
    );
    let holder = holder::facts(&mut work.tx, &library.vault, &application.holder).await?;
    let catalogue = library.catalogue.now();
    let licence_type = catalogue.find(&application.licence_type).ok_or(Error::TypeUnknown)?;
    if licence_type.state == TypeState::Retired && catalogue.published(&licence_type.code).is_some() {
        return Err(Error::TypeChanged);
    }
    compose::check_again(work, library, &licence_type, &holder, &application.content).await?;
    let approved = Approved { content: application.content, holder };
    let begun = issue::begin_approved(work, library, &Origin::application(id), approved, (&maker, checker)).await?;
    let licence = match &begun {
        Begun::Intent(intent) => intent.licence.id.clone(),
        Begun::Issued(licence) => licence.id.clone(),
    };
    let decision = Decision {
        from: ApplicationState::Submitted.as_str(),
        state: ApplicationState::Approved.as_str(),
        checker,
        reason: None,
        note: None,
        licence: Some(&licence),
        digest,
    };
    decide(work, id, decision).await?;
    work.record(ApplicationApproved { application: id.clone(), content_sha256: digest.to_owned(), licence });
    Ok(begun)
}

/// Returns an application to its clerk, or, as a clerk, what a system proposed to that.
///
/// # Errors
///
/// [`Error::NotFound`] when the department has no such application; [`Error::FourEyes`] when its clerk and its reviewer
/// are one person; [`Error::OwnAffair`] for the holder and whoever acts for it; [`Error::AlreadyDecided`] when it was
/// approved, returned or withdrawn before; [`Error::NotAuthorised`] when the official is no reviewer.
pub async fn send_back(
    work: &mut Work,
    safe: &Safe,
    checker: &Official,
    id: &ApplicationId,
    (reason, note): (ReturnReason, &str),
) -> Result<(), Error> {
    let application = find(&mut work.tx, safe, &checker.organisation_id, id).await?;
    if application.state == ApplicationState::Proposed {
        checker.check_role(Role::Clerk)?;
    } else {
        checker.check_role(Role::Reviewer)?;
        checker.check_other_person(application.maker_person.as_str())?;
    }
    own_affair::check_applied(work, &checker.person_id, (&application.holder, &application.content)).await?;
    let note = kept_note(note);
    let from =
        if application.state == ApplicationState::Proposed { application.state } else { ApplicationState::Submitted };
    let decision = Decision {
        from: from.as_str(),
        state: ApplicationState::Returned.as_str(),
        checker,
        reason: Some(reason.code()),
        note: note.as_deref(),
        licence: None,
        digest: &application.digest,
    };
    decide(work, id, decision).await?;
    work.record(ApplicationReturned { application: id.clone(), reason });
    Ok(())
}

impl Application {
    /// Refuses whoever may not change what it says.
    ///
    /// # Errors
    ///
    /// [`Error::NotMaker`] when another clerk handed it in and it waits; [`Error::AlreadyDecided`] when nobody may any more.
    pub fn check_changeable(&self, clerk: &Official) -> Result<(), Error> {
        match self.state {
            ApplicationState::Submitted if self.maker_person != clerk.person_id => Err(Error::NotMaker),
            ApplicationState::Submitted | ApplicationState::Returned => Ok(()),
            ApplicationState::Proposed | ApplicationState::Approved | ApplicationState::Withdrawn => {
                Err(Error::AlreadyDecided)
            }
        }
    }

    /// Refuses to rest on what was changed past the product.
    async fn rely_on(&self, tx: &mut Tx) -> Result<(), Fault> {
        let columns = vec![
            ("licence_type_id", Value::from(self.licence_type.as_str())),
            ("issuer_id", Value::from(&self.issuer)),
            ("holder_kind", Value::from(self.holder.kind().as_str())),
            ("holder_id", Value::from(self.holder.id())),
            ("content_digest", Value::from(&self.digest)),
            ("maker_staff", Value::from(&self.maker_staff)),
            ("maker_person", Value::from(&self.maker_person)),
        ];
        tx.rely_on("application", Seen { key: &[self.id.as_str()], columns }).await
    }
}

/// Takes back what one handed in oneself: it waits for nobody any more, and nothing of it is issued.
///
/// # Errors
///
/// [`Error::NotAuthorised`] when the official is no clerk; [`Error::NotFound`] when the department has no such
/// application; [`Error::NotMaker`] for what another clerk handed in, and for what a system proposed and nobody took on;
/// [`Error::OwnAffair`] when the clerk acts for the holder since; [`Error::AlreadyDecided`] when it was approved, returned
/// or withdrawn before.
pub async fn withdraw(
    work: &mut Work,
    safe: &Safe,
    clerk: &Official,
    id: &ApplicationId,
    (reason, note): (WithdrawalReason, &str),
) -> Result<(), Error> {
    clerk.check_role(Role::Clerk)?;
    let application = find(&mut work.tx, safe, &clerk.organisation_id, id).await?;
    if application.state == ApplicationState::Proposed || application.maker_person != clerk.person_id {
        return Err(Error::NotMaker);
    }
    own_affair::check_applied(work, &clerk.person_id, (&application.holder, &application.content)).await?;
    let note = kept_note(note);
    let decision = Decision {
        from: ApplicationState::Submitted.as_str(),
        state: ApplicationState::Withdrawn.as_str(),
        checker: clerk,
        reason: Some(reason.code()),
        note: note.as_deref(),
        licence: None,
        digest: &application.digest,
    };
    decide(work, id, decision).await?;
    work.record(ApplicationWithdrawn { application: id.clone(), reason });
    Ok(())
}

/// What is kept of a note; none when it says nothing.
fn kept_note(note: &str) -> Option<String> {
    let note: String = note.trim().chars().take(limits::NOTE_LENGTH_MAX).collect();
    Some(note).filter(|note| !note.is_empty())
}

async fn decide(work: &mut Work, id: &ApplicationId, decision: Decision<'_>) -> Result<(), Error> {
    let at = work.at();
    if queries::decide(&mut work.tx, id, decision, at).await? == 0 { Err(Error::AlreadyDecided) } else { Ok(()) }
}

fn read(safe: &Safe, row: ApplicationRow) -> Result<Application, Fault> {
    let content = safe.open_content(&row.application_id, &row.content, &row.content_digest)?;
    let state =
        ApplicationState::parse(&row.state).ok_or_else(|| Fault::broken("an application has no known state"))?;
    let holder = Holder::stored(&row.holder_kind, row.holder_id)?;
    let holder_shown = match holder {
        Holder::Person(_) => row.holder_shown,
        // Rows of before have its middle hidden.
        Holder::Organisation(_) => content.holder_name.clone(),
    };
    // One column has why it was not issued, whoever said so.
    let why = |of: &[ApplicationState]| row.return_reason.as_deref().filter(|_| of.contains(&state));
    Ok(Application {
        id: ApplicationId::stored(row.application_id),
        licence_type: row.licence_type_id,
        issuer: OrganisationId::stored(row.issuer_id),
        holder,
        holder_shown,
        state,
        content,
        digest: row.content_digest,
        maker_staff: base::id::StaffId::stored(row.maker_staff),
        maker_person: base::id::PersonId::stored(row.maker_person),
        submitted_at: Instant::from_micros(row.submitted_at),
        checker_staff: row.checker_staff.map(base::id::StaffId::stored),
        decided_at: row.decided_at.map(Instant::from_micros),
        return_reason: why(&[ApplicationState::Returned, ApplicationState::Submitted]).and_then(ReturnReason::parse),
        withdrawal_reason: why(&[ApplicationState::Withdrawn]).and_then(WithdrawalReason::parse),
        note: row.return_note,
        licence: row.licence_id.map(LicenceId::stored),
        proposed_by: row.proposed_by,
    })
}
