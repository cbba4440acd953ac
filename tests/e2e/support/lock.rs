//! What `Cargo.lock` says. Crates of the registry are three words: name, version, checksum.

pub(crate) const EITHER: [&str; 3] = [
    "either",
    "1.15.0",
    "48c757948c5ede0e46177b7add2e67155f70e33c07fea8284df6576da70b3719",
];

pub(crate) const ITOA: [&str; 3] = [
    "itoa",
    "1.0.15",
    "4a5f13b858c8d314ee3e8f639011f7ccefe71f97f96e50151fb991f267928e2c",
];

/// A version that its authors took back.
pub(crate) const YANKED: [&str; 3] = [
    "once_cell",
    "1.20.0",
    "33ea5043e58958ee56f3e15a90aee535795cd7dfd319846288d93c5b57d85cbe",
];

/// The entry of a local package, after a line that ends another; `needs` are the names of its dependencies.
pub(crate) fn entry(name: &str, version: &str, needs: &[&str]) -> String {
    format!(
        "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{}",
        dependencies(needs)
    )
}

/// The entry of a crate of the registry, which needs no others.
pub(crate) fn external([name, version, checksum]: [&str; 3]) -> String {
    let source = "source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
    entry(name, version, &[]) + &format!("{source}checksum = \"{checksum}\"\n")
}

/// The last line of the entry of a package that needs others.
pub(crate) fn dependencies(needs: &[&str]) -> String {
    match needs {
        [] => String::new(),
        needs => format!("dependencies = {needs:?}\n"),
    }
}
