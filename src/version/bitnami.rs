//! Versions of Bitnami's packages.
//!
//! A semantic version of what is packaged and, after a dash, how often it was packaged before:
//! `1.2.3-4`. So a number in that place is no pre-release, and above the version without it.
//! <https://github.com/bitnami/go-version>

use std::cmp::Ordering;

use super::semver::Version;
use super::text::{Number, is_number};

pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let ((a, a_revision), (b, b_revision)) = (split(a), split(b));
    let by_version = Version::parse(a)?.cmp(&Version::parse(b)?);
    Some(by_version.then_with(|| Number::of(a_revision).cmp(&Number::of(b_revision))))
}

/// The version, and the revision at its end, if it has one.
pub(super) fn split(text: &str) -> (&str, &str) {
    let text = text.split_once('+').map_or(text, |(it, _)| it);
    text.rsplit_once('-').filter(|(_, revision)| is_number(revision)).unwrap_or((text, ""))
}
