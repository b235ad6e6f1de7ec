//! Bodies by chance: the document's examples, cut, doubled and mixed. `Reply::check` refuses 5xx and whatever the document
//! does not allow. Not guided by coverage; `make fuzz` lets it run for longer.

use super::input::rows_with_body;
use super::*;
use crate::api::docs::compact;
use crate::api::rows::Takes;
use std::time::{Duration, Instant};

/// The same sequence at every run: SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) >> 1).unwrap() % end
    }

    fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// What bodies are made of, and what they should not be made of.
const WORDS: [&str; 24] = [
    "null",
    "true",
    "-1",
    "1e999",
    "9223372036854775808",
    "0.5",
    "\"\"",
    "\"\\u0000\"",
    "\"\\ud83d\"",
    "\"\\u202e\"",
    "\"24:00\"",
    "\"2026-02-30\"",
    "\"2026-12-01T00:00:60+24:00\"",
    "\"Asia/Seoul\"",
    "\"start\":",
    "\"weekly\":",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\u{0}",
    "[[[[[[[[[[[[[[[[[[[[",
];

fn mutated(bodies: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut body = dice.of(bodies).clone();
    for _ in 0..=dice.below(4) {
        let at = dice.below(body.len() + 1);
        let end = (at + dice.below(12)).min(body.len());
        match dice.below(6) {
            0 => body.insert(at, u8::try_from(dice.below(256)).unwrap()),
            1 => drop(body.drain(at..end)),
            2 => drop(body.splice(at..end, dice.of(&WORDS).bytes())),
            3 => {
                let piece = body[at..end].to_vec();
                drop(body.splice(at..at, piece));
            }
            4 => {
                let other = dice.of(bodies);
                let from = dice.below(other.len() + 1);
                body.truncate(at);
                body.extend_from_slice(&other[from..]);
            }
            _ => {
                if let Some(byte) = body.get_mut(at) {
                    *byte ^= 1 << dice.below(8);
                }
            }
        }
    }
    body
}

#[tokio::test]
async fn bodies_by_chance_are_read_or_refused() {
    let api = Api::new().await;
    let booking = api.book("2026-12-01T00:00:00Z").await;
    let rows = rows_with_body(&api, &booking);
    let example = |(row, ..): &(&Row, String, String)| match row.body {
        Takes::Body(name) | Takes::Maybe(name) => compact(&DOCUMENT["components"]["schemas"][name]).into_bytes(),
        Takes::Nothing => b"{}".to_vec(),
    };
    let bodies: Vec<Vec<u8>> = rows.iter().map(example).collect();
    let long = std::env::var("FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    let (begin, mut dice, mut count) = (Instant::now(), Dice(20_261_122), 0_u64);
    while long.map_or(count < 600, |long| begin.elapsed() < long) {
        let (row, path, token) = dice.of(&rows);
        let body = mutated(&bodies, &mut dice);
        let request = Request::builder().method(row.method.to_uppercase().as_str()).uri(path);
        let request =
            request.header("authorization", format!("Bearer {token}")).header("content-type", "application/json");
        api.send(request.body(body.into()).unwrap()).await;
        count += 1;
    }
    assert!(count >= 600, "{count}");
}
