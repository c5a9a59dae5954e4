//! Versions of programs that no package manager knows, and of Homebrew's formulae.
//!
//! Nobody specifies the first. What most have is: numbers, of which those that are missing are zero;
//! words that say what comes before a release; and letters that come after it, as OpenSSL's `1.1.1w`
//! and `1.0.2zg`, OpenSSH's `9.6p1`, sudo's `1.9.5p2`.
//!
//! Homebrew: the same, but `a1` and `b1` are alpha and beta, and the formula's own revision is at
//! the end, after an underscore. <https://docs.brew.sh/Formula-Cookbook#formulae-revisions>,
//! <https://docs.brew.sh/Version-Scheme>

use std::cmp::Ordering;

use super::text::{Number, Run, filled, is_number, lower, runs, without_v};

/// Words that say what a release says without them.
const SILENT: &[&str] = &["release", "final", "ga", "stable", "lts"];

const BEFORE: &[(&str, u8)] = &[
    ("dev", 0),
    ("snapshot", 0),
    ("nightly", 0),
    ("alpha", 1),
    ("beta", 2),
    ("pre", 3),
    ("preview", 3),
    ("rc", 4),
];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Token<'a> {
    /// What comes before the release, by rank.
    Before(u8),
    End,
    Letters(&'a str),
    Number(Number<'a>),
}

pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (lower(a), lower(b));
    Some(filled(tokens(&a, &[])?, tokens(&b, &[])?, Token::End))
}

pub(super) fn brew(a: &str, b: &str) -> Option<Ordering> {
    const SHORT: &[(&str, u8)] = &[("a", 1), ("b", 2)];
    let (a, b) = (lower(a), lower(b));
    let ((a, a_revision), (b, b_revision)) = (brew_split(&a), brew_split(&b));
    let by_version = filled(tokens(a, SHORT)?, tokens(b, SHORT)?, Token::End);
    Some(by_version.then_with(|| Number::of(a_revision).cmp(&Number::of(b_revision))))
}

/// The version, and the formula's revision at its end, if it has one.
pub(super) fn brew_split(text: &str) -> (&str, &str) {
    text.rsplit_once('_').filter(|(_, revision)| is_number(revision)).unwrap_or((text, ""))
}

/// The tokens, without zeros that no other number follows: 1.0 is 1, and 1.0a is 1a.
fn tokens<'a>(text: &'a str, short: &[(&str, u8)]) -> Option<Vec<Token<'a>>> {
    let text = without_v(text);
    let is_one = text.starts_with(|it: char| it.is_ascii_digit())
        && text.chars().all(|it| !it.is_whitespace() && !it.is_control());
    if !is_one {
        return None;
    }
    let mut tokens = Vec::new();
    let mut runs = runs(text).peekable();
    while let Some(run) = runs.next() {
        let token = match run {
            Run::Digits(it) => Token::Number(Number::of(it)),
            Run::Letters(it) if SILENT.contains(&it) => continue,
            Run::Letters(it) => {
                let is_numbered = matches!(runs.peek(), Some(Run::Digits(_)));
                let is_short = |known: &&(&str, u8)| is_numbered && known.0 == it;
                let known = BEFORE.iter().find(|known| known.0 == it);
                known
                    .or_else(|| short.iter().find(is_short))
                    .map_or(Token::Letters(it), |(_, rank)| Token::Before(*rank))
            }
        };
        if !matches!(token, Token::Number(_)) {
            drop_zeros(&mut tokens);
        }
        tokens.push(token);
    }
    drop_zeros(&mut tokens);
    Some(tokens)
}

fn drop_zeros(tokens: &mut Vec<Token<'_>>) {
    while tokens.last() == Some(&Token::Number(Number::ZERO)) {
        tokens.pop();
    }
}
