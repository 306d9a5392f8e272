//! The pages of an application before it is handed in: the holder, the fields, the answers with the page that comes of them.

use base::{Date, Text};
use licence::{
    Content, Fields as LicenceFields,
    field::{self, FieldKind, FieldRule, Source, VEHICLE_CLASSES},
    holder::HolderKind,
    issue::{NewLicence, compose::from_register},
    licence_type::{LicenceType, Validity},
};

use super::Sheet;
use crate::{
    Page,
    kit::{
        form::{FieldError, Fields},
        wording::Worded,
    },
    staff::console::stands::Stand,
};

/// One input with everything that stands around it.
struct Input {
    id: String,
    label: String,
    hint: String,
    value: String,
    /// Empty when there is none.
    error: String,
    kind: &'static str,
    choices: Vec<(String, String)>,
    required: bool,
    /// Says that it may stay empty, if it may.
    optional: &'static str,
}

#[derive(askama::Template)]
#[template(path = "staff/console/apply.html")]
pub struct Form {
    page: Page,
    code: String,
    type_name: String,
    step: u8,
    is_person: bool,
    /// Where the form goes.
    action: String,
    /// The application that is changed.
    changed: Option<String>,
    digest: String,
    number: String,
    number_error: &'static str,
    holder: String,
    holder_name: String,
    holder_number: String,
    renews: String,
    locked: Vec<(String, String)>,
    inputs: Vec<Input>,
    errors: Vec<FieldError>,
    stands: Option<Stand>,
    /// Why nothing can be sealed, on a form that is opened.
    no_seal: Vec<String>,
}

impl Form {
    /// With what stands in the way of sealing.
    pub fn hindered(self, no_seal: Vec<String>) -> Self {
        Self { no_seal, ..self }
    }

    /// With what stands in the way of the application.
    pub fn stood(self, stands: Option<Stand>) -> Self {
        Self { stands, ..self }
    }

    /// The way to the page.
    fn places(&self) -> Vec<(&str, &str)> {
        places(&self.page, self.changed.as_deref())
    }
}

/// The way to a page of an application.
fn places<'a>(page: &'a Page, changed: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    let console = ("/console", page.say(words::console::TITLE));
    match changed {
        Some(way) => vec![
            console,
            ("/console/applications", page.say(words::console::APPLICATIONS)),
            (way, page.say(words::console::APPLICATION)),
        ],
        None => vec![console, ("/console/apply", page.say(words::console::APPLY))],
    }
}

/// The page that asks for whom it is.
pub fn holder(page: Page, licence_type: &LicenceType, number: &str, number_error: &'static str) -> Form {
    let errors = match number_error {
        "" => vec![],
        words => vec![FieldError { field: "number".to_owned(), text: words.to_owned() }],
    };
    Form {
        action: format!("/console/apply/{}", licence_type.code),
        changed: None,
        digest: String::new(),
        code: licence_type.code.clone(),
        type_name: page.say(&licence_type.definition.name.text()).to_owned(),
        step: 1,
        is_person: licence_type.definition.holder == HolderKind::Person,
        number: number.chars().take(40).collect(),
        errors,
        number_error,
        holder: String::new(),
        holder_name: String::new(),
        holder_number: String::new(),
        renews: String::new(),
        locked: vec![],
        inputs: vec![],
        stands: None,
        no_seal: vec![],
        page,
    }
}

