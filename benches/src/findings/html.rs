//! What was found, as one page that needs nothing else.

use std::fmt::Write;

use super::{
    Findings, Table,
    markdown::{SUMMARY, outcome, verdict_row},
    plots,
};

const STYLE: &str =
    "body { font: 15px/1.5 sans-serif; max-width: 1100px; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0; font-size: 13px }
th, td { border: 1px solid #ccc; padding: .25em .6em; text-align: left; vertical-align: top }
th { background: #f2f2f2 } tr.missed td { background: #fdeaea } svg { max-width: 100%; height: auto }";

/// The whole report.
pub fn html(findings: &Findings) -> String {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Encore beside its limits</title>\n\
         <style>{STYLE}</style></head><body>\n<h1>Encore beside its limits</h1>\n<p>{}</p>\n",
        text(&findings.machine)
    );
    write!(page, "<p>{}</p>\n<h2>Summary</h2>\n", text(&outcome(findings))).unwrap();
    let rows = findings.verdicts.iter().map(|verdict| (verdict_row(verdict), !verdict.is_kept()));
    page.push_str(&table(&SUMMARY.map(str::to_owned), rows));
    if let Some(bars) = plots::targets(&findings.verdicts) {
        page.push_str("<h2>Beside the targets</h2>\n<p>The line is what has to be reached.</p>\n");
        page.push_str(&bars);
    }
    for work in &findings.works {
        write!(page, "\n<h2>{}</h2>\n<p>{}</p>\n", text(&work.title), text(&work.about)).unwrap();
        for Table { head, rows } in &work.tables {
            page.push_str(&table(head, rows.iter().map(|row| (row.clone(), false))));
        }
        page.extend(plots::latencies(&work.curves));
    }
    page.push_str("\n</body></html>\n");
    page
}

fn table(head: &[String], rows: impl Iterator<Item = (Vec<String>, bool)>) -> String {
    let cells = |kind: &str, cells: &[String]| {
        let cells: Vec<_> = cells.iter().map(|cell| format!("<{kind}>{}</{kind}>", text(cell))).collect();
        cells.concat()
    };
    let mut table = format!("<table><tr>{}</tr>\n", cells("th", head));
    for (row, is_missed) in rows {
        let class = if is_missed { " class=\"missed\"" } else { "" };
        writeln!(table, "<tr{class}>{}</tr>", cells("td", &row)).unwrap();
    }
    table.push_str("</table>\n");
    table
}

/// A text with what is bold in Markdown in bold.
fn text(markdown: &str) -> String {
    let escaped = markdown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let parts = escaped.split("**").enumerate();
    parts
        .map(|(place, part)| if place % 2 == 1 { format!("<b>{part}</b>") } else { part.to_owned() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::{Curve, Spread, Target, Verdict, Work};

    #[test]
    fn the_page_has_everything_in_itself() {
        let verdict = Verdict {
            work: "Holds <64>".into(),
            figure: "1/s".into(),
            limit: "pgbench: 2/s".into(),
            value: Spread { median: 0.5, least: 0.4, most: 0.6 },
            unit: "",
            target: Some(Target::AtLeast(2.0)),
        };
        let curve = Curve { name: "the service".into(), points: vec![(0.0, 1.0), (0.9, 3.0)] };
        let work = Work { title: "Holds".into(), curves: vec![curve], ..Work::default() };
        let page = html(&Findings { verdicts: vec![verdict], works: vec![work], ..Findings::default() });
        assert!(page.contains("<tr class=\"missed\"><td>Holds &lt;64&gt;</td>"), "{page}");
        assert_eq!(page.matches("<svg").count(), 2, "expected the bars and the curve");
        let loads = ["src=", "href=", "@import", "<script"];
        assert!(loads.iter().all(|load| !page.contains(load)), "expected nothing to be loaded");
    }

    #[test]
    fn bold_is_bold_and_nothing_else_is_markup() {
        assert_eq!(text("a **b** <c>"), "a <b>b</b> &lt;c&gt;");
    }
}
