//! Plots as SVG: grouped bars, and lines on logarithmic axes. Colours follow the reader's light or dark theme.

use std::fmt::Write as _;

use crate::svg;

/// Colours of the series, in their order: told apart by people who see few colours, too.
const COLOURS: [&str; 6] = [
    "#8c8c8c", "#e69f00", "#56b4e9", "#009e73", "#d55e00", "#cc79a7",
];

const STYLE: &str = "<style>text{font:12px sans-serif;fill:#222}.t{font-size:14px;font-weight:bold}\
    .n{font-size:11px}line,path{stroke:#999}@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>\n";

/// A value, and the words behind its bar.
pub(super) type Bar = (f64, String);

/// Bars in groups; every group has its own scale, so that a build of a second is seen beside one of minutes.
#[derive(Debug, Default)]
pub(super) struct Bars {
    pub(super) title: String,
    /// What the colours stand for.
    pub(super) series: Vec<String>,
    /// Name, then the bars of some of the series.
    pub(super) groups: Vec<(String, Vec<Option<Bar>>)>,
}

impl Bars {
    /// The text of the file.
    pub(super) fn svg(&self) -> String {
        const LEFT: f64 = 170.0;
        const BAR: f64 = 330.0;
        const STEP: f64 = 14.0;
        const WIDE: f64 = 780.0;
        let mut body = String::new();
        let mut y = 62.0;
        for (name, bars) in &self.groups {
            let most = bars.iter().flatten().map(|(value, _)| *value);
            let most = most.fold(f64::MIN_POSITIVE, f64::max);
            let top = y;
            for (at, bar) in bars.iter().enumerate() {
                let Some((value, words)) = bar else { continue };
                let length = (value / most * BAR).max(1.0);
                let _ = writeln!(
                    body,
                    "<rect x=\"{LEFT}\" y=\"{y:.0}\" width=\"{length:.1}\" height=\"11\" fill=\"{}\"/>\
                     <text class=\"n\" x=\"{:.1}\" y=\"{:.0}\">{}</text>",
                    COLOURS[at % COLOURS.len()],
                    LEFT + length + 5.0,
                    y + 9.5,
                    svg::text(words)
                );
                y += STEP;
            }
            let middle = (top + y) / 2.0 + 3.0;
            let _ = writeln!(
                body,
                "<text x=\"{}\" y=\"{middle:.0}\" text-anchor=\"end\">{}</text>",
                LEFT - 8.0,
                svg::text(name)
            );
            y += 9.0;
        }
        page(&self.title, &self.series, WIDE, y, &body)
    }
}

/// Lines through points, both axes logarithmic.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) title: String,
    /// What is to the right.
    pub(super) across: String,
    /// What is up.
    pub(super) up: String,
    /// Name and points.
    pub(super) series: Vec<(String, Vec<(f64, f64)>)>,
}

