//! Finds the rules' literals in one pass.
//!
//! Of every second position the four bytes that begin there are hashed into a bitmap of 32 KiB;
//! what is set there is compared for real. Each literal is entered at two neighbouring offsets, so
//! that one of them falls on a position looked at: the two rarest ones. A literal shorter than five bytes is filled up with
//! every byte that may stand beside it. Unlike an automaton this costs the same for ten rules and
//! for a thousand, as long as the literals are rare in ordinary text.

use std::ops::Range;
use std::sync::LazyLock;

use super::rule::Rule;
use super::rules;

/// The literals of all rules, entered once per process: some microseconds.
pub(super) static INDEX: LazyLock<Index> = LazyLock::new(|| Index::new(rules::all()));

const BITMAP_BITS: u32 = 18;
const BITMAP_WORDS: usize = 1 << (BITMAP_BITS - 6);
const BUCKETS: usize = 4096;
/// How far after the beginning of a literal the grams that betray it may end.
const REACH: usize = 40;

/// The literals, ready to be looked for.
pub(super) struct Index {
    bitmap: Box<[u64]>,
    /// Sorted by bucket; `buckets[n]..buckets[n + 1]` are those of bucket n.
    entries: Vec<Entry>,
    buckets: Vec<u32>,
    literals: Vec<Literal>,
}

struct Literal {
    text: &'static str,
    any_case: bool,
    rule: &'static Rule,
}

/// The four bytes that stand `offset` after the beginning of a literal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    bucket: u32,
    gram: u32,
    literal: u32,
    offset: i8,
}

/// A literal of a rule, in the bytes that were looked through.
pub(super) struct Event {
    pub rule: &'static Rule,
    pub at: Range<usize>,
}

impl Index {
    fn new(rules: impl Iterator<Item = &'static Rule>) -> Self {
        let literals: Vec<Literal> = rules
            .flat_map(|rule| {
                let any_case = rule.text_only();
                rule.literals().iter().map(move |&text| Literal { text, any_case, rule })
            })
            .collect();
        let mut entries = Vec::new();
        for (number, literal) in (0..).zip(&literals) {
            for (gram, offset) in grams(literal.rule, literal.text.as_bytes()) {
                entries.push(Entry { bucket: bucket(hash(gram)), gram, literal: number, offset });
            }
        }
        entries.sort_unstable();
        entries.dedup();
        let mut bitmap = vec![0; BITMAP_WORDS];
        for entry in &entries {
            let (word, bit) = place(hash(entry.gram));
            if let Some(word) = bitmap.get_mut(word) {
                *word |= bit;
            }
        }
        let ends =
            (0..=BUCKETS).map(|bucket| entries.partition_point(|it| (it.bucket as usize) < bucket));
        let buckets = ends.map(|it| u32::try_from(it).unwrap_or(u32::MAX)).collect();
        Self { bitmap: bitmap.into_boxed_slice(), entries, buckets, literals }
    }

    /// Calls `found` for each literal of `bytes` that begins in `range`. Literals that begin next to
    /// each other may come in either order.
    pub(super) fn find(&self, bytes: &[u8], range: Range<usize>, mut found: impl FnMut(Event)) {
        let Range { start, end } = range;
        // A literal that begins at the last position is seen through a gram further on.
        let seen_to = bytes.len().min(end.saturating_add(REACH));
        let looked_at = bytes.get(start..seen_to).unwrap_or_default();
        let mut at = start;
        for (now, next) in blocks(looked_at) {
            let (now, next) = (fold(now), fold(next));
            // The compiler keeps these four look-ups free of branches.
            let grams = [low(now), low(now >> 16), low(now >> 32), low(now >> 48 | next << 16)];
            let marks = grams.map(|gram| self.is_marked(gram));
            if marks.contains(&true) {
                for ((gram, marked), skip) in grams.into_iter().zip(marks).zip([0, 2, 4, 6]) {
                    if marked {
                        self.verify(bytes, at + skip, gram, start..end, &mut found);
                    }
                }
            }
            at += 8;
        }
        while let Some(four) = bytes.get(at..).and_then(|it| it.first_chunk::<4>())
            && at < seen_to
        {
            let gram = u32::from_le_bytes(*four) | 0x2020_2020;
            if self.is_marked(gram) {
                self.verify(bytes, at, gram, start..end, &mut found);
            }
            at += 2;
        }
    }

    fn is_marked(&self, gram: u32) -> bool {
        let (word, bit) = place(hash(gram));
        self.bitmap.get(word).is_some_and(|it| it & bit != 0)
    }

    #[cold]
    fn verify(
        &self,
        bytes: &[u8],
        at: usize,
        gram: u32,
        range: Range<usize>,
        found: &mut impl FnMut(Event),
    ) {
        let bucket = bucket(hash(gram)) as usize;
        let Some(&[from, to]) = self.buckets.get(bucket..bucket + 2) else { return };
        for entry in self.entries.get(from as usize..to as usize).unwrap_or_default() {
            if entry.gram != gram {
                continue;
            }
            let Some(literal) = self.literals.get(entry.literal as usize) else { continue };
            let Some(begin) = at.checked_add_signed(-isize::from(entry.offset)) else { continue };
            let span = begin..begin + literal.text.len();
            if range.contains(&begin) && bytes.get(span.clone()).is_some_and(|it| literal.is(it)) {
                found(Event { rule: literal.rule, at: span });
            }
        }
    }
}

