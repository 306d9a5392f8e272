//! The words of what an application may read and do, and of what is wrong with its registration.

use base::Text;
use oidc::{claims::ShownClaim, scope::Permission};

use super::Worded;

impl Worded for Permission {
    fn text(&self) -> Text {
        match self {
            Self::Address => words::permission::ADDRESS,
            Self::Email => words::permission::EMAIL,
            Self::IdentityNumber => words::permission::IDENTITY_NUMBER,
            Self::IssueLicences => words::permission::ISSUE_LICENCES,
            Self::OfflineAccess => words::permission::OFFLINE_ACCESS,
            Self::Openid => words::permission::OPENID,
            Self::Org => words::permission::ORG,
            Self::Phone => words::permission::PHONE,
            Self::Profile => words::permission::PROFILE,
            Self::VerifyLicences => words::permission::VERIFY_LICENCES,
        }
        .clone()
    }
}

impl Worded for ShownClaim {
    fn text(&self) -> Text {
        match self {
            Self::Address => words::claim::ADDRESS,
            Self::Birthdate => words::claim::BIRTHDATE,
            Self::Email => words::claim::EMAIL,
            Self::Gender => words::claim::GENDER,
            Self::IdentityNumber => words::claim::IDENTITY_NUMBER,
            Self::Name => words::claim::NAME,
            Self::Nickname => words::claim::NICKNAME,
            Self::Org => words::claim::ORG,
            Self::PhoneNumber => words::claim::PHONE_NUMBER,
            Self::Picture => words::claim::PICTURE,
            Self::PreferredUsername => words::claim::PREFERRED_USERNAME,
            Self::Profile => words::claim::PROFILE,
            Self::Website => words::claim::WEBSITE,
        }
        .clone()
    }
}

/// What can be wrong with a registration, as the crate says it to programs, with its words for people.
const FLAWS: &[(&str, &Text)] = &[
    ("a client without a grant type can do nothing", words::registration_flaw::GRANT_MISSING),
    ("a client without a secret cannot act for itself", words::registration_flaw::SECRET_NEEDED),
    ("a percent sign is not followed by two digits", words::registration_flaw::URI_PERCENT),
    ("a person's scope needs codes", words::registration_flaw::SCOPE_OF_PEOPLE),
    ("a program on a person's machine keeps no secret", words::registration_flaw::NATIVE_SECRET),
    ("a scope is unknown", words::registration_flaw::SCOPE_UNKNOWN),
    ("a scope of the client itself needs client_credentials", words::registration_flaw::SCOPE_OF_SYSTEMS),
    ("addresses of this machine are not allowed", words::registration_flaw::URI_LOOPBACK),
    ("identity numbers need an approval and a confidential client", words::registration_flaw::NUMBERS_NOT_APPROVED),
    ("it is needed in both languages, on one line, not too long", words::registration_flaw::TEXT_FORM),
    ("offline_access needs refresh tokens", words::registration_flaw::SCOPE_OFFLINE),
    (
        "only a confidential client can do without PKCE, and somebody must have allowed it",
        words::registration_flaw::PKCE_NEEDED,
    ),
    ("only a system of its own handles licences", words::registration_flaw::ACTS_FOR_UNUSED),
    ("only the code flow redirects", words::registration_flaw::REDIRECT_UNUSED),
    ("refresh tokens come out of the code flow", words::registration_flaw::REFRESH_UNUSED),
    ("the URI has a character that must be percent-encoded", words::registration_flaw::URI_CHARACTER),
    ("the URI has a fragment", words::registration_flaw::URI_FRAGMENT),
    ("the URI hides a separator behind a percent sign", words::registration_flaw::URI_HIDDEN),
    ("the URI is not an https address", words::registration_flaw::URI_NOT_HTTPS),
    ("the URI is too long", words::registration_flaw::URI_LONG),
    ("the code flow needs one", words::registration_flaw::REDIRECT_NEEDED),
    ("the host is a name of an inner network", words::registration_flaw::URI_INNER),
    ("the host is an address and not a name", words::registration_flaw::URI_NUMBERS),
    ("the host is not a plain host name", words::registration_flaw::URI_HOST),
    ("the host is not in its xn-- form", words::registration_flaw::URI_IDN),
    ("the path has a segment that is rewritten on the way", words::registration_flaw::URI_REWRITTEN),
    ("there are too many departments", words::registration_flaw::ACTS_FOR_MANY),
    ("too many", words::registration_flaw::URIS_MANY),
];

/// What is wrong with a field of a registration, in words: what the form calls the field, why, and with which of its
/// values, when only some of them are.
pub fn registration_flaw(field: &str, flaw: &str, which: &[&str]) -> Text {
    let called = match field {
        "name" => words::clients::NAME,
        "purpose" => words::clients::PURPOSE,
        "redirect_uris" => words::clients::REDIRECT_URIS,
        "post_logout_redirect_uris" => words::clients::POST_LOGOUT_REDIRECT_URIS,
        "backchannel_logout_uri" => words::clients::BACKCHANNEL_LOGOUT_URI,
        "scopes" => words::clients::SCOPES,
        // What no page asks for.
        _ => words::clients::REGISTRATION,
    };
    let why = FLAWS.iter().find(|(known, _)| *known == flaw).map_or(words::registration_flaw::OTHER, |(_, text)| *text);
    Text::composed(|language| {
        let why = if which.is_empty() {
            why.clone()
        } else {
            words::registration_flaw::named(why.in_language(language), which.join(" "))
        };
        words::oidc_problem::registration(called.in_language(language), why.in_language(language))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sentences of a file of the crate, without those of its tests.
    fn sentences(source: &str) -> Vec<&str> {
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//") && !line.contains("error(") && !line.contains("br#"));
        lines.flat_map(|line| line.split('"').skip(1).step_by(2)).filter(|text| text.contains(' ')).collect()
    }

    #[test]
    fn whatever_is_wrong_with_a_registration_has_words_for_people() {
        let sources = [include_str!("../../../oidc/client/register.rs"), include_str!("../../../oidc/client/uri.rs")];
        let is_statement = |text: &str| ["select ", "insert ", "update "].iter().any(|verb| text.starts_with(verb));
        let said: Vec<&str> =
            sources.iter().flat_map(|source| sentences(source)).filter(|text| !is_statement(text)).collect();
        for (known, _) in FLAWS {
            assert!(sources.iter().any(|source| source.contains(known)), "nobody says {known:?}");
        }
        for flaw in said {
            assert!(FLAWS.iter().any(|(known, _)| *known == flaw), "{flaw:?} has no words");
        }
    }
}
