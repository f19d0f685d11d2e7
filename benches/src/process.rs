//! What a process has used, as Linux tells.

use std::{fs, path::Path, time::Duration};

/// What a second has in `/proc/PID/stat`; fixed in the kernel's interface.
const TICKS_A_SECOND: f64 = 100.0;

/// The time that a process has computed for, in all the threads it has; none once it is gone.
pub fn computed(id: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    threads.map(|thread| computed_by_thread(&thread.path())).sum()
}

fn computed_by_thread(thread: &Path) -> Duration {
    let told = fs::read_to_string(thread.join("schedstat")).unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|told| told.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

/// The time that this process has computed for, in the threads that have ended, too: in hundredths of a second.
pub fn computed_here() -> Duration {
    let id = std::process::id();
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // The name is in brackets, and may hold anything.
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |field: usize| fields.get(field).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or(0.0);
    Duration::from_secs_f64((ticks(11) + ticks(12)) / TICKS_A_SECOND)
}

/// A process's memory in bytes: what it has now, and the most it ever had.
pub fn memory(id: u32) -> (u64, u64) {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let kilobytes = |field: &str| -> u64 {
        let line = status.lines().find(|line| line.starts_with(field)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    (kilobytes("VmRSS:") * 1024, kilobytes("VmHWM:") * 1024)
}
