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
        let default = arg.default.as_deref().unwrap_or_default();
        if is_secret(&arg.name) && !is_setting(default) {
            found.spec(
                arg.name.span,
                format!(
                    "`{}` looks like a secret, and build-args are not secret",
                    arg.name.value
                ),
                as_secret(&arg.name),
            );
        }
    }
    for image in &input.spec.images {
        let (build, runtime) = (&image.build, &image.image);
        for (block, vars) in [
            ("build.env", &build.env),
            ("build.stamp", &build.stamp),
            ("image.env", &runtime.env),
            ("image.labels", &runtime.labels),
            ("image.annotations", &runtime.annotations),
        ] {
            for EnvVar { name, value } in vars {
                let named = block.ends_with("env") && is_secret(name);
                let by_name = named && !value.is_empty() && !is_setting(value);
                if by_name || is_token(value) {
                    let message = format!("`{}` in `{block}` looks like a secret", name.value);
                    let help = match block.starts_with("build") {
                        true => as_secret(name),
                        false => "pass it when the container starts".to_owned(),
                    };
                    found.spec(name.span, message, help);
                }
            }
        }
    }
}

/// How a variable reaches a build as a secret.
fn as_secret(name: &str) -> String {
    format!(
        "write `build: {{ secrets: [{{ id: {name}, env: {name} }}] }}` instead, and pass `--secret id={name},env={name}`"
    )
}

fn is_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = lower.split(['_', '-', '.']).collect();
    words.iter().any(|word| WORDS.contains(word))
        && !words.iter().any(|word| HARMLESS.contains(word))
}

/// Whether a value is one that no secret has: a switch, a number (of a unit), a path or an address.
fn is_setting(value: &str) -> bool {
    let unit = value.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = unit.len() < value.len() && unit.len() <= 2;
    let switch = ["true", "false", "on", "off", "yes", "no", "none"];
    let address = value.starts_with('/') || value.contains("://");
    number || address || switch.iter().any(|word| word.eq_ignore_ascii_case(value))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_together_tell_a_secret() {
        for (name, value, expected) in [
            ("DB_PASSWORD", "hunter2", true),
            ("API_KEY", "abcdef0123", true),
            ("AUTH_ENABLED", "true", false),
            ("TOKEN_LIFETIME", "30d", false),
            ("SIGNING_KEY", "/run/secrets/key", false),
            ("AUTH_ISSUER", "https://auth.example.org", false),
            ("KEY_FILE", "secret", false),
            ("MONKEY", "secret", false),
        ] {
            assert_eq!(
                is_secret(name) && !is_setting(value),
                expected,
                "{name}={value}"
            );
        }
        assert!(is_token("postgres://app:hunter2@db/shop"));
        assert!(
            !is_token("postgres://app:$PASSWORD@db/shop") && !is_token("postgres://app@db/shop")
        );
    }
}
