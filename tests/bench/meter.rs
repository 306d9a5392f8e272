//! Processor time and memory of other processes, from `/proc`.

use std::{fs, time::Duration};

/// Linux counts processor time of processes in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor time that a process used so far; with `family`, also that of its living and ended children.
pub fn cpu(pid: u32, family: bool) -> Duration {
    let Some((own, ended)) = times(pid) else { return Duration::ZERO };
    let mut ticks = own;
    if family {
        ticks += ended;
        for child in children(pid) {
            ticks += times(child).map_or(0, |(own, ended)| own + ended);
        }
    }
    Duration::from_secs_f64(ticks as f64 / TICKS_PER_SECOND)
}

/// Own processor time of this thread, in seconds, from the scheduler (nanosecond resolution).
pub fn own_thread() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|first| first.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

/// Resident memory in MiB.
pub fn memory_mib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
        .unwrap_or(0)
        / 1024
}

fn times(pid: u32) -> Option<(u64, u64)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything, so count from the last one.
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let number = |place: usize| fields.get(place).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    Some((number(11) + number(12), number(13) + number(14)))
}

fn children(parent: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
            fields.nth(1).and_then(|field| field.parse::<u32>().ok()) == Some(parent)
        })
        .collect()
}
