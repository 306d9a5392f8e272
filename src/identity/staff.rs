//! Who works for a department, in which roles.

mod queries;

use std::fmt;

use base::{
    Fault, Instant, ListPage, PageOf,
    id::{OrganisationId, PersonId, StaffId},
};
use records::{Actor, Tx, Work};

use crate::{
    Error, account,
    events::{StaffAppointed, StaffEnded},
    limits, organisation, person,
};

/// What a member of staff may do. Nobody approves what they applied for, whatever roles they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// 审计员: reads the log.
    Auditor,
    /// 经办: enters applications, suspends, revokes.
    Clerk,
    /// 窗口: verifies what people bring.
    Counter,
    /// 运维: settings, clients, keys.
    Operator,
    /// 审核: approves or returns applications.
    Reviewer,
    /// 印章管理员: keeps the department's seal.
    SealKeeper,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] =
        [Self::Auditor, Self::Clerk, Self::Counter, Self::Operator, Self::Reviewer, Self::SealKeeper];

    /// The role, as stored and as named in the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::Auditor => "auditor",
            Self::Clerk => "clerk",
            Self::Counter => "counter",
            Self::Operator => "operator",
            Self::Reviewer => "reviewer",
            Self::SealKeeper => "seal_keeper",
        }
    }

    /// The role with this code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }
}

/// Roles that nobody has together: who checks what another one does is somebody else.
pub(crate) const EXCLUSIVE: [(Role, Role); 9] = [
    (Role::Clerk, Role::Reviewer),
    (Role::Clerk, Role::Operator),
    (Role::Operator, Role::Reviewer),
    (Role::Operator, Role::SealKeeper),
    (Role::Auditor, Role::Clerk),
    (Role::Auditor, Role::Counter),
    (Role::Auditor, Role::Operator),
    (Role::Auditor, Role::Reviewer),
    (Role::Auditor, Role::SealKeeper),
];

/// What gives powers over others' affairs: accounts of those who hold one of these are opened at no counter, and by no
/// operator alone. Of clerks too: a department may leave revoking to one of them.
pub(crate) const POWERS: &[Role] = &[Role::Auditor, Role::Clerk, Role::Operator, Role::Reviewer, Role::SealKeeper];

/// The roles of one appointment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles(Vec<Role>);

impl Roles {
    /// These roles, each once.
    pub fn new(roles: &[Role]) -> Self {
        let mut roles = roles.to_vec();
        roles.sort_unstable();
        roles.dedup();
        Self(roles)
    }

    /// Whether a role is among them.
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// Whether one of these is among them.
    pub fn has_any(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.has(*role))
    }

    /// Whether somebody can have these: one at least, and no two that nobody has together.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.0.is_empty() {
            return Err(Error::RoleMissing);
        }
        match EXCLUSIVE.into_iter().find(|(one, other)| self.has(*one) && self.has(*other)) {
            Some((one, other)) => Err(Error::RolesExclude { one: one.code(), other: other.code() }),
            None => Ok(()),
        }
    }

    /// The roles.
    pub fn iter(&self) -> impl Iterator<Item = Role> + '_ {
        self.0.iter().copied()
    }

    /// Reads what [`Display`](fmt::Display) wrote; a role that this version does not know counts for nothing.
    pub(crate) fn stored(text: &str) -> Self {
        Self(text.split(' ').filter_map(Role::parse).collect())
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes: Vec<_> = self.iter().map(Role::code).collect();
        f.write_str(&codes.join(" "))
    }
}

/// One person's place in a department.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appointment {
    pub staff_id: StaffId,
    pub organisation_id: OrganisationId,
    pub organisation_name: String,
    pub roles: Roles,
}

/// A member of staff, with the name of the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffView {
    pub staff_id: StaffId,
    pub person_id: PersonId,
    pub name: String,
    pub organisation_id: OrganisationId,
    pub roles: Roles,
    pub(crate) appointed_at: Instant,
}

/// An appointment that somebody has or had.
#[derive(Clone, Debug)]
pub struct Office {
    pub staff_id: StaffId,
    pub organisation_name: String,
    pub appointed_at: Instant,
    /// None while it goes on.
    pub ended_at: Option<Instant>,
}

