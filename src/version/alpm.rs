//! Versions of Arch Linux's packages.
//!
//! `[epoch:]version[-release]`, <https://man.archlinux.org/man/vercmp.8>: runs of digits and of
//! letters as with rpm, but what separates them counts by its length, `~` and `^` are like any
//! separator, and letters right after digits are a pre-release, `1.0rc1`. Separators at the end are
//! left out: vercmp's order of versions that have them goes in circles.

use std::cmp::Ordering;

use super::rpm::split;
use super::text::{Number, filled, is_number, take, take_digits, take_letters};

/// A run and what stands before it. Letters without a separator are below the end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Token<'a> {
    Pre(&'a str),
    End,
    /// With the number of separators before it.
    Run(usize, Kind<'a>),
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind<'a> {
    Letters(&'a str),
    Digits(Number<'a>),
}

pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let ((a_epoch, a), (b_epoch, b)) = (epoch(a)?, epoch(b)?);
    let ((a, a_release), (b, b_release)) = (split(a), split(b));
    let by = |a, b| filled(tokens(a), tokens(b), Token::End);
    Some(a_epoch.cmp(&b_epoch).then_with(|| by(a, b)).then_with(|| match (a_release, b_release) {
        (Some(a), Some(b)) => by(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }))
}

fn epoch(text: &str) -> Option<(Number<'_>, &str)> {
    let is_one = !text.is_empty() && text.chars().all(|it| it.is_ascii_graphic());
    let split = text.split_once(':').filter(|(epoch, _)| epoch.is_empty() || is_number(epoch));
    is_one.then(|| split.map_or((Number::ZERO, text), |(it, rest)| (Number::of(it), rest)))
}

fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = text;
    let mut is_first = true;
    std::iter::from_fn(move || {
        let n_separators = take(&mut rest, |it| !it.is_ascii_alphanumeric()).len();
        let digits = take_digits(&mut rest);
        let letters = if digits.is_empty() { take_letters(&mut rest) } else { "" };
        let is_pre = !is_first && n_separators == 0;
        is_first = false;
        match (digits, letters) {
            ("", "") => None,
            ("", letters) if is_pre => Some(Token::Pre(letters)),
            ("", letters) => Some(Token::Run(n_separators, Kind::Letters(letters))),
            (digits, _) => Some(Token::Run(n_separators, Kind::Digits(Number::of(digits)))),
        }
    })
}
