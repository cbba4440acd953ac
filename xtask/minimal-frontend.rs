//! The least that a frontend can do: one file, returned as an image. `cargo xtask bench` measures what being in a
//! container costs any frontend, by this one.

use buildkit_llb::{self as llb, Meta};
use rust_frontend::gateway::{self, Failure, Gateway, Output, Refs};

fn main() {
    gateway::run(build)
}

async fn build(gateway: Gateway) -> Result<Output, Failure> {
    let file = llb::mkfile("/hello", "Hello, world!\n");
    let image = llb::scratch()
        .file()
        .then(file)
        .state(Meta::named("one file"));
    let platform = llb::platform("linux", "amd64");
    let options = llb::MarshalOptions {
        platform: Some(platform),
        ..Default::default()
    };
    let graph = llb::marshal(&image, &options);
    let graph = graph.map_err(|error| Failure::Internal(error.to_string()))?;
    let reference = gateway.solve(graph).await?;
    Ok(Output {
        refs: Refs::Single(reference),
        ..Output::default()
    })
}
