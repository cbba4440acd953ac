//! What an engine is made of, and whether that is recent enough.

use std::fmt;

/// The oldest parts that the end-to-end tests were seen passing on: Docker with the BuildKit in it, and buildx. Docker
/// 28.5 is the first with BuildKit 0.25 (its `vendor.mod`), and Debian's own does not tell the version of its BuildKit.
const OLDEST: [(&str, [u32; 2]); 3] = [
    ("Docker", [28, 5]),
    ("BuildKit", [0, 25]),
    ("buildx", [0, 29]),
];

/// The versions of an engine's parts, as they tell them.
#[derive(Debug)]
pub(crate) struct Versions {
    engine: String,
    /// Nothing where the engine does not tell it.
    buildkit: Option<String>,
    buildx: String,
}

impl Versions {
    /// From the server's version, from what `docker buildx inspect` says of the engine's builder, and from what
    /// `docker buildx version` says.
    pub(crate) fn of(engine: &str, builder: &str, buildx: &str) -> Self {
        Self {
            engine: engine.to_owned(),
            buildkit: buildkit(builder).map(str::to_owned),
            buildx: buildx
                .split_whitespace()
                .nth(1)
                .unwrap_or("unknown")
                .to_owned(),
        }
    }

    /// The parts that are older than what is tested, in words. A version that cannot be read is taken as new enough.
    pub(crate) fn too_old(&self) -> Vec<String> {
        let parts = [
            Some(&self.engine),
            self.buildkit.as_ref(),
            Some(&self.buildx),
        ];
        let mut old = Vec::new();
        for ((name, oldest), version) in OLDEST.iter().zip(parts) {
            let Some(version) = version else { continue };
            if numbers(version).is_some_and(|numbers| numbers < *oldest) {
                let [major, minor] = oldest;
                old.push(format!(
                    "{name} {version} is older than {major}.{minor}: builds may work, the tests expect what newer ones do"
                ));
            }
        }
        old
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let buildkit = self.buildkit.as_deref().unwrap_or("of that Docker");
        write!(
            f,
            "Docker {}, BuildKit {buildkit}, buildx {}",
            self.engine, self.buildx
        )
    }
}

/// The version in what `docker buildx inspect` says, unless it was built without one.
fn buildkit(inspected: &str) -> Option<&str> {
    let version = inspected.lines().find_map(|line| {
        let (key, version) = line.split_once(':')?;
        key.to_ascii_lowercase()
            .starts_with("buildkit")
            .then(|| version.trim())
    })?;
    (!version.starts_with("v0.0.0")).then_some(version)
}

/// The first two numbers of a version such as `v0.25.1` or `28.5.2+dfsg4`.
fn numbers(version: &str) -> Option<[u32; 2]> {
    let mut parts = version.trim_start_matches('v').split('.');
    Some([parts.next()?.parse().ok()?, parts.next()?.parse().ok()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: &str = "Name:   default\nDriver: docker\n\nNodes:\nName:             default\n\
                        BuildKit version: v0.25.1\nPlatforms:        linux/amd64\n";
    const BUILDX: &str = "github.com/docker/buildx 0.29.1+ds1 0.29.1";

    #[test]
    fn versions_are_found_in_what_the_tools_say() {
        let versions = Versions::of("28.5.2+dfsg4", TOLD, BUILDX);
        assert_eq!(
            versions.to_string(),
            "Docker 28.5.2+dfsg4, BuildKit v0.25.1, buildx 0.29.1+ds1"
        );
        assert_eq!(versions.too_old(), Vec::<String>::new());
        let untold = Versions::of("28.5.2", "BuildKit version: v0.0.0+unknown\n", BUILDX);
        assert_eq!(
            untold.to_string(),
            "Docker 28.5.2, BuildKit of that Docker, buildx 0.29.1+ds1"
        );
    }

    #[test]
    fn old_parts_are_told() {
        let old = Versions::of(
            "27.3.1",
            "BuildKit version: v0.16.0\n",
            "github.com/docker/buildx v0.17.1 257815a",
        );
        let told = old.too_old();
        let names: Vec<&str> = told
            .iter()
            .filter_map(|text| text.split(' ').next())
            .collect();
        assert_eq!(names, ["Docker", "BuildKit", "buildx"]);
        assert!(
            told[2].starts_with("buildx v0.17.1 is older than 0.29"),
            "{}",
            told[2]
        );
        assert_eq!(Versions::of("dev", "", "").too_old(), Vec::<String>::new());
    }
}
