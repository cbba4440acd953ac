//! What holds for all numbers.

use itertools::Itertools;
use tests_and_clippy::roman;

#[test]
fn no_two_numbers_look_the_same() {
    assert!((0..4000).map(roman).all_unique());
}
