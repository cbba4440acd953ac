//! The wrapper scripts: the docker command line against one engine, as a file that tests can run.
//!
//! Docker's and buildx's programs of the engine's own Debian run outside of it, by its loader and
//! libraries: so paths, the working folder and the environment are the caller's, and nothing has to
//! be mounted for a build context to be seen.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use super::host::HostEngine;
use super::{EngineName, State, network};

/// Writes the wrapper of an engine that the machine runs.
pub(crate) fn write_for_host(state: &State, engine: &HostEngine) -> Result<()> {
    let mut script = String::new();
    if let Some(host) = &engine.docker_host {
        script += &format!("export DOCKER_HOST={}\n", quoted(&host.to_string_lossy()));
    }
    // A builder in a container, which its user may have chosen, does not see the images that the engine has.
    let docker = quoted_path(&engine.docker);
    script += &format!(
        "unset DOCKER_DEFAULT_PLATFORM\nBUILDX_BUILDER=$({docker} context show) && export BUILDX_BUILDER\nexec {docker} \"$@\"\n"
    );
    write_script(&state.host_wrapper(), &script)
}

/// Writes the wrapper of an engine of ours, and the settings that it names.
pub(crate) fn write_for_own(state: &State, engine: EngineName) -> Result<()> {
    let plugins = state.cli().join("cli-plugins");
    fs::create_dir_all(&plugins)?;
    for plugin in ["docker-buildx", "docker-compose"] {
        let installed = format!("usr/libexec/docker/cli-plugins/{plugin}");
        let words = command(&state.root(), &installed)?;
        write_script(&plugins.join(plugin), &format!("exec {words} \"$@\"\n"))?;
    }
    write_if_new(
        &state.cli().join("config.json"),
        &format!("{:#}\n", settings()),
        0o600,
    )?;
    let script = format!(
        "unset DOCKER_CONTEXT DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_DEFAULT_PLATFORM BUILDX_BUILDER BUILDX_CONFIG\n\
         export DOCKER_HOST={} DOCKER_CONFIG={}\n\
         exec {} \"$@\"\n",
        quoted(&format!("unix://{}", state.socket(engine).display())),
        quoted_path(&state.cli()),
        command(&state.root(), "usr/bin/docker")?,
    );
    write_script(&state.wrapper(engine), &script)
}

/// The words that run a program of another system from outside of it.
pub(crate) fn command(root: &Path, program: &str) -> Result<String> {
    let file = root.join(program);
    let Some(loader) = loader(&file)? else {
        return Ok(quoted_path(&file));
    };
    let loader = resolve(root, Path::new(&loader))?;
    let mut libraries = Vec::new();
    for dir in ["usr/lib", "usr/lib64"] {
        let dir = root.join(dir);
        if dir.is_dir() {
            libraries.push(dir.display().to_string());
        }
    }
    // Debian keeps libraries by architecture: the loader's own folder.
    if let Some(own) = loader.parent() {
        libraries.insert(0, own.display().to_string());
    }
    let name = file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok(format!(
        "{} --argv0 {} --library-path {} {}",
        quoted_path(&loader),
        quoted(&name),
        quoted(&libraries.join(":")),
        quoted_path(&file),
    ))
}

/// The command line's settings: builds behind a proxy need to hear of it.
fn settings() -> Value {
    let mut proxies = Map::new();
    for (variable, value) in network::proxies() {
        let key = match variable {
            "http_proxy" => "httpProxy",
            "https_proxy" => "httpsProxy",
            "all_proxy" => "allProxy",
            _ => "noProxy",
        };
        proxies.insert(key.to_owned(), Value::from(value));
    }
    if proxies.is_empty() {
        return json!({});
    }
    // Tests have servers of their own.
    let own = proxies.entry("noProxy");
    own.or_insert_with(|| Value::from("localhost,127.0.0.1"));
    json!({"proxies": {"default": proxies}})
}

/// The loader that a program names, none if it is linked statically. It stands in the file as plain
/// text within the first page, right after the headers.
fn loader(program: &Path) -> Result<Option<String>> {
    let mut head = Vec::new();
    File::open(program)
        .with_context(|| format!("no {}", program.display()))?
        .take(8192)
        .read_to_end(&mut head)?;
    Ok(loader_in(&head))
}

fn loader_in(head: &[u8]) -> Option<String> {
    head.split(|byte| *byte == 0)
        .filter_map(|part| std::str::from_utf8(part).ok())
        .find(|part| part.starts_with("/lib") && part.contains("/ld-"))
        .map(str::to_owned)
}

/// What a path inside a root is outside, links followed as seen from inside.
fn resolve(root: &Path, inside: &Path) -> Result<PathBuf> {
    let mut outside = root.to_owned();
    for part in inside.components().skip(1) {
        let next = outside.join(part);
        outside = match fs::read_link(&next) {
            Ok(to) if to.is_absolute() => resolve(root, &to)?,
            Ok(to) => outside.join(to),
            Err(_) => next,
        };
    }
    outside
        .canonicalize()
        .with_context(|| format!("no {}", outside.display()))
}

fn write_script(path: &Path, body: &str) -> Result<()> {
    let text = format!("#!/bin/sh\n# Written by `cargo xtask engine up`.\n{body}");
    write_if_new(path, &text, 0o755)
}

/// Replaces a file at once, since another process may run it; leaves an equal one alone.
fn write_if_new(path: &Path, text: &str, mode: u32) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(fs::set_permissions(path, fs::Permissions::from_mode(mode))?);
    }
    let tmp = path.with_extension(format!("{}.tmp", std::process::id()));
    fs::write(&tmp, text)?;
    fs::set_permissions(&tmp, fs::Permissions::from_mode(mode))?;
    fs::rename(tmp, path)?;
    Ok(())
}

fn quoted_path(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dynamic_program_names_its_loader() {
        let head = b"\x7fELF\x02\0\0junk\0/lib64/ld-linux-x86-64.so.2\0more";
        assert_eq!(
            loader_in(head).as_deref(),
            Some("/lib64/ld-linux-x86-64.so.2")
        );
        assert_eq!(loader_in(b"\x7fELF\x02\0\0junk\0"), None);
    }

    #[test]
    fn a_quoted_word_is_one_word_for_the_shell() {
        assert_eq!(quoted("it's $x"), r"'it'\''s $x'");
    }
}
