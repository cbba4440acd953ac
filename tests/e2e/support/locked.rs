//! Small crates of the registry, as a lock has them: name, version, checksum.

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

/// The lines of a lock about a crate.
pub(crate) fn entry([name, version, checksum]: [&str; 3]) -> String {
    format!(
        "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\
         source = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{checksum}\"\n"
    )
}
