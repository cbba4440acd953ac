//! Chores of rust-frontend: `cargo xtask help` lists them.

fn main() {
    eprintln!("usage: cargo xtask engine|image|demo|test");
    std::process::exit(2);
}
