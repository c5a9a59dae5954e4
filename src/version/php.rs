//! Versions as PHP itself orders them, and as Composer does.
//!
//! PHP's `version_compare`, <https://www.php.net/manual/en/function.version-compare.php>: runs of
//! digits and of letters; a word that it does not know is below `dev`, and so on up to the end of
//! the shorter version, a number, and a patch. It goes by how a word begins.
//!
//! Composer brings a version into one form first, <https://getcomposer.org/doc/articles/versions.md>:
//! four numbers at least, stability by its full name, no build. A branch (`dev-main`) is in no range
//! of an advisory, so it is no version here; one with numbers (`2.x-dev`) is above all its releases.

use std::cmp::Ordering;

use super::text::{Number, Run, filled, lower, runs, take_digits, take_one, without_v};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Token<'a> {
    Unknown,
    Dev,
    Alpha,
    Beta,
    Candidate,
    End,
    Number(Number<'a>),
    Patch,
}

pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let is_one = |it: &str| it.starts_with(|it: char| it.is_ascii_digit());
    let tokens = |it| runs(it).map(token);
    (is_one(a) && is_one(b)).then(|| filled(tokens(a), tokens(b), Token::End))
}

fn token(run: Run<'_>) -> Token<'_> {
    const KNOWN: &[(&str, Token<'_>)] = &[
        ("dev", Token::Dev),
        ("a", Token::Alpha),
        ("b", Token::Beta),
        ("RC", Token::Candidate),
        ("rc", Token::Candidate),
        ("p", Token::Patch),
    ];
    match run {
        Run::Digits(it) => Token::Number(Number::of(it)),
        Run::Letters(it) => {
            let known = KNOWN.iter().find(|(word, _)| it.starts_with(word));
            known.map_or(Token::Unknown, |(_, token)| *token)
        }
    }
}

pub(super) fn composer(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (lower(a), lower(b));
    let (a, b) = (Composer::parse(&a)?, Composer::parse(&b)?);
    Some(
        filled(a.parts(), b.parts(), Part::Number(Number::ZERO))
            .then_with(|| filled(a.stability(), b.stability(), Token::End)),
    )
}

/// A version in Composer's sense, in lower case.
struct Composer<'a> {
    numbers: &'a str,
    stability: &'a str,
}

/// A number, or what stands for any number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    Number(Number<'a>),
    Any,
}

impl<'a> Composer<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let text = text.split(['+', '@']).next().map(without_v)?;
        let mut stability = text;
        let mut is_first = true;
        while take_part(&mut stability, is_first) {
            is_first = false;
        }
        let numbers = text.strip_suffix(stability)?;
        let may_be = |it: char| it.is_ascii_alphanumeric() || "._-".contains(it);
        let is_one = !numbers.is_empty() && stability.chars().all(may_be);
        is_one.then_some(Self { numbers, stability })
    }

    fn parts(&self) -> impl Iterator<Item = Part<'a>> {
        let part = |it| Number::read(it).map_or(Part::Any, Part::Number);
        self.numbers.split(['.', '-', '_']).map(part)
    }

    fn stability(&self) -> impl Iterator<Item = Token<'a>> {
        let is_stable = self.stability.contains("stable");
        let says = move |it: &Run<'_>| !is_stable || *it == Run::Letters("dev");
        runs(self.stability).filter(says).map(token)
    }
}

/// Cuts a number, or what stands for any, off `rest`, with the separator before it.
fn take_part(rest: &mut &str, is_first: bool) -> bool {
    let mut after = *rest;
    if !is_first && take_one(&mut after, ".-_").is_none() {
        return false;
    }
    let is_part = !take_digits(&mut after).is_empty()
        || !is_first
            && take_one(&mut after, "x*").is_some()
            && !after.starts_with(char::is_alphanumeric);
    if is_part {
        *rest = after;
    }
    is_part
}
