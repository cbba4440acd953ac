//! Both ways to compile external crates, on projects of many shapes: what comes out of groups is what one step for
//! all makes, and nothing is compiled twice.

use std::collections::BTreeSet;

use crate::support::docker::Docker;
use crate::support::progress::{BuildReport, DEPENDENCIES};
use crate::support::project::Project;
use crate::support::{nonce, repository};

/// A project in `support/modes`, called like its program. Its manifests say what is special about it.
struct Shape {
    name: &'static str,
    /// What the spec says of the image and, by lines, of its build.
    spec: [&'static str; 2],
    /// How many external crates are compiled; one for the target and the build machine counts once.
    crates: usize,
    /// Those that cannot be compiled apart from the project.
    stay: &'static [&'static str],
    prints: &'static str,
}

const SHAPES: [Shape; 2] = [
    Shape {
        name: "app",
        spec: ["scratch", "  target: musl\n"],
        crates: 22,
        // It needs a crate that `[patch]` takes from the project.
        stay: &["crc32fast v1.5.5"],
        prints: "seven is 7 6 5 4 {1: 2} -2 Some(2) cbf29ce484222325 7c6287fd 3 here include\n",
    },
    Shape {
        name: "package",
        spec: ["debian", "  target: gnu\n  profile: dist\n"],
        crates: 15,
        stay: &[],
        prints: "[0, 1, 2] Some(3) \"\"\n",
    },
];

/// The external crates that steps compiled, with their versions; those of the project are called with a path.
fn compiled(report: &BuildReport, which: impl Fn(&str) -> bool) -> BTreeSet<&str> {
    let steps = report.steps().filter(|step| which(&step.name));
    let lines = steps.flat_map(|step| step.log.lines());
    let crates = lines.filter_map(|line| line.trim_start().strip_prefix("Compiling "));
    crates.filter(|line| !line.contains(" (/")).collect()
}

#[test]
fn groups_make_what_one_step_makes() {
    let docker = Docker::take();
    if !docker.has_store() {
        return;
    }
    for shape in SHAPES {
        let build = |granularity: &str| {
            let folder = repository()
                .join("tests/e2e/support/modes")
                .join(shape.name);
            let project = Project::copy(&folder);
            let ([base, build], space) = (shape.spec, nonce());
            project.write(
                "Rust.yaml",
                format!(
                    "# syntax=org/rust-frontend:1\nimage: {{ base: {base} }}\nbuild:\n{build}  \
                     granularity: {granularity}\n  seed: false\n  env: {{ SPACE: \"{space}\" }}\n"
                ),
            );
            let (image, report) = docker.build(&project).image(shape.name);
            assert_eq!(image.prints(&[]), shape.prints, "{granularity}");
            assert_eq!(report.warnings, [""; 0], "{granularity}");
            let is_group = |name: &str| name.starts_with("[crates] ");
            let is_step = |name: &str| name.contains(DEPENDENCIES);
            let found = [
                compiled(&report, is_group),
                compiled(&report, is_step),
                compiled(&report, |name| !is_group(name) && !is_step(name)),
            ];
            let found = found.map(|set| set.into_iter().map(str::to_owned).collect());
            (image.file(&format!("/usr/local/bin/{}", shape.name)), found)
        };
        let of = |names: &[&str]| names.iter().map(|name| name.to_string()).collect();
        let (one, [groups, all, after]): (_, [BTreeSet<String>; 3]) = build("layer");
        assert_eq!((groups, after), (of(&[]), of(&[])));
        assert_eq!(all.len(), shape.crates, "{all:#?}");
        let (other, [groups, left, after]) = build("crates");
        assert_eq!((left, after), (of(shape.stay), of(&[])));
        let apart: BTreeSet<String> = all.difference(&of(shape.stay)).cloned().collect();
        assert_eq!(groups, apart);
        assert!(one == other, "the programs of `{}` differ", shape.name);
    }
}
