//! The frontend's entry point: BuildKit starts it with gRPC on standard input and output. With arguments it is
//! a command for people.

/// Faster than musl's where one thread does the work, which is felt in large workspaces.
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() {
    if rust_frontend::cli::is_wanted() {
        std::process::exit(rust_frontend::cli::run());
    }
    rust_frontend::gateway::run(rust_frontend::frontend::build)
}
