//! One demonstration city for the tests of other people's programs. It ends with this program, however that ends.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, ensure};

use crate::step::{say, target};

/// Serves until its input is closed.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
"$1" demo --data "$2" --port 0 </dev/null 2>"$2/output.log" &
city=$!
cat >/dev/null
kill -TERM "$city" 2>/dev/null
wait "$city"
"#;

/// A running city. Dropping it stops it.
#[derive(Debug)]
pub struct City {
    /// Where `demo.json` is.
    pub folder: PathBuf,
    child: Child,
    /// Closing it stops the city.
    lifeline: Option<ChildStdin>,
}

impl City {
    /// Starts it and waits until it says that it is ready.
    pub fn start() -> Result<Self> {
        let begun = Instant::now();
        let folder = env::temp_dir().join(format!("guosuo-shared-city-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "city"]).arg(target().join("debug/guosuo")).arg(&folder);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("cannot start a city")?;
        let (lifeline, output) = (child.stdin.take(), child.stdout.take());
        let city = Self { folder, child, lifeline };
        // It prints what to open when everything is there, and nothing before; without a word it has ended.
        let mut line = String::new();
        BufReader::new(output.context("no output")?).read_line(&mut line)?;
        let log = || fs::read_to_string(city.folder.join("output.log")).unwrap_or_default();
        ensure!(city.folder.join("demo.json").exists(), "the city did not start:\n{}", log());
        say(&format!("ok     city ({:.1} s)", begun.elapsed().as_secs_f64()));
        Ok(city)
    }
}

impl Drop for City {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
