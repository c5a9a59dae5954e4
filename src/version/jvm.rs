//! Versions of Java's runtimes.
//!
//! Since Java 9 `numbers[-pre][+build][-more]`, JEP 322, <https://openjdk.org/jeps/322>, of which
//! numbers that are missing are zero; before it `1.8.0_402-b06`, which is also written `8u402-b06`,
//! and is 8.0.402 here. What vendors append says nothing: `11.0.20.1+1-LTS`.

use std::cmp::Ordering;

use super::text::{Number, filled, is_number, lower, take, take_digits, take_letters, take_one};

/// What a part is named that comes before a release.
const PRE: &[&str] = &["ea", "rc", "beta", "alpha", "internal", "snapshot"];

const RELEASE: (bool, &str, Number<'_>) = (true, "", Number::ZERO);

/// A version in its parts, in lower case.
struct Version<'a> {
    /// With dots between them; of one from before Java 9, without the 1 at its start.
    numbers: &'a str,
    /// Of one from before Java 9; stands where the third number does.
    update: Option<Number<'a>>,
    /// Whether it is a release, then the name and the number of what comes before one.
    pre: (bool, &'a str, Number<'a>),
    build: Option<Number<'a>>,
    /// How many bytes stand before the build.
    n_source: usize,
}

pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (lower(a), lower(b));
    let (a, b) = (Version::parse(&a)?, Version::parse(&b)?);
    Some(
        filled(a.numbers(), b.numbers(), Number::ZERO)
            .then_with(|| a.pre.cmp(&b.pre))
            .then_with(|| a.build.cmp(&b.build)),
    )
}

/// The version without its build.
pub(super) fn source(text: &str) -> &str {
    // Bytes have the same places in lower case.
    let end = Version::parse(&lower(text)).map_or(text.len(), |it| it.n_source);
    text.get(..end).unwrap_or(text)
}

impl<'a> Version<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut rest = text;
        let whole = take(&mut rest, |it| it.is_ascii_digit() || it == '.');
        if !whole.split('.').all(is_number) {
            return None;
        }
        let is_before_9 =
            |it: &&str| it.split('.').next().is_some_and(|it| it.len() == 1 && it != "9");
        let numbers = whole.strip_prefix("1.").filter(is_before_9).unwrap_or(whole);
        let n_source = whole.len();
        let mut it = Self { numbers, update: None, pre: RELEASE, build: None, n_source };
        // `11.0.22_7` is a build, as tags of images write it: they cannot have a plus.
        if let Some(number) = update(&mut rest) {
            let slot =
                if numbers.matches('.').count() < 2 { &mut it.update } else { &mut it.build };
            *slot = Some(number);
        }
        // What follows the build is of a vendor's package.
        while !rest.is_empty() && it.build.is_none() {
            it.n_source = text.len() - rest.len();
            let separator = take_one(&mut rest, "-+_.");
            it.add(separator, take(&mut rest, |it| !"-+_".contains(it)));
        }
        if it.build.is_none() {
            it.n_source = text.len();
        }
        Some(it)
    }

    /// Reads one of the parts after the numbers.
    fn add(&mut self, separator: Option<char>, part: &'a str) {
        let mut rest = part;
        let name = take_letters(&mut rest);
        let number = take_digits(&mut rest);
        if !number.is_empty() && (name == "b" || name.is_empty() && separator == Some('+')) {
            self.build = Some(Number::of(number));
        } else if PRE.contains(&name) {
            self.pre = (false, name, Number::of(number));
        }
    }

    fn numbers(&self) -> impl Iterator<Item = Number<'a>> {
        let mut numbers = self.numbers.split('.').map(Number::of);
        let third = self.update;
        let first_two = [(); 2].map(|()| numbers.next().unwrap_or(Number::ZERO));
        first_two.into_iter().chain(third).chain(numbers)
    }
}

/// Cuts off the update of a version from before Java 9: `_402`, `u402`, `-update402`.
fn update<'a>(rest: &mut &'a str) -> Option<Number<'a>> {
    let mut after =
        ["_", "u", "-update_", "-update"].iter().find_map(|it| rest.strip_prefix(it))?;
    let number = Number::read(take_digits(&mut after))?;
    *rest = after;
    Some(number)
}
