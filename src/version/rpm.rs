//! Versions of rpm packages.
//!
//! `[epoch:]version[-release]`, <https://rpm.org/docs/latest/man/rpm-version.7>. Each of the three
//! is cut into runs of digits and of letters; all other characters only separate, but `~`, which is
//! below the end, and `^`, which is above it. What stands before a colon and is no number is no
//! epoch.

use std::cmp::Ordering;

use super::text::{Number, filled, is_number, take, take_digits, take_letters};

/// A version in its parts.
struct Version<'a> {
    epoch: Number<'a>,
    upstream: &'a str,
    /// A package always has one; a bound of a dependency need not.
    release: Option<&'a str>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Token<'a> {
    Tilde,
    End,
    Caret,
    Letters(&'a str),
    Digits(Number<'a>),
}

pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    Some(Version::parse(a)?.cmp(&Version::parse(b)?))
}

impl<'a> Version<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        if text.is_empty() || text.contains(|it: char| it.is_whitespace() || it.is_control()) {
            return None;
        }
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) if is_number(epoch) => (Number::of(epoch), rest),
            _ => (Number::ZERO, text),
        };
        let (upstream, release) = split(rest);
        Some(Self { epoch, upstream, release })
    }

    fn cmp(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| filled(tokens(self.upstream), tokens(other.upstream), Token::End))
            .then_with(|| match (self.release, other.release) {
                (Some(a), Some(b)) => filled(tokens(a), tokens(b), Token::End),
                (a, b) => a.is_some().cmp(&b.is_some()),
            })
    }
}

/// The version, and the release at its end, if it has one.
pub(super) fn split(text: &str) -> (&str, Option<&str>) {
    text.rsplit_once('-').map_or((text, None), |(version, release)| (version, Some(release)))
}

fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        take(&mut rest, |it| !it.is_ascii_alphanumeric() && it != '~' && it != '^');
        let token = match rest.chars().next()? {
            '~' => Token::Tilde,
            '^' => Token::Caret,
            '0'..='9' => return Some(Token::Digits(Number::of(take_digits(&mut rest)))),
            _ => return Some(Token::Letters(take_letters(&mut rest))),
        };
        rest = rest.get(1..).unwrap_or_default();
        Some(token)
    })
}
