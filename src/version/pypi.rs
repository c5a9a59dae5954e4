//! Python's versions.
//!
//! PEP 440, and for what it rejects the rule of the setuptools of that time: the text is cut into
//! runs of digits and letters, numbers are padded, words are marked so that `final` sorts where a
//! release does. Every such version is older than every PEP 440 one. Where that is wrong, a
//! package counts as older than it is, and is reported rather than passed over.

use std::str::FromStr;

#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    Legacy(Vec<String>),
    Pep440(pep440_rs::Version),
}

impl Version {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        match pep440_rs::Version::from_str(&text) {
            Ok(version) => Some(Self::Pep440(version)),
            Err(_) if text.is_empty() => None,
            Err(_) => Some(Self::Legacy(legacy(&text))),
        }
    }
}

fn legacy(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for run in runs(text).chain(["final"]) {
        let part = match run {
            "pre" | "preview" | "rc" => "*c".to_owned(),
            "-" => "*final-".to_owned(),
            "dev" => "*@".to_owned(),
            digits if digits.starts_with(|it: char| it.is_ascii_digit()) => format!("{digits:0>8}"),
            word => format!("*{word}"),
        };
        if part.starts_with('*') {
            // A dash before a pre-release says nothing, nor do zeros at the end of a number.
            if part.as_str() < "*final" {
                drop_last(&mut parts, "*final-");
            }
            drop_last(&mut parts, "00000000");
        }
        parts.push(part);
    }
    parts
}

fn drop_last(parts: &mut Vec<String>, what: &str) {
    while parts.last().is_some_and(|it| it == what) {
        parts.pop();
    }
}

/// Runs of digits, runs of letters, and dashes; all else only separates.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    let kind = |it: char| match it {
        '0'..='9' => 1,
        'a'..='z' => 2,
        '-' => 3,
        _ => 0,
    };
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|it| kind(it) == 0);
        let first = rest.chars().next()?;
        let is_dash = first == '-';
        let end = rest.find(|it| is_dash || kind(it) != kind(first)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(if is_dash { 1 } else { end });
        rest = after;
        Some(run)
    })
}
