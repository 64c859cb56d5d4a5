//! How quickly bodies are read and written: `cargo bench --package bandwidth-mock --features
//! internals`.

use bandwidth_mock::internals::codec::Bench;
use divan::{Bencher, counter::BytesCount};

fn main() {
    divan::main();
}

#[divan::bench]
fn decode_xml(bencher: Bencher) {
    decode(bencher, &Bench::xml());
}

#[divan::bench]
fn decode_json(bencher: Bencher) {
    decode(bencher, &Bench::json());
}

#[divan::bench(args = [1, 100, 10_000])]
fn encode_xml(bencher: Bencher, users: usize) {
    encode(bencher, &Bench::xml(), users);
}

#[divan::bench(args = [1, 100, 10_000])]
fn encode_json(bencher: Bencher, users: usize) {
    encode(bencher, &Bench::json(), users);
}

fn decode(bencher: Bencher, format: &Bench) {
    assert!(format.decode());
    bencher
        .counter(BytesCount::new(format.body_len()))
        .bench_local(|| format.decode());
}

fn encode(bencher: Bencher, format: &Bench, users: usize) {
    bencher
        .counter(BytesCount::new(format.encode(users).len()))
        .bench_local(|| format.encode(users));
}
