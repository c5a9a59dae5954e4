//! What the orders have in common: numbers of any length, runs of one kind of character, and
//! lists of which the shorter one is filled up.
//!
//! Versions come out of scanned files. So a number is never turned into an integer, which would
//! have a largest value, and every function here takes time linear in the length of its text.

use std::borrow::Cow;
use std::cmp::Ordering;

/// A number without bounds: its digits, without the zeros before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number<'a> {
    // More digits are a larger number: the order of the fields is the order of numbers.
    n_digits: usize,
    digits: &'a str,
}

impl<'a> Number<'a> {
    pub(super) const ZERO: Number<'static> = Number { n_digits: 0, digits: "" };

    /// Reads digits; nothing else, and at least one.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        is_number(text).then(|| Self::of(text))
    }

    /// Takes what is known to be digits; none of them are zero.
    pub(super) fn of(digits: &'a str) -> Self {
        let digits = digits.trim_start_matches('0');
        Self { n_digits: digits.len(), digits }
    }
}

pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit())
}

/// Cuts off `rest` what it begins with of characters that are `wanted`.
pub(super) fn take<'a>(rest: &mut &'a str, wanted: impl Fn(char) -> bool) -> &'a str {
    let end = rest.find(|it| !wanted(it)).unwrap_or(rest.len());
    let (taken, after) = rest.split_at_checked(end).unwrap_or((*rest, ""));
    *rest = after;
    taken
}

pub(super) fn take_digits<'a>(rest: &mut &'a str) -> &'a str {
    take(rest, |it| it.is_ascii_digit())
}

pub(super) fn take_letters<'a>(rest: &mut &'a str) -> &'a str {
    take(rest, |it| it.is_ascii_alphabetic())
}

/// Cuts one of `these` off `rest` if it begins with one.
pub(super) fn take_one(rest: &mut &str, these: &str) -> Option<char> {
    let first = rest.chars().next().filter(|it| these.contains(*it))?;
    *rest = rest.get(first.len_utf8()..).unwrap_or_default();
    Some(first)
}

/// A run of digits or of letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run<'a> {
    Letters(&'a str),
    Digits(&'a str),
}

/// The runs of digits and of ASCII letters; all else only separates.
pub(super) fn runs(text: &str) -> impl Iterator<Item = Run<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        take(&mut rest, |it| !it.is_ascii_alphanumeric());
        match take_digits(&mut rest) {
            "" => Some(take_letters(&mut rest)).filter(|it| !it.is_empty()).map(Run::Letters),
            digits => Some(Run::Digits(digits)),
        }
    })
}

/// Orders two lists element by element, with `filler` where one of them has ended.
pub(super) fn filled<T: Ord + Copy>(
    a: impl IntoIterator<Item = T>,
    b: impl IntoIterator<Item = T>,
    filler: T,
) -> Ordering {
    let (mut a, mut b) = (a.into_iter().fuse(), b.into_iter().fuse());
    loop {
        let (a, b) = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (a, b) => (a.unwrap_or(filler), b.unwrap_or(filler)),
        };
        if a != b {
            return a.cmp(&b);
        }
    }
}

/// In lower case, as far as ASCII goes.
pub(super) fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|it| it.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// Without a `v` before the first digit, which many write and none means.
pub(super) fn without_v(text: &str) -> &str {
    text.strip_prefix(['v', 'V'])
        .filter(|it| it.starts_with(|it: char| it.is_ascii_digit()))
        .unwrap_or(text)
}
