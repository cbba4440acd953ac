//! A registry that asks for a token: the step that fetches has it, and nothing else.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use crate::support::docker::{Docker, Outcome};
use crate::support::nonce;
use crate::support::project::Project;
use crate::support::tree::Tree;

/// A crate as its registry has it; it compiles only if it is the one of that registry.
const PACK: &str = "mkdir -p team-lib-1.2.0/src && cd team-lib-1.2.0 && \
    printf '[package]\\nname = \"team-lib\"\\nversion = \"1.2.0\"\\n' >Cargo.toml && \
    echo 'pub const FROM: &str = \"the registry of the team\";' >src/lib.rs && cd .. && \
    tar czf crate team-lib-1.2.0 && sha256sum crate | cut -c1-64";

/// Serves files to those who know the token, for as long as the test runs.
fn serve(listener: TcpListener, files: BTreeMap<String, Vec<u8>>, token: String) {
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Who breaks off gets no answer.
            let _ = answer(stream, &files, &token);
        }
    });
}

fn answer(
    mut stream: TcpStream,
    files: &BTreeMap<String, Vec<u8>>,
    token: &str,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let mut knows = false;
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        let header = line.split_once(": ");
        knows |= header.is_some_and(|(name, value)| {
            name.eq_ignore_ascii_case("authorization") && value == token
        });
    }
    let path = first.split(' ').nth(1).unwrap_or_default();
    let (status, body) = match files.get(path) {
        _ if !knows => ("401 Unauthorized", &b""[..]),
        Some(body) => ("200 OK", &body[..]),
        None => ("404 Not Found", &b""[..]),
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(body)
}

#[test]
fn a_token_reaches_the_registry_and_nothing_else() {
    let docker = Docker::take();
    let packed = Tree::empty();
    let mut command = Command::new("sh");
    let packed_as = Outcome::of(command.args(["-c", PACK]).current_dir(packed.path()));
    assert_eq!(packed_as.exit, Some(0), "{packed_as}");
    let checksum = packed_as.stdout.trim();
    let token = format!("token-{}", nonce());
    let crate_file = std::fs::read(packed.path().join("crate")).expect("can read");
    let entry = format!(
        "{{\"name\":\"team-lib\",\"vers\":\"1.2.0\",\"deps\":[],\"cksum\":\"{checksum}\",\"features\":{{}},\
         \"yanked\":false}}\n"
    );
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("it is bound"));
    let config = format!("{{\"dl\":\"{address}/dl\",\"auth-required\":true}}\n");
    let files = BTreeMap::from([
        ("/index/config.json".to_owned(), config.into_bytes()),
        ("/index/te/am/team-lib".to_owned(), entry.into_bytes()),
        ("/dl/team-lib/1.2.0/download".to_owned(), crate_file),
    ]);
    serve(listener, files, token.clone());
    let index = format!("sparse+{address}/index/");

    let project = Project::tiny(
        "build:\n  secrets:\n    - { id: team, env: CARGO_REGISTRIES_TEAM_TOKEN }\n\
         image: { base: scratch }\n",
    );
    std::fs::create_dir(project.join(".cargo")).expect("can make folders");
    project
        .write(
            ".cargo/config.toml",
            format!(
                "[registries.team]\nindex = \"{index}\"\ncredential-provider = [\"cargo:token\"]\n"
            ),
        )
        .append(
            "Cargo.toml",
            "[dependencies]\nteam-lib = { version = \"1\", registry = \"team\" }\n",
        )
        .append(
            "Cargo.lock",
            &format!(
                "dependencies = [\"team-lib\"]\n\n[[package]]\nname = \"team-lib\"\nversion = \"1.2.0\"\n\
                 source = \"{index}\"\nchecksum = \"{checksum}\"\n"
            ),
        )
        .write("src/main.rs", "fn main() { println!(\"{}\", team_lib::FROM); }\n");
    let build = |token: &str| {
        docker
            .build(&project)
            .env("THE_TOKEN", token)
            .option("--secret", "id=team,env=THE_TOKEN")
            .option("--network", "host")
            .option("--allow", "network.host")
    };

    let printed = build("another").fail();
    assert!(printed.contains("token rejected"), "{printed}");
    let (image, report) = build(&token).image("registry");
    assert_eq!(report.compiled(), ["team-lib", "tiny"]);
    assert!(!report.log().contains(&token));
    assert_eq!(image.prints(&[]), "the registry of the team\n");
}
