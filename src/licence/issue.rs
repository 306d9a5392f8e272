//! Issuing, in an order that a crash at any point survives:
//!
//! 1. [`begin`], first unit of work: check everything, draw the numbers, record the intent;
//! 2. [`Intent::sign`], no database: typeset, lint with a throw-away key, sign, verify the signature;
//! 3. [`record`], second unit of work: record the document and put the licence in force;
//! 4. only then is the caller told.
//!
//! An intent that nobody finished is finished under the same number, or voided, by [`recover`].

pub mod compose;
pub mod official;
pub mod page;
pub mod press;
pub(crate) mod preview;
pub(crate) mod queries;
mod request;

use std::sync::Arc;

use base::{
    Date, Fault, Instant,
    id::{LicenceId, PersonId},
    number::LicenceIdentifier,
};
use documents::packing;
use identity::{Role, organisation};
use records::{Context, Database, Tx, Work, attempt, idempotency};
use seal::ActiveSeal;

pub use page::Signed;
pub use preview::Preview;
pub use request::{NewLicence, Origin};

use crate::{
    catalogue::licence_type::LicenceType,
    error::Error,
    events::{IssueIntended, IssueResumed, IssueVoided, LicenceIssued, LicenceSuperseded},
    library::Library,
    limits, own_affair,
    register::{
        self,
        content::Content,
        holder::{Holder, HolderFacts},
        joint,
        licence::{Licence, Status},
        number::{self, Code},
    },
    revocation::queries as waiting_for,
};
use official::Official;
use press::Press;

/// What [`begin`] comes to.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "made once a request and taken apart at once")]
pub enum Begun {
    /// Numbered: sign it and record it.
    Intent(Box<Intent>),
    /// The same origin was issued before.
    Issued(Licence),
}

/// A numbered licence that is about to be signed.
#[derive(Debug)]
pub struct Intent {
    /// The licence; its status is still [`Status::Intent`].
    pub licence: Licence,
    content: Content,
    licence_type: Arc<LicenceType>,
    seal: ActiveSeal,
}

/// Checks a request that maker and checker stand behind and records the intent to issue.
///
/// # Errors
///
/// [`Error::NotAuthorised`], [`Error::FourEyes`], [`Error::OtherDepartment`], [`Error::OwnAffair`],
/// [`Error::OwnAffairOfClerk`] about the two people;
/// [`Error::TypeUnknown`], [`Error::HolderUnknown`], [`Error::HolderDeceased`], [`Error::HolderCeased`],
/// [`Error::Fields`], [`Error::Period`], [`Error::AlreadyHeld`], [`Error::Renewal`], [`Error::RenewalBarred`] about the
/// request;
/// [`Error::Seal`], [`Error::SealExpired`], [`Error::IssuerCode`], [`Error::IssuerSuspended`] about the department;
/// [`Error::Voided`] when the same origin was given up before.
pub async fn begin(
    work: &mut Work,
    library: &Library,
    origin: &Origin,
    request: NewLicence,
    (maker, checker): (&Official, &Official),
) -> Result<Begun, Error> {
    checker.check_other_person(maker.person_id.as_str())?;
    maker.check_role(Role::Clerk)?;
    checker.check_role(Role::Reviewer)?;
    if maker.organisation_id != checker.organisation_id {
        return Err(Error::OtherDepartment);
    }
    // Before the register is asked: who may not issue learns nothing about the holder.
    let licence_type = library.catalogue.now().for_issuer(&request.type_code, &maker.organisation_id)?;
    let content = compose::compose(work, library, &licence_type, &request, maker).await?;
    let approved = Approved { content, holder: request.holder };
    begin_approved(work, library, origin, approved, (maker, checker)).await
}

/// What a reviewer approved.
pub(crate) struct Approved {
    pub content: Content,
    pub holder: HolderFacts,
}

