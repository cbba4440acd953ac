//! Prints its arguments in Roman numerals.

use std::num::ParseIntError;

use tests_and_clippy::roman;

fn main() -> Result<(), ParseIntError> {
    for argument in std::env::args().skip(1) {
        println!("{}", roman(argument.parse()?));
    }
    Ok(())
}
