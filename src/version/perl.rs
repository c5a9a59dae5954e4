//! Versions of Perl's distributions.
//!
//! <https://metacpan.org/pod/version>: with a `v`, or with two dots and more, numbers between dots;
//! otherwise a decimal number, of which every three digits after the point are a number: `1.5` is
//! `v1.500`. An underscore marks a trial, and has no part in the order.

use std::cmp::Ordering;

use super::text::{Number, filled, is_number};

pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (dotted(a)?, dotted(b)?);
    let numbers = |it| str::split(it, '.').map(Number::of);
    Some(filled(numbers(&a), numbers(&b), Number::ZERO))
}

/// The version as numbers between dots.
fn dotted(text: &str) -> Option<String> {
    let plain = text.replace('_', "");
    let numbers = plain.strip_prefix('v').unwrap_or(&plain);
    if !numbers.split('.').all(is_number) {
        return None;
    }
    let is_decimal = numbers.len() == plain.len() && numbers.matches('.').nth(1).is_none();
    let Some((whole, fraction)) = numbers.split_once('.').filter(|_| is_decimal) else {
        return Some(numbers.to_owned());
    };
    let mut dotted = whole.to_owned();
    for (at, digit) in fraction.chars().enumerate() {
        if at % 3 == 0 {
            dotted.push('.');
        }
        dotted.push(digit);
    }
    let n_missing = fraction.len().next_multiple_of(3) - fraction.len();
    dotted.extend(std::iter::repeat_n('0', n_missing));
    Some(dotted)
}
