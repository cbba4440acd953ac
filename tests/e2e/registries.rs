//! A registry that asks for a token: the step that fetches has it, and nothing else. Its crates are compiled in groups
//! as those of the public one.

use std::collections::BTreeMap;

use crate::support::build::Build;
use crate::support::docker::Docker;
use crate::support::http::Server;
use crate::support::lock::{self, EITHER, ITOA};
use crate::support::project::Project;
use crate::support::tree::Tree;
use crate::support::{nonce, sh};

/// A crate as its registry has it; it compiles only if it is the one of that registry.
const PACK: &str = "mkdir -p team-lib-1.2.0/src && cd team-lib-1.2.0 && \
    printf '[package]\\nname = \"team-lib\"\\nversion = \"1.2.0\"\\n[dependencies.itoa]\\nversion = \"1\"\\n\
    registry-index = \"https://github.com/rust-lang/crates.io-index\"\\n' >Cargo.toml && \
    echo 'pub fn from() -> String { format!(\"registry {}\", itoa::Buffer::new().format(7)) }' >src/lib.rs && cd .. && \
    tar czf crate team-lib-1.2.0 && sha256sum crate | cut -c1-64";

/// The registry of a team, with one crate that needs one of the public registry.
struct Team {
    token: String,
    /// As a lock has it.
    index: String,
    checksum: String,
}

impl Team {
    fn open() -> Self {
        let packed = Tree::empty();
        let checksum = sh(packed.path(), PACK).trim().to_owned();
        let crate_file = std::fs::read(packed.path().join("crate")).expect("can read");
        let public = "https://github.com/rust-lang/crates.io-index";
        let needs = format!(
            "{{\"name\":\"itoa\",\"req\":\"^1\",\"features\":[],\"optional\":false,\"default_features\":true,\
             \"target\":null,\"kind\":\"normal\",\"registry\":\"{public}\"}}"
        );
        let listed = format!(
            "{{\"name\":\"team-lib\",\"vers\":\"1.2.0\",\"deps\":[{needs}],\"cksum\":\"{checksum}\",\
             \"features\":{{}},\"yanked\":false}}\n"
        );
        let server = Server::bind();
        let address = server.url();
        let config = format!("{{\"dl\":\"{address}/dl\",\"auth-required\":true}}\n");
        let files = BTreeMap::from([
            ("/index/config.json".to_owned(), config.into_bytes()),
            ("/index/te/am/team-lib".to_owned(), listed.into_bytes()),
            ("/dl/team-lib/1.2.0/download".to_owned(), crate_file),
        ]);
        let team = Self {
            token: format!("token-{}", nonce()),
            index: format!("sparse+{address}/index/"),
            checksum,
        };
        let token = team.token.clone();
        server.serve(move |path, authorization| match files.get(path) {
            _ if authorization != Some(token.as_str()) => Err("401 Unauthorized"),
            Some(file) => Ok(file.clone()),
            None => Err("404 Not Found"),
        });
        team
    }

    /// The crate's entry of a lock.
    fn locked(&self) -> String {
        let (index, checksum) = (&self.index, &self.checksum);
        let source = format!("source = \"{index}\"\nchecksum = \"{checksum}\"\n");
        lock::entry("team-lib", "1.2.0", &[]) + &source + &lock::dependencies(&["itoa"])
    }

    /// A program that needs the crate of the team, and others of the public registry.
    fn project(&self, build: &str, others: &[[&str; 3]]) -> Project {
        let project = Project::tiny(&format!(
            "build:\n  secrets:\n    - {{ id: team, env: CARGO_REGISTRIES_TEAM_TOKEN }}\n{build}\
             image: {{ base: scratch }}\n",
        ));
        let index = &self.index;
        let names = others.iter().map(|[name, ..]| *name);
        let manifest: String = names
            .clone()
            .map(|name| format!("{name} = \"1\"\n"))
            .collect();
        let needs: Vec<&str> = names.chain(["team-lib"]).collect();
        let crates = [ITOA].iter().chain(others);
        let crates: String = crates.map(|one| lock::external(*one)).collect();
        project
            .write(
                ".cargo/config.toml",
                format!(
                    "[registries.team]\nindex = \"{index}\"\ncredential-provider = [\"cargo:token\"]\n"
                ),
            )
            .append(
                "Cargo.toml",
                &format!(
                    "[dependencies]\nteam-lib = {{ version = \"1\", registry = \"team\" }}\n{manifest}"
                ),
            )
            .append(
                "Cargo.lock",
                &(lock::dependencies(&needs) + &crates + &self.locked()),
            )
            .write("src/main.rs", "fn main() { println!(\"{}\", team_lib::from()); }\n");
        project
    }
}

/// A build by somebody who has a token.
fn build<'d>(docker: &'d Docker, project: &Project, token: &str) -> Build<'d> {
    docker
        .build(project)
        .env("THE_TOKEN", token)
        .option("--secret", "id=team,env=THE_TOKEN")
        .option("--network", "host")
        .option("--allow", "network.host")
}

#[test]
fn a_token_reaches_the_registry_and_nothing_else() {
    let docker = Docker::take();
    let team = Team::open();
    let project = team.project("", &[]);
    let printed = build(&docker, &project, "another").fail();
    assert!(printed.contains("token rejected"), "{printed}");
    let (image, report) = build(&docker, &project, &team.token).image("registry");
    assert_eq!(report.compiled(), ["itoa", "team-lib", "tiny"]);
    assert!(!report.log().contains(&team.token));
    assert!(
        !image.holds(team.token.as_bytes()),
        "the image holds the token"
    );
    assert_eq!(image.prints(&[]), "registry 7\n");
}

#[test]
fn its_crates_are_in_groups_as_others() {
    let docker = Docker::take();
    if !docker.has_store() {
        return;
    }
    let team = Team::open();
    let settings = format!(
        "  granularity: crates\n  env: {{ SPACE: \"{}\" }}\n",
        nonce()
    );
    let project = team.project(&settings, &[]);
    let (image, report) = build(&docker, &project, &team.token).image("registry");
    assert_eq!(image.prints(&[]), "registry 7\n");
    let group = report.step("[crates] itoa");
    assert_eq!(group.compiled(), ["itoa", "team-lib"], "{report}");
    assert_eq!(report.compiled(), ["itoa", "team-lib", "tiny"], "{report}");
    assert_eq!(report.warnings, [""; 0]);

    // Of another project with one crate more: what the team's crate needs is not compiled again.
    let project = team.project(&settings, &[EITHER]);
    let (_, report) = build(&docker, &project, &team.token).image("registry");
    assert!(report.is_cached("[crates] itoa"), "{report}");
    assert_eq!(report.compiled(), ["either", "tiny"], "{report}");
    assert!(!report.log().contains(&team.token));
}
