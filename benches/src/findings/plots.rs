//! Plots, as SVG.

use plotters::{
    prelude::{
        ChartBuilder, IntoDrawingArea, IntoFont, IntoLogRange, LineSeries, PathElement, Rectangle,
        SVGBackend, Text,
    },
    style::{BLACK, Color, IntoTextStyle, RGBColor, TextStyle, WHITE},
};

use super::{Curve, Target, Verdict, decimals};

const SIZE: (u32, u32) = (760, 320);
const COLORS: [RGBColor; 4] =
    [RGBColor(31, 90, 166), RGBColor(214, 117, 22), RGBColor(46, 125, 50), RGBColor(130, 80, 150)];
const KEPT: RGBColor = RGBColor(46, 125, 50);
const MISSED: RGBColor = RGBColor(190, 45, 45);
const GREY: RGBColor = RGBColor(120, 120, 120);
const FONT: (&str, u32) = ("sans-serif", 13);

/// Height of a bar with what is around it, and where bars begin.
const BAR: i32 = 26;
const BARS_AREA: u32 = 1_080;
const BARS_FROM: i32 = 700;
const BARS_WIDTH: i32 = 250;
/// A bar is not drawn longer than so many times its target.
const LONGEST: f64 = 1.6;

/// Latencies by percentile, both on a logarithmic scale: the farther to the right, the rarer. None without curves.
pub(super) fn latencies(curves: &[Curve]) -> Option<String> {
    let points = || curves.iter().flat_map(|curve| curve.points.iter());
    let rarest = points().map(|(quantile, _)| rarity(*quantile)).fold(1_000.0, f64::max);
    let least = points().map(|(_, latency)| *latency).fold(f64::INFINITY, f64::min);
    let most = points().map(|(_, latency)| *latency).fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE).ok()?;
        let powers = 10_f64.powf(least.max(0.01).log10().floor())..10_f64.powf(most.log10().ceil());
        let (across, up) = ((1.0..rarest).log_scale(), powers.log_scale());
        let mut chart = ChartBuilder::on(&area)
            .margin(10)
            .x_label_area_size(40)
            .y_label_area_size(70)
            .build_cartesian_2d(across, up)
            .ok()?;
        let mesh = &mut chart.configure_mesh();
        mesh.x_desc("percentile").y_desc("ms").label_style(FONT).axis_desc_style(FONT);
        mesh.light_line_style(WHITE).x_label_formatter(&|rarity| percentile(*rarity));
        mesh.y_label_formatter(&|latency| decimals(*latency, if *latency < 1.0 { 2 } else { 0 }));
        mesh.draw().ok()?;
        for (curve, color) in curves.iter().zip(COLORS.iter().cycle()) {
            let line = curve.points.iter().map(|(quantile, latency)| (rarity(*quantile), latency.max(0.01)));
            let series = chart.draw_series(LineSeries::new(line, color.stroke_width(2))).ok()?;
            let color = *color;
            series
                .label(&curve.name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
        }
        let legend = &mut chart.configure_series_labels();
        legend.label_font(FONT).background_style(WHITE.mix(0.8)).border_style(GREY);
        legend.position(plotters::chart::SeriesLabelPosition::UpperLeft).draw().ok()?;
        area.present().ok()?;
    }
    Some(svg)
}

/// One in how many takes longer.
fn rarity(quantile: f64) -> f64 {
    1.0 / (1.0 - quantile).max(1e-6)
}

fn percentile(rarity: f64) -> String {
    let percent = format!("{:.4}", 100.0 * (1.0 - 1.0 / rarity));
    format!("{}%", percent.trim_end_matches('0').trim_end_matches('.'))
}

/// Each verdict that has a target as a bar beside it: to the right of the line is better where more is wanted, and to
/// the left where less is.
pub(super) fn targets(verdicts: &[Verdict]) -> Option<String> {
    let judged: Vec<_> = verdicts.iter().filter_map(|verdict| Some((verdict, verdict.target?))).collect();
    let height = u32::try_from(judged.len()).ok()? * BAR.unsigned_abs() + 20;
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (BARS_AREA, height)).into_drawing_area();
        area.fill(&WHITE).ok()?;
        let style: TextStyle<'_> = FONT.into_font().into_text_style(&area).color(&BLACK);
        for (place, (verdict, target)) in (0..).zip(&judged) {
            let (top, share) = (10 + place * BAR, verdict.value.median / target.bound());
            let length = (share.clamp(0.0, LONGEST) / LONGEST * f64::from(BARS_WIDTH)) as i32;
            let color = if verdict.is_kept() { KEPT } else { MISSED };
            let bar = [(BARS_FROM, top + 3), (BARS_FROM + length.max(1), top + BAR - 5)];
            area.draw(&Rectangle::new(bar, color.filled())).ok()?;
            let sign = if matches!(target, Target::AtLeast(_)) { "≥" } else { "≤" };
            let told = format!("{} {sign} {}", decimals(verdict.value.median, 2), target.bound());
            area.draw(&Text::new(short(&verdict.work), (4, top + 4), style.clone())).ok()?;
            area.draw(&Text::new(told, (BARS_FROM + BARS_WIDTH + 4, top + 4), style.clone())).ok()?;
        }
        let line = BARS_FROM + (f64::from(BARS_WIDTH) / LONGEST) as i32;
        let ends = [(line, 4), (line, i32::try_from(height).ok()? - 6)];
        area.draw(&PathElement::new(ends, BLACK.stroke_width(1))).ok()?;
        area.present().ok()?;
    }
    (!judged.is_empty()).then_some(svg)
}

/// As much of a name as there is room for.
fn short(name: &str) -> String {
    const CHARACTERS: usize = 115;
    if name.chars().count() <= CHARACTERS {
        name.to_owned()
    } else {
        name.chars().take(CHARACTERS - 1).chain(['…']).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Spread;

    #[test]
    fn a_curve_is_drawn_with_its_name() {
        let points = vec![(0.0, 1.0), (0.5, 2.0), (0.99, 5.0)];
        let svg = latencies(&[Curve { name: "the service".into(), points }]).expect("a plot");
        assert!(svg.starts_with("<svg") && svg.contains("the service") && svg.contains("<polyline"), "{svg}");
        assert_eq!(latencies(&[]), None);
    }

    #[test]
    fn every_verdict_with_a_target_has_a_bar() {
        let verdict = |work: &str, target| Verdict {
            work: work.to_owned(),
            figure: String::new(),
            limit: String::new(),
            value: Spread { median: 1.0, least: 1.0, most: 1.0 },
            unit: "",
            target,
        };
        let svg =
            targets(&[verdict("Holds", Some(Target::AtLeast(2.0))), verdict("Fans", None)]).expect("bars");
        assert!(svg.contains("Holds") && !svg.contains("Fans"), "{svg}");
        assert_eq!(targets(&[verdict("Fans", None)]), None);
    }

    #[test]
    fn percentiles_are_told_without_noughts_at_the_end() {
        let told = [1.0, 2.0, 10.0, 100.0, 1_000.0, 10_000.0].map(percentile);
        assert_eq!(told, ["0%", "50%", "90%", "99%", "99.9%", "99.99%"]);
    }
}
