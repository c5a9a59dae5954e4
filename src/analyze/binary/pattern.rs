//! How a version stands in a program: the texts around it, in a small language of patterns.
//!
//! A pattern is bytes, and in braces what may differ:
//!
//! | | |
//! |---|---|
//! | `{n}` | the version: numbers with dots between them |
//! | `{v}` | the version, with a stage or a build after the numbers, as `2.0.0-rc.1` or `1.1.1w` |
//! | `{d}` | as `{v}`, and one number is enough |
//! | `{f}` | as `{v}`, of three numbers; it begins with the version that is in the file's name |
//! | `{=1.3}` | as `{v}`, of three numbers; it begins so |
//! | `{5}` | five digits that stand for three numbers, as `20914` for 2.9.14 |
//! | `{0}` | one zero or more |
//! | `{..9}` | up to nine bytes, whatever they are |
//! | `{#9}` | nine letters or digits |
//! | `{#}` | one digit or more |
//! | `{^}` | the beginning of the file |
//!
//! Each has exactly one version. Its beginning is looked for first, or else the longest text; the rest
//! must fit around it.

use std::ops::Range;

use memchr::memmem::Finder;

/// How far a match may reach from the text that is looked for.
pub(super) const REACH: usize = 4096;

/// Longer than any version.
const MAX_VERSION: usize = 40;

/// Parts that are tried in one file. A text that is everywhere is no sign.
const MAX_STEPS: u32 = 1 << 20;

#[derive(Debug)]
pub(super) struct Pattern {
    parts: Vec<Part>,
    /// The place among the parts of the text that is looked for.
    anchor: usize,
    finder: Finder<'static>,
    /// What comes before the version may be anything.
    may_be_cut: bool,
    steps_left: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Bytes(Vec<u8>),
    Version(Shape),
    Zeros,
    Any(usize),
    Letters(usize),
    Digits,
    Start,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    Numbers,
    Tailed,
    OneNumber,
    Begins(Vec<u8>),
    Digits,
}

/// A piece of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window<'a> {
    pub(super) bytes: &'a [u8],
    /// Whether it is the beginning of the file.
    pub(super) is_first: bool,
}

#[derive(Clone, Copy)]
enum Direction {
    Forward,
    Back,
}

impl Pattern {
    /// Reads a pattern; `None` where the version should be in the file's name and is not.
    pub(super) fn parse(pattern: &[u8], in_name: Option<&str>) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = pattern;
        while let Some(first) = rest.first() {
            if *first == b'{' {
                let end = memchr::memchr(b'}', rest)?;
                parts.push(Part::parse(rest.get(1..end)?, in_name)?);
                rest = rest.get(end + 1..)?;
            } else {
                let end = memchr::memchr(b'{', rest).unwrap_or(rest.len());
                parts.push(Part::Bytes(rest.get(..end)?.to_vec()));
                rest = rest.get(end..)?;
            }
        }
        let anchors = (0..).zip(&parts).filter_map(|(at, it)| Some((it.text()?, at)));
        let anchor = anchors.max_by_key(|(text, at)| {
            let begins_version = matches!(parts.get(*at), Some(Part::Version(_)));
            (begins_version, text.len())
        });
        // Without a text, as at the beginning of a file, every place is tried.
        let (text, anchor) = anchor.unwrap_or((b"", 0));
        let finder = Finder::new(text).into_owned();
        let mut versions = parts.iter().enumerate().filter(|it| matches!(it.1, Part::Version(_)));
        let (Some((version, _)), None) = (versions.next(), versions.next()) else { return None };
        let before = version.checked_sub(1).and_then(|it| parts.get(it));
        let may_be_cut = matches!(before, None | Some(Part::Any(_)));
        Some(Self { anchor, finder, may_be_cut, steps_left: MAX_STEPS, parts })
    }

    /// The first version in the window whose text begins in `within`.
    pub(super) fn find(&mut self, window: Window<'_>, within: &Range<usize>) -> Option<String> {
        let last = within.end.saturating_add(self.finder.needle().len()).min(window.bytes.len());
        let inside = window.bytes.get(within.start..last)?;
        let (before, after) = self.parts.split_at_checked(self.anchor)?;
        for at in self.finder.find_iter(inside) {
            let at = within.start + at;
            let (may_be_cut, steps_left) = (self.may_be_cut, self.steps_left);
            let mut trial = Trial { window, may_be_cut, steps_left, version: None };
            let fits =
                trial.fit(before, at, Direction::Back) && trial.fit(after, at, Direction::Forward);
            self.steps_left = trial.steps_left;
            if fits {
                let version = String::from_utf8_lossy(window.bytes.get(trial.version?)?);
                return Some(self.written_out(&version));
            }
            if self.steps_left == 0 {
                break;
            }
        }
        None
    }
}

