//! The comment at the top: what this is, how to build it, what it cannot do.

use super::DockerfileOptions;
use super::dockerfile::Fact;
use crate::plan::{FileAction, Op, Plan, Role};
use crate::recipe::STUBS;
use std::collections::BTreeSet;

const WIDTH: usize = 100;

/// The comment for a Dockerfile of `plans`.
pub(super) fn header(
    plans: &[Plan],
    options: &DockerfileOptions<'_>,
    facts: &BTreeSet<Fact>,
) -> String {
    let spec = options.spec;
    let names: Vec<String> = plans
        .iter()
        .map(|plan| format!("`{}`", plan.stage))
        .collect();
    let mut platforms: Vec<String> = plans.iter().map(|plan| plan.platform.to_string()).collect();
    platforms.dedup();
    let platforms = platforms.join(", ");
    let mut text = String::new();
    let mut say = |line: &str| text.push_str(&comment("", line));
    say(&format!(
        "Builds {} for {platforms} as {spec} does: the same image, and dependencies in a layer of their own. It needs \
         BuildKit 0.25 (Docker 28.5) and nothing else.",
        names.join(", ")
    ));
    text.push_str("#\n");
    match plans {
        [_] => text.push_str("#   docker buildx build -t IMAGE .\n"),
        plans => {
            for plan in plans {
                text.push_str(&format!(
                    "#   docker buildx build --target {0} -t {0} .\n",
                    super::words::stage_name(&plan.stage)
                ));
            }
        }
    }
    text.push_str("#\n# Where it differs:\n");
    for line in deviations(plans, options, facts, &platforms) {
        text.push_str(&comment("- ", &line));
    }
    text.push('\n');
    text
}

/// Whether there are packages beside the program's.
fn has_libraries(plan: &Plan) -> bool {
    let skeletons = plan.steps.iter().filter(|step| step.role == Role::Skeleton);
    let actions = skeletons.filter_map(|step| match &step.op {
        Op::Files { actions, .. } => Some(actions),
        _ => None,
    });
    let paths = actions.flatten().filter_map(|action| match action {
        FileAction::Write { path, .. } => path.rsplit_once(&format!("/{STUBS}/")),
        _ => None,
    });
    let stubs: Vec<_> = paths.collect();
    let of = |kind: &str| -> BTreeSet<&str> {
        let of_kind = stubs.iter().filter(|(_, stub)| stub.starts_with(kind));
        of_kind.map(|(package, _)| *package).collect()
    };
    !of("lib/").is_subset(&of("bin/"))
}

fn deviations(
    plans: &[Plan],
    options: &DockerfileOptions<'_>,
    facts: &BTreeSet<Fact>,
    platforms: &str,
) -> Vec<String> {
    let spec = options.spec;
    let mut lines = vec![];
    for fact in facts {
        lines.push(match fact {
            Fact::Skeleton => format!(
                "The stage `skeleton` has the manifests, the lock and stubs for sources as they were, reduced to \
                 what dependencies can notice, as text. After a change of dependencies, generate this file again \
                 from {spec}, or change the text there; until then cargo stops because a crate is missing."
            ),
            Fact::ImageTimes => "Files in the image carry the time of their build, not one fixed time. With \
                SOURCE_DATE_EPOCH and `--output type=image,rewrite-timestamp=true` they are fixed again."
                .to_owned(),
            Fact::Manifests => format!(
                "An image needs less than the manifests ask for (other members, crates for tests), and Cargo would miss \
                 the rest: what it needs of them is in stages `sources` as text, too. After an edit of a manifest, generate \
                 this file again from {spec}."
            ),
            Fact::Value => "Values with line ends are cut: no instruction can hold them.".to_owned(),
            Fact::Annotations => {
                "No instruction sets annotations: give them with `--annotation`.".to_owned()
            }
            Fact::Unset => "Some steps see variables of steps before them.".to_owned(),
            Fact::Secrets => format!(
                "Secrets and ssh agents are those that {spec} names: give them with `--secret` and `--ssh`."
            ),
        });
    }
    lines.push(format!(
        "It is for {platforms} only, and build arguments have the values that they had. What was compiled is not \
         checked afterwards."
    ));
    let mut steps = plans.iter().flat_map(|plan| &plan.steps);
    if steps.any(|step| step.role == Role::Dependencies) {
        lines.push(format!(
            "After a change of dependencies, all of them are compiled; {spec} starts from what the last build left in \
             a cache, if it may."
        ));
    }
    if plans.iter().any(has_libraries) {
        lines.push(format!(
            "Local libraries are compiled in one step with the program, so after an edit all of them; {spec} compiles what \
             needs the edited one."
        ));
    }
    let unresolved = |plan: &Plan| {
        plan.steps
            .iter()
            .any(|step| matches!(&step.op, Op::Image { reference, .. } if !reference.contains('@')))
    };
    if plans.iter().any(unresolved) {
        lines.push(
            "Base images are not pinned, because their digests were not known; their settings were assumed to \
             be those of the official images."
                .to_owned(),
        );
    }
    if !options.ignored.is_empty() {
        lines.push(format!(
            "The ignore file applies as before if it is called .dockerignore; {spec}.dockerignore must be renamed."
        ));
    }
    lines
}

/// A paragraph as lines of comment.
fn comment(bullet: &str, text: &str) -> String {
    let mut lines = String::new();
    let mut line = format!("# {bullet}");
    let indent = format!("# {}", " ".repeat(bullet.len()));
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && line.len() + 1 + word.len() > WIDTH {
            lines.push_str(&line);
            lines.push('\n');
            line.clone_from(&indent);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    lines + &line + "\n"
}
