//! Versions of .NET's packages.
//!
//! Semantic versions with up to four numbers, in which capitals do not count,
//! <https://learn.microsoft.com/nuget/concepts/package-versioning>.

use std::cmp::Ordering;

use super::semver::Version;
use super::text::lower;

pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (lower(a), lower(b));
    Some(Version::parse(&a)?.cmp(&Version::parse(&b)?))
}