pub(crate) async fn begin_approved(
    work: &mut Work,
    library: &Library,
    origin: &Origin,
    approved: Approved,
    (maker, checker): (&Official, &Official),
) -> Result<Begun, Error> {
    let Approved { content, holder } = approved;
    let issuer_id = &maker.organisation_id;
    let catalogue = library.catalogue.now();
    let licence_type = catalogue.find(&content.licence_type).ok_or(Error::TypeUnknown)?;
    if !catalogue.may_issue(&licence_type.code, issuer_id) {
        return Err(Error::NotAuthorised);
    }
    // The register may have changed since an application was handed in.
    holder.check_not_ended()?;
    own_affair::check_applied(work, &checker.person_id, (&holder.holder, &content)).await?;
    own_affair::check_clerk(work, &maker.person_id, (&holder.holder, &content)).await?;
    let issuer = organisation::find_unchanged(&mut work.tx, issuer_id).await?.ok_or(Error::NotAuthorised)?;
    if issuer.state != organisation::OrganisationState::Active {
        return Err(Error::IssuerSuspended);
    }
    let seal = active_seal(work, library, issuer_id).await?;
    let renews = content.renews.clone().map(LicenceId::stored);
    let mut renewed = match &renews {
        None => None,
        Some(id) => Some(to_be_renewed(work, library, id, &licence_type, &holder, maker).await?),
    };
    let at = work.at();
    let date = |text: &str| Date::parse(text).map_err(Fault::broken);
    let mut licence = Licence {
        id: work.new_id(),
        identifier: String::new(),
        code: Code::draw(work.entropy()),
        licence_type: licence_type.id.clone(),
        issuer: issuer_id.clone(),
        issuer_name: issuer.name,
        holder_shown: holder.shown(),
        holder: holder.holder,
        status: Status::Intent,
        reason: None,
        decision: None,
        changed_at: at,
        issued_at: at,
        valid_from: date(&content.valid_from)?,
        valid_until: content.valid_until.as_deref().map(date).transpose()?,
        renews,
        is_attested: origin.attested_by().is_some(),
        is_intact: true,
    };
    for _ in 0..limits::NUMBER_DRAWS_MAX {
        licence.identifier = match &renewed {
            Some(older) => number::next_identifier(older)?,
            None => number::first_identifier(&licence_type.code, issuer.credit_code.as_str(), at, work.entropy())?,
        }
        .to_string();
        if queries::insert_licence(&mut work.tx, &licence, origin.as_str()).await? == 1 {
            if !licence_type.definition.several {
                hold(work, &licence, &licence_type.code).await?;
            }
            let (sealed, digest) = library.safe.seal_content(work.entropy(), licence.id.as_str(), &content)?;
            let new = queries::NewContent { sealed, digest: &digest, maker, checker };
            queries::insert_content(&mut work.tx, &licence.id, new).await?;
            record_intent(work, &licence, (maker, checker), (&digest, origin));
            if let Some(joint_holder) = content.joint_holder.clone() {
                joint::add(work, &licence.id, &PersonId::stored(joint_holder)).await?;
            }
            return Ok(Begun::Intent(Box::new(Intent { licence, content, licence_type, seal })));
        }
        if let Some(before) = register::queries::by_origin(&mut work.tx, origin.as_str()).await? {
            return resume(work, library, before, licence_type, seal).await;
        }
        if let Some(older) = &licence.renews {
            // The next version exists. If its issue was given up, the one after it is free; otherwise someone else
            // renewed the licence.
            let given_up = queries::renewal_given_up(&mut work.tx, older).await?;
            renewed = Some(stored_identifier(&given_up.ok_or(Error::Renewal)?)?);
        }
        licence.code = Code::draw(work.entropy());
    }
    Err(Fault::broken("three numbers in a row were taken").into())
}

/// Refuses a licence that would stand beside another one of its type that the holder has on its first day.
pub(crate) async fn check_not_held(
    work: &mut Work,
    (licence_type, content): (&LicenceType, &Content),
) -> Result<(), Error> {
    let from = Date::parse(&content.valid_from).map_err(Fault::broken)?;
    check_held(&mut work.tx, licence_type, (&content.holder, from), content.renews.as_deref()).await
}

/// The same before anything else is known of it.
pub(crate) async fn check_none_held(
    tx: &mut Tx,
    licence_type: &LicenceType,
    holder: &Holder,
    at: Instant,
) -> Result<(), Error> {
    check_held(tx, licence_type, (holder.id(), at.date()), None).await
}

async fn check_held(
    tx: &mut Tx,
    licence_type: &LicenceType,
    (holder, from): (&str, Date),
    renews: Option<&str>,
) -> Result<(), Error> {
    if licence_type.definition.several {
        return Ok(());
    }
    let others = ("", renews.unwrap_or_default());
    match queries::held(tx, (holder, &licence_type.code), from, others).await? {
        Some(held) => Err(Error::AlreadyHeld(held)),
        None => Ok(()),
    }
}