/// The page that asks for the fields.
pub fn fields(page: Page, sheet: &Sheet, entered: &Fields, errors: Vec<FieldError>) -> Form {
    let Sheet { licence_type, holder, .. } = sheet;
    let error_of =
        |id: &str| errors.iter().find(|error| error.field == id).map_or("", |error| error.text.as_str()).to_owned();
    let (mut locked, mut inputs) = (Vec::new(), Vec::new());
    for rule in &licence_type.definition.fields {
        let label = page.say(&rule.label.text()).to_owned();
        match from_register(rule, holder) {
            Some(_) if rule.source == Source::HolderNumber => locked.push((label, holder.number_shown())),
            Some(value) => locked.push((label, value)),
            None => inputs.push(input(&page, (sheet, rule), label, entered, &error_of)),
        }
    }
    inputs.push(date(
        &page,
        "valid_from",
        words::console::VALID_FROM,
        words::console::VALID_FROM_HELP,
        entered,
        &error_of,
    ));
    if licence_type.definition.validity == Validity::UntilDate {
        inputs.push(date(
            &page,
            "valid_until",
            words::console::VALID_UNTIL,
            words::console::VALID_UNTIL_HELP,
            entered,
            &error_of,
        ));
    }
    Form {
        action: sheet.action(),
        changed: sheet.changed.as_ref().map(|application| super::way_of(application.id.as_str())),
        digest: entered.text("digest").to_owned(),
        code: licence_type.code.clone(),
        type_name: page.say(&licence_type.definition.name.text()).to_owned(),
        step: 2,
        is_person: licence_type.definition.holder == HolderKind::Person,
        number: String::new(),
        number_error: "",
        holder: holder.holder.id().to_owned(),
        holder_name: holder.name.clone(),
        holder_number: holder.number_shown(),
        renews: sheet.renews.as_ref().map(ToString::to_string).unwrap_or_default(),
        locked,
        inputs,
        errors,
        stands: None,
        no_seal: vec![],
        page,
    }
}

impl Sheet {
    /// Where its form goes.
    fn action(&self) -> String {
        match &self.changed {
            Some(application) => format!("{}/change", super::way_of(application.id.as_str())),
            None => format!("/console/apply/{}", self.licence_type.code),
        }
    }

    /// What was filled in, and what of it is no date. An identity number that was left empty stays the one that was
    /// entered before.
    pub(super) fn read(&self, page: &Page, fields: &Fields) -> (NewLicence, Vec<FieldError>) {
        let (valid_from, from_error) = read_date(page, fields, "valid_from");
        let (until, until_error) = read_date(page, fields, "valid_until");
        let mut entered: LicenceFields = fields
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix("f_")?.to_owned(), value.to_owned())))
            .collect();
        for rule in &self.licence_type.definition.fields {
            let is_empty = entered.get(&rule.key).is_none_or(|value| value.trim().is_empty());
            if let Some(before) = self.kept(rule).filter(|_| is_empty) {
                entered.insert(rule.key.clone(), before.to_owned());
            }
        }
        let new = NewLicence {
            type_code: self.licence_type.code.clone(),
            holder: self.holder.clone(),
            fields: entered,
            valid_from,
            valid_until: until.filter(|_| self.licence_type.definition.validity == Validity::UntilDate),
            renews: self.renews.clone(),
        };
        (new, [from_error, until_error].into_iter().flatten().collect())
    }

    /// The identity number that the application has in a field, which the form does not show.
    fn kept(&self, rule: &FieldRule) -> Option<&str> {
        let before = self.changed.as_ref()?.content.fields.get(&rule.key)?;
        (rule.kind == FieldKind::IdentityNumber && rule.source == Source::Entered).then_some(before)
    }
}

fn read_date(page: &Page, fields: &Fields, name: &str) -> (Option<Date>, Option<FieldError>) {
    match fields.text(name) {
        "" => (None, None),
        text => match Date::parse(text) {
            Ok(date) => (Some(date), None),
            Err(_) => (None, Some(FieldError::new(page, name, words::console::DATE_FORM))),
        },
    }
}

/// What the rules say about fields, each with its name.
pub fn wrong_fields(page: &Page, licence_type: &LicenceType, wrong: Vec<field::FieldError>) -> Vec<FieldError> {
    let said = wrong.into_iter().map(|error| {
        let label = licence_type
            .field(&error.key)
            .map_or(error.key.clone(), |rule| rule.label.text().in_language(page.language).to_owned());
        FieldError {
            field: format!("f_{}", error.key),
            text: format!("{label}{}{}", page.say(words::base::COLON), page.say(&error.problem.text())),
        }
    });
    said.collect()
}

