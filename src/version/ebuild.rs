//! Versions of Gentoo's packages.
//!
//! `numbers[letter]{_suffix[number]}[-rN]`, the Package Manager Specification, sections 3.2 and 3.3:
//! <https://projects.gentoo.org/pms/latest/pms.html#version-specifications>.

use std::cmp::Ordering;

use super::text::{Number, filled, is_number, take, take_digits};

/// Of these, longer ones stand before those that they begin with.
const SUFFIXES: &[(&str, i8)] = &[("alpha", -4), ("beta", -3), ("pre", -2), ("rc", -1), ("p", 1)];

/// A version in its parts.
struct Version<'a> {
    /// With dots between them.
    numbers: &'a str,
    letter: Option<char>,
    /// With an underscore before each.
    suffixes: &'a str,
    revision: Number<'a>,
}

pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    Some(Version::parse(a)?.cmp(&Version::parse(b)?))
}

impl<'a> Version<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (text, revision) = match text.rsplit_once("-r") {
            Some((text, revision)) => (text, Number::read(revision)?),
            None => (text, Number::ZERO),
        };
        let mut suffixes = text;
        let numbers = take(&mut suffixes, |it| it.is_ascii_digit() || it == '.');
        let letter = suffixes.chars().next().filter(char::is_ascii_lowercase);
        suffixes = letter.and_then(|it| suffixes.strip_prefix(it)).unwrap_or(suffixes);
        let words = suffixes.split('_');
        let is_suffix = |it| suffix(it).is_some();
        let is_one = numbers.split('.').all(is_number)
            && (suffixes.is_empty() || suffixes.starts_with('_') && words.skip(1).all(is_suffix));
        is_one.then_some(Self { numbers, letter, suffixes, revision })
    }

    fn cmp(&self, other: &Self) -> Ordering {
        let suffixes = |it: &Self| it.suffixes.split('_').skip(1).filter_map(suffix);
        self.by_numbers(other)
            .then_with(|| self.letter.cmp(&other.letter))
            .then_with(|| filled(suffixes(self), suffixes(other), (0, Number::ZERO)))
            .then_with(|| self.revision.cmp(&other.revision))
    }

    fn by_numbers(&self, other: &Self) -> Ordering {
        let (mut a, mut b) = (self.numbers.split('.'), other.numbers.split('.'));
        let first = |it: Option<_>| it.map_or(Number::ZERO, Number::of);
        let mut order = first(a.next()).cmp(&first(b.next()));
        while order.is_eq() {
            order = match (a.next(), b.next()) {
                (None, None) => return Ordering::Equal,
                (Some(a), Some(b)) => by_fraction(a, b),
                (a, b) => a.is_some().cmp(&b.is_some()),
            };
        }
        order
    }
}

/// A later number that begins with a zero is read like the digits of a fraction: .05 is below .1.
fn by_fraction(a: &str, b: &str) -> Ordering {
    if a.starts_with('0') || b.starts_with('0') {
        a.trim_end_matches('0').cmp(b.trim_end_matches('0'))
    } else {
        Number::of(a).cmp(&Number::of(b))
    }
}

/// The rank of a suffix and its number; a version without one ranks between `_rc` and `_p`.
fn suffix(text: &str) -> Option<(i8, Number<'_>)> {
    let (word, rank) = SUFFIXES.iter().find(|(word, _)| text.starts_with(word))?;
    let mut rest = text.strip_prefix(word)?;
    let number = Number::of(take_digits(&mut rest));
    rest.is_empty().then_some((*rank, number))
}
