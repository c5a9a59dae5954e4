//! Versions of Maven's artifacts.
//!
//! <https://maven.apache.org/pom.html#version-order-specification>: tokens between dots, dashes, and
//! changes from digits to letters, which are as a dash. A dot before a word is as a dash, too, as it
//! is since Maven 3.8: before, 1.0.x was below 1, which is below 1-1, which was below 1.0.x. Maven
//! itself still does so where a dot or a dash follows that word, which nothing specifies.

use std::cmp::Ordering;

use super::text::{Number, filled, lower, take};

/// A token with what stands before it. What has ended is above a pre-release and below all else.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Token<'a> {
    /// `-alpha` up to `-snapshot`, by their rank.
    Pre(u8),
    End,
    /// `-sp`, a service pack.
    ServicePack,
    Word(&'a str),
    DashedNumber(Number<'a>),
    DottedNumber(Number<'a>),
}

pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (lower(a), lower(b));
    (is_one(&a) && is_one(&b)).then(|| filled(tokens(&a), tokens(&b), Token::End))
}

/// Any text is a version for Maven. Not for us: a property that nobody filled in, `${revision}`, and
/// the word that Gradle writes where a project has no version.
fn is_one(text: &str) -> bool {
    let may_be = |it: char| !"${}@".contains(it) && !it.is_whitespace() && !it.is_control();
    !text.is_empty() && text.chars().all(may_be) && text != "unspecified"
}

/// The tokens, without those that say nothing at the end, and before each dash.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut rest = text;
    let mut is_dashed = false;
    loop {
        let is_digit = rest.starts_with(|it: char| it.is_ascii_digit());
        let token = take(&mut rest, |it| it.is_ascii_digit() == is_digit && it != '.' && it != '-');
        let is_joined = !rest.is_empty() && !rest.starts_with(['.', '-']);
        let token = match token {
            // Nothing between two separators is zero.
            it if it.is_empty() || is_digit => number(it, is_dashed),
            it => word(it, is_joined),
        };
        if !matches!(token, Token::DottedNumber(_)) {
            trim(&mut tokens);
        }
        tokens.push(token);
        if is_joined {
            is_dashed = true;
            continue;
        }
        let Some(separator) = rest.chars().next() else { break };
        is_dashed = separator == '-';
        rest = rest.get(1..).unwrap_or_default();
    }
    trim(&mut tokens);
    tokens
}

fn number(digits: &str, is_dashed: bool) -> Token<'_> {
    let number = Number::of(digits);
    if is_dashed { Token::DashedNumber(number) } else { Token::DottedNumber(number) }
}

fn word(text: &str, is_before_digit: bool) -> Token<'_> {
    match text {
        "a" if is_before_digit => Token::Pre(0),
        "b" if is_before_digit => Token::Pre(1),
        "m" if is_before_digit => Token::Pre(2),
        "alpha" => Token::Pre(0),
        "beta" => Token::Pre(1),
        "milestone" => Token::Pre(2),
        "rc" | "cr" => Token::Pre(3),
        "snapshot" => Token::Pre(4),
        "ga" | "final" | "release" => Token::End,
        "sp" => Token::ServicePack,
        it => Token::Word(it),
    }
}

/// Drops what says nothing; the first token always counts.
fn trim(tokens: &mut Vec<Token<'_>>) {
    let says_nothing = |it: &Token<'_>| {
        matches!(it, Token::End)
            || matches!(it, Token::DashedNumber(it) | Token::DottedNumber(it) if *it == Number::ZERO)
    };
    while tokens.len() > 1 && tokens.last().is_some_and(says_nothing) {
        tokens.pop();
    }
}
