//! Versions of Debian and its kin, of OpenWrt, and of opam.
//!
//! `[epoch:]upstream[-revision]`, <https://www.debian.org/doc/debian-policy/ch-controlfields.html#version>.
//! Installed packages are older and stranger than the policy, so an underscore does no harm.
//!
//! opam has neither an epoch nor rules for what a version is made of,
//! <https://opam.ocaml.org/doc/Manual.html#Version-ordering>.

use std::cmp::Ordering;

use super::text::{Number, filled, take, take_digits};

/// A version in its parts. A revision that is not there is zero, which no digits are as well.
struct Version<'a> {
    epoch: Number<'a>,
    upstream: &'a str,
    revision: &'a str,
}

pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    Some(Version::parse(a)?.cmp(&Version::parse(b)?))
}

impl<'a> Version<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) => (Number::read(epoch)?, rest),
            None => (Number::ZERO, text),
        };
        let (upstream, revision) = match rest.rsplit_once('-') {
            Some((_, "")) => return None,
            Some((upstream, revision)) => (upstream, revision),
            None => (rest, ""),
        };
        let may_be = |it: char| it.is_ascii_alphanumeric() || ".+~:_-".contains(it);
        let is_one = !upstream.is_empty() && rest.chars().all(may_be);
        is_one.then_some(Self { epoch, upstream, revision })
    }

    fn cmp(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| by_part(self.upstream, other.upstream))
            .then_with(|| by_part(self.revision, other.revision))
    }
}

pub(super) fn opam(a: &str, b: &str) -> Option<Ordering> {
    let split = |it| Some(str::rsplit_once(it, '-').unwrap_or((it, ""))).filter(|_| !it.is_empty());
    let ((a, a_revision), (b, b_revision)) = (split(a)?, split(b)?);
    Some(by_part(a, b).then_with(|| by_part(a_revision, b_revision)))
}

/// Compares what is no digits, then digits, and so on in turns.
fn by_part(mut a: &str, mut b: &str) -> Ordering {
    while !(a.is_empty() && b.is_empty()) {
        let no_digit = |it: char| !it.is_ascii_digit();
        let (a_text, b_text) = (take(&mut a, no_digit), take(&mut b, no_digit));
        let order = filled(a_text.chars().map(rank), b_text.chars().map(rank), (1, '\0'))
            .then_with(|| Number::of(take_digits(&mut a)).cmp(&Number::of(take_digits(&mut b))));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// A tilde is below the end of the text, which is below letters, which are below all else.
fn rank(it: char) -> (u8, char) {
    match it {
        '~' => (0, it),
        _ if it.is_ascii_alphabetic() => (2, it),
        _ => (3, it),
    }
}
