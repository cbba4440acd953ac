//! Uses of a crate what the program does not ask for.

fn main() {
    let one: either::Either<std::io::Empty, std::io::Empty> = either::Either::Left(std::io::empty());
    paste::paste! { let [<te xt>] = std::io::read_to_string(one).unwrap(); }
    println!("cargo:rustc-env=TEXT={}", text);
}
