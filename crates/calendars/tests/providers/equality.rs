//! Whatever happens, many small looks learn the same as one whole look.

use crate::{Connected, apply, both, hour};
use calendars::fakes::NewEvent;
use calendars::remote::RemoteEvent;
use std::collections::BTreeMap;

/// Numbers that look random and are the same each time (Steele, Lea and Flood, SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }
}

fn happen(c: &Connected, dice: &mut Dice, ids: &mut Vec<String>) {
    let during = hour(1 + dice.roll(28) as u32, dice.roll(23) as u32);
    // A third of what is moved leaves the window.
    let elsewhere = |during: std::ops::Range<_>| {
        during.start - chrono::TimeDelta::days(60)..during.end - chrono::TimeDelta::days(60)
    };
    match (dice.roll(6), ids.len()) {
        (0, _) | (_, 0) => ids.push(c.fake.add_event(NewEvent::timed("Single", during))),
        (1, _) => {
            let series = c.fake.add_event(NewEvent::timed("Series", during).weekly(3));
            ids.extend(c.fake.instances(&series));
            ids.push(series);
        }
        (2, n) => c.fake.delete_event(&ids.swap_remove(dice.roll(n))),
        (3, n) => c.fake.move_event(&ids[dice.roll(n)], elsewhere(during)),
        (_, n) => c.fake.move_event(&ids[dice.roll(n)], during),
    }
}

#[tokio::test]
async fn small_looks_and_whole_looks_agree() {
    for seed in 0..12 {
        for c in both().await {
            let (mut dice, mut ids, mut cursor) = (Dice(seed), Vec::new(), None::<String>);
            let mut known: BTreeMap<String, RemoteEvent> = BTreeMap::new();
            c.fake.page_size(1 + dice.roll(5));
            for step in 0..12 {
                for _ in 0..dice.roll(5) {
                    happen(&c, &mut dice, &mut ids);
                }
                let changes = c.look(cursor.as_deref()).await;
                apply(&mut known, &changes);
                cursor = changes.cursor;
                let mut whole = BTreeMap::new();
                apply(&mut whole, &c.look(None).await);
                assert_eq!(known, whole, "seed {seed}, step {step}, {:?}", c.client);
            }
        }
    }
}