impl Lines {
    /// The text of the file.
    pub(super) fn svg(&self) -> String {
        let (left, top, wide, high) = (70.0, 64.0, 560.0, 260.0);
        let points = || self.series.iter().flat_map(|(_, points)| points);
        let decades = |values: Vec<f64>| {
            let least = values.iter().copied().fold(f64::MAX, f64::min).max(1e-3);
            let most = values.iter().copied().fold(1e-3, f64::max);
            let (low, high) = (least.log10().floor(), most.log10().ceil());
            (low, high.max(low + 1.0))
        };
        let (x0, x1) = decades(points().map(|point| point.0).collect());
        let (y0, y1) = decades(points().map(|point| point.1).collect());
        let x = |value: f64| left + (value.max(1e-3).log10() - x0) / (x1 - x0) * wide;
        let y = |value: f64| top + high - (value.max(1e-3).log10() - y0) / (y1 - y0) * high;
        let mut body = String::new();
        for at in ticks(x0, x1) {
            let _ = writeln!(
                body,
                "<line x1=\"{0:.1}\" x2=\"{0:.1}\" y1=\"{top}\" y2=\"{1}\" stroke-opacity=\"0.4\"/>\
                 <text x=\"{0:.1}\" y=\"{2}\" text-anchor=\"middle\">{at}</text>",
                x(at),
                top + high,
                top + high + 16.0
            );
        }
        for at in ticks(y0, y1) {
            let _ = writeln!(
                body,
                "<line x1=\"{left}\" x2=\"{}\" y1=\"{1:.1}\" y2=\"{1:.1}\" stroke-opacity=\"0.4\"/>\
                 <text x=\"{2}\" y=\"{3:.1}\" text-anchor=\"end\">{at}</text>",
                left + wide,
                y(at),
                left - 6.0,
                y(at) + 4.0
            );
        }
        for (at, (_, points)) in self.series.iter().enumerate() {
            let colour = COLOURS[at % COLOURS.len()];
            let way: Vec<String> = points
                .iter()
                .map(|point| format!("{:.1},{:.1}", x(point.0), y(point.1)))
                .collect();
            let _ = writeln!(
                body,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
                way.join(" ")
            );
            for point in points {
                let _ = writeln!(
                    body,
                    "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"{colour}\"/>",
                    x(point.0),
                    y(point.1)
                );
            }
        }
        let _ = writeln!(
            body,
            "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>\
             <text transform=\"translate(16 {:.0}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            left + wide / 2.0,
            top + high + 36.0,
            svg::text(&self.across),
            top + high / 2.0,
            svg::text(&self.up)
        );
        let names: Vec<String> = self.series.iter().map(|(name, _)| name.clone()).collect();
        page(
            &self.title,
            &names,
            left + wide + 30.0,
            top + high + 48.0,
            &body,
        )
    }
}

/// The powers of ten from one to the other.
fn ticks(low: f64, high: f64) -> impl Iterator<Item = f64> {
    (low as i32..=high as i32).map(|exponent| 10_f64.powi(exponent))
}

fn page(title: &str, series: &[String], wide: f64, high: f64, body: &str) -> String {
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide:.0} {high:.0}\" width=\"{wide:.0}\">\n{STYLE}\
         <text class=\"t\" x=\"10\" y=\"20\">{}</text>\n",
        svg::text(title)
    );
    let mut x = 10.0;
    for (at, name) in series.iter().enumerate() {
        let _ = writeln!(
            text,
            "<rect x=\"{x:.0}\" y=\"33\" width=\"11\" height=\"11\" fill=\"{}\"/><text x=\"{:.0}\" y=\"43\">{}</text>",
            COLOURS[at % COLOURS.len()],
            x + 16.0,
            svg::text(name)
        );
        x += 36.0 + 7.0 * name.chars().count() as f64;
    }
    text + body + "</svg>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_of_each_group_is_full() {
        let bar = |value: f64| Some((value, "a < b".to_owned()));
        let bars = Bars {
            title: "x".into(),
            series: vec!["a".into(), "b".into()],
            groups: vec![
                ("one".into(), vec![bar(1.0), bar(2.0)]),
                ("two".into(), vec![None, bar(200.0)]),
            ],
        };
        let svg = bars.svg();
        assert_eq!(svg.matches("width=\"330.0\"").count(), 2, "{svg}");
        assert_eq!(svg.matches("width=\"165.0\"").count(), 1, "{svg}");
        assert_eq!(svg.matches("a &lt; b").count(), 3, "{svg}");
    }

    #[test]
    fn a_decade_is_as_wide_as_the_next() {
        let lines = Lines {
            series: vec![("a".into(), vec![(1.0, 1.0), (10.0, 1.0), (100.0, 10.0)])],
            ..Lines::default()
        };
        let svg = lines.svg();
        assert!(
            svg.contains("points=\"70.0,324.0 350.0,324.0 630.0,64.0\""),
            "{svg}"
        );
    }
}