impl Literal {
    fn is(&self, bytes: &[u8]) -> bool {
        if self.any_case {
            bytes.eq_ignore_ascii_case(self.text.as_bytes())
        } else {
            bytes == self.text.as_bytes()
        }
    }
}

/// Pairs of neighbouring blocks of eight bytes.
fn blocks(bytes: &[u8]) -> impl Iterator<Item = (u64, u64)> {
    let words = bytes.as_chunks::<8>().0;
    let next = words.get(1..).unwrap_or_default();
    words.iter().zip(next).map(|(a, b)| (u64::from_le_bytes(*a), u64::from_le_bytes(*b)))
}

/// The grams by which a literal is seen, and how far after its beginning each stands.
fn grams(rule: &Rule, literal: &[u8]) -> Vec<(u32, i8)> {
    let gram = |a, b, c, d| u32::from_le_bytes([a, b, c, d]) | 0x2020_2020;
    let before = || (0..=127u8).filter(|&it| rule.may_precede(it));
    let after = || (0..=127u8).filter(|&it| rule.may_follow(it));
    match *literal {
        [a, b, c] => {
            let right = after().map(|it| (gram(a, b, c, it), 0));
            right.chain(before().map(|it| (gram(it, a, b, c), -1))).collect()
        }
        [a, b, c, d] => {
            let right = after().map(|it| (gram(b, c, d, it), 1));
            right.chain([(gram(a, b, c, d), 0)]).collect()
        }
        _ => {
            let rarest = (0..).zip(literal.windows(5)).min_by_key(|(_, five)| commonness(five));
            let Some((at, five)) = rarest else { return Vec::new() };
            let fours = [five.first_chunk(), five.last_chunk()].into_iter().flatten();
            fours.map(|&[a, b, c, d]| gram(a, b, c, d)).zip([at, at + 1]).collect()
        }
    }
}

/// Roughly how often the bytes occur in text and source code; smaller is rarer.
fn commonness(bytes: &[u8]) -> u32 {
    let weigh = |byte: &u8| match byte.to_ascii_lowercase() {
        b' ' | b'-' => 12,
        b'e' | b't' => 9,
        b'a' | b'o' | b'i' | b'n' | b's' | b'r' => 7,
        b'l' | b'd' | b'c' | b'u' | b'p' | b'm' => 5,
        b'f' | b'h' | b'g' | b'b' | b'.' | b'_' | b'/' => 3,
        _ => 1,
    };
    bytes.iter().map(weigh).sum()
}

fn fold(word: u64) -> u64 {
    word | 0x2020_2020_2020_2020
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
fn low(word: u64) -> u32 {
    word as u32
}

fn hash(gram: u32) -> u32 {
    gram.wrapping_mul(0x9E37_79B1)
}

fn place(hash: u32) -> (usize, u64) {
    let bit = hash >> (32 - BITMAP_BITS);
    ((bit >> 6) as usize % BITMAP_WORDS, 1 << (bit & 63))
}

fn bucket(hash: u32) -> u32 {
    hash >> 20
}

#[cfg(test)]
mod tests {
    use super::{INDEX, REACH};

    #[test]
    fn every_literal_is_long_enough_to_be_indexed() {
        for literal in &INDEX.literals {
            assert!(
                (3..REACH).contains(&literal.text.len()),
                "{} of {}",
                literal.text,
                literal.rule.id
            );
        }
    }

    #[test]
    fn every_literal_is_seen_once_at_every_position() {
        for literal in &INDEX.literals {
            for before in 0..20 {
                for after in [2, 3, 9, 30] {
                    let follower = ["2", "z"][usize::from(!literal.rule.may_follow(b'2'))];
                    let text =
                        format!("{}{}{}", "1".repeat(before), literal.text, follower.repeat(after));
                    let mut seen = Vec::new();
                    INDEX.find(text.as_bytes(), 0..text.len(), |it| {
                        if it.rule.id == literal.rule.id && it.at.len() == literal.text.len() {
                            seen.push(it.at.start);
                        }
                    });
                    seen.dedup();
                    assert_eq!(seen, [before], "{} of {}", literal.text, literal.rule.id);
                }
            }
        }
    }

    #[test]
    fn a_split_pass_sees_what_a_whole_one_sees() {
        let text = "x AKIA2 hf_a xoxb- -----BEGIN a://hf_b ".repeat(9);
        let whole = |range: std::ops::Range<usize>| {
            let mut seen = Vec::new();
            INDEX.find(text.as_bytes(), range, |it| seen.push((it.rule.id, it.at.start)));
            seen
        };
        for cut in 0..text.len() {
            let mut parts = whole(0..cut);
            parts.extend(whole(cut..text.len()));
            parts.sort_by_key(|it| it.1);
            let mut all = whole(0..text.len());
            all.sort_by_key(|it| it.1);
            assert_eq!(parts, all, "{cut}");
        }
    }
}