fn input(
    page: &Page,
    (sheet, rule): (&Sheet, &FieldRule),
    label: String,
    entered: &Fields,
    error_of: &dyn Fn(&str) -> String,
) -> Input {
    let id = format!("f_{}", rule.key);
    let kept = sheet.kept(rule);
    let (kind, choices, hint) = match &rule.kind {
        FieldKind::Choice(words) => {
            let words = words.iter().map(|word| (word.zh.clone(), page.say(&word.text()).to_owned())).collect();
            ("choice", words, String::new())
        }
        FieldKind::Date => ("date", vec![], String::new()),
        FieldKind::IdentityNumber => {
            let hint = match kept {
                Some(number) => words::console::identity_number_kept(base::mask::identity_number(number)),
                None => words::console::IDENTITY_NUMBER_HELP.clone(),
            };
            ("text", vec![], page.say(&hint).to_owned())
        }
        FieldKind::Country => ("text", vec![], page.say(words::console::COUNTRY_HELP).to_owned()),
        FieldKind::Instant => ("text", vec![], page.say(words::console::INSTANT_HELP).to_owned()),
        FieldKind::VehicleClasses => {
            let classes: Vec<&str> = VEHICLE_CLASSES.iter().map(|class| class.code).collect();
            ("text", vec![], page.say(&words::console::vehicle_classes_help(classes.join(" "))).to_owned())
        }
        FieldKind::Number => ("number", vec![], String::new()),
        FieldKind::Text if rule.length_max > 80 => ("area", vec![], length_hint(page, rule.length_max())),
        FieldKind::Name | FieldKind::Text => ("text", vec![], length_hint(page, rule.length_max())),
    };
    let required = rule.required && kept.is_none();
    Input {
        label,
        hint,
        value: entered.text(&id).to_owned(),
        error: error_of(&id),
        kind,
        choices,
        required,
        optional: optional(page, rule.required),
        id,
    }
}

fn length_hint(page: &Page, length_max: usize) -> String {
    page.say(&words::console::at_most(length_max)).to_owned()
}

fn date(
    page: &Page,
    id: &str,
    label: &Text,
    hint: &Text,
    entered: &Fields,
    error_of: &dyn Fn(&str) -> String,
) -> Input {
    let required = id == "valid_until";
    Input {
        id: id.to_owned(),
        label: page.say(label).to_owned(),
        hint: page.say(hint).to_owned(),
        value: entered.text(id).to_owned(),
        error: error_of(id),
        kind: "date",
        choices: vec![],
        required,
        optional: optional(page, required),
    }
}

fn optional(page: &Page, required: bool) -> &'static str {
    if required { "" } else { page.say(words::console::OPTIONAL) }
}

/// What was answered, with the page that comes of it, before it is handed in.
#[derive(askama::Template)]
#[template(path = "staff/console/answers.html")]
pub struct Answers {
    page: Page,
    type_name: String,
    is_person: bool,
    is_renewal: bool,
    action: String,
    changed: Option<String>,
    holder_name: String,
    holder_number: String,
    facts: Vec<(String, String)>,
    /// What is sent again.
    fields: Vec<(String, String)>,
    picture: String,
}

impl Answers {
    pub fn new(page: Page, sheet: &Sheet, fields: &Fields, content: &Content, picture: String) -> Self {
        let definition = &sheet.licence_type.definition;
        let mut facts = Vec::with_capacity(definition.fields.len() + 2);
        for rule in &definition.fields {
            if let Some(value) = content.fields.get(&rule.key).filter(|_| rule.source == Source::Entered) {
                facts.push((page.say(&rule.label.text()).to_owned(), page.say(&rule.on_screen(value)).to_owned()));
            }
        }
        facts.push((page.say(words::console::VALID_FROM).to_owned(), content.valid_from.clone()));
        let until = content.valid_until.clone().unwrap_or_else(|| page.say(words::console::FOR_GOOD).to_owned());
        facts.push((page.say(words::console::VALID_UNTIL).to_owned(), until));
        let is_answer = |name: &str| {
            ["holder", "renews", "digest", "valid_from", "valid_until"].contains(&name) || name.starts_with("f_")
        };
        let answers = fields.iter().filter(|(name, _)| is_answer(name));
        Self {
            type_name: page.say(&definition.name.text()).to_owned(),
            is_person: definition.holder == HolderKind::Person,
            is_renewal: sheet.renews.is_some(),
            action: sheet.action(),
            changed: sheet.changed.as_ref().map(|application| super::way_of(application.id.as_str())),
            holder_name: sheet.holder.name.clone(),
            holder_number: sheet.holder.number_shown(),
            facts,
            fields: answers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            picture,
            page,
        }
    }

    /// The way to the page.
    fn places(&self) -> Vec<(&str, &str)> {
        places(&self.page, self.changed.as_deref())
    }
}
