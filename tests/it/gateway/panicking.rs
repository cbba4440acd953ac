//! A frontend that panics once it is connected: a test starts it as the engine starts ours.

use rust_frontend::gateway::{self, Gateway};

fn main() {
    gateway::run(async |gateway: Gateway| {
        gateway.inputs().await?;
        panic!("no {}", "luck")
    })
}
