//! Log lines: structured, to standard error, in the form the settings ask for.
//!
//! Nothing here hides secrets: the rule is that no code gives one to a log line (types that hold one do not print
//! themselves), and a test reads a whole run's lines to see that it is kept.

use anyhow::{Context, bail};
use tracing_subscriber::EnvFilter;

/// Starts writing log lines. Called once, first thing.
///
/// # Errors
///
/// A filter that cannot be read, or an unknown format.
pub fn start(format: &str, filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::builder().parse(filter).with_context(|| format!("log.filter {filter:?}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    // A second start in one process (tests) keeps the first.
    let _ = match format {
        "json" => builder.json().flatten_event(true).with_span_list(false).try_init(),
        "text" => builder.with_ansi(false).try_init(),
        other => bail!("log.format must be text or json, not {other:?}"),
    };
    Ok(())
}
