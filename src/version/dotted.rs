//! Versions that are nothing but numbers: of R's and Haskell's packages, and of NVIDIA's parts.
//!
//! R: numbers with dots or dashes between them, of which a longer version is the later one,
//! <https://cran.r-project.org/doc/manuals/r-release/R-exts.html#The-DESCRIPTION-file>.
//! Haskell: the same with dots only, <https://pvp.haskell.org>. NVIDIA and Erlang's OTP: zeros at the
//! end say nothing, 9.1 is 9.1.0.

use std::cmp::Ordering;

use super::text::{Number, filled, is_number};

pub(super) fn cran(a: &str, b: &str) -> Option<Ordering> {
    let split = |it| numbers(it, &['.', '-']);
    Some(split(a)?.cmp(split(b)?))
}

pub(super) fn hackage(a: &str, b: &str) -> Option<Ordering> {
    let split = |it| numbers(it, &['.']);
    Some(split(a)?.cmp(split(b)?))
}

pub(super) fn padded(a: &str, b: &str) -> Option<Ordering> {
    let split = |it| numbers(it, &['.']);
    Some(filled(split(a)?, split(b)?, Number::ZERO))
}

fn numbers<'a>(text: &'a str, separators: &'a [char]) -> Option<impl Iterator<Item = Number<'a>>> {
    let parts = || text.split(separators);
    parts().all(is_number).then(|| parts().map(Number::of))
}
