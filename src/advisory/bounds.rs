//! The events of an OSV range, turned into intervals.
//!
//! Semantics: the OSV schema, "affected[].ranges[].events field", Evaluation.

use std::cmp::Ordering;

use serde::Deserialize;

use super::affected::{End, Range};
use crate::version::{Scheme, compare};

/// A point on the line of versions, as OSV writes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Event {
    Introduced(String),
    Fixed(String),
    LastAffected(String),
    Limit(String),
}

fn newest<'a>(scheme: Scheme, versions: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    versions.reduce(|a, b| if compare(scheme, a, b) == Some(Ordering::Less) { b } else { a })
}

/// Turns the events of one range into intervals.
pub(super) fn ranges(scheme: Scheme, mut events: Vec<Event>) -> Vec<Range> {
    let limit = furthest_limit(scheme, &events);
    events.retain(|it| !matches!(it, Event::Limit(_)));
    // Versions that cannot be ordered stay as the record has them, which is nearly always rising.
    if events.iter().all(|it| it.is_orderable(scheme)) {
        events.sort_by(|a, b| a.cmp(scheme, b));
    }
    let mut ranges = Vec::new();
    let mut open: Option<Option<String>> = None;
    for event in events {
        let end = match event {
            Event::Introduced(version) => {
                open.get_or_insert_with(|| Some(version).filter(|it| it != "0"));
                continue;
            }
            Event::Fixed(version) => End::Fixed(version),
            Event::LastAffected(version) => End::LastAffected(version),
            Event::Limit(_) => continue,
        };
        if let Some(introduced) = open.take() {
            ranges.push(Range { introduced, end });
        }
    }
    if let Some(introduced) = open {
        ranges.push(Range { introduced, end: End::Open });
    }
    if let Some(limit) = limit {
        ranges.retain_mut(|it| it.cut(scheme, &limit));
    }
    ranges
}

/// The limit that reaches furthest, as the schema asks for any of them; `*` is no limit.
fn furthest_limit(scheme: Scheme, events: &[Event]) -> Option<String> {
    let limits: Vec<&str> = events
        .iter()
        .filter_map(|it| if let Event::Limit(it) = it { Some(it.as_str()) } else { None })
        .collect();
    if limits.contains(&"*") {
        return None;
    }
    newest(scheme, limits.into_iter()).map(str::to_owned)
}

impl Range {
    /// Ends the range at `limit` if it reaches further; false if nothing of it is left.
    fn cut(&mut self, scheme: Scheme, limit: &str) -> bool {
        let reaches = |bound: &str| compare(scheme, bound, limit);
        let ends_within = match &self.end {
            End::Fixed(bound) | End::Limit(bound) => reaches(bound).is_some_and(Ordering::is_le),
            End::LastAffected(bound) => reaches(bound).is_some_and(Ordering::is_lt),
            End::Open => false,
        };
        if !ends_within {
            self.end = End::Limit(limit.to_owned());
        }
        self.introduced.as_ref().is_none_or(|bound| reaches(bound) == Some(Ordering::Less))
    }
}

impl Event {
    pub(super) fn version(&self) -> &str {
        match self {
            Self::Introduced(it) | Self::Fixed(it) | Self::LastAffected(it) | Self::Limit(it) => it,
        }
    }

    fn is_start(&self) -> bool {
        matches!(self, Self::Introduced(version) if version == "0")
    }

    fn is_orderable(&self, scheme: Scheme) -> bool {
        self.is_start() || compare(scheme, self.version(), self.version()).is_some()
    }

    fn cmp(&self, scheme: Scheme, other: &Self) -> Ordering {
        let by_version =
            || compare(scheme, self.version(), other.version()).unwrap_or(Ordering::Equal);
        other.is_start().cmp(&self.is_start()).then_with(by_version)
    }
}
