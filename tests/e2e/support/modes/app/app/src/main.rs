use lock_api::{GuardSend, RawMutex};

#[derive(Debug, thiserror::Error)]
#[error("seven is {0}")]
struct Seven(u8);

#[derive(derive::Fields)]
#[allow(dead_code)]
struct Three {
    one: u8,
    two: u8,
    three: u8,
}

struct Free;

unsafe impl RawMutex for Free {
    const INIT: Free = Free;
    type GuardMarker = GuardSend;
    fn lock(&self) {}
    fn try_lock(&self) -> bool {
        true
    }
    unsafe fn unlock(&self) {}
}

lazy_static::lazy_static! {
    static ref SIX: String = itoa::Buffer::new().format(6).to_owned();
}

fn main() {
    let mut old = String::new();
    old::fmt(&mut old, 5).unwrap();
    let either: either::Either<u8, u8> = either::Either::Right(4);
    let mut map = hashbrown::HashMap::new();
    map.insert(1, *lock_api::Mutex::<Free, u8>::new(2).lock());
    let end = unsafe { bzip2_sys::BZ2_bzCompressEnd(std::ptr::null_mut()) };
    let found = memchr::memchr(b'c', b"abc");
    let hash = std::hash::Hasher::finish(&fnv::FnvHasher::default());
    println!(
        "{} {} {old} {either} {map:?} {end} {found:?} {hash:x} {:x} {} {} {}",
        Seven(7),
        *SIX,
        crc32fast::hash(b"crc"),
        Three::FIELDS,
        scopeguard::HERE,
        env!("HEADERS"),
    );
}
