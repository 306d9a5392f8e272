//! The scopes we have: one table for requests, consent, claims and discovery.

use crate::{Error, claims::Claim, limits};

/// Who may have a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Asked of a person, who sees it on the consent page.
    Person,
    /// Had by a client for itself (`client_credentials`).
    Machine,
}

/// What a scope allows, for those who put it into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// To read the address.
    Address,
    /// To read the e-mail address.
    Email,
    /// To read the identity number.
    IdentityNumber,
    /// To issue licences and change their state.
    IssueLicences,
    /// To go on after the person has left.
    OfflineAccess,
    /// To know who it is.
    Openid,
    /// To read which organisations the person may act for.
    Org,
    /// To read the telephone number.
    Phone,
    /// To read name and profile.
    Profile,
    /// To check licences.
    VerifyLicences,
}

#[derive(Debug)]
pub struct Scope {
    /// Its name on the wire.
    pub name: &'static str,
    /// Who may have it.
    pub(crate) reach: Reach,
    /// The claims it brings.
    pub claims: &'static [Claim],
    /// What it allows.
    pub permission: Permission,
}

const fn scope(name: &'static str, reach: Reach, claims: &'static [Claim], permission: Permission) -> Scope {
    Scope { name, reach, claims, permission }
}

/// The scope that makes a request one of OpenID Connect.
pub const OPENID: &str = "openid";
/// The scope that gets refresh tokens.
pub const OFFLINE_ACCESS: &str = "offline_access";
/// The scope that needs an approval of its own.
pub const IDENTITY_NUMBER: &str = "identity_number";
/// A client may check licences.
pub const LICENCE_VERIFY: &str = "licence:verify";
/// A client may issue licences and change their state.
pub const LICENCE_ISSUE: &str = "licence:issue";

/// Every scope, in the order in which the consent page shows them.
pub(crate) static SCOPES: &[Scope] = &[
    scope(OPENID, Reach::Person, &[Claim::Sub], Permission::Openid),
    scope(
        "profile",
        Reach::Person,
        &[
            Claim::Name,
            Claim::FamilyName,
            Claim::GivenName,
            Claim::MiddleName,
            Claim::Nickname,
            Claim::PreferredUsername,
            Claim::Profile,
            Claim::Picture,
            Claim::Website,
            Claim::Gender,
            Claim::Birthdate,
            Claim::Zoneinfo,
            Claim::Locale,
            Claim::UpdatedAt,
        ],
        Permission::Profile,
    ),
    scope("email", Reach::Person, &[Claim::Email, Claim::EmailVerified], Permission::Email),
    scope("address", Reach::Person, &[Claim::Address], Permission::Address),
    scope("phone", Reach::Person, &[Claim::PhoneNumber, Claim::PhoneNumberVerified], Permission::Phone),
    scope("org", Reach::Person, &[Claim::Org], Permission::Org),
    scope(
        IDENTITY_NUMBER,
        Reach::Person,
        &[Claim::IdentityNumber, Claim::IdentityNumberType],
        Permission::IdentityNumber,
    ),
    scope(OFFLINE_ACCESS, Reach::Person, &[], Permission::OfflineAccess),
    scope(LICENCE_VERIFY, Reach::Machine, &[], Permission::VerifyLicences),
    scope(LICENCE_ISSUE, Reach::Machine, &[], Permission::IssueLicences),
];

/// The names of all scopes.
pub fn names() -> impl Iterator<Item = &'static str> {
    SCOPES.iter().map(|scope| scope.name)
}

/// The scope with this name.
pub fn find(name: &str) -> Option<&'static Scope> {
    SCOPES.iter().find(|scope| scope.name == name)
}

/// A set of scopes in the order of `SCOPES`: two requests for the same scopes are equal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeSet(Vec<&'static str>);

impl ScopeSet {
    /// Reads a list separated by spaces, such as a client is registered with. Order and repetition do not matter.
    ///
    /// # Errors
    ///
    /// [`Error::ScopeNotAllowed`] for an unknown scope or too many of them.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let known = Self::asked(text)?;
        let is_known = |name: &str| name.is_empty() || find(name).is_some();
        if text.split(' ').all(is_known) { Ok(known) } else { Err(Error::ScopeNotAllowed) }
    }

    /// Reads what a request asks for: scopes that we do not have are ignored (OpenID Connect Core §3.1.2.1), and the answer
    /// says which were granted (RFC 6749 §3.3).
    ///
    /// # Errors
    ///
    /// [`Error::ScopeNotAllowed`] for too many of them.
    pub(crate) fn asked(text: &str) -> Result<Self, Error> {
        if text.len() > limits::SCOPE_LENGTH_MAX || text.split(' ').count() > limits::SCOPES_MAX {
            return Err(Error::ScopeNotAllowed);
        }
        Ok(Self::stored(text))
    }

    /// A set read back from our own records; scopes that we no longer have are dropped.
    pub fn stored(text: &str) -> Self {
        Self(SCOPES.iter().map(|scope| scope.name).filter(|name| text.split(' ').any(|word| word == *name)).collect())
    }

    /// Those that `keep` says yes to.
    #[must_use]
    pub(crate) fn only(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().copied().filter(|name| keep(name)).collect())
    }

    /// Whether a scope is in the set.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(&name)
    }

    /// Whether all scopes of another set are in this one.
    pub fn covers(&self, other: &Self) -> bool {
        other.0.iter().all(|name| self.has(name))
    }

    /// Both sets together.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        Self(SCOPES.iter().map(|scope| scope.name).filter(|name| self.has(name) || other.has(name)).collect())
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The scopes with their texts.
    pub fn iter(&self) -> impl Iterator<Item = &'static Scope> {
        self.0.iter().filter_map(|name| find(name))
    }

    /// The list separated by spaces.
    pub fn text(&self) -> String {
        self.0.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_repetition_do_not_matter() {
        let a = ScopeSet::parse("openid profile  email profile").unwrap();
        let b = ScopeSet::parse("email openid profile").unwrap();
        assert_eq!(a, b);
        assert_eq!(a.text(), "openid profile email");
        assert_eq!(ScopeSet::stored("email gone openid").text(), "openid email");
        assert!(a.covers(&ScopeSet::parse("email").unwrap()));
        assert!(!a.covers(&ScopeSet::parse("phone").unwrap()));
    }

    #[test]
    fn unknown_scopes_are_refused_at_registration_and_ignored_in_requests_and_too_many_are_refused() {
        assert!(ScopeSet::parse("openid admin").is_err());
        assert!(ScopeSet::parse("OpenID").is_err());
        assert_eq!(ScopeSet::asked("openid admin  groups").unwrap().text(), "openid");
        assert_eq!(ScopeSet::asked("OpenID").unwrap().text(), "");
        assert!(ScopeSet::asked(&vec!["x"; limits::SCOPES_MAX + 1].join(" ")).is_err());
        let repeated = |count| ScopeSet::parse(&vec!["openid"; count].join(" ")).is_ok();
        assert!(repeated(limits::SCOPES_MAX));
        assert!(!repeated(limits::SCOPES_MAX + 1));
        let long = |count: usize| ScopeSet::parse(&format!("openid{}", " ".repeat(count))).is_ok();
        assert!(long(90));
        assert!(!long(limits::SCOPE_LENGTH_MAX));
    }
}
