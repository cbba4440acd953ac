//! A build image with the tools of an Alpine one, which know less, in the place of its own.

/// Lines of the block `build:` that put them there, without their indent: a package, a command, a variable.
pub(crate) fn lines() -> [String; 3] {
    let tools = "sh awk sed grep find xargs cp rm mkdir sort wc tr touch tee cat sha256sum";
    let link = format!("for t in {tools}; do ln -s $(command -v busybox) /bb/$t; done");
    let path = "/bb:/usr/local/cargo/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    [
        "packages: [busybox]".into(),
        format!("- \"mkdir /bb && {link}\""),
        format!("PATH: \"{path}\""),
    ]
}