/// Appoints a person in a department.
pub async fn appoint(
    work: &mut Work,
    person: &PersonId,
    organisation: &OrganisationId,
    roles: &[Role],
) -> Result<StaffId, Error> {
    let roles = Roles::new(roles);
    roles.check()?;
    person::living(&mut work.tx, person).await?;
    let department = organisation::find_unchanged(&mut work.tx, organisation).await?;
    if department.is_none_or(|found| found.kind != organisation::OrganisationKind::Department) {
        return Err(Error::OrganisationUnknown);
    }
    let staff: StaffId = work.new_id();
    let row = queries::New { staff: &staff, person, organisation, roles: roles.to_string() };
    let at = work.at();
    if !queries::insert(&mut work.tx, row, at).await? {
        return Err(Error::AlreadyAppointed);
    }
    work.record(StaffAppointed {
        staff: staff.clone(),
        person: person.clone(),
        organisation: organisation.clone(),
        roles: roles.to_string(),
    });
    Ok(staff)
}

/// Ends an appointment now. Sessions of the person go on, without it, from their next request.
///
/// # Errors
///
/// [`Error::Own`] for the one who acts; [`Error::StaffUnknown`] when it has ended or there is none.
pub async fn end(work: &mut Work, staff: &StaffId) -> Result<(), Error> {
    if let Some(found) = find(&mut work.tx, staff).await? {
        not_oneself(work, &found.person_id)?;
    }
    let at = work.at();
    if !queries::end(&mut work.tx, staff, at).await? {
        return Err(Error::StaffUnknown);
    }
    work.record(StaffEnded { staff: staff.clone() });
    Ok(())
}

/// Ends the appointment of a person, if there is one.
pub async fn end_of_person(work: &mut Work, person: &PersonId) -> Result<(), Fault> {
    let at = work.at();
    for staff in queries::end_of_person(&mut work.tx, person, at).await? {
        work.record(StaffEnded { staff });
    }
    Ok(())
}

/// The member of staff who acts, if the appointment still has this role; it is held until the commit. So are an
/// operator's accounts: of two operators who lock each other in one instant one is the first.
///
/// # Errors
///
/// [`Error::NotAllowed`] when nobody acts as staff, the appointment has ended or has not this role, and for an operator
/// whose account was locked or closed.
pub async fn acting(work: &mut Work, role: Role) -> Result<StaffView, Error> {
    let Actor::Staff { staff, person } = work.actor().clone() else { return Err(Error::NotAllowed) };
    if role == Role::Operator && !account::hold_open_of(&mut work.tx, &person).await? {
        return Err(Error::NotAllowed);
    }
    queries::hold(&mut work.tx, &staff).await?;
    let found = queries::by_id(&mut work.tx, &staff).await?;
    found.filter(|found| found.roles.has(role)).ok_or(Error::NotAllowed)
}

/// Refuses what takes an account or a place away from the one who acts: an operator who can act is left after each act of
/// an operator, by command as on a page, and nobody is locked out of an installation for good.
///
/// # Errors
///
/// [`Error::Own`] for the one who acts.
pub(crate) fn not_oneself(work: &Work, person: &PersonId) -> Result<(), Error> {
    match work.actor() {
        Actor::Operator { person: acting, .. } | Actor::Staff { person: acting, .. } if acting == person => {
            Err(Error::Own)
        }
        _ => Ok(()),
    }
}

/// The last appointments of a person, also those that have ended, newest first.
pub async fn all_of_person(tx: &mut Tx, person: &PersonId) -> Result<Vec<Office>, Fault> {
    queries::all_of_person(tx, person, limits::LIST_PAGE).await
}

/// The appointment a person has now.
pub async fn of_person(tx: &mut Tx, person: &PersonId) -> Result<Option<Appointment>, Fault> {
    queries::of_person(tx, person).await
}

/// A member of staff who is still appointed.
pub async fn find(tx: &mut Tx, staff: &StaffId) -> Result<Option<StaffView>, Fault> {
    queries::by_id(tx, staff).await
}

/// Who acted under an appointment, also when it has ended since: for what was done, not for what may be done.
pub async fn ever(tx: &mut Tx, staff: &StaffId) -> Result<Option<StaffView>, Fault> {
    queries::ever(tx, staff).await
}

/// The staff of a department, in the order they were appointed.
pub async fn list(
    tx: &mut Tx,
    organisation: &OrganisationId,
    page: &ListPage<StaffId>,
) -> Result<PageOf<StaffView, StaffId>, Fault> {
    let rows = queries::list(tx, organisation, page).await?;
    Ok(PageOf::from_rows(rows, page.limit, |row| row.staff_id.clone()))
}
