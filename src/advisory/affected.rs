//! Which versions a flaw is in.
//!
//! OSV states versions as a list, as events along the order of versions, or both; a version is
//! affected if either says so. Events become intervals once, when the database is built.

use std::cmp::Ordering;
use std::fmt;

use crate::model::Fix;
use crate::version::{Scheme, compare, compare_to_bound};

/// The versions that a flaw is in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Affected<S = String> {
    /// Versions that no range contains.
    pub versions: Vec<S>,
    pub ranges: Vec<Range<S>>,
}

impl<S> Default for Affected<S> {
    fn default() -> Self {
        Self { versions: Vec::new(), ranges: Vec::new() }
    }
}

/// An interval of versions. One without `introduced` begins before the first version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range<S = String> {
    pub introduced: Option<S>,
    pub end: End<S>,
}

/// Where a range ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End<S = String> {
    /// The first version without the flaw.
    Fixed(S),
    /// The last version known to have it.
    LastAffected(S),
    /// Nothing is said about this version or a later one.
    Limit(S),
    Open,
}

impl<S: AsRef<str>> Affected<S> {
    /// Returns the fix for the installed `version` if it is affected, else nothing.
    ///
    /// A version that cannot be ordered is affected only where a list names it. The fix is the
    /// first later version that ends a range and that nothing else in the record calls affected. Where
    /// there is none, a range without an end says that nothing fixes it; a list of versions, or a
    /// last one, says nothing of it.
    pub fn fix_for(&self, scheme: Scheme, version: &str) -> Option<Fix> {
        if !self.contains(scheme, version) {
            return None;
        }
        let is_later = |it: &&str| compare_to_bound(scheme, version, it) == Some(Ordering::Less);
        let later = self.ranges.iter().filter_map(Range::fixed).filter(is_later);
        let fix = oldest(scheme, later.filter(|it| !self.contains(scheme, it)));
        let is_open = self.ranges.iter().any(|it| matches!(it.end, End::Open));
        let none = if is_open { Fix::NotFixed } else { Fix::Unknown };
        Some(fix.map_or(none, |it| Fix::Fixed(it.to_owned())))
    }

    fn contains(&self, scheme: Scheme, version: &str) -> bool {
        let is = |it: &S| {
            let it = it.as_ref();
            it == version || compare_to_bound(scheme, version, it) == Some(Ordering::Equal)
        };
        self.ranges.iter().any(|it| it.contains(scheme, version)) || self.versions.iter().any(is)
    }
}

/// The most versions that are listed one by one.
const MAX_LISTED: usize = 5;

impl<S: AsRef<str>> fmt::Display for Affected<S> {
    /// `from 1.0 before 1.5, from 2.0 on`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = self.ranges.iter().map(ToString::to_string).collect();
        parts.extend(self.versions.iter().take(MAX_LISTED).map(|it| it.as_ref().to_owned()));
        f.write_str(&parts.join(", "))?;
        match self.versions.len().checked_sub(MAX_LISTED) {
            Some(more) if more > 0 => write!(f, " and {more} more"),
            _ => Ok(()),
        }
    }
}

impl<S: AsRef<str>> fmt::Display for Range<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from =
            self.introduced.as_ref().map_or(String::new(), |it| format!("from {} ", it.as_ref()));
        match &self.end {
            End::Fixed(bound) => write!(f, "{from}before {}", bound.as_ref()),
            End::LastAffected(bound) => write!(f, "{from}to {}", bound.as_ref()),
            End::Limit(bound) => {
                write!(f, "{from}before {}, and nothing is said of it", bound.as_ref())
            }
            End::Open if self.introduced.is_none() => f.write_str("every version"),
            End::Open => write!(f, "{from}on"),
        }
    }
}

impl Affected {
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

impl<S: AsRef<str>> Range<S> {
    fn contains(&self, scheme: Scheme, version: &str) -> bool {
        let against = |bound: &str| compare_to_bound(scheme, version, bound);
        // An open range asks for no comparison, so the version must still be one.
        let is_in = match &self.introduced {
            Some(bound) => against(bound.as_ref()).is_some_and(Ordering::is_ge),
            None => compare(scheme, version, version).is_some(),
        };
        is_in
            && match &self.end {
                End::Fixed(bound) | End::Limit(bound) => {
                    against(bound.as_ref()).is_some_and(Ordering::is_lt)
                }
                End::LastAffected(bound) => against(bound.as_ref()).is_some_and(Ordering::is_le),
                End::Open => true,
            }
    }

    fn fixed(&self) -> Option<&str> {
        match &self.end {
            End::Fixed(version) => Some(version.as_ref()),
            End::LastAffected(_) | End::Limit(_) | End::Open => None,
        }
    }
}

fn oldest<'a>(scheme: Scheme, versions: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    versions.reduce(|a, b| if compare(scheme, a, b) == Some(Ordering::Greater) { b } else { a })
}
