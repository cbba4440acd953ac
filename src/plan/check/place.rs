//! Where a check belongs: in the spec, and on which machine.

use crate::plan::Input;
use crate::platform::{self, Libc};
use crate::source::Span;

/// The lines that such a stage exists because of.
pub(super) fn span(input: &Input<'_>) -> Option<Span> {
    let test = &input.spec.test;
    let spans = [test.runner.span, test.clippy_deny.span, test.fmt_check.span];
    let spans = spans
        .into_iter()
        .chain(test.args.iter().map(|word| word.span));
    let spans: Vec<Span> = spans.flatten().collect();
    let start = spans.iter().map(|span| span.start).min();
    let end = spans.iter().map(|span| span.end).max();
    match (start, end) {
        (Some(start), Some(end)) => Some(Span { start, end }),
        _ => input.image.build.span,
    }
}

/// The triple that is compiled for: the image's, if such programs run on the machine that builds.
pub(super) fn runnable(triple: &str, input: &Input<'_>) -> String {
    let libc = platform::libc(triple).unwrap_or(Libc::Gnu);
    let Some(own) = input.build_platform.triple(libc) else {
        return triple.to_owned();
    };
    let arch = |triple: &str| triple.split('-').next().map(str::to_owned);
    match arch(triple) == arch(own) && triple.contains("-linux-") {
        true => triple.to_owned(),
        false => own.to_owned(),
    }
}
