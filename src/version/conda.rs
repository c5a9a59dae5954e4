//! Versions of conda's packages.
//!
//! `[epoch!]version[+local]`, <https://docs.conda.io/projects/conda/en/stable/dev-guide/api/conda/models/version/index.html>:
//! components between dots and underscores, each cut into numbers and words. A component that begins
//! with a word has a zero before it. Words are below numbers, `dev` below other words, `post` above
//! all, and what is missing is zero. A dash is as an underscore. An underscore at the end belongs
//! to the last component: so `1.1.1_` can be below OpenSSL's `1.1.1a`.

use std::cmp::Ordering;

use super::text::{Number, filled, lower, take, take_digits};

/// A version in its parts, in lower case.
struct Version<'a> {
    epoch: Number<'a>,
    public: &'a str,
    /// Whether an underscore was cut off the version's end.
    is_open: bool,
    local: &'a str,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Token<'a> {
    Development,
    Word(&'a str),
    Number(Number<'a>),
    Post,
}

const ZERO: Token<'_> = Token::Number(Number::ZERO);

pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (lower(a), lower(b));
    let (a, b) = (Version::parse(&a)?, Version::parse(&b)?);
    Some(
        a.epoch
            .cmp(&b.epoch)
            .then_with(|| by_components(a.public, a.is_open, b.public, b.is_open))
            .then_with(|| by_components(a.local, false, b.local, false)),
    )
}

impl<'a> Version<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (epoch, rest) = match text.split_once('!') {
            Some((epoch, rest)) => (Number::read(epoch)?, rest),
            None => (Number::ZERO, text),
        };
        let (version, local) = match rest.split_once('+') {
            Some((_, "")) => return None,
            Some((version, local)) => (version, local),
            None => (rest, ""),
        };
        let open = version.strip_suffix(['_', '-']);
        let public = open.unwrap_or(version);
        let is_part = |it: &str| !it.is_empty() && it.chars().all(|it| it.is_ascii_alphanumeric());
        let is_one =
            components(public).all(is_part) && (local.is_empty() || components(local).all(is_part));
        is_one.then_some(Self { epoch, public, is_open: open.is_some(), local })
    }
}

fn components(text: &str) -> impl Iterator<Item = &str> {
    text.split(['.', '_', '-'])
}

/// Component by component, for each is filled up by itself.
fn by_components(a: &str, a_is_open: bool, b: &str, b_is_open: bool) -> Ordering {
    let mut rest = (Some(a), Some(b));
    while rest.0.is_some() || rest.1.is_some() {
        let (a, a_after) = next_component(rest.0);
        let (b, b_after) = next_component(rest.1);
        let end = |is_open, before: Option<&str>, after: Option<&str>| {
            (is_open && before.is_some() && after.is_none()).then_some(Token::Word("_"))
        };
        let order = filled(
            tokens(a).chain(end(a_is_open, rest.0, a_after)),
            tokens(b).chain(end(b_is_open, rest.1, b_after)),
            ZERO,
        );
        if order.is_ne() {
            return order;
        }
        rest = (a_after, b_after);
    }
    Ordering::Equal
}

/// The first component, empty where there is none, and what follows it.
fn next_component(text: Option<&str>) -> (&str, Option<&str>) {
    let Some(text) = text else { return ("", None) };
    text.split_once(['.', '_', '-']).map_or((text, None), |(one, after)| (one, Some(after)))
}

fn tokens(component: &str) -> impl Iterator<Item = Token<'_>> {
    let starts_with_word = component.starts_with(|it: char| it.is_ascii_alphabetic());
    let mut rest = component;
    let own = std::iter::from_fn(move || match take_digits(&mut rest) {
        "" => match take(&mut rest, |it| !it.is_ascii_digit()) {
            "" => None,
            "dev" => Some(Token::Development),
            "post" => Some(Token::Post),
            word => Some(Token::Word(word)),
        },
        digits => Some(Token::Number(Number::of(digits))),
    });
    starts_with_word.then_some(ZERO).into_iter().chain(own)
}
