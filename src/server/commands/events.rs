//! `events`: every kind of events that the log can hold.

use anyhow::Context;
use base::Language;
use web::kit::events;

/// The page for auditors in this language. It leads to the same page in the other one.
///
/// # Errors
///
/// A language that we do not speak.
pub fn run(language: &str) -> anyhow::Result<()> {
    let language = Language::preferred(language).with_context(|| format!("{language} is neither zh nor en"))?;
    let other = match language {
        Language::Chinese => "events.md",
        Language::English => "events.zh.md",
    };
    super::print(&events::list(language, other))
}
