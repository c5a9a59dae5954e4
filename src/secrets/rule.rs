//! What a rule is made of.
//!
//! A rule is data: its shape says how a secret looks, its examples prove it. A shape always has
//! literals, because the one pass over the bytes looks for nothing else; everything costlier
//! happens around a literal.

use super::window::{Found, Window};
use crate::model::Severity;

/// One kind of secret: how it looks, how bad it is and what to do about it.
#[derive(Debug)]
pub struct Rule {
    /// The stable name, as inventories and exemptions spell it.
    pub id: &'static str,
    pub title: &'static str,
    /// Who issues it; `any` where no one does.
    pub provider: &'static str,
    pub severity: Severity,
    /// How to make the leaked secret worthless.
    pub remedy: &'static str,
    pub(super) shape: Shape,
    /// Texts that hold this secret. Put together from pieces, so that no token stands in the source.
    pub matches: &'static [&'static str],
    /// Texts that look like it and do not hold it.
    pub rejects: &'static [&'static str],
}

/// How a secret looks.
#[derive(Debug)]
pub(super) enum Shape {
    /// Known by itself: a literal, and the alphabet and length of what surrounds it.
    Token(Token),
    /// Known by what it is assigned to. Text files only: in binaries names and values part.
    Assigned(Assigned),
    /// Known by its structure.
    Structure(Structure),
}

#[derive(Debug)]
pub(super) struct Token {
    /// One of these stands at the beginning, or right after `left`.
    pub literals: &'static [&'static str],
    /// What must stand before the literal, as part of the token.
    pub left: Option<Left>,
    pub parts: &'static [Part],
    /// Bits for each character that what follows the literal must have at least.
    pub entropy: f64,
    /// The last six characters check those between the literal and them.
    pub checksum: bool,
}

#[derive(Debug)]
pub(super) struct Assigned {
    /// Compared without regard to case; what follows up to the operator may be anything name-like.
    pub names: &'static [&'static str],
    pub value: &'static [Part],
    pub entropy: f64,
}

#[derive(Debug)]
pub(super) struct Structure {
    pub literals: &'static [&'static str],
    pub find: for<'a> fn(&Window<'a>) -> Option<Found<'a>>,
    /// As for [`Shape::Assigned`].
    pub text_only: bool,
}

/// A stretch of a token, matched greedily and never given back: matching is linear.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Is(&'static str),
    /// Between so many and so many characters of an alphabet.
    Run(Alphabet, usize, usize),
    /// As [`Part::Run`], or not there at all.
    Maybe(&'static str, Alphabet, usize, usize),
}

/// A stretch to the left of the literal, reaching as far as its alphabet does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left {
    pub begins: &'static str,
    pub alphabet: Alphabet,
    pub min: usize,
    pub max: usize,
}

/// A set of ASCII characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Alphabet(u128);

impl Alphabet {
    pub(super) const DIGIT: Self = Self::of(b"09");
    pub(super) const HEX: Self = Self::of(b"09af");
    pub(super) const ALNUM: Self = Self::of(b"09azAZ");
    /// Base64 for URLs, without padding.
    pub(super) const URL64: Self = Self::of(b"09azAZ__--");
    /// Base64, without padding.
    pub(super) const BASE64: Self = Self::of(b"09azAZ++//");

    /// The union of inclusive ranges, each written as its two ends.
    #[expect(
        clippy::indexing_slicing,
        reason = "evaluated by the compiler; there is no const `get`"
    )]
    pub(super) const fn of(ranges: &[u8]) -> Self {
        let mut set = 0;
        let mut at = 0;
        while at + 1 < ranges.len() {
            let mut byte = ranges[at];
            while byte <= ranges[at + 1] {
                set |= 1 << byte;
                byte += 1;
            }
            at += 2;
        }
        Self(set)
    }

    pub(super) const fn has(self, byte: u8) -> bool {
        byte < 128 && self.0 >> byte & 1 == 1
    }
}

impl Rule {
    /// The literals by which the rule is found.
    pub(super) fn literals(&self) -> &'static [&'static str] {
        match &self.shape {
            Shape::Token(it) => it.literals,
            Shape::Assigned(it) => it.names,
            Shape::Structure(it) => it.literals,
        }
    }

    /// Whether the rule means anything in a binary.
    pub(super) fn text_only(&self) -> bool {
        match &self.shape {
            Shape::Token(_) => false,
            Shape::Assigned(_) => true,
            Shape::Structure(it) => it.text_only,
        }
    }

    /// Whether `byte` may stand right before the literal. Too much is allowed rather than too little.
    pub(super) fn may_precede(&self, byte: u8) -> bool {
        match &self.shape {
            Shape::Token(Token { left: Some(left), .. }) => left.alphabet.has(byte),
            // The letters are those that escapes end in: `\n`, `%3D`.
            Shape::Token(_) => {
                !byte.is_ascii_alphabetic() || byte.is_ascii_hexdigit() || b"nrt".contains(&byte)
            }
            _ => true,
        }
    }

    /// Whether `byte` may stand right after the literal.
    pub(super) fn may_follow(&self, byte: u8) -> bool {
        match &self.shape {
            Shape::Token(Token { parts: [Part::Run(alphabet, ..), ..], .. }) => alphabet.has(byte),
            _ => true,
        }
    }

    /// Where two rules see the same characters, the one that knows more about them is right.
    pub(super) fn rank(&self) -> u8 {
        match &self.shape {
            Shape::Token(_) => 0,
            Shape::Assigned(_) => 1,
            Shape::Structure(_) => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Alphabet;

    #[test]
    fn an_alphabet_is_the_union_of_its_ranges() {
        let set: String =
            (0..=255u8).filter(|&it| Alphabet::of(b"09af__").has(it)).map(char::from).collect();
        assert_eq!(set, "0123456789_abcdef");
    }
}