/// Takes the one place that a holder has for licences of a type.
async fn hold(work: &mut Work, licence: &Licence, type_code: &str) -> Result<(), Error> {
    if queries::hold(&mut work.tx, licence, type_code).await? == 1 {
        return Ok(());
    }
    let but = (licence.id.as_str(), queries::renewed(licence));
    match queries::held(&mut work.tx, (licence.holder.id(), type_code), licence.valid_from, but).await? {
        Some(held) => Err(Error::AlreadyHeld(held)),
        // Whoever was faster has given it up in between; the operation's edge tries again.
        None => Err(Fault::conflict("the holder's place was taken and given up at the same time").into()),
    }
}

fn record_intent(
    work: &mut Work,
    licence: &Licence,
    (maker, checker): (&Official, &Official),
    (digest, origin): (&str, &Origin),
) {
    work.record(IssueIntended {
        licence: licence.id.clone(),
        identifier: licence.identifier.clone(),
        maker: maker.staff_id.clone(),
        checker: checker.staff_id.clone(),
        content_sha256: digest.to_owned(),
        attested_by: origin.attested_by().map(str::to_owned),
    });
}

/// The same origin was here before: go on with its number.
async fn resume(
    work: &mut Work,
    library: &Library,
    licence: Licence,
    licence_type: Arc<LicenceType>,
    seal: ActiveSeal,
) -> Result<Begun, Error> {
    match licence.status {
        Status::Intent => {
            let content = library.safe.content(&mut work.tx, &licence.id).await?;
            work.record(IssueResumed { licence: licence.id.clone() });
            Ok(Begun::Intent(Box::new(Intent { licence, content, licence_type, seal })))
        }
        Status::Void => Err(Error::Voided(licence.reason.unwrap_or_default())),
        Status::Valid | Status::Suspended | Status::Revoked | Status::Superseded => Ok(Begun::Issued(licence)),
    }
}

async fn active_seal(
    work: &mut Work,
    library: &Library,
    issuer: &base::id::OrganisationId,
) -> Result<ActiveSeal, Error> {
    let at = work.at();
    match library.cabinet.active_for(&mut work.tx, issuer, at).await {
        Ok(seal) => Ok(seal),
        Err(seal::Error::Fault(fault)) => Err(fault.into()),
        Err(seal::Error::Pki(_)) => Err(Error::SealExpired),
        Err(_) => Err(Error::Seal),
    }
}

async fn to_be_renewed(
    work: &mut Work,
    library: &Library,
    id: &LicenceId,
    licence_type: &LicenceType,
    holder: &HolderFacts,
    maker: &Official,
) -> Result<LicenceIdentifier, Error> {
    let older = register::by_id(&mut work.tx, id).await?.ok_or(Error::Renewal)?;
    let same_type = library.catalogue.now().of(&older)?.code == licence_type.code;
    let fits = older.is_intact
        && same_type
        && older.issuer == maker.organisation_id
        && older.holder == holder.holder
        && older.status == Status::Valid;
    if !fits {
        return Err(Error::Renewal);
    }
    check_renewal_open(work, id).await?;
    Ok(stored_identifier(&older.identifier)?)
}

/// While somebody decides whether a licence is revoked, nothing takes its place: the newer one would stay in force.
pub(crate) async fn check_renewal_open(work: &mut Work, older: &LicenceId) -> Result<(), Error> {
    let at = work.at();
    let waits = waiting_for::of_licence(&mut work.tx, older, at).await?.is_some_and(|found| found.state.waits());
    if waits { Err(Error::RenewalBarred) } else { Ok(()) }
}

fn stored_identifier(text: &str) -> Result<LicenceIdentifier, Fault> {
    LicenceIdentifier::parse(text).map_err(|_| Fault::broken("a stored identifier is not well formed"))
}

#[cfg(test)]
impl Intent {
    /// Changes what the page will say, as a fault in typesetting would.
    pub(crate) fn say(&mut self, key: &str, value: &str) {
        self.content.fields.insert(key.to_owned(), value.to_owned());
    }
}

