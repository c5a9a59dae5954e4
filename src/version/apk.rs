//! Alpine's versions.
//!
//! `digits{.digits}...{letter}{_suffix{digits}}...{~hash}{-r{digits}}`, as in apk-package(5), and
//! digits after the letter, which packages such as `sudo` (`1.9.5p2`) have and apk accepts. What
//! follows no such form is not a version. A hash says where the source came from, not how new it
//! is, and has no part in the order.

use std::cmp::Ordering;

/// A suffix and its rank; a version without one ranks between `_rc` and `_cvs`.
const SUFFIXES: &[(&str, i8)] = &[
    ("alpha", -4),
    ("beta", -3),
    ("pre", -2),
    ("rc", -1),
    ("cvs", 1),
    ("svn", 2),
    ("git", 3),
    ("hg", 4),
    ("p", 5),
];

/// A version in its parts.
pub(super) struct Version<'a> {
    parts: Vec<&'a str>,
    letter: Option<char>,
    letter_digits: &'a str,
    suffixes: Vec<(i8, &'a str)>,
    revision: &'a str,
}

impl<'a> Version<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut rest = text.trim();
        let mut parts = vec![take_digits(&mut rest)];
        while let Some(after) = rest.strip_prefix('.') {
            rest = after;
            parts.push(take_digits(&mut rest));
        }
        if parts.contains(&"") {
            return None;
        }
        let letter = rest.chars().next().filter(char::is_ascii_lowercase);
        rest = letter.and_then(|it| rest.strip_prefix(it)).unwrap_or(rest);
        let letter_digits = take_digits(&mut rest);
        let mut suffixes = Vec::new();
        while let Some(after) = rest.strip_prefix('_') {
            // No suffix is the beginning of another but `p` of `pre`, which stands before it.
            let (word, rank) = SUFFIXES.iter().find(|(word, _)| after.starts_with(word))?;
            rest = after.strip_prefix(word)?;
            suffixes.push((*rank, take_digits(&mut rest)));
        }
        if let Some(after) = rest.strip_prefix('~') {
            rest = after.trim_start_matches(|it: char| it.is_ascii_hexdigit());
        }
        let mut revision = "";
        if let Some(after) = rest.strip_prefix("-r") {
            rest = after;
            revision = take_digits(&mut rest);
        }
        rest.is_empty().then_some(Self { parts, letter, letter_digits, suffixes, revision })
    }

    pub(super) fn cmp(&self, other: &Self) -> Ordering {
        self.cmp_parts(other)
            .then_with(|| self.letter.cmp(&other.letter))
            .then_with(|| by_value(self.letter_digits, other.letter_digits))
            .then_with(|| self.cmp_suffixes(other))
            .then_with(|| by_value(self.revision, other.revision))
    }

    fn cmp_parts(&self, other: &Self) -> Ordering {
        let pairs = self.parts.iter().zip(&other.parts);
        pairs
            .enumerate()
            .map(|(at, (a, b))| if at == 0 { by_value(a, b) } else { by_fraction(a, b) })
            .find(|it| it.is_ne())
            .unwrap_or_else(|| self.parts.len().cmp(&other.parts.len()))
    }

    fn cmp_suffixes(&self, other: &Self) -> Ordering {
        let longer = self.suffixes.len().max(other.suffixes.len());
        let suffix = |of: &Self, at| of.suffixes.get(at).copied().unwrap_or((0, ""));
        (0..longer)
            .map(|at| (suffix(self, at), suffix(other, at)))
            .map(|((rank, number), (rank_b, number_b))| {
                rank.cmp(&rank_b).then_with(|| by_value(number, number_b))
            })
            .find(|it| it.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

/// Cuts the leading digits off `rest`.
fn take_digits<'a>(rest: &mut &'a str) -> &'a str {
    let end = rest.find(|it: char| !it.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, after) = rest.split_at(end);
    *rest = after;
    digits
}

/// By value, however many digits there are; no digits are zero.
fn by_value(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// A later part that begins with a zero is read like the digits of a fraction: `.05` is below `.1`.
fn by_fraction(a: &str, b: &str) -> Ordering {
    if a.starts_with('0') || b.starts_with('0') { a.cmp(b) } else { by_value(a, b) }
}
