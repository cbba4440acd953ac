fn main() {
    let mut one: either::Either<std::io::Empty, u8> = either::Either::Left(std::io::empty());
    // By the build script's feature it can be read.
    let text = std::io::read_to_string(one.as_mut().left().unwrap()).unwrap();
    let worker = crossbeam_deque::Worker::new_fifo();
    worker.push(paste::paste! { [<3 u8>] });
    println!("{:?} {:?} {:?}{}", package::three(), worker.pop(), text, env!("TEXT"));
}
