//! Semantic versions, and those of the ecosystems that nearly have them.
//!
//! <https://semver.org>, section 11. Read are also forms that people and databases write beside the
//! strict one: a `v` before the version, fewer or more than three numbers, zeros before a number.
//! A number that is missing is zero.

use std::cmp::Ordering;

use super::text::{Number, filled, is_number, take, without_v};

pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    Some(Version::parse(a)?.cmp(&Version::parse(b)?))
}

/// The order of npm, whose library has a loose mode for what is published.
pub(super) fn loose(a: &str, b: &str) -> Option<Ordering> {
    Some(Version::parse_loose(a)?.cmp(&Version::parse_loose(b)?))
}

/// The order of Dart's pub and of Julia, in which builds come above their release.
/// <https://pub.dev/documentation/pub_semver/latest/pub_semver/Version/compareTo.html>,
/// <https://docs.julialang.org/en/v1/manual/strings/#man-version-number-literals>
pub(super) fn with_build(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (Version::parse(a)?, Version::parse(b)?);
    let by_build = || filled(identifiers(a.build), identifiers(b.build), Identifier::End);
    Some(a.cmp(&b).then_with(by_build))
}

/// A version in its parts.
#[derive(Clone, Copy)]
pub(super) struct Version<'a> {
    /// With dots between them.
    pub(super) numbers: &'a str,
    /// Identifiers with dots between them; empty for a release.
    pub(super) pre: &'a str,
    /// One more identifier, where it stands in the text without a dot before it: `rc2` of Go.
    pub(super) pre_number: &'a str,
    pub(super) build: &'a str,
}

/// An identifier of a pre-release or a build. A list that has ended is below one that goes on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier<'a> {
    End,
    Number(Number<'a>),
    Word(&'a str),
}

impl<'a> Version<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        Self::read(text).filter(|it| it.pre.is_empty() || it.pre.starts_with('-'))?.checked()
    }

    /// Takes an equals sign, too, and a pre-release without a dash.
    /// <https://github.com/npm/node-semver#functions>
    fn parse_loose(text: &'a str) -> Option<Self> {
        let text = text.trim_start_matches(|it: char| it == '=' || it.is_whitespace());
        Self::read(text)?.checked()
    }

    /// Cuts a version into its parts; the dash, if any, stays with the pre-release.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let mut rest = without_v(text);
        let numbers = take(&mut rest, |it| it.is_ascii_digit() || it == '.');
        let (pre, build) = rest.split_once('+').unwrap_or((rest, ""));
        let is_one = numbers.split('.').all(is_number) && !build.contains(char::is_whitespace);
        is_one.then_some(Self { numbers, pre, pre_number: "", build })
    }

    fn checked(self) -> Option<Self> {
        if self.pre.is_empty() {
            return Some(self);
        }
        let pre = self.pre.strip_prefix('-').unwrap_or(self.pre);
        let may_be = |it: char| it.is_ascii_alphanumeric() || it == '-';
        let is_pre = pre.split('.').all(|it| !it.is_empty() && it.chars().all(may_be));
        is_pre.then_some(Self { pre, ..self })
    }

    /// The order of the specification, to which builds say nothing.
    pub(super) fn cmp(&self, other: &Self) -> Ordering {
        filled(
            self.numbers.split('.').map(Number::of),
            other.numbers.split('.').map(Number::of),
            Number::ZERO,
        )
        // A release is above what came before it.
        .then_with(|| self.pre.is_empty().cmp(&other.pre.is_empty()))
        .then_with(|| filled(self.pre_identifiers(), other.pre_identifiers(), Identifier::End))
    }

    fn pre_identifiers(&self) -> impl Iterator<Item = Identifier<'a>> {
        identifiers(self.pre).chain(identifiers(self.pre_number))
    }
}

fn identifiers(text: &str) -> impl Iterator<Item = Identifier<'_>> {
    text.split('.').map(|it| match Number::read(it) {
        Some(number) => Identifier::Number(number),
        None if it.is_empty() => Identifier::End,
        None => Identifier::Word(it),
    })
}
