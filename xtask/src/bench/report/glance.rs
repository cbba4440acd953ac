//! All whole builds in one table.

use std::fmt::Write as _;

use super::builds::Builds;
use crate::bench::builds::{self, EMPTIED, EXPORT, FRESH, WARM};

/// Our wall time as ratios to the best peer's: a row for each scenario on each builder, a column for each project.
pub(super) fn chapter(builds: &Builds<'_>) -> String {
    let ours = builds::contenders().into_iter().filter(|(_, ours)| *ours);
    let ours: Vec<&str> = ours.map(|(name, _)| name).collect();
    let projects = builds::projects().into_iter().map(|(name, _)| name);
    let projects: Vec<&str> = projects.collect();
    let mut text = format!(
        "Wall time of {} as ratios to the best peer's, whoever that is in each case; bold where ours is not slower. Where nothing is \
         compiled builds take about a second, and the ratio is that of starting a frontend's container to starting none. Behind \
         ratios with a star (*) not all contenders were measured on the same day and machine, or it is not known when; where one was not measured \
         at all there is none.\n\n\
         | builder | what changed | {} |\n|---|---|{}\n",
        ours.join(" / "),
        projects.join(" | "),
        "---|".repeat(projects.len())
    );
    for on in [WARM, EMPTIED, FRESH] {
        let scenarios = builds::scenarios().into_iter();
        for scenario in scenarios.filter(|scenario| *scenario != EXPORT) {
            let cells = projects.iter().map(|project| {
                let ratios = ours
                    .iter()
                    .map(|name| ratio(builds, [project, on, scenario, name]));
                let ratios: Vec<String> = ratios.collect::<Option<_>>()?;
                let place = [*project, on, scenario];
                let is_whole = builds.is_whole(place);
                is_whole.then(|| ratios.join(" / ") + builds.star(place))
            });
            let cells: Vec<Option<String>> = cells.collect();
            if cells.iter().any(Option::is_some) {
                let cells: Vec<String> = cells.into_iter().map(Option::unwrap_or_default).collect();
                let _ = writeln!(text, "| {on} | {scenario} | {} |", cells.join(" | "));
            }
        }
    }
    text + "\n"
}

/// Bold where we are not slower.
fn ratio(builds: &Builds<'_>, place: [&str; 4]) -> Option<String> {
    let [project, on, scenario, _] = place;
    let peer = builds.best_peer([project, on, scenario], "seconds")?;
    let ratio = builds.median(place, "seconds")? / peer;
    Some(match ratio <= 1.0 {
        true => format!("**{ratio:.2}**"),
        false => format!("{ratio:.2}"),
    })
}
