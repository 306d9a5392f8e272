//! What a command looked at, line by line.

use std::fmt::Write;

use anyhow::bail;

/// One line for each thing that was looked at.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub text: String,
    /// What must be put right.
    pub wrong: Vec<String>,
}

impl Report {
    pub fn line(&mut self, name: &str, outcome: Result<String, String>) {
        let (mark, text) = match outcome {
            Ok(text) => ("ok   ", text),
            Err(text) => {
                self.wrong.push(format!("{name}: {text}"));
                ("WRONG", text)
            }
        };
        let _ = writeln!(self.text, "{mark} {name}: {text}");
    }

    /// What is to come, and right as it is.
    pub fn soon(&mut self, name: &str, text: &str) {
        let _ = writeln!(self.text, "soon  {name}: {text}");
    }

    /// What is neither right nor wrong.
    pub fn note(&mut self, text: &str) {
        let _ = writeln!(self.text, "      {text}");
    }

    /// Prints it.
    ///
    /// # Errors
    ///
    /// When something is wrong, after printing.
    pub fn tell(&self) -> anyhow::Result<()> {
        crate::commands::print(&self.text)?;
        if !self.wrong.is_empty() {
            bail!("{} of these must be put right", self.wrong.len());
        }
        Ok(())
    }
}
