//! What comes in: one type for each body and query, which reads it and describes it.

use std::collections::BTreeMap;

use licence::reason::{RevocationReason, SuspensionReason};

use super::{
    leaf::{
        CodeText, Coded, Cursor, Day, DecisionText, IdentifierText, LicenceRef, Limit, OrganisationNumber,
        PersonNumber, Recorded, StaffRef,
    },
    read::{Mistakes, Read, body, one_of},
};
use crate::{
    Problem,
    kit::{form::Fields, wording::both},
    public::api::json::Value,
};

body! {
    #[schemars(rename = "NewLicence", description = both(words::schema::NEW_LICENCE))]
    pub struct IssueBody {
        #[schemars(description = both(words::description::TYPE_CODE))]
        type_code as "type": String,
        holder as "holder": Holder,
        #[schemars(with = "BTreeMap<String, Option<String>>")]
        fields as "fields": BTreeMap<String, String>,
        valid_from as "valid_from": Option<Day>,
        valid_until as "valid_until": Option<Day>,
        #[schemars(description = both(words::description::RENEWS))]
        renews as "renews": Option<LicenceRef>,
        #[schemars(description = both(words::description::CLERK))]
        clerk as "clerk": StaffRef,
        #[schemars(description = both(words::description::REVIEWER))]
        reviewer as "reviewer": StaffRef,
    }
}

one_of! {
    #[schemars(inline)]
    pub enum Holder (words::mistake::ONE_OF_HOLDERS, words::mistake::ONE_OF_HOLDERS) {
        Person as "identity_number": PersonNumber,
        Organisation as "credit_code": OrganisationNumber,
    }
}

body! {
    #[schemars(description = both(words::description::SUSPEND))]
    pub struct Suspension {
        reason as "reason": Coded<SuspensionReason>,
    }
}

body! {
    #[schemars(description = both(words::description::REVOKE))]
    pub struct Revocation {
        reason as "reason": Coded<RevocationReason>,
        decision as "decision": Option<DecisionText>,
    }
}

body! {
    #[schemars(description = both(words::schema::NOTHING))]
    pub struct Nothing {}
}

body! {
    #[schemars(description = both(words::schema::NEW_VERIFICATION))]
    #[schemars(extend("anyOf" = [{ "required": ["code"] }, { "required": ["identifier"] }]))]
    pub struct NewVerification {
        code as "code": Option<CodeText>,
        identifier as "identifier": Option<IdentifierText>,
    }
}

impl NewVerification {
    /// What is asked about, in the order in which it is looked up: one text, or two that have to be of one licence.
    ///
    /// # Errors
    ///
    /// [`Problem::Fields`] when nothing is asked about.
    pub fn texts(&self) -> Result<Vec<&str>, Problem> {
        let code = self.code.as_ref().map(|text| text.0.as_str());
        let identifier = self.identifier.as_ref().map(|text| text.0.as_str());
        let texts: Vec<_> = code.into_iter().chain(identifier).collect();
        let mut mistakes = Mistakes::default();
        if texts.is_empty() {
            mistakes.add("/code", "one_of", words::mistake::ONE_OF_TWO);
        }
        mistakes.settle(Some(texts))
    }
}

body! {
    #[schemars(inline)]
    pub struct ListQuery {
        #[schemars(description = both(words::description::STATUS))]
        status as "status": Option<Recorded>,
        limit as "limit": Option<Limit>,
        #[schemars(description = both(words::description::CURSOR))]
        cursor as "cursor": Option<Cursor>,
    }
}

impl ListQuery {
    /// Reads a query. A name without a value is as good as none, and what nobody knows is left alone.
    ///
    /// # Errors
    ///
    /// [`Problem::Fields`] with every mistake, when there is one.
    pub fn of(query: &Fields) -> Result<Self, Problem> {
        let given = ["status", "limit", "cursor"].into_iter().filter(|name| !query.text(name).is_empty());
        let members = given.map(|name| (name.to_owned(), Value::Text(query.text(name).to_owned()))).collect();
        let mut mistakes = Mistakes::default();
        let read = Self::read(Some(Value::Object(members)), "", &mut mistakes);
        mistakes.settle(read)
    }
}
