//! The frontend's entry point: BuildKit starts it with an engine on standard input and output.

use rust_frontend::gateway::{self, Failure};
use rust_frontend::options::Options;

fn main() {
    gateway::run(async |gateway| {
        let options = Options::read(&gateway.build_opts().environment.options)?;
        if let Some(cap) = options.unsupported_cap() {
            return Err(Failure::FrontendCap(cap.to_owned()));
        }
        Err(Failure::Internal("it cannot build yet".into()))
    })
}
