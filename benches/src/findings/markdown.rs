//! What was found, as Markdown.

use std::fmt::Write;

use super::{Findings, Table, Target, Verdict, decimals};

pub(super) const SUMMARY: [&str; 6] =
    ["work", "the service", "its limit", "ratio or figure (least to most)", "to reach", ""];

/// The whole report.
pub fn markdown(findings: &Findings) -> String {
    let mut text = format!(
        "# The service beside its limits\n\nWritten by `make bench`. {}\n\n## Summary\n\n",
        findings.machine
    );
    text.push_str(&table(&SUMMARY, findings.verdicts.iter().map(verdict_row)));
    text.extend(["\n", &outcome(findings), "\n"]);
    for work in &findings.works {
        write!(text, "\n## {}\n\n{}\n", work.title, work.about).unwrap();
        for Table { head, rows } in &work.tables {
            let head: Vec<_> = head.iter().map(String::as_str).collect();
            text.push('\n');
            text.push_str(&table(&head, rows.iter().cloned()));
        }
    }
    text
}

/// What was missed, or that nothing was.
pub(super) fn outcome(findings: &Findings) -> String {
    let missed: Vec<_> = findings.missed().map(|verdict| verdict.work.as_str()).collect();
    if missed.is_empty() {
        "Every target was reached.".to_owned()
    } else {
        format!("**Missed**: {}.", missed.join("; "))
    }
}

/// The cells of a verdict.
pub(super) fn verdict_row(verdict: &Verdict) -> Vec<String> {
    let Verdict { work, figure, limit, value, unit, target, .. } = verdict;
    let value = format!(
        "**{}** ({} to {}){}{unit}",
        decimals(value.median, 2),
        decimals(value.least, 2),
        decimals(value.most, 2),
        if unit.is_empty() { "" } else { " " }
    );
    let (wanted, outcome) = match target {
        None => ("-".to_owned(), "told only"),
        Some(target) => (wanted(*target, unit), if verdict.is_kept() { "kept" } else { "**missed**" }),
    };
    vec![work.clone(), figure.clone(), limit.clone(), value, wanted, outcome.to_owned()]
}

fn wanted(target: Target, unit: &str) -> String {
    let sign = if matches!(target, Target::AtLeast(_)) { "≥" } else { "≤" };
    format!("{sign} {} {unit}", target.bound()).trim_end().to_owned()
}

fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(&head.iter().map(ToString::to_string).collect::<Vec<_>>());
    text.push_str(&line(&vec!["---".to_owned(); head.len()]));
    text.extend(rows.map(|row| line(&row)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::{Spread, Work};

    fn verdict(work: &str, median: f64) -> Verdict {
        Verdict {
            work: work.to_owned(),
            figure: "2,000/s".to_owned(),
            limit: "1,000/s".to_owned(),
            value: Spread { median, least: 1.0, most: 3.0 },
            unit: "",
            target: Some(Target::AtLeast(2.0)),
        }
    }

    #[test]
    fn a_summary_tells_what_was_kept_and_what_was_missed() {
        let verdicts = vec![verdict("Holds", 2.0), verdict("Charges", 1.99)];
        let text = markdown(&Findings { verdicts, ..Findings::default() });
        assert!(
            text.contains("| Holds | 2,000/s | 1,000/s | **2.00** (1.00 to 3.00) | ≥ 2 | kept |"),
            "{text}"
        );
        assert!(text.contains("| ≥ 2 | **missed** |\n"), "{text}");
        assert!(text.contains("**Missed**: Charges."), "{text}");
    }

    #[test]
    fn a_work_has_its_tables_below_what_it_is_about() {
        let table = Table { head: vec!["a".into(), "b".into()], rows: vec![vec!["1".into(), "2".into()]] };
        let work = Work { title: "T".into(), about: "About.".into(), tables: vec![table], curves: vec![] };
        let text = markdown(&Findings { works: vec![work], ..Findings::default() });
        assert!(text.ends_with("## T\n\nAbout.\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n"), "{text}");
    }
}