impl Pattern {
    /// The version as its project writes it.
    fn written_out(&self, version: &str) -> String {
        let is_digits = |it: &Part| *it == Part::Version(Shape::Digits);
        let number = version.parse::<u32>().ok().filter(|_| self.parts.iter().any(is_digits));
        number.map_or(version.to_owned(), |it| {
            format!("{}.{}.{}", it / 10_000, it / 100 % 100, it % 100)
        })
    }
}

impl Part {
    fn parse(word: &[u8], in_name: Option<&str>) -> Option<Self> {
        let number = |digits: &[u8]| str::from_utf8(digits).ok()?.parse().ok();
        Some(match word {
            b"n" => Self::Version(Shape::Numbers),
            b"v" => Self::Version(Shape::Tailed),
            b"d" => Self::Version(Shape::OneNumber),
            b"5" => Self::Version(Shape::Digits),
            b"f" => Self::Version(Shape::Begins(format!("{}.", in_name?).into_bytes())),
            b"0" => Self::Zeros,
            b"#" => Self::Digits,
            b"^" => Self::Start,
            [b'=', begin @ ..] => Self::Version(Shape::Begins(begin.to_vec())),
            [b'#', digits @ ..] => Self::Letters(number(digits)?),
            [b'.', b'.', digits @ ..] => Self::Any(number(digits)?),
            _ => return None,
        })
    }

    /// What can be looked for.
    fn text(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) | Self::Version(Shape::Begins(bytes)) => Some(bytes),
            _ => None,
        }
    }

    /// How many bytes it may take from `at` on, or before it; the most likely first.
    fn lengths(&self, window: Window<'_>, at: usize, direction: Direction) -> Vec<usize> {
        let (before, after) = window.bytes.split_at_checked(at).unwrap_or_default();
        let side = |length: usize| match direction {
            Direction::Forward => after.get(..length),
            Direction::Back => before.get(before.len().checked_sub(length)?..),
        };
        let run = |limit: usize, fits: fn(&u8) -> bool| match direction {
            Direction::Forward => after.iter().take(limit).take_while(|it| fits(it)).count(),
            Direction::Back => before.iter().rev().take(limit).take_while(|it| fits(it)).count(),
        };
        let only = |fits: bool, length: usize| if fits { vec![length] } else { Vec::new() };
        match self {
            Self::Bytes(bytes) => only(side(bytes.len()) == Some(bytes), bytes.len()),
            Self::Zeros => {
                let length = run(REACH, |it| *it == 0);
                only(length > 0, length)
            }
            Self::Digits => {
                let length = run(MAX_VERSION, u8::is_ascii_digit);
                only(length > 0, length)
            }
            Self::Letters(length) => {
                only(run(*length, u8::is_ascii_alphanumeric) == *length, *length)
            }
            Self::Any(most) => (0..=*most).take_while(|it| side(*it).is_some()).collect(),
            Self::Start => only(window.is_first && at == 0, 0),
            Self::Version(shape) => {
                let longest = run(MAX_VERSION, |it| is_of_version(*it));
                let fits = |length: &usize| side(*length).is_some_and(|it| shape.fits(it));
                (1..=longest).rev().filter(fits).collect()
            }
        }
    }
}

impl Shape {
    fn fits(&self, version: &[u8]) -> bool {
        let is_numeric = |it: &&u8| it.is_ascii_digit() || **it == b'.';
        let n_numeric = version.iter().take_while(is_numeric).count();
        let (numbers, tail) = version.split_at_checked(n_numeric).unwrap_or_default();
        let mut parts = numbers.split(|it| *it == b'.');
        let are_numbers = parts.clone().all(|it| (1..=8).contains(&it.len()));
        let n_parts = parts.by_ref().count();
        let ends = version.last().is_some_and(u8::is_ascii_alphanumeric);
        are_numbers
            && ends
            && match self {
                Self::Numbers => tail.is_empty() && n_parts > 1,
                Self::Tailed => n_parts > 1,
                Self::OneNumber => true,
                Self::Digits => tail.is_empty() && n_parts == 1 && version.len() == 5,
                Self::Begins(begin) => n_parts > 2 && version.starts_with(begin),
            }
    }
}

fn is_of_version(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+' | b'~' | b'_')
}

/// One place at which a pattern may fit.
struct Trial<'a> {
    window: Window<'a>,
    may_be_cut: bool,
    steps_left: u32,
    version: Option<Range<usize>>,
}

