//! The frontend's entry point: BuildKit starts it with gRPC on standard input and output. With arguments it is
//! a command for people.

fn main() {
    if rust_frontend::cli::is_wanted() {
        std::process::exit(rust_frontend::cli::run());
    }
    rust_frontend::gateway::run(rust_frontend::frontend::build)
}
