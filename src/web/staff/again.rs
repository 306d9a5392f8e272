//! A form that is shown again, with what was typed into it and what is wrong.

use base::Text;
use http::StatusCode;

use crate::{
    Page, Problem,
    kit::form::{FieldError, Fields},
};

/// Where a page leads to whose form is not offered any more.
const CONTENT: &str = "content";

/// Which form of a page is shown again, and how; of a page that is opened, none.
#[derive(Default)]
pub struct Again {
    form: &'static str,
    fields: Fields,
    status: StatusCode,
    /// Whether what the page was made from has changed meanwhile.
    is_stale: bool,
    pub errors: Vec<FieldError>,
}

impl Again {
    /// What is wrong with one field of a form.
    pub fn wrong(page: &Page, (form, fields): (&'static str, Fields), field: &str, text: &Text) -> Self {
        let errors = vec![FieldError::new(page, field, text)];
        Self { form, fields, status: StatusCode::UNPROCESSABLE_ENTITY, is_stale: false, errors }
    }

    /// What was typed, where nothing is wrong with it and something else stood in the way.
    pub fn typed_in((form, fields): (&'static str, Fields)) -> Self {
        Self { form, fields, ..Self::default() }
    }

    /// A rule that spoke, at the field that `place` gives for its code, or else at the reason.
    ///
    /// # Errors
    ///
    /// What is no rule's, as it is.
    pub fn after(
        problem: Problem,
        page: &Page,
        form: (&'static str, Fields),
        place: impl Fn(&str) -> Option<&'static str>,
    ) -> Result<Self, Problem> {
        let Problem::Domain { status, code, text } = problem else { return Err(problem) };
        let field = place(code).map_or_else(|| format!("{}-reason", form.0), str::to_owned);
        Ok(Self { status, is_stale: code == "stale", ..Self::wrong(page, form, &field, &text) })
    }

    /// With errors that lead to what the page is about where their form is not on it.
    pub fn among(mut self, offered: &[&str]) -> Self {
        if !offered.contains(&self.form) {
            for error in &mut self.errors {
                CONTENT.clone_into(&mut error.field);
            }
        }
        self
    }

    /// The status of the page.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The fields, when it is this form.
    pub fn of(&self, form: &str) -> Option<&Fields> {
        (self.form == form).then_some(&self.fields)
    }

    /// What stands in a field: what was typed, or else what is there now.
    pub fn typed<'a>(&'a self, form: &str, field: &str, now: &'a str) -> &'a str {
        self.of(form).map_or(now, |fields| fields.text(field))
    }

    /// What the form was made from: whoever was told that it has changed goes on from how it is now.
    pub fn before<'a>(&'a self, form: &str, now: &'a str) -> &'a str {
        if self.is_stale { now } else { self.typed(form, "before", now) }
    }

    /// Whether a box was ticked.
    pub fn ticked(&self, form: &str, field: &str) -> bool {
        self.of(form).is_some_and(|fields| fields.has(field))
    }

    /// What is wrong with a field; empty when nothing is.
    pub fn error(&self, field: &str) -> &str {
        FieldError::of(&self.errors, field)
    }
}
