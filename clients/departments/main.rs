//! `department CONFIG.json`: one demonstration relying party as a program of its own.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};
use departments::DepartmentConfig;

#[tokio::main]
async fn main() -> Result<()> {
    let path: PathBuf = std::env::args_os().nth(1).context("usage: department CONFIG.json")?.into();
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let config: DepartmentConfig = serde_json::from_str(&text)
        .with_context(|| format!("{} is not a department's configuration", path.display()))?;
    departments::run(config).await
}
