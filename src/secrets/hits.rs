//! The hits of one file: redacted at once, each place told once, their number bounded.

use std::ops::Range;

use super::judge;
use super::rule::Rule;
use super::window::Found;
use crate::model::{Fingerprint, Redacted, SecretHit};

/// The most hits that are listed for one file; a note tells how many more there are.
pub const MAX_HITS: usize = 1000;

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileHits {
    /// In the order of the file.
    pub hits: Vec<SecretHit>,
    /// What was left out, in words for people.
    pub notes: Vec<String>,
}

/// Hits while the file is still being read.
#[derive(Default)]
pub(super) struct Hits {
    listed: Vec<Placed>,
    omitted: u64,
}

struct Placed {
    /// In bytes from the beginning of the file.
    span: Range<u64>,
    rank: u8,
    hit: SecretHit,
}

impl Hits {
    /// Takes the secret over and lets go of it. `line` is asked for only if the hit is kept.
    pub(super) fn add(
        &mut self,
        rule: &Rule,
        found: Found<'_>,
        span: Range<u64>,
        line: impl FnOnce() -> u64,
    ) {
        let fingerprint = Fingerprint::new(rule.id, &found.secret);
        if judge::is_documented(rule.id, &fingerprint) {
            return;
        }
        let preview = Redacted::new(&found.secret);
        drop(found);
        let rank = rule.rank();
        let overlaps = |it: &Placed| it.span.start < span.end && span.start < it.span.end;
        if let Some(other) = self.listed.iter_mut().rev().find(|it| overlaps(it)) {
            if rank >= other.rank {
                return;
            }
            let line = line();
            let hit = SecretHit { line, rule: rule.id.to_owned(), preview, fingerprint };
            *other = Placed { span, rank, hit };
        } else if self.listed.len() == MAX_HITS {
            self.omitted += 1;
        } else {
            let hit = SecretHit { line: line(), rule: rule.id.to_owned(), preview, fingerprint };
            self.listed.push(Placed { span, rank, hit });
        }
    }

    /// Where the hits are, in the order of the file, and what may be shown in their place.
    pub(super) fn places(&self) -> Vec<(Range<u64>, Redacted)> {
        let mut places: Vec<_> =
            self.listed.iter().map(|it| (it.span.clone(), it.hit.preview.clone())).collect();
        places.sort_by_key(|(span, _)| span.start);
        places
    }

    /// Hands the hits out and is empty again.
    pub(super) fn take(&mut self) -> FileHits {
        let mut listed = std::mem::take(&mut self.listed);
        listed.sort_by_key(|it| it.span.start);
        let omitted = std::mem::take(&mut self.omitted);
        let notes = match omitted {
            0 => Vec::new(),
            _ => vec![format!(
                "{omitted} more secrets are not listed; the limit is {MAX_HITS} for each file"
            )],
        };
        FileHits { hits: listed.into_iter().map(|it| it.hit).collect(), notes }
    }
}
