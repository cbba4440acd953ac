//! Names the C library that it runs on.

use std::ffi::CStr;

fn main() {
    // SAFETY: glibc returns a static string with a terminating zero.
    let version = unsafe { CStr::from_ptr(libc::gnu_get_libc_version()) };
    println!("glibc {}", version.to_string_lossy());
}
