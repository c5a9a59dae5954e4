//! Versions of Ruby's gems.
//!
//! <https://docs.ruby-lang.org/en/master/Gem/Version.html>: runs of digits and of letters. One with
//! a letter is a pre-release, a dash stands for `.pre.`, and zeros say nothing at the end of the
//! numbers before the first letter, nor at the end of the whole.
//!
//! Directories and lock files write the platform after the version, `1.15.4-x86_64-linux`. For
//! RubyGems that would be a pre-release; what is meant is the version before it.

use std::cmp::Ordering;

use super::text::{Number, Run, filled, runs, take};

/// What the name of a platform begins with.
const PLATFORMS: &[&str] = &[
    "aarch64",
    "arm",
    "java",
    "jruby",
    "mingw",
    "mswin",
    "ppc64",
    "riscv64",
    "s390x",
    "universal",
    "x64",
    "x86",
];

/// Letters are below a number, and so below the zero that fills up a shorter version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Segment<'a> {
    Letters(&'a str),
    Number(Number<'a>),
}

pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    Some(filled(segments(a)?, segments(b)?, Segment::Number(Number::ZERO)))
}

fn segments(text: &str) -> Option<impl Iterator<Item = Segment<'_>>> {
    let is_platform = |it: &str| PLATFORMS.iter().any(|platform| it.starts_with(platform));
    let text = match text.split_once('-') {
        Some((version, platform)) if is_platform(platform) => version,
        _ => text,
    };
    let may_be = |it: char| it.is_ascii_alphanumeric() || it == '-';
    let is_part = |it: &str| !it.is_empty() && it.chars().all(may_be);
    let is_one = text.starts_with(|it: char| it.is_ascii_digit()) && text.split('.').all(is_part);
    let mut pre = text;
    let numbers = take(&mut pre, |it| it.is_ascii_digit() || it == '.');
    let dashed = pre.split('-').enumerate().flat_map(|(at, it)| {
        let dash = (at > 0).then_some(Run::Letters("pre"));
        dash.into_iter().chain(runs(it))
    });
    is_one.then(|| runs(without_zeros(numbers)).chain(dashed).map(segment))
}

fn segment(run: Run<'_>) -> Segment<'_> {
    match run {
        Run::Letters(it) => Segment::Letters(it),
        Run::Digits(it) => Segment::Number(Number::of(it)),
    }
}

/// Numbers between dots, without those at the end that are zero.
fn without_zeros(numbers: &str) -> &str {
    let kept = numbers.trim_end_matches(['0', '.']);
    // A number that only ends in a zero is kept whole: 1.10.0.
    let rest = numbers.get(kept.len()..).unwrap_or_default();
    let n_own = rest.find('.').unwrap_or(rest.len());
    if kept.is_empty() { kept } else { numbers.get(..kept.len() + n_own).unwrap_or(kept) }
}
