//! The words of what an application may read and do.

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
