//! Compiling for another processor than the one that the compiler runs on.

use super::{Input, toolchain};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::platform::{self, Libc};
use crate::recipe::Recipe;

/// What needs no cross compiler.
const NODE: &str =
    "build on a builder that has a node of that platform (`docker buildx create --append`)";

/// The variable that tells cargo the linker for a foreign triple, and its value; nothing where the usual one
/// works, or where the user says which.
///
/// rustc brings a linker for all processors, and for musl everything else that a static executable is linked
/// with. What it does not bring is a C compiler, nor another glibc.
pub(super) fn linker(
    input: &Input<'_>,
    recipe: &Recipe,
    triple: &str,
) -> Result<Option<(String, String)>, Diagnostics> {
    let processor = |triple: &str| triple.split('-').next().unwrap_or_default().to_owned();
    let own = input.build_platform.triple(Libc::Musl).map(processor);
    if own.is_none_or(|own| own == processor(triple)) {
        return Ok(None);
    }
    if toolchain::replaces_allocator(input, triple) {
        let message = format!(
            "`allocator: mimalloc` compiles C, and there is no C compiler for `{triple}` on {}",
            input.build_platform
        );
        let help = format!("{NODE}, or remove it");
        let span = input.image.build.allocator.span;
        let stop = Diagnostic::error("no-cross-compiler", message).help(help);
        return Err(stop.at(input.spec.file.place(span)).into());
    }
    let name = variable(triple, "LINKER");
    let said = |variable: &str| {
        let env = &input.image.build.env;
        env.iter().any(|one| one.name.value == variable)
    };
    let configured = input.project.configs.iter().any(|config| {
        let targets = config.table.get("target").and_then(toml::Value::as_table);
        let mut targets = targets.into_iter().flatten();
        targets.any(|(key, table)| {
            platform::applies(key, triple) == Some(true) && table.get("linker").is_some()
        })
    });
    if said(&name) || configured {
        return Ok(None);
    }
    let place = toolchain::target_place(input);
    let stop = |code, message: String, help: String| -> Diagnostics {
        let stop = Diagnostic::error(code, message).help(help);
        stop.at(place.clone()).into()
    };
    if platform::libc(triple) != Some(Libc::Musl) {
        let message = format!(
            "there is no linker for `{triple}` on {}",
            input.build_platform
        );
        // As Debian calls them.
        let compiler = match triple {
            "aarch64-unknown-linux-gnu" => Some(["aarch64", "arm64"]),
            "x86_64-unknown-linux-gnu" => Some(["x86-64", "amd64"]),
            _ => None,
        };
        let own = match compiler {
            Some([processor, architecture]) => format!(
                "write `packages: [gcc-{processor}-linux-gnu, libc6-dev-{architecture}-cross]` and `env: {{ {name}: \
                 {}-linux-gnu-gcc }}` under `build:`",
                processor.replace('-', "_")
            ),
            None => format!(
                "install a cross compiler with `packages:` and name it in `env: {{ {name}: … }}` under `build:`"
            ),
        };
        let help = format!("use `target: musl`, {NODE}, or {own}");
        return Err(stop("no-cross-linker", message, help));
    }
    let key = format!("CC_{}", triple.replace(['-', '.'], "_"));
    if recipe.compiles_c && !said(&key) {
        let message = format!(
            "a dependency compiles C, and there is no C compiler for `{triple}` on {}",
            input.build_platform
        );
        let help = format!(
            "{NODE}, or, as no package of Debian has a cross compiler for musl, use a build image that has one, and name it \
             under `build:`, as in `env: {{ {key}: {}-linux-musl-gcc }}`",
            processor(triple)
        );
        return Err(stop("no-cross-compiler", message, help));
    }
    Ok(Some((name, "rust-lld".into())))
}

/// The variable for a key of `[target.<triple>]` of cargo's configuration.
pub(super) fn variable(triple: &str, key: &str) -> String {
    let triple = triple.to_uppercase().replace(['-', '.'], "_");
    format!("CARGO_TARGET_{triple}_{key}")
}
