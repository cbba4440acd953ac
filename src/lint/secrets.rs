//! Secrets where everyone who has the image, or its cache, can read them.

use super::{Found, Input, Rule};
use crate::source::file_name;
use crate::spec::EnvVar;

pub(super) const RULES: [Rule; 2] = [
    Rule::new(
        "secret-in-env",
        "Build-args, variables and labels are readable in the image, its history and caches",
        env,
    ),
    Rule::new(
        "secret-in-files",
        "A file of credentials in an image belongs to everyone who can pull it",
        files,
    ),
];

/// Words of a name that holds a secret, as the official linter's.
const WORDS: [&str; 14] = [
    "apikey",
    "auth",
    "credential",
    "credentials",
    "key",
    "passphrase",
    "passwd",
    "password",
    "pat",
    "pwd",
    "pword",
    "secret",
    "secrets",
    "token",
];

/// Words of a name that only says where a secret is, or what it is about.
const HARMLESS: [&str; 12] = [
    "dir", "file", "header", "id", "length", "name", "path", "pub", "public", "ttl", "type", "url",
];

/// How well-known tokens begin.
const TOKENS: [&str; 11] = [
    "-----BEGIN",
    "AKIA",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "sk_live_",
    "xoxb-",
    "xoxp-",
    "npm_",
];

/// Names of files of credentials, and ends of such names.
const FILES: [&str; 12] = [
    ".env",
    ".git-credentials",
    ".netrc",
    ".npmrc",
    ".pgpass",
    ".ssh",
    ".aws",
    ".kube",
    "id_ed25519",
    "id_rsa",
    "credentials.toml",
    ".key",
];

fn env(input: &Input<'_>, found: &mut Found<'_>) {
    for arg in &input.spec.args {
        if is_secret(&arg.name) {
            found.spec(
                arg.name.span,
                format!(
                    "`{}` looks like a secret, and build-args are not secret",
                    arg.name.value
                ),
                "write `build: { secrets: [...] }` and pass it by `--secret`",
            );
        }
    }
    for image in &input.spec.images {
        let (build, runtime) = (&image.build, &image.image);
        let compile = "write `build: { secrets: [...] }` and pass it by `--secret`";
        let run = "pass it when the container starts";
        for (block, vars, help) in [
            ("build.env", &build.env, compile),
            ("build.stamp", &build.stamp, compile),
            ("image.env", &runtime.env, run),
            ("image.labels", &runtime.labels, run),
            ("image.annotations", &runtime.annotations, run),
        ] {
            for EnvVar { name, value } in vars {
                let by_name = block.ends_with("env") && is_secret(name) && !value.is_empty();
                if by_name || is_token(value) {
                    let message = format!("`{}` in `{block}` looks like a secret", name.value);
                    found.spec(name.span, message, help);
                }
            }
        }
    }
}

fn is_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = lower.split(['_', '-', '.']).collect();
    words.iter().any(|word| WORDS.contains(word))
        && !words.iter().any(|word| HARMLESS.contains(word))
}

/// Whether a value is a token of a well-known form, or an address with a password.
fn is_token(value: &str) -> bool {
    let known = TOKENS
        .iter()
        .any(|start| value.starts_with(start) && value.len() > start.len() + 12);
    let login = value
        .split_once("://")
        .and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@'))
        .and_then(|(login, _)| login.split_once(':'));
    known || login.is_some_and(|(_, password)| !password.is_empty() && !password.starts_with('$'))
}

fn files(input: &Input<'_>, found: &mut Found<'_>) {
    for image in &input.spec.images {
        for file in &image.image.files {
            let name = file_name(file.from.value.trim_end_matches('/'));
            let exact = FILES.contains(&name) || name.starts_with(".env.");
            let example = [".example", ".sample", ".template"];
            if (exact || name.ends_with(".key")) && !example.iter().any(|end| name.ends_with(end)) {
                found.spec(
                    file.from.span,
                    format!("`{}` looks like a file of credentials", file.from.value),
                    "mount it when the container starts, and name it in `.dockerignore`",
                );
            }
        }
    }
}
