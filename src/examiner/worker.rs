//! The process that reads files: one after the other from its standard input, two answers for each on its standard output.

use std::io::{self, Read, Write};

use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};
use verify::pdf::Examined;

use crate::{limits, turn::give_way, wire};

/// All that such a process is told: its allocator takes memory when it needs it and not before, so that the limit of the
/// process is its own, and gives it back at once, so that the process can read the next file.
pub const ENVIRONMENT: [(&str, &str); 3] =
    [("MIMALLOC_ARENA_EAGER_COMMIT", "0"), ("MIMALLOC_EAGER_COMMIT", "0"), ("MIMALLOC_PURGE_DELAY", "0")];

/// Takes away from this process what reading needs not, for good, then reads files until its input ends.
///
/// # Errors
///
/// [`io::Error`] when a limit cannot be set, when the input ends inside of a file, and when nobody takes the answer.
pub fn run() -> io::Result<()> {
    confine()?;
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    output.write_all(&wire::READY)?;
    output.flush()?;
    while let Some(file) = question(&mut input)? {
        // First what the records are asked with, in case that reading is ended from outside.
        let unread = Examined::unread(&file);
        answer(&mut output, &serde_json::to_vec(&unread)?)?;
        // Whoever has the second answer looks how much is kept: nothing but the answer.
        let message = serde_json::to_vec(&unread.read(&file))?;
        drop(file);
        answer(&mut output, &message)?;
    }
    Ok(())
}

/// Memory ends where it must; no file can be opened, made or grown; no core is left behind.
fn confine() -> io::Result<()> {
    let exactly = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
    let least = |resource, most: u64| {
        let before = getrlimit(resource).maximum.unwrap_or(u64::MAX);
        setrlimit(resource, exactly(most.min(before)))
    };
    least(Resource::Data, limits::MEMORY_BYTES_MAX)?;
    least(Resource::Fsize, 0)?;
    least(Resource::Core, 0)?;
    least(Resource::Nofile, 3)?;
    least(Resource::Nproc, 0)?;
    give_way();
    nice(limits::NICENESS)?;
    Ok(())
}

fn question(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut head = [0; 4];
    match input.read_exact(&mut head) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        outcome => outcome?,
    }
    let length = wire::length(head, limits::QUESTION_BYTES_MAX).ok_or(io::ErrorKind::InvalidData)?;
    let mut file = vec![0; length];
    input.read_exact(&mut file)?;
    Ok(Some(file))
}

fn answer(output: &mut impl Write, message: &[u8]) -> io::Result<()> {
    output.write_all(&wire::head(message.len()))?;
    output.write_all(message)?;
    output.flush()
}
