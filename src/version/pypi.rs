//! Python's versions.
//!
//! PEP 440, with all spellings that its appendix B takes:
//! <https://packaging.python.org/en/latest/specifications/version-specifiers/>. For what it rejects,
//! the rule of the setuptools of that time: the text is cut into runs of digits and letters, and
//! words are marked so that `final` sorts where a release does. Every such version is older than
//! every PEP 440 one. Where that is wrong, a package counts as older than it is, and is reported
//! rather than passed over.

use std::cmp::Ordering;

use super::text::{Number, filled, is_number, lower, take, take_digits, take_one};

const SEPARATORS: &str = "-_.";

/// Longer spellings stand before those that they begin with.
const PRE: &[(&str, u8)] = &[
    ("alpha", ALPHA),
    ("a", ALPHA),
    ("beta", BETA),
    ("b", BETA),
    ("preview", CANDIDATE),
    ("pre", CANDIDATE),
    ("rc", CANDIDATE),
    ("c", CANDIDATE),
];
const POST: &[(&str, u8)] = &[("post", 0), ("rev", 0), ("r", 0)];
const DEV: &[(&str, u8)] = &[("dev", 0)];

/// What a version without a pre-release is, if all that it has is that it is in development.
const NOT_YET: u8 = 0;
const ALPHA: u8 = 1;
const BETA: u8 = 2;
const CANDIDATE: u8 = 3;
const RELEASE: u8 = 4;

pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (lower(a), lower(b));
    if a.is_empty() || b.is_empty() {
        return None;
    }
    Some(match (Version::parse(&a), Version::parse(&b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) if a.is_some() || b.is_some() => a.is_some().cmp(&b.is_some()),
        _ => legacy(&a).cmp(&legacy(&b)),
    })
}

/// A version of PEP 440.
struct Version<'a> {
    epoch: Number<'a>,
    /// With dots between the numbers.
    release: &'a str,
    pre: (u8, Number<'a>),
    post: Option<Number<'a>>,
    /// Whether there is no such part, which is above all that have one.
    dev: (bool, Number<'a>),
    local: &'a str,
}

impl<'a> Version<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut rest = text.strip_prefix('v').unwrap_or(text);
        let epoch = match rest.split_once('!') {
            Some((epoch, after)) => {
                rest = after;
                Number::read(epoch)?
            }
            None => Number::ZERO,
        };
        let release = release(&mut rest)?;
        let pre = part(&mut rest, PRE);
        let post = implicit_post(&mut rest).or_else(|| Some(part(&mut rest, POST)?.1));
        let dev = part(&mut rest, DEV).map(|it| it.1);
        let local = match rest.strip_prefix('+') {
            Some(local) => local,
            None if rest.is_empty() => "",
            None => return None,
        };
        let is_segment =
            |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_alphanumeric());
        if !(rest.is_empty() || segments(local).all(is_segment)) {
            return None;
        }
        let no_pre = if post.is_none() && dev.is_some() { NOT_YET } else { RELEASE };
        Some(Self {
            epoch,
            release,
            pre: pre.unwrap_or((no_pre, Number::ZERO)),
            post,
            dev: (dev.is_none(), dev.unwrap_or(Number::ZERO)),
            local,
        })
    }

    fn cmp(&self, other: &Self) -> Ordering {
        let numbers = |it: &Self| it.release.split('.').map(Number::of);
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| filled(numbers(self), numbers(other), Number::ZERO))
            .then_with(|| (self.pre, self.post, self.dev).cmp(&(other.pre, other.post, other.dev)))
            .then_with(|| filled(locals(self.local), locals(other.local), Local::End))
    }
}

/// Numbers with dots between them; a dot that no number follows is left to the next part.
fn release<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let whole = *rest;
    take_digits(rest);
    while let Some(mut after) = rest.strip_prefix('.') {
        if take_digits(&mut after).is_empty() {
            break;
        }
        *rest = after;
    }
    let release = whole.strip_suffix(*rest)?;
    (!release.is_empty()).then_some(release)
}

/// One of `words`, with or without a separator before it, and a number, with or without one before
/// that. A number that is not there is zero.
fn part<'a>(rest: &mut &'a str, words: &[(&str, u8)]) -> Option<(u8, Number<'a>)> {
    let mut after = *rest;
    take_one(&mut after, SEPARATORS);
    let (word, rank) = words.iter().find(|(word, _)| after.starts_with(word))?;
    after = after.strip_prefix(word)?;
    take_one(&mut after, SEPARATORS);
    let number = Number::of(take_digits(&mut after));
    *rest = after;
    Some((*rank, number))
}

/// A number after a dash is a post-release.
fn implicit_post<'a>(rest: &mut &'a str) -> Option<Number<'a>> {
    let mut after = rest.strip_prefix('-')?;
    let digits = take_digits(&mut after);
    if digits.is_empty() {
        return None;
    }
    *rest = after;
    Some(Number::of(digits))
}

/// A segment of a local version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Local<'a> {
    End,
    Word(&'a str),
    Number(Number<'a>),
}

fn locals(text: &str) -> impl Iterator<Item = Local<'_>> {
    segments(text).map(|it| match Number::read(it) {
        Some(number) => Local::Number(number),
        None if it.is_empty() => Local::End,
        None => Local::Word(it),
    })
}

fn segments(local: &str) -> impl Iterator<Item = &str> {
    local.split(|it| SEPARATORS.contains(it))
}

/// A part of a version from before PEP 440.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    Word(&'a str),
    Number(Number<'a>),
}

/// The mark of a dash. It is above the word that ends every version, and no word is like it.
const DASH: Part<'_> = Part::Word("final-");
const ZERO: Part<'_> = Part::Number(Number::ZERO);

fn legacy(text: &str) -> Vec<Part<'_>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    for run in legacy_runs(text).chain(["final"]) {
        let word = match run {
            "pre" | "preview" | "rc" => "c",
            "dev" => "@",
            "-" => "final-",
            _ => run,
        };
        if is_number(word) {
            parts.push(Part::Number(Number::of(word)));
            continue;
        }
        // A dash before a pre-release says nothing, nor do zeros at the end of a number.
        if word < "final" {
            drop_last(&mut parts, &DASH);
        }
        drop_last(&mut parts, &ZERO);
        parts.push(Part::Word(word));
    }
    parts
}

fn drop_last<'a>(parts: &mut Vec<Part<'a>>, what: &Part<'a>) {
    while parts.last() == Some(what) {
        parts.pop();
    }
}

/// Runs of digits, runs of letters, and dashes; all else only separates.
fn legacy_runs(text: &str) -> impl Iterator<Item = &str> {
    let kind = |it: char| match it {
        '0'..='9' => 1,
        'a'..='z' => 2,
        '-' => 3,
        _ => 0,
    };
    let mut rest = text;
    std::iter::from_fn(move || {
        take(&mut rest, |it| kind(it) == 0);
        let first = rest.chars().next()?;
        if let Some(after) = rest.strip_prefix('-') {
            rest = after;
            return Some("-");
        }
        Some(take(&mut rest, |it| kind(it) == kind(first)))
    })
}
