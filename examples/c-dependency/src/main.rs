//! Prints the Adler-32 checksum of each argument, computed in C.

mod sys {
    unsafe extern "C" {
        pub fn adler32(data: *const u8, len: usize) -> u32;
    }
}

fn adler32(data: &[u8]) -> u32 {
    // SAFETY: the function reads `len` bytes from `data` and keeps nothing.
    unsafe { sys::adler32(data.as_ptr(), data.len()) }
}

fn main() {
    for word in std::env::args().skip(1) {
        println!("{:08x}  {word}", adler32(word.as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::adler32;

    #[test]
    fn known_checksums() {
        assert_eq!(adler32(b""), 1);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
    }
}
