//! Plants faults into a copy of the project, one after the other, and insists that a test finds each within a minute.
//!
//! A test that can not fail proves nothing. Each fault here takes away one thing that keeps a promise; the test that
//! is named beside it has to pass without the fault, and to fail with it.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a report is printed, and what goes wrong ends it"
)]

mod faults;
mod tree;

use std::{
    path::Path,
    process::{Command, ExitCode, Output},
    time::{Duration, Instant},
};

use self::{
    faults::{FAULTS, Fault, Finder},
    tree::Tree,
};

/// How long a test may take to find a fault.
const FOUND_WITHIN: Duration = Duration::from_mins(1);

/// For how long anything may run, in seconds.
const ENDED_AFTER: &str = "900";

/// What became of a fault.
enum Outcome {
    Found(Duration),
    TooSlow(Duration),
    Survived,
    /// The project does not build with it: it says nothing of the tests.
    DoesNotBuild(String),
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let is_wanted = |fault: &&Fault| wanted.is_empty() || wanted.iter().any(|word| fault.name.contains(word));
    let faults: Vec<_> = FAULTS.iter().filter(is_wanted).collect();
    let tree = Tree::copy_of(root);
    for fault in &faults {
        if let Err(why) = passes_without(&tree, fault.finder) {
            println!("`{}` does not pass without a fault:\n{why}", fault.finder.filter);
            return ExitCode::FAILURE;
        }
    }
    println!("| planted fault | promise | found by | within |\n|---|---|---|---|");
    let found = faults.iter().filter(|fault| report(fault, &plant(&tree, fault))).count();
    println!("\n{found} of {} planted faults were found.", faults.len());
    if found == faults.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints what became of a fault; whether that is what it should be.
fn report(fault: &Fault, outcome: &Outcome) -> bool {
    let (word, is_found) = match outcome {
        Outcome::Found(after) => (format!("{:.1} s", after.as_secs_f64()), true),
        Outcome::TooSlow(after) => (format!("**{:.1} s**", after.as_secs_f64()), false),
        Outcome::Survived => ("**not at all**".to_owned(), false),
        Outcome::DoesNotBuild(why) => (format!("**does not build**: {why}"), false),
    };
    println!("| {} | {} | `{}` | {word} |", fault.name, fault.promise, fault.finder.filter);
    is_found
}

fn passes_without(tree: &Tree, finder: Finder) -> Result<(), String> {
    build(tree, finder)?;
    let run = test(tree, finder, &[]);
    let text = text_of(&run);
    let ran = text.lines().any(|line| line.starts_with("test ") && line.ends_with("... ok"));
    if run.status.success() && ran { Ok(()) } else { Err(text) }
}

fn plant(tree: &Tree, fault: &Fault) -> Outcome {
    let _planted = tree.with(fault.edits);
    if let Err(why) = build(tree, fault.finder) {
        return Outcome::DoesNotBuild(
            why.lines().find(|line| line.starts_with("error")).unwrap_or("").to_owned(),
        );
    }
    let began_at = Instant::now();
    let run = test(tree, fault.finder, &[]);
    let after = began_at.elapsed();
    if after > FOUND_WITHIN {
        return Outcome::TooSlow(after);
    }
    if run.status.success() || !text_of(&run).contains("test result: FAILED") {
        return Outcome::Survived;
    }
    Outcome::Found(after)
}

/// Builds the executables and the test, so that neither counts as time in which the fault is looked for.
fn build(tree: &Tree, finder: Finder) -> Result<(), String> {
    let executables = cargo(tree).args(["build", "--locked", "--package", "app", "--bins"]).output().unwrap();
    if !executables.status.success() {
        return Err(text_of(&executables));
    }
    let built = test(tree, finder, &["--no-run"]);
    if built.status.success() { Ok(()) } else { Err(text_of(&built)) }
}

fn test(tree: &Tree, finder: Finder, more: &[&str]) -> Output {
    let mut command = cargo(tree);
    command.args(["test", "--locked", "--package", finder.package]);
    match finder.test {
        Some(test) => command.args(["--test", test]),
        None => command.arg("--lib"),
    };
    command.args(more).arg(finder.filter).output().unwrap()
}

/// A test that a fault lets wait for ever, or a build, is ended in the end.
fn cargo(tree: &Tree) -> Command {
    let mut command = Command::new("timeout");
    command.arg(ENDED_AFTER).arg(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    command.current_dir(tree.folder()).env("CARGO_TARGET_DIR", tree.target());
    command
}

fn text_of(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
