//! A project's files before and after each edit, made once, and the one folder that builds see: a changed file is
//! written there, all others stay as they are, as in a user's checkout.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use sha2::{Digest as _, Sha256};

use super::project::{self, Member, Project};
use super::scenario::{self, Scenario};
use crate::bench::copy;
use crate::engine::State;

/// Paths in a project with what the files hold.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// The trees of a project.
#[derive(Debug)]
pub(super) struct Trees {
    work: PathBuf,
    /// By the name of the scenario.
    trees: BTreeMap<&'static str, (Files, Vec<Member>)>,
    digest: [u8; 32],
}

impl Trees {
    /// Makes them.
    pub(super) fn of(checkout: &Path, state: &State, project: &Project) -> Result<Self> {
        let dir = state.dir().join("bench/builds").join(project.name);
        let fresh = |name: &str| -> Result<PathBuf> {
            let dir = dir.join(name);
            let _ = fs::remove_dir_all(&dir);
            fs::create_dir_all(&dir)?;
            Ok(dir)
        };
        let base = fresh("base")?;
        project.write(checkout, &base)?;
        let mut trees = BTreeMap::new();
        let mut hash = Sha256::new();
        for scenario in scenario::ALL {
            if !scenario.fits(project) {
                continue;
            }
            let edited = fresh("edited")?;
            copy(&base, &edited)?;
            scenario.edit(project, &edited)?;
            let files = files(&edited)?;
            for (path, data) in &files {
                hash.update(path.as_os_str().as_encoded_bytes());
                hash.update(Sha256::digest(data));
            }
            trees.insert(scenario.name(), (files, project::members(&edited)?));
        }
        Ok(Self {
            work: fresh("work")?,
            trees,
            digest: hash.finalize().into(),
        })
    }

    /// Writes the project as a scenario has it, with the contender's file, and returns its folder.
    pub(super) fn show(&self, scenario: Scenario, file: &str, text: &str) -> Result<PathBuf> {
        let (wanted, _) = &self.trees[scenario.name()];
        let mut wanted = wanted.clone();
        wanted.insert(PathBuf::from(file), text.as_bytes().to_vec());
        for (path, found) in files(&self.work)? {
            match wanted.get(&path) {
                Some(data) if *data == found => drop(wanted.remove(&path)),
                Some(_) => {}
                None => self.remove(&path)?,
            }
        }
        for (path, data) in wanted {
            let path = self.work.join(path);
            if let Some(dir) = path.parent() {
                fs::create_dir_all(dir)?;
            }
            fs::write(path, data)?;
        }
        Ok(self.work.clone())
    }

    /// The folder of a build of nothing but the base images.
    pub(super) fn base(&self, image: &str) -> Result<PathBuf> {
        let dir = self.work.with_extension("base");
        fs::create_dir_all(&dir)?;
        let text = format!(
            "FROM {image} AS build\nRUN true\nFROM alpine\nCOPY --from=build /etc/passwd /\n"
        );
        fs::write(dir.join("Dockerfile"), text)?;
        Ok(dir)
    }

    /// Removes a file, and the folders that it was alone in: one without a manifest is not a member.
    fn remove(&self, path: &Path) -> Result<()> {
        fs::remove_file(self.work.join(path))?;
        for dir in path.ancestors().skip(1) {
            if fs::remove_dir(self.work.join(dir)).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// The members of the project as a scenario has it.
    pub(super) fn members(&self, scenario: Scenario) -> &[Member] {
        &self.trees[scenario.name()].1
    }

    /// Tells one set of trees from another.
    pub(super) fn digest(&self) -> &[u8] {
        &self.digest
    }
}

fn files(dir: &Path) -> Result<Files> {
    let mut files = Files::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(next) = dirs.pop() {
        for entry in fs::read_dir(&next)? {
            let path = entry?.path();
            match path.is_dir() {
                true if path.ends_with("target") => {}
                true => dirs.push(path),
                false => {
                    let data = fs::read(&path)?;
                    files.insert(path.strip_prefix(dir)?.to_owned(), data);
                }
            }
        }
    }
    Ok(files)
}
