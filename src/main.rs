//! The frontend's entry point: BuildKit starts it with gRPC on standard input and output.

fn main() {
    rust_frontend::gateway::run(rust_frontend::frontend::build)
}
