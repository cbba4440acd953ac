//! The frontend's entry point.
fn main() {}
