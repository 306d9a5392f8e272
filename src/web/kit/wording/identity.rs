//! The words of roles, and of what is wrong with a name or a field.

use base::{
    Text,
    name::{Flaw, Refused},
    number::NumberError,
};
use identity::{NameError, Role};

use super::{Worded, code_of};

impl Worded for NameError {
    fn text(&self) -> Text {
        match self {
            Self::Empty => words::identity::NAME_EMPTY.clone(),
            Self::Character(refused) => refused.text(),
            Self::TooLong(max) => words::identity::name_too_long(max),
        }
    }
}

impl Worded for Refused {
    fn text(&self) -> Text {
        let (place, character, code) = (self.place, self.character, code_of(self.character));
        let why = match self.flaw {
            Flaw::LooksLike => words::identity::name_looks_like(place, character, code),
            Flaw::NotPrinted => words::identity::name_not_printed(place, character, code),
            // They cannot be seen, so that their number has to name them.
            Flaw::PrivateUse => words::identity::name_private(place, code),
            Flaw::Script => words::identity::name_script(place, character, code),
            Flaw::Sign => words::identity::name_sign(place, character, code),
            Flaw::Unseen => words::identity::name_unseen(place, code),
        };
        match &self.offer {
            Some(offer) => Text::composed(|language| words::identity::name_meant(why.in_language(language), offer)),
            None => why,
        }
    }
}

/// That a field is not well formed, by what people call it.
pub fn field_wrong(field: &str) -> Text {
    let called = called(field);
    Text::composed(|language| words::identity::field(called.in_language(language)))
}

/// That a field is needed, because the number does not say it.
pub fn field_missing(field: &str) -> Text {
    let called = called(field);
    Text::composed(|language| words::identity::field_missing(called.in_language(language)))
}

/// That a field says something else than the identity number.
pub fn contradiction(field: &str, given: &str, number: &str) -> Text {
    let called = called(field);
    Text::composed(|language| words::identity::contradiction(called.in_language(language), given, number))
}

fn called(field: &str) -> &'static Text {
    match field {
        "address" => words::people::HOME,
        "birthdate" => words::identity::BIRTHDATE,
        "email" => words::people::EMAIL,
        "gender" => words::identity::GENDER,
        "name" => words::people::NAME,
        "phone_number" => words::people::PHONE,
        field if field.starts_with("address.") => words::people::HOME,
        // What systems keep of a person and no page asks for.
        _ => words::people::REGISTERED_FIELD,
    }
}

/// What is wrong with a number that was typed.
pub fn number_wrong(error: NumberError) -> &'static Text {
    match error {
        NumberError::CheckDigit => words::identity::NUMBER_CHECK_DIGIT,
        NumberError::Form | NumberError::BirthDate => words::identity::NUMBER_FORM,
    }
}

/// What a role is called.
pub fn role_words(role: Role) -> &'static Text {
    match role {
        Role::Auditor => words::people::AUDITOR,
        Role::Clerk => words::people::CLERK,
        Role::Counter => words::people::COUNTER,
        Role::Operator => words::people::OPERATOR,
        Role::Reviewer => words::people::REVIEWER,
        Role::SealKeeper => words::people::SEAL_KEEPER,
    }
}
