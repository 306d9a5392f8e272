//! `events`: every kind of events that the log can hold, and what was written down in one request.

use anyhow::{Context, ensure};
use base::{
    Language, ListPage,
    id::{EventId, RequestId},
};
use identity::organisation;
use records::{
    events::LogRead,
    log::{self, Entry, Filter},
};
use web::kit::events;

use super::operator;
use crate::{
    settings::Settings,
    wiring::{self, World},
};

/// What to print.
#[derive(clap::Args)]
pub struct Arguments {
    /// In which language.
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = ["zh", "en"])]
    language: String,
    /// Print what was written down in this request instead: the number that pages and answers show.
    #[arg(long, value_name = "NUMBER")]
    request: Option<String>,
}

/// The page for auditors in a language, which leads to the same page in the other one; or the entries of a request, the
/// newest first.
///
/// # Errors
///
/// A language that we do not speak, a number of no request; then when nobody is named who is an operator and proves it.
pub async fn run(settings: &Settings, arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { language, request } = arguments;
    if let Some(request) = request {
        let request = RequestId::parse(&request).with_context(|| format!("--request {request}"))?;
        return of_request(settings, request).await;
    }
    let language = Language::preferred(&language).with_context(|| format!("{language} is neither zh nor en"))?;
    let other = match language {
        Language::Chinese => "events.md",
        Language::English => "events.zh.md",
    };
    super::print(&events::list(language, other))
}

async fn of_request(settings: &Settings, request: RequestId) -> anyhow::Result<()> {
    let product = wiring::find(settings, World::default()).await?;
    let context = operator::context(settings, &product).await?;
    let filter = Filter { request: Some(request.clone()), ..Filter::default() };
    let (mut text, mut count) = (String::new(), 0);
    let mut page = ListPage::<EventId>::first(ListPage::<EventId>::LIMIT_MAX);
    loop {
        let found = log::list(&mut product.database.read().await?, &filter, &page).await?;
        count += found.items.len();
        text.extend(found.items.iter().map(line));
        match found.next {
            Some(next) => page = ListPage::after(next, page.limit),
            None => break,
        }
    }
    // Whoever looks stands in the log before anything is shown.
    let look = LogRead { about: request.to_string(), by: "request".to_owned(), count };
    product.database.tell(&context, look).await?;
    let now = product.world.clock.now();
    let is_known = count > 0
        || organisation::can_have_been_asked(&mut product.database.read().await?, request.drawn_at(), now).await?;
    let entropy = &*product.world.entropy;
    let near = oidc::counted_near(&mut product.database.read().await?, entropy, request.drawn_at()).await?;
    product.database.close().await;
    ensure!(
        is_known,
        "no such number is known: it was made {}, when this installation did not run; check each character",
        request.drawn_at().rfc3339()
    );
    if count == 0 {
        text = format!("nothing was written down in it; it was made {}\n", request.drawn_at().rfc3339());
        if !near.is_empty() {
            text.push_str("what was refused within a minute of it is counted together, and it may be among these:\n");
            text.extend(near.iter().map(line));
        }
    }
    super::print(&text)
}

/// An entry as a line.
fn line(entry: &Entry) -> String {
    let (at, actor) = (entry.at().rfc3339(), format!("{} {}", entry.actor_kind, entry.actor));
    format!("{at}  {}  {}  by {}  {}\n", entry.kind, entry.object, actor.trim_end(), entry.data)
}
