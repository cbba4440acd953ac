//! Crates that read the git repository that a program is compiled in: no build has it.

use super::{Found, Input, Rule};
use crate::project::{Dependency, Lockfile, Package};
use crate::spec::ImageSpec;

pub(super) const RULES: [Rule; 1] = [Rule::new(
    "missing-repository",
    "A crate reads the git repository while the program is compiled, which no build has",
    repository,
)];

/// A crate that reads the repository.
struct Reader {
    name: &'static str,
    /// Prefixes of the features that make it read the repository; empty if it always does.
    features: &'static [&'static str],
    /// What it makes without a repository.
    without: &'static str,
    /// Prefix of the variables that replace the repository; empty if there are none.
    variables: &'static str,
    /// The rest of the name of the variable that holds the commit.
    commit: &'static str,
}

const VERGEN: Reader = Reader {
    name: "vergen",
    features: &["git"],
    without: "its `VERGEN_GIT_…` are `VERGEN_IDEMPOTENT_OUTPUT`, and with `fail_on_error` the build fails whatever is set",
    variables: "VERGEN_",
    commit: "GIT_SHA",
};

const READERS: [Reader; 8] = [
    VERGEN,
    Reader {
        name: "vergen-git2",
        features: &[],
        ..VERGEN
    },
    Reader {
        name: "vergen-gitcl",
        features: &[],
        ..VERGEN
    },
    Reader {
        name: "vergen-gix",
        features: &[],
        ..VERGEN
    },
    Reader {
        name: "built",
        features: &["git2", "gix"],
        without: "its `GIT_…` are `None`",
        variables: "BUILT_OVERRIDE_",
        commit: "_GIT_COMMIT_HASH",
    },
    Reader {
        name: "git-version",
        features: &[],
        without: "`git_version!` is its `fallback`, or an error",
        variables: "",
        commit: "",
    },
    Reader {
        name: "git-testament",
        features: &[],
        without: "it knows no commit",
        variables: "",
        commit: "",
    },
    Reader {
        name: "shadow-rs",
        features: &[],
        without: "what it says of the commit is empty",
        variables: "",
        commit: "",
    },
];

impl Reader {
    fn is_used(&self, dependency: &Dependency, lock: &Lockfile, entry: usize) -> bool {
        let reads = |feature: &String| self.features.iter().any(|name| feature.starts_with(name));
        // Features may be on by default, or by another package.
        let is_library =
            |index: &usize| ["git2", "gix"].contains(&lock.packages[*index].name.as_str());
        let always = || self.features.is_empty();
        let brings = || lock.packages[entry].dependencies.iter().any(is_library);
        dependency.package == self.name
            && (always() || dependency.features.iter().any(reads) || brings())
    }

    /// Whether the spec hands in what the crate would find. What the others are given is in the program's own code.
    fn is_settled(&self, image: &ImageSpec) -> bool {
        let build = &image.build;
        match self.variables {
            "" => !build.stamp.is_empty(),
            variables => {
                let mut set = build.stamp.iter().chain(&build.env);
                set.any(|variable| variable.name.value.starts_with(variables))
            }
        }
    }

    /// The line that hands it in.
    fn help(&self, package: &Package) -> String {
        let stamp = |name: &str| {
            format!(
                "write `args: {{ VCS_REVISION: unknown }}`, and `stamp: {{ {name}: '${{VCS_REVISION}}' }}` under `build:`"
            )
        };
        match self.variables {
            "" => format!(
                "{}, and `option_env!(\"REVISION\")` in the program",
                stamp("REVISION")
            ),
            "BUILT_OVERRIDE_" => {
                let package = package.name.replace('-', "_");
                stamp(&format!("{}{package}{}", self.variables, self.commit))
            }
            _ => stamp(&format!("{}{}", self.variables, self.commit)),
        }
    }
}

fn repository(input: &Input<'_>, found: &mut Found<'_>) {
    let Some(project) = input.project else { return };
    let known = READERS
        .iter()
        .any(|reader| !project.lock.named(reader.name).is_empty());
    if !known {
        return;
    }
    for image in &input.spec.images {
        for (index, local) in input.compiled(image).local {
            let package = &project.packages[index];
            for dependency in &package.dependencies {
                let entry = project.resolve(index, dependency);
                let Some(entry) = entry.filter(|entry| local.needed.contains(entry)) else {
                    continue;
                };
                let mut readers = READERS.iter();
                let reader =
                    readers.find(|reader| reader.is_used(dependency, &project.lock, entry));
                if let Some(reader) = reader.filter(|reader| !reader.is_settled(image)) {
                    found.at(
                        package.manifest.at(dependency.span),
                        format!(
                            "`{}` reads the git repository, which no build has: {}",
                            reader.name, reader.without
                        ),
                        reader.help(package),
                    );
                }
            }
        }
    }
}
