//! `pgbench` on a store's server: the same change, one statement or transaction at a time, with nothing around it.

use std::process::Stdio;

use tempfile::NamedTempFile;
use tokio::process::Command;

/// A script that was put into a file.
pub struct Script {
    file: NamedTempFile,
}

/// How often it is run, and by how many at a time.
pub struct Turns<'a> {
    pub clients: usize,
    pub each: u64,
    /// Variables of the script, beside `n` (0) and `each`.
    pub variables: &'a [(&'a str, String)],
}

impl Script {
    pub fn new(text: &str) -> Self {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Self { file }
    }

    /// Runs it, and tells how many were done in a second, connecting not counted.
    pub async fn run(&self, url: &str, turns: &Turns<'_>) -> f64 {
        let mut command = Command::new("pgbench");
        command
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2", "--define=n=0"])
            .arg(format!("--define=each={}", turns.each))
            .arg(format!("--client={}", turns.clients))
            .arg(format!("--transactions={}", turns.each));
        for (name, value) in turns.variables {
            command.arg(format!("--define={name}={value}"));
        }
        command.arg("--file").arg(self.file.path()).arg(url).stdin(Stdio::null()).kill_on_drop(true);
        let output = command.output().await.expect("pgbench is installed beside the server");
        let told = String::from_utf8_lossy(&output.stdout);
        let problem = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "pgbench failed: {problem}");
        rate(&told).unwrap_or_else(|| panic!("pgbench told no rate: {told}{problem}"))
    }
}

/// The rate in what is told, by `pgbench` as by the bare writer.
pub fn rate(told: &str) -> Option<f64> {
    let line = told.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_found_in_what_is_told() {
        let told = "latency average = 1.2 ms\ntps = 12345.678 (without initial connection time)\n";
        assert_eq!(rate(told), Some(12345.678));
        assert_eq!(rate("nothing"), None);
    }
}
