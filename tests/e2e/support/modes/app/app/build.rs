//! Has more features of a crate than the program.

fn main() {
    let one: either::Either<std::io::Empty, std::io::Empty> = either::Either::Left(std::io::empty());
    // It reads only with the feature for the standard library.
    let text = std::io::read_to_string(one).unwrap();
    let headers = std::env::var("DEP_BZIP2_INCLUDE").unwrap();
    println!("cargo:rustc-env=HEADERS={text}{}", headers.rsplit('/').next().unwrap());
}
