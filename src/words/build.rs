//! Reads `text/*.toml` and writes the words as Rust; what is wrong with them ends the build.

mod generate;

use std::{env, fs, path::Path, process::ExitCode};

fn main() -> ExitCode {
    match write() {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            for line in wrong {
                eprintln!("{line}");
            }
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stdout, reason = "a build script speaks to Cargo in this way")]
fn write() -> Result<(), Vec<String>> {
    let io = |error: std::io::Error| vec![error.to_string()];
    let mut files = Vec::new();
    for entry in fs::read_dir("text").map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push((path.display().to_string(), fs::read_to_string(&path).map_err(io)?));
        }
    }
    files.sort();
    let folder = env::var_os("OUT_DIR").ok_or_else(|| vec!["OUT_DIR is not set".to_owned()])?;
    fs::write(Path::new(&folder).join("words.rs"), generate::rust(&files)?).map_err(io)?;
    println!("cargo::rerun-if-changed=text");
    println!("cargo::rerun-if-changed=generate.rs");
    Ok(())
}