impl Intent {
    /// Typesets the page, checks it under a throw-away key, signs it and verifies the signature. Nothing leaves this
    /// function that does not verify; no real signature is made over a page that fails the checks. Waits for nothing
    /// but the key.
    ///
    /// # Errors
    ///
    /// [`Error::Fields`] naming a character without a glyph or a text without room, [`Error::Lint`].
    pub async fn sign(&self, press: &Press, at: Instant) -> Result<Signed, Error> {
        let (file, pieces) = page::signed(
            press,
            &self.licence_type,
            &self.seal,
            &page::PageFacts { licence: &self.licence, content: &self.content, at },
        )
        .await?;
        let packed = packing::pack(file.bytes(), &pieces)?;
        // The bytes are kept nowhere else.
        if packing::unpack(&packed, &pieces)? != file.bytes() {
            return Err(Fault::broken("a packed document is not the same when it is unpacked").into());
        }
        Ok(Signed {
            licence_id: self.licence.id.clone(),
            sha256: crypto::digest::hex(&file.sha256()),
            packed,
            pieces,
            bytes: file.into_bytes(),
            seal_id: self.seal.seal_id.clone(),
            key_id: self.seal.signer.key_id.clone(),
        })
    }
}

/// What [`record`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// Somebody else was faster with the same intent: theirs stands, this document was never seen by anyone, and
    /// nothing was changed.
    Before(Licence),
    /// The licence is in force once the unit of work is committed.
    Now(Licence),
}

/// Records a signed document.
///
/// # Errors
///
/// [`Error::Voided`] when the intent was given up meanwhile; [`Error::Renewal`] when the licence it renews is no
/// longer in force, [`Error::RenewalBarred`] when a revocation of it waits since: the caller then voids the intent.
pub async fn record(work: &mut Work, library: &Library, intent: &Intent, signed: &Signed) -> Result<Recorded, Error> {
    let (id, at) = (&intent.licence.id, work.at());
    if register::queries::move_status(&mut work.tx, id, Status::Intent, Status::Valid, None, at).await? == 0 {
        let now = register::by_id(&mut work.tx, id).await?.ok_or(Error::NotFound)?;
        return match now.status {
            Status::Void => Err(Error::Voided(now.reason.unwrap_or_default())),
            _ => Ok(Recorded::Before(now)),
        };
    }
    library.safe.write_pieces(&mut work.tx, &signed.pieces).await?;
    let sealed = library.safe.seal_packed(work.entropy(), id, &signed.packed);
    queries::insert_file(&mut work.tx, signed, sealed, at).await?;
    if let Some(older) = &intent.licence.renews {
        let (from, to) = (Status::Valid, Status::Superseded);
        if register::queries::move_status(&mut work.tx, older, from, to, None, at).await? == 0 {
            return Err(Error::Renewal);
        }
        // Only now, with its row held: whoever files one at the same time holds that row too.
        check_renewal_open(work, older).await?;
    }
    work.record(LicenceIssued {
        licence: id.clone(),
        sha256: signed.sha256.clone(),
        seal: signed.seal_id.clone(),
        key: signed.key_id.clone(),
    });
    if let Some(older) = &intent.licence.renews {
        work.record(LicenceSuperseded { licence: older.clone(), by: id.clone() });
    }
    let mut licence = intent.licence.clone();
    (licence.status, licence.changed_at) = (Status::Valid, at);
    Ok(Recorded::Now(licence))
}

/// Gives an intent up. Its number is not used again; the place that a renewal had goes back to what it renews.
///
/// # Errors
///
/// [`Fault`] when the database is out of reach.
pub(crate) async fn void(work: &mut Work, id: &LicenceId, reason: &str) -> Result<(), Error> {
    let at = work.at();
    if register::queries::move_status(&mut work.tx, id, Status::Intent, Status::Void, Some(reason), at).await? == 1 {
        queries::give_back(&mut work.tx, id).await?;
        work.record(IssueVoided { licence: id.clone(), reason: reason.to_owned() });
    }
    Ok(())
}

/// An answer that is kept for a repeated request, in the same unit of work as the licence.
pub struct Reply<'a> {
    /// Who asked.
    pub caller: &'a str,
    /// Under which key.
    pub key: &'a str,
    /// The status of the answer.
    pub status: u16,
    /// The answer about a licence.
    pub body: &'a (dyn Fn(&Licence) -> String + Send + Sync),
}

