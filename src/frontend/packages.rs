//! Named contexts in the place of local packages: `--build-context NAME=…`, where NAME is that of a package.

use super::Request;
use crate::context::{BUILT, Context, Directory};
use crate::gateway::Failure;
use crate::platform::Platform;
use crate::project;
use buildkit_llb::State;
use std::collections::BTreeMap;

/// The build context, where the directories of packages that have the name of a named context hold its files,
/// as do path dependencies that are outside of the build context.
///
/// # Errors
/// A named context that makes no sense, or the engine's answer.
pub(super) async fn placed(request: Request<'_>, platform: &Platform) -> Result<Context, Failure> {
    let Request {
        gateway,
        options,
        context,
        ..
    } = request;
    let contexts = &options.named_contexts;
    let mut placed = context.clone();
    if contexts.is_empty() {
        return Ok(placed);
    }
    // Mistakes in the spec are reported by who reads all of it.
    let spec = super::parse(request, platform).ok();
    let dir = spec.map_or_else(String::new, |(spec, _)| spec.directory.value);
    let mut states: BTreeMap<Directory, State> = BTreeMap::new();
    loop {
        let places = placed.read_tree(gateway, |tree| project::places(tree, &dir));
        let (places, _) = places.await?;
        let inside = places.inside.into_iter();
        // A package at the root is the build context.
        let inside = inside.filter(|(_, dir)| !dir.is_empty());
        let inside = inside.map(|(name, dir)| (name, Some(dir)));
        let outside = places.outside.into_iter().map(|name| (name, None));
        let before = states.len();
        for (name, inside) in inside.chain(outside) {
            let known = states.keys().any(|directory| directory.name == name);
            if known || !contexts.contains(&name) {
                continue;
            }
            if let Some(named) = contexts.find(&name, platform)? {
                let named = context.named(gateway, options, &named, platform, &BUILT);
                let named = named.await?;
                states.insert(Directory { name, inside }, named.state);
            }
        }
        if states.len() == before {
            return Ok(placed);
        }
        placed = context.with_directories(&states);
    }
}
