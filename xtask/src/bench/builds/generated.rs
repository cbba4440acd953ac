//! A workspace with as many members as one likes, on the dependencies of `examples/workspace`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::scenario;

/// Types with a handler that every library has: what makes it take a few seconds to compile, as real ones do.
const HANDLERS: usize = 3;

/// Writes it: a program that needs all of the other members, which are libraries that need the first of them and
/// the two before.
pub(super) fn write(checkout: &Path, dir: &Path, members: usize) -> Result<()> {
    let model = checkout.join("examples/workspace");
    let manifest = fs::read_to_string(model.join("Cargo.toml"))?;
    let (head, dependencies) = manifest
        .split_once("[workspace.dependencies]\n")
        .context("no dependencies in the example's manifest")?;
    let external = dependencies
        .lines()
        .filter(|line| !line.contains("path = "));
    let mut text = format!("{head}[workspace.dependencies]\n");
    let libraries: Vec<String> = (0..members - 1).map(|n| format!("part-{n:02}")).collect();
    for name in &libraries {
        let _ = writeln!(text, "{name} = {{ path = \"crates/{name}\" }}");
    }
    for line in external {
        let _ = writeln!(text, "{line}");
    }
    fs::write(dir.join("Cargo.toml"), text)?;
    fs::copy(model.join("Cargo.lock"), dir.join("Cargo.lock"))?;
    for (n, name) in libraries.iter().enumerate() {
        let mut needs: Vec<usize> = (n.saturating_sub(2)..n).collect();
        if n > 2 {
            needs.insert(0, 0);
        }
        let needs: Vec<&str> = needs.iter().map(|at| libraries[*at].as_str()).collect();
        let external = ["axum", "serde", "tracing"];
        package(
            dir,
            name,
            &needs,
            &external,
            "lib.rs",
            &library(name, &needs),
        )?;
    }
    let needs: Vec<&str> = libraries.iter().map(String::as_str).collect();
    let external = [
        "axum",
        "clap",
        "reqwest",
        "rustls",
        "serde",
        "tokio",
        "tower-http",
        "tracing",
        "tracing-subscriber",
    ];
    package(
        dir,
        "program",
        &needs,
        &external,
        "main.rs",
        &program(&needs),
    )?;
    scenario::update_lock(dir)
}

fn package(
    dir: &Path,
    name: &str,
    members: &[&str],
    external: &[&str],
    file: &str,
    source: &str,
) -> Result<()> {
    let mut text = format!(
        "[package]\nname = \"{name}\"\nversion.workspace = true\nedition.workspace = true\nlicense.workspace = true\n\n\
         [dependencies]\n"
    );
    for need in external.iter().chain(members) {
        let _ = writeln!(text, "{need}.workspace = true");
    }
    let own = dir.join("crates").join(name);
    fs::create_dir_all(own.join("src"))?;
    fs::write(own.join("Cargo.toml"), text)?;
    Ok(fs::write(own.join("src").join(file), source)?)
}

fn library(name: &str, needs: &[&str]) -> String {
    let mut text = format!(
        "//! Handlers of {name}.\n\nuse axum::Json;\nuse axum::routing::post;\nuse serde::{{Deserialize, Serialize}};\n"
    );
    let mut routes = String::new();
    for n in 0..HANDLERS {
        let _ = write!(
            text,
            "\n/// A record.\n#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]\npub struct Record{n} {{\n    \
             pub id: u64,\n    pub name: String,\n    pub tags: Vec<String>,\n    pub size: Option<f64>,\n    \
             pub kind: Kind{n},\n}}\n\n/// Its kind.\n#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]\n\
             pub enum Kind{n} {{\n    None,\n    Some {{ a: u32, b: String }},\n    Many(Vec<i64>),\n}}\n\n\
             async fn handle{n}(Json(mut record): Json<Record{n}>) -> Json<Record{n}> {{\n    \
             tracing::debug!(id = record.id, \"seen\");\n    record.tags.push(String::from(\"{name}\"));\n    \
             Json(record)\n}}\n"
        );
        let _ = write!(routes, "\n        .route(\"/{name}/{n}\", post(handle{n}))");
    }
    let _ = write!(
        text,
        "\n/// Where they are.\npub fn router() -> axum::Router {{\n    axum::Router::new(){routes}\n}}\n\n\
         /// How many members are below.\npub fn depth() -> usize {{\n    1"
    );
    for need in needs {
        let _ = write!(text, " + {}::depth()", need.replace('-', "_"));
    }
    text + "\n}\n"
}

fn program(needs: &[&str]) -> String {
    let mut text = String::from(
        "//! Serves all parts.\n\nuse clap::Parser as _;\n\n#[derive(clap::Parser)]\n#[command(version)]\nstruct Args {\n    \
         /// Where to listen.\n    #[arg(long, env = \"LISTEN\", default_value = \"0.0.0.0:8080\")]\n    listen: String,\n    \
         /// Ask a server instead.\n    #[arg(long)]\n    ask: Option<String>,\n}\n\n#[derive(serde::Deserialize)]\n\
         struct Health {\n    depth: usize,\n}\n\n#[tokio::main]\nasync fn main() {\n    let args = Args::parse();\n    \
         tracing_subscriber::fmt().json().init();\n    if let Some(url) = args.ask {\n        \
         let _ = rustls::crypto::ring::default_provider().install_default();\n        \
         let health: Health = reqwest::get(url).await.expect(\"answers\").json().await.expect(\"JSON\");\n        \
         println!(\"{}\", health.depth);\n        return;\n    }\n    let depth = 0",
    );
    for need in needs {
        let _ = write!(text, " + {}::depth()", need.replace('-', "_"));
    }
    text += ";\n    tracing::info!(depth, \"listening\");\n    let app = axum::Router::new()";
    for need in needs {
        let _ = write!(
            text,
            "\n        .merge({}::router())",
            need.replace('-', "_")
        );
    }
    text + "\n        .layer(tower_http::trace::TraceLayer::new_for_http());\n    \
            let listener = tokio::net::TcpListener::bind(args.listen).await.expect(\"an address\");\n    \
            axum::serve(listener, app).await.expect(\"serves\");\n}\n"
}