/// Steps 2 and 3 for an intent that is committed; voids it when it can never succeed.
///
/// # Errors
///
/// When a step does not succeed: as [`Intent::sign`] and [`record`]; after a [`Fault`] the intent stays for
/// [`recover`].
pub async fn finish(
    database: &Database,
    library: &Library,
    context: &Context,
    intent: &Intent,
    reply: Option<&Reply<'_>>,
) -> Result<Licence, Error> {
    match finish_once(database, library, context, intent, reply).await {
        Err(error) if error.is_final() && !matches!(error, Error::Voided(_)) => {
            give_up(database, context, &intent.licence.id, error.code()).await?;
            Err(error)
        }
        result => result,
    }
}

async fn give_up(database: &Database, context: &Context, id: &LicenceId, why: &str) -> Result<(), Error> {
    let give_up = async |mut work: Work| {
        void(&mut work, id, why).await?;
        work.commit().await.map_err(Error::from)
    };
    database.attempt(context, give_up).await
}

async fn finish_once(
    database: &Database,
    library: &Library,
    context: &Context,
    intent: &Intent,
    reply: Option<&Reply<'_>>,
) -> Result<Licence, Error> {
    let signed = intent.sign(&library.press, context.at).await?;
    attempt(async || commit(database, library, context, (intent, &signed), reply).await).await
}

async fn commit(
    database: &Database,
    library: &Library,
    context: &Context,
    (intent, signed): (&Intent, &Signed),
    reply: Option<&Reply<'_>>,
) -> Result<Licence, Error> {
    let mut work = database.begin(context.clone()).await?;
    match record(&mut work, library, intent, signed).await? {
        Recorded::Now(licence) => {
            if let Some(reply) = reply {
                let body = (reply.body)(&licence);
                idempotency::complete(&mut work.tx, reply.caller, reply.key, reply.status, &body).await?;
            }
            work.commit().await?;
            Ok(licence)
        }
        Recorded::Before(licence) => {
            drop(work);
            if let Some(reply) = reply {
                let mut tx = database.housekeeping().await?;
                idempotency::complete(&mut tx, reply.caller, reply.key, reply.status, &(reply.body)(&licence)).await?;
                tx.commit().await?;
            }
            Ok(licence)
        }
    }
}

/// What a turn of [`recover`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Intents that became licences.
    pub finished: usize,
    /// Intents that were given up.
    pub voided: usize,
    /// Intents that could not be worked on; the next turn tries again.
    pub left: usize,
}

/// Finishes or voids intents that nobody has touched for `limits::INTENT_SECONDS_MAX`. Several nodes may run it at
/// the same time: each intent becomes one licence.
///
/// # Errors
///
/// [`Fault`] when the intents cannot be read.
pub async fn recover(database: &Database, library: &Library, context: &Context) -> Result<Recovered, Error> {
    let before = context.at.plus_seconds(-limits::INTENT_SECONDS_MAX);
    let mut tx = database.read().await?;
    let intents = register::queries::intents(&mut tx, before, limits::RECOVER_MAX).await?;
    drop(tx);
    let mut recovered = Recovered::default();
    for licence in intents {
        let id = licence.id.clone();
        match recover_one(database, library, context, licence).await {
            Ok(()) => recovered.finished += 1,
            Err(error) if error.is_final() => {
                give_up(database, context, &id, error.code()).await?;
                recovered.voided += 1;
            }
            Err(_) => recovered.left += 1,
        }
    }
    Ok(recovered)
}

async fn recover_one(database: &Database, library: &Library, context: &Context, licence: Licence) -> Result<(), Error> {
    // What is not as it was written is not sealed.
    if !licence.is_intact {
        return Err(Fault::broken(format!("the row of licence {} is not as it was written", licence.id)).into());
    }
    let mut work = database.begin(context.clone()).await?;
    let content = library.safe.content(&mut work.tx, &licence.id).await?;
    let seal = active_seal(&mut work, library, &licence.issuer).await?;
    drop(work);
    let licence_type = library
        .catalogue
        .now()
        .find(&content.licence_type)
        .ok_or_else(|| Fault::broken("the type of an intent is not in the catalogue"))?;
    finish(database, library, context, &Intent { licence, content, licence_type, seal }, None).await.map(|_| ())
}
