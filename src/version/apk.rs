//! Alpine's versions.
//!
//! `digits{.digits}...{letter}{_suffix{digits}}...{~hash}{-r{digits}}`, apk-package(5), and digits
//! after the letter, which packages such as `sudo` (`1.9.5p2`) have. The order is that of apk-tools 3:
//! part by part, and where one version goes on differently than the other, the kind of part decides.
//! What does not fit the form is below all that does from there on, as it is for apk; a text that
//! does not even begin with a number is no version.

use std::cmp::Ordering;

use super::text::{Number, filled, take, take_digits};

/// A suffix and its rank; a version without one ranks between `_rc` and `_cvs`. Longer ones stand
/// before those that they begin with.
const SUFFIXES: &[(&str, i8)] = &[
    ("alpha", -4),
    ("beta", -3),
    ("pre", -2),
    ("rc", -1),
    ("cvs", 1),
    ("svn", 2),
    ("git", 3),
    ("hg", 4),
    ("p", 5),
];

/// A part, in the order of what may follow equal parts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    /// A suffix that comes before the release.
    Before(i8),
    /// What fits nowhere. Nothing follows it.
    Misfit,
    End,
    Revision(Number<'a>),
    Hash(&'a str),
    SuffixNumber(Number<'a>),
    /// A suffix that comes after the release.
    After(i8),
    LetterNumber(Number<'a>),
    Letter(char),
    /// A number that begins with a zero is read like the digits of a fraction: .05 is below .1.
    Fraction(&'a str),
    Number(Number<'a>),
}

/// How far a version has been read, as far as it decides what may follow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Start,
    Numbers,
    Letter,
    Suffix,
    SuffixNumber,
    Hash,
    Revision,
    Nowhere,
}

pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let is_one = |it: &str| it.starts_with(|it: char| it.is_ascii_digit());
    (is_one(a) && is_one(b)).then(|| filled(parts(a), parts(b), Part::End))
}

fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = text;
    let mut place = Place::Start;
    std::iter::from_fn(move || {
        if rest.is_empty() || place == Place::Nowhere {
            return None;
        }
        Some(next(&mut rest, &mut place).unwrap_or_else(|| {
            place = Place::Nowhere;
            Part::Misfit
        }))
    })
}

/// Cuts the next part off; nothing if what is there may not be there.
fn next<'a>(rest: &mut &'a str, place: &mut Place) -> Option<Part<'a>> {
    let first = rest.chars().next()?;
    let after = rest.get(first.len_utf8()..)?;
    let (may_be, then, part) = match first {
        '0'..='9' if *place == Place::Start => {
            (true, Place::Numbers, Part::Number(Number::of(take_digits(rest))))
        }
        '0'..='9' if *place == Place::Letter => {
            // The letter's number is part of it: nothing but a suffix follows.
            (true, Place::Letter, Part::LetterNumber(Number::of(take_digits(rest))))
        }
        '0'..='9' => {
            let number = Number::of(take_digits(rest));
            (*place == Place::Suffix, Place::SuffixNumber, Part::SuffixNumber(number))
        }
        '.' => {
            *rest = after;
            let digits = take_digits(rest);
            let part = if digits.starts_with('0') {
                Part::Fraction(digits)
            } else {
                Part::Number(Number::of(digits))
            };
            (*place == Place::Numbers && !digits.is_empty(), Place::Numbers, part)
        }
        'a'..='z' => {
            *rest = after;
            (*place == Place::Numbers, Place::Letter, Part::Letter(first))
        }
        '_' => {
            *rest = after;
            let word = take(rest, |it| it.is_ascii_lowercase());
            let (_, rank) = SUFFIXES.iter().find(|(known, _)| *known == word)?;
            let part = if *rank < 0 { Part::Before(*rank) } else { Part::After(*rank) };
            (*place <= Place::SuffixNumber, Place::Suffix, part)
        }
        '~' => {
            *rest = after;
            let hash = take(rest, |it| matches!(it, '0'..='9' | 'a'..='f'));
            (*place < Place::Hash && !hash.is_empty(), Place::Hash, Part::Hash(hash))
        }
        '-' => {
            *rest = after.strip_prefix('r')?;
            let digits = take_digits(rest);
            let may_be = *place < Place::Revision && !digits.is_empty();
            (may_be, Place::Revision, Part::Revision(Number::of(digits)))
        }
        _ => return None,
    };
    *place = then;
    may_be.then_some(part)
}
