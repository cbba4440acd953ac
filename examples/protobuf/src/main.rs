//! Packs a parcel as Protocol Buffers do, and unpacks it again.

use prost::Message;

mod parcel {
    include!(concat!(env!("OUT_DIR"), "/parcel.v1.rs"));
}

use parcel::Parcel;

fn main() -> Result<(), prost::DecodeError> {
    let parcel = Parcel {
        to: "Ferris".to_owned(),
        grams: 1200,
        stops: vec!["Hamburg".to_owned(), "Rotterdam".to_owned()],
    };
    let packed = parcel.encode_to_vec();
    println!("packed: {} bytes", packed.len());

    let Parcel { to, grams, stops } = Parcel::decode(packed.as_slice())?;
    println!("unpacked: {grams} g to {to} by {}", stops.join(", "));
    Ok(())
}