impl Trial<'_> {
    /// Whether the parts fit from `at` on in this direction; notes where the version is.
    fn fit(&mut self, parts: &[Part], at: usize, direction: Direction) -> bool {
        let next = match direction {
            Direction::Forward => parts.split_first(),
            Direction::Back => parts.split_last(),
        };
        let Some((part, rest)) = next else { return true };
        for length in part.lengths(self.window, at, direction) {
            self.steps_left = self.steps_left.saturating_sub(1);
            if self.steps_left == 0 {
                return false;
            }
            let (range, next) = match direction {
                Direction::Forward => (at..at + length, at + length),
                Direction::Back => (at - length..at, at - length),
            };
            if matches!(part, Part::Version(_)) {
                let before = range.start.checked_sub(1).and_then(|it| self.window.bytes.get(it));
                let is_cut = before.is_some_and(|it| it.is_ascii_digit() || *it == b'.');
                if self.may_be_cut && is_cut {
                    continue;
                }
                self.version = Some(range);
            }
            if self.fit(rest, next, direction) {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::{Pattern, Window};

    fn find(pattern: &str, bytes: &[u8]) -> Option<String> {
        let mut pattern = Pattern::parse(pattern.as_bytes(), Some("3.1")).unwrap();
        pattern.find(Window { bytes, is_first: true }, &(0..bytes.len()))
    }

    #[track_caller]
    fn check(pattern: &str, bytes: &[u8], version: Option<&str>) {
        assert_eq!(find(pattern, bytes).as_deref(), version, "{pattern}");
    }

    #[test]
    fn a_version_is_taken_whole() {
        check("nginx/{n}", b"x nginx/1.25.1\n", Some("1.25.1"));
        check("OpenSSL {v} ", b"OpenSSL 1.1.1w  11 Sep", Some("1.1.1w"));
        check("{n}\0tcmalloc", b"a 12.0.17\0tcmalloc", Some("12.0.17"));
        check("PostgreSQL {d} (", b"PostgreSQL 15beta4 (Debian", Some("15beta4"));
        check("x {v}", b"x 2.4.-", Some("2.4"));
        check("x {n}", b"x 15 ", None);
        check("x {n}", b"x 1..5 ", None);
    }

    #[test]
    fn what_is_around_it_must_fit() {
        check("\0{v}{0}Fluent Bit v", b"\x001.3.10\0\0\0Fluent Bit v%s", Some("1.3.10"));
        check("\0{v}{0}Fluent Bit v", b"?1.3.10\0\0\0Fluent Bit v%s", None);
        check("{n}{#12}-{#}000\0", b"\x004.0.11841ce7054bd9-1542359302000\0", Some("4.0.11"));
        check("{v}-{#7} x", b"3.1-dev0-1eb0f22 x", Some("3.1-dev0"));
        check("{^}go{d}", b"go1.22\n", Some("1.22"));
        check("{^}go{d}", b" go1.22\n", None);
    }

    #[test]
    fn a_gap_is_bounded() {
        check("\0{=1.3}\0{..5}envoy", b"\x001.36.4\0-----envoy", Some("1.36.4"));
        check("\0{=1.3}\0{..5}envoy", b"\x001.36.4\0------envoy", None);
        check("\0{=1.3}\0{..5}envoy", b"\x001.2.13\0-----envoy", None);
    }

    #[test]
    fn the_file_s_name_tells_how_it_begins() {
        check("\0{f}\0", b"\x003.11.2\0\x003.1.4\0", Some("3.1.4"));
        assert!(Pattern::parse(b"\0{f}\0", None).is_none());
    }

    #[test]
    fn digits_without_dots_are_written_out() {
        check("{5}\0xml", b"20914\0xml", Some("2.9.14"));
        check("{5}\0xml", b"120914\0xml", None);
    }

    #[test]
    fn a_text_that_is_everywhere_is_given_up() {
        let mut pattern = Pattern::parse(b"x{..900}{n}\0aa", None).unwrap();
        let bytes = b"1.2\0aa".repeat(10_000);
        assert_eq!(pattern.find(Window { bytes: &bytes, is_first: true }, &(0..bytes.len())), None);
        assert_eq!(pattern.steps_left, 0);
    }

    #[test]
    fn a_word_that_is_not_in_the_language_is_no_pattern() {
        for pattern in ["{z}", "{n", "{..x}", "{#y}", "no version", "{n}{v}"] {
            assert!(Pattern::parse(pattern.as_bytes(), None).is_none(), "{pattern}");
        }
    }
}
