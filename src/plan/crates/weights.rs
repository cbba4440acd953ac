//! What compiling a crate costs.

use crate::units::Instance;

/// Crates that cost much, or much more or less than their size tells, and milliseconds: CPU time of the compiler, and of
/// build scripts that compile C, with an optimizing profile on one processor of 2026. Only proportions matter.
const MEASURED: &str = include_str!("weights.txt");

/// Milliseconds of one processor for a package with an optimizing profile.
pub(super) fn of(instance: &Instance) -> u64 {
    let size = instance.sources.as_ref().map_or(0, |sources| sources.size);
    weight(&instance.name, size)
}

/// Milliseconds of one processor for a package with so many bytes of sources.
pub fn weight(name: &str, size: u64) -> u64 {
    let mut lines = MEASURED.lines().filter_map(|line| line.split_once(' '));
    let known = lines.find(|(other, _)| *other == name);
    if let Some(known) = known.and_then(|(_, time)| time.parse().ok()) {
        return known;
    }
    // A line through the measured crates, rounded so that a bump changes nothing.
    (100 + size / 250).next_power_of_two() / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_a_name_and_a_time_in_order() {
        let names: Vec<&str> = MEASURED
            .lines()
            .map(|line| {
                let (name, time) = line.split_once(' ').unwrap();
                assert!(time.parse::<u64>().is_ok_and(|time| time > 0), "{line}");
                name
            })
            .collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    }
}
