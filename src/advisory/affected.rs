//! Which versions a flaw is in.
//!
//! OSV states versions as a list, as events along the order of versions, or both; a version is
//! affected if either says so. Events become intervals once, when the database is built.
//! Semantics: the OSV schema, "affected[].ranges[].events field", Evaluation.

use std::cmp::Ordering;

use serde::Deserialize;

use crate::model::Fix;
use crate::version::{Scheme, compare, compare_to_bound};

/// The versions that a flaw is in.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Affected {
    /// Versions that no range contains.
    pub versions: Vec<String>,
    pub ranges: Vec<Range>,
}

/// An interval of versions. One without `introduced` begins before the first version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    pub introduced: Option<String>,
    pub end: End,
}

/// Where a range ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// The first version without the flaw.
    Fixed(String),
    /// The last version known to have it.
    LastAffected(String),
    /// Nothing is said about this version or a later one.
    Limit(String),
    Open,
}

/// A point on the line of versions, as OSV writes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Event {
    Introduced(String),
    Fixed(String),
    LastAffected(String),
    Limit(String),
}

impl Affected {
    /// Returns the fix for the installed `version` if it is affected, else nothing.
    ///
    /// A version that cannot be ordered is affected only where a list names it. The fix is the
    /// first later version that ends a range and that nothing else in the record calls affected.
    pub fn fix_for(&self, scheme: Scheme, version: &str) -> Option<Fix> {
        if !self.contains(scheme, version) {
            return None;
        }
        let is_later = |it: &&str| compare_to_bound(scheme, version, it) == Some(Ordering::Less);
        let later = self.ranges.iter().filter_map(Range::fixed).filter(is_later);
        let fix = oldest(scheme, later.filter(|it| !self.contains(scheme, it)));
        Some(fix.map_or(Fix::NotFixed, |it| Fix::Fixed(it.to_owned())))
    }

    fn contains(&self, scheme: Scheme, version: &str) -> bool {
        let is = |it: &String| {
            it == version || compare_to_bound(scheme, version, it) == Some(Ordering::Equal)
        };
        self.ranges.iter().any(|it| it.contains(scheme, version)) || self.versions.iter().any(is)
    }

    /// Adds `more`, then brings the whole into its one form: sorted, each thing said once.
    pub(super) fn extend(&mut self, scheme: Scheme, more: Self) {
        self.ranges.extend(more.ranges);
        self.ranges.sort();
        self.ranges.dedup();
        self.versions.extend(more.versions);
        self.versions.sort();
        self.versions.dedup();
        let ranges = &self.ranges;
        self.versions.retain(|version| !ranges.iter().any(|it| it.contains(scheme, version)));
    }
}

impl Range {
    fn contains(&self, scheme: Scheme, version: &str) -> bool {
        let against = |bound: &str| compare_to_bound(scheme, version, bound);
        // An open range asks for no comparison, so the version must still be one.
        let is_in = match &self.introduced {
            Some(bound) => against(bound).is_some_and(Ordering::is_ge),
            None => compare(scheme, version, version).is_some(),
        };
        is_in
            && match &self.end {
                End::Fixed(bound) | End::Limit(bound) => {
                    against(bound).is_some_and(Ordering::is_lt)
                }
                End::LastAffected(bound) => against(bound).is_some_and(Ordering::is_le),
                End::Open => true,
            }
    }

    fn fixed(&self) -> Option<&str> {
        match &self.end {
            End::Fixed(version) => Some(version),
            End::LastAffected(_) | End::Limit(_) | End::Open => None,
        }
    }
}

fn newest<'a>(scheme: Scheme, versions: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    versions.reduce(|a, b| if compare(scheme, a, b) == Some(Ordering::Less) { b } else { a })
}

fn oldest<'a>(scheme: Scheme, versions: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    versions.reduce(|a, b| if compare(scheme, a, b) == Some(Ordering::Greater) { b } else { a })
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
