//! Screens of a terminal, one after the other, as one SVG that moves by itself.
//!
//! The screens stand in a column that jumps up by one screen at a time. A line that is on several screens is
//! written once. Who does not want things to move, or cannot draw it, sees the last screen.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use crate::svg;

/// Rows and columns.
pub(super) const SIZE: (u16, u16) = (26, 100);

const LETTER: f64 = 7.83;
const LINE: u32 = 18;
const MARGIN: u32 = 14;
const FONT: u32 = 13;
const PAPER: &str = "#16181d";
const INK: &str = "#d8dee9";

/// A terminal of that size.
pub(super) fn terminal() -> vt100::Parser {
    let size = |length: u16| NonZeroU16::MIN.saturating_add(length - 1);
    vt100::Parser::new(size(SIZE.0), size(SIZE.1), 0)
}

/// A film.
#[derive(Debug, Default)]
pub(super) struct Film {
    screens: Vec<Screen>,
}

#[derive(Debug)]
struct Screen {
    seconds: f64,
    lines: Vec<String>,
}

impl Film {
    /// Shows a screen for some seconds.
    pub(super) fn add(&mut self, seconds: f64, screen: &vt100::Screen) {
        let lines: Vec<String> = (0..SIZE.0).map(|row| line(screen, row)).collect();
        match self.screens.last_mut() {
            Some(last) if last.lines == lines => last.seconds += seconds,
            _ => self.screens.push(Screen { seconds, lines }),
        }
    }

    /// Shows the last screen longer.
    pub(super) fn hold(&mut self, seconds: f64) {
        if let Some(last) = self.screens.last_mut() {
            last.seconds += seconds;
        }
    }

    /// The picture.
    pub(super) fn svg(&self) -> String {
        let height = u32::from(SIZE.0) * LINE + 2 * MARGIN;
        let width = (f64::from(SIZE.1) * LETTER).ceil() as u32 + 2 * MARGIN;
        let total: f64 = self.screens.iter().map(|screen| screen.seconds).sum();
        let last = u32::try_from(self.screens.len().saturating_sub(1)).unwrap_or(0) * height;
        let mut keyframes = String::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let (mut definitions, mut column) = (String::new(), String::new());
        let (mut passed, mut top) = (0.0, 0);
        for screen in &self.screens {
            let share = 100.0 * passed / total;
            keyframes.push_str(&format!("{share:.3}%{{transform:translateY(-{top}px)}}"));
            for (row, line) in (0..)
                .zip(&screen.lines)
                .filter(|(_, line)| !line.is_empty())
            {
                let next = places.len();
                let place = *places.entry(line).or_insert(next);
                if place == next {
                    definitions.push_str(&format!("<text id=\"l{place}\">{line}</text>\n"));
                }
                let y = top + MARGIN + row * LINE + FONT;
                column.push_str(&format!("<use href=\"#l{place}\" y=\"{y}\"/>"));
            }
            column.push('\n');
            passed += screen.seconds;
            top += height;
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xml:space=\"preserve\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             font-family=\"ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace\" font-size=\"{FONT}\" fill=\"{INK}\">\n\
             <style>text{{white-space:pre}}#film{{animation:film {total:.2}s step-end infinite}}\
             @keyframes film{{{keyframes}}}\
             @media(prefers-reduced-motion:reduce){{#film{{animation:none}}}}</style>\n\
             <defs>\n{definitions}</defs>\n\
             <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{PAPER}\"/>\n\
             <svg x=\"{MARGIN}\" width=\"{width}\" height=\"{height}\"><g id=\"film\" transform=\"translate(0,-{last})\">\n\
             {column}</g></svg>\n</svg>\n"
        )
    }
}

/// A row as SVG text: runs of one colour.
fn line(screen: &vt100::Screen, row: u16) -> String {
    let mut runs: Vec<(Look, String)> = vec![];
    for column in 0..SIZE.1 {
        let Some(cell) = screen.cell(row, column) else {
            break;
        };
        let letter = match cell.contents() {
            "" => " ",
            letter => letter,
        };
        let look = (colour(cell.fgcolor()), cell.bold());
        match runs.last_mut() {
            Some((last, text)) if *last == look || letter == " " => text.push_str(letter),
            _ => runs.push((look, letter.to_owned())),
        }
    }
    if let Some((_, text)) = runs.last_mut() {
        text.truncate(text.trim_end().len());
    }
    let written = runs.iter().filter(|(_, text)| !text.is_empty());
    written
        .map(|((colour, bold), text)| {
            let fill = colour.map(|colour| format!(" fill=\"{colour}\""));
            let weight = if *bold { " font-weight=\"bold\"" } else { "" };
            let look = fill.unwrap_or_default() + weight;
            match look.as_str() {
                "" => svg::text(text),
                look => format!("<tspan{look}>{}</tspan>", svg::text(text)),
            }
        })
        .collect()
}

/// The colour of letters, if it is not the usual one, and whether they are bold.
type Look = (Option<&'static str>, bool);

/// A terminal's colour on dark paper.
fn colour(colour: vt100::Color) -> Option<&'static str> {
    match colour {
        vt100::Color::Idx(1 | 9) => Some("#ff7b72"),
        vt100::Color::Idx(2 | 10) => Some("#7ee787"),
        vt100::Color::Idx(3 | 11) => Some("#e3b341"),
        vt100::Color::Idx(4 | 12) => Some("#79c0ff"),
        vt100::Color::Idx(5 | 13) => Some("#d2a8ff"),
        vt100::Color::Idx(6 | 14) => Some("#76e3ea"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_on_two_screens_is_written_once() {
        let mut terminal = terminal();
        let mut film = Film::default();
        terminal.process(b"\x1b[34ma <b>\x1b[0m c\r\n");
        film.add(1.0, terminal.screen());
        film.add(1.0, terminal.screen());
        terminal.process(b"d");
        film.add(2.0, terminal.screen());
        assert_eq!(film.screens.len(), 2);
        let svg = film.svg();
        let first = "<text id=\"l0\"><tspan fill=\"#79c0ff\">a &lt;b&gt; </tspan>c</text>";
        assert_eq!(svg.matches(first).count(), 1, "{svg}");
        assert_eq!(svg.matches("href=\"#l0\"").count(), 2, "{svg}");
        assert!(svg.contains("animation:film 4.00s"), "{svg}");
        assert!(
            svg.contains("50.000%{transform:translateY(-496px)}"),
            "{svg}"
        );
    }
}
