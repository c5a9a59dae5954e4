//! Versions of Go modules and of Go itself.
//!
//! Modules have semantic versions with a `v`, <https://go.dev/ref/mod#versions>; advisories leave it
//! out. `+incompatible` and `+dirty` are builds, and the time of a pseudo-version is part of its
//! pre-release, so both fall into their place. Releases of the toolchain, which are those of the
//! standard library, may have two numbers only, and write a pre-release without a dash: `1.21rc2`.
//! Vendors and experiments append to it, `go1.21.0-vendor`, `go1.21.0 X:loopvar`, which says nothing
//! about its age. <https://pkg.go.dev/go/version#Compare>

use std::cmp::Ordering;

use super::semver::Version;
use super::text::{is_number, take_letters};

pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    Some(parse(a)?.cmp(&parse(b)?))
}

fn parse(text: &str) -> Option<Version<'_>> {
    match text.strip_prefix("go") {
        Some(toolchain) => {
            let end = toolchain.find(|it: char| it == '-' || it.is_whitespace());
            release(toolchain.get(..end.unwrap_or(toolchain.len()))?)
        }
        None => Version::parse(text).or_else(|| release(text)),
    }
}

fn release(text: &str) -> Option<Version<'_>> {
    let version = Version::read(text)?;
    let mut rest = version.pre;
    match (take_letters(&mut rest), rest) {
        ("", "") => Some(version),
        (stage @ ("beta" | "rc"), number) if is_number(number) => {
            Some(Version { pre: stage, pre_number: number, ..version })
        }
        _ => None,
    }
}
