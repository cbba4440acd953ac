use generic_array::sequence::GenericSequence;
use generic_array::{typenum::U3, GenericArray};

pub fn three() -> GenericArray<u8, U3> {
    GenericArray::generate(|index| index as u8)
}
