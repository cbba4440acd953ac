//! A folder as an image archive that `docker load` takes, the same bytes for the same folder.
//!
//! It is an OCI layout (so that the digest is ours, not made up at each import) with the older
//! `manifest.json` beside it, which the classic engine reads.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::LABEL;
use crate::engine::State;
use crate::sh;

/// What an image says about itself.
#[derive(Debug)]
pub(super) struct Image<'a> {
    /// Its name with a tag.
    pub(super) name: &'a str,
    /// The stand-in's key, which becomes a label.
    pub(super) key: &'a str,
    /// Environment variables, as `NAME=value`.
    pub(super) env: Vec<String>,
    /// What a container runs unless told otherwise.
    pub(super) cmd: &'a [&'a str],
}

/// Packs `root` into `archive`, removing `root`.
pub(super) fn pack(state: &State, image: &Image<'_>, root: &Path, archive: &Path) -> Result<()> {
    let layout = state.tmp("layout");
    state.remove(&layout)?;
    let blobs = layout.join("blobs/sha256");
    fs::create_dir_all(&blobs)?;

    let layer_file = layout.join("layer");
    sh::quiet(tar(&layer_file).arg("--directory").arg(root).arg("."))?;
    state.remove(root)?;
    let layer = adopt(
        &blobs,
        &layer_file,
        "application/vnd.oci.image.layer.v1.tar",
    )?;
    let config = blob(&blobs, &config(image, &digest(&layer)?)?, "config")?;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config,
        "layers": [layer],
    });
    let mut manifest = blob(&blobs, &manifest, "manifest")?;
    let (_, tag) = image
        .name
        .rsplit_once(':')
        .context("an image name has a tag")?;
    manifest["annotations"] = json!({
        "io.containerd.image.name": format!("docker.io/library/{}", image.name),
        "org.opencontainers.image.ref.name": tag,
    });
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [manifest],
    });
    let path =
        |blob: &Value| Ok::<_, anyhow::Error>(digest(blob)?.replace("sha256:", "blobs/sha256/"));
    let legacy = json!([{
        "Config": path(&config)?,
        "RepoTags": [image.name],
        "Layers": [path(&layer)?],
    }]);
    fs::write(
        layout.join("oci-layout"),
        json!({"imageLayoutVersion": "1.0.0"}).to_string(),
    )?;
    fs::write(layout.join("index.json"), index.to_string())?;
    fs::write(layout.join("manifest.json"), legacy.to_string())?;
    sh::quiet(tar(archive).arg("--directory").arg(&layout).args([
        "oci-layout",
        "index.json",
        "manifest.json",
        "blobs",
    ]))?;
    state.remove(&layout)
}

/// A tar that writes the same bytes for the same content.
pub(super) fn tar(to: &Path) -> Command {
    let mut command = Command::new("tar");
    command
        .args([
            "--create",
            "--sort=name",
            "--mtime=@0",
            "--numeric-owner",
            "--format=posix",
        ])
        .arg("--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime")
        .arg("--file")
        .arg(to);
    command
}

/// The SHA-256 of a file, in hexadecimal.
pub(super) fn sha256(file: &Path) -> Result<String> {
    let line = sh::output(Command::new("sha256sum").arg("--").arg(file))?;
    Ok(line
        .split(' ')
        .next()
        .unwrap_or_default()
        .trim_start_matches('\\')
        .to_owned())
}

/// The architecture in the words of images.
pub(super) fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn config(image: &Image<'_>, layer: &str) -> Result<Value> {
    // The clock would make each archive another image.
    let created = "1970-01-01T00:00:00Z";
    Ok(json!({
        "created": created,
        "architecture": architecture(),
        "os": "linux",
        "config": {
            "Env": image.env,
            "Cmd": image.cmd,
            "WorkingDir": "/",
            "Labels": {LABEL: image.key},
        },
        "rootfs": {"type": "layers", "diff_ids": [layer]},
        "history": [{"created": created, "created_by": "cargo xtask engine"}],
    }))
}

fn blob(blobs: &Path, value: &Value, kind: &str) -> Result<Value> {
    let file = blobs.join(kind);
    fs::write(&file, value.to_string())?;
    adopt(
        blobs,
        &file,
        &format!("application/vnd.oci.image.{kind}.v1+json"),
    )
}

/// Moves a file among the blobs and describes it.
fn adopt(blobs: &Path, file: &Path, media_type: &str) -> Result<Value> {
    let hash = sha256(file)?;
    let size = fs::metadata(file)?.len();
    fs::rename(file, blobs.join(&hash))?;
    Ok(json!({"mediaType": media_type, "digest": format!("sha256:{hash}"), "size": size}))
}

fn digest(descriptor: &Value) -> Result<String> {
    Ok(descriptor["digest"]
        .as_str()
        .context("a descriptor has a digest")?
        .to_owned())
}
