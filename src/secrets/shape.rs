//! Matching tokens and assignments by hand: no regular expression, linear, no allocation.

use super::judge;
use super::rule::{Assigned, Left, Part, Token};
use super::window::{Found, Window, begins_after, run, run_back};

/// The most characters of a name between its known part and the operator, as in
/// `AWS_SECRET_ACCESS_KEY_STAGING =`.
const NAME_REST: usize = 40;

/// Confirms a token around its literal.
pub(super) fn token<'a>(rule: &Token, window: &Window<'a>) -> Option<Found<'a>> {
    let start = match rule.left {
        None if !begins_after(window.left()) => return None,
        None => window.literal.start,
        Some(left) => left_start(left, window)?,
    };
    let length = match_parts(rule.parts, window.right())?;
    let body = window.right().get(..length)?;
    let proved = rule.checksum && has_checksum(body);
    if !proved && !judge::is_random(body, rule.entropy) {
        return None;
    }
    window.found(start..window.literal.end + length)
}

/// Confirms the value assigned to the name that the literal begins.
pub(super) fn assigned<'a>(rule: &Assigned, window: &Window<'a>) -> Option<Found<'a>> {
    let start = window.literal.end + value_offset(window.right())?;
    let value = window.from(start);
    let length = match_parts(rule.value, value)?;
    if !judge::is_random(value.get(..length)?, rule.entropy) {
        return None;
    }
    window.found(start..start + length)
}

fn left_start(left: Left, window: &Window<'_>) -> Option<usize> {
    let before = window.left();
    // One more than allowed, so that a longer run is seen to be longer.
    let reach = before.len().saturating_sub(left.max + 1);
    let length = run_back(before.get(reach..)?, |it| left.alphabet.has(it));
    let start = before.len() - length;
    let fits = (left.min..=left.max).contains(&length);
    (fits && before.get(start..)?.starts_with(left.begins.as_bytes())).then_some(start)
}

/// The length of `parts` at the beginning of `bytes`, if they are there and end at a boundary.
fn match_parts(parts: &[Part], bytes: &[u8]) -> Option<usize> {
    let mut length = 0;
    let mut last = None;
    for part in parts {
        let rest = bytes.get(length..)?;
        match *part {
            Part::Is(text) => {
                length += rest.starts_with(text.as_bytes()).then_some(text.len())?;
            }
            Part::Run(alphabet, min, max) => {
                let reach = rest.get(..max).unwrap_or(rest);
                let taken = run(reach, |it| alphabet.has(it));
                length += (taken >= min).then_some(taken)?;
                last = Some(alphabet);
            }
            Part::Maybe(lead, alphabet, min, max) => {
                let Some(tail) = rest.strip_prefix(lead.as_bytes()) else { continue };
                let taken = run(tail.get(..max).unwrap_or(tail), |it| alphabet.has(it));
                if taken >= min {
                    length += lead.len() + taken;
                    last = Some(alphabet);
                }
            }
        }
    }
    let ends = bytes.get(length).is_none_or(|&next| {
        !next.is_ascii_alphanumeric() && !last.is_some_and(|alphabet| alphabet.has(next))
    });
    ends.then_some(length)
}

/// How far after a name its value begins: over the rest of the name, an operator and quotes.
///
/// Accepts what shells, YAML, JSON, TOML, INI, XML, Dockerfiles, programming languages and
/// command lines put there: `KEY=v`, `key: "v"`, `["key"] = 'v'`, `\"key\": \"v\"`, `<key>v`,
/// `key => v`, `--key v`, `export KEY v`.
pub(super) fn value_offset(bytes: &[u8]) -> Option<usize> {
    let name = run(bytes.get(..NAME_REST).unwrap_or(bytes), |it| {
        it.is_ascii_alphanumeric() || matches!(it, b'_' | b'.' | b'-')
    });
    let after = bytes.get(name..)?;
    let gap = after.get(..24).unwrap_or(after);
    let operators = run(gap, |it| {
        matches!(
            it,
            b' ' | b'\t'
                | b'"'
                | b'\''
                | b'`'
                | b'\\'
                | b'='
                | b':'
                | b'>'
                | b'<'
                | b']'
                | b')'
                | b'('
                | b','
                | b'['
        )
    });
    (operators > 0).then_some(name + operators)
}

/// Whether the last six characters are the CRC-32 of the others in base 62, as GitHub and npm
/// make their tokens. It can only speak for a token: many that circulate were typed, not issued.
fn has_checksum(body: &[u8]) -> bool {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let Some((random, check)) = body.split_last_chunk::<6>() else { return false };
    let mut rest = crc32fast::hash(random) as usize;
    check.iter().rev().all(|&digit| {
        let expected = DIGITS.get(rest % 62);
        rest /= 62;
        expected == Some(&digit)
    })
}

#[cfg(test)]
mod tests {
    use super::{has_checksum, match_parts, value_offset};
    use crate::secrets::rule::{Alphabet, Part};

    #[test]
    fn a_checksum_speaks_for_the_token() {
        assert!(has_checksum(b"UwIL8tuPmXyNcizRcEneZHbEyVsDnc0JSURH"));
        assert!(!has_checksum(b"UwIL8tuPmXyNcizRcEneZHbEyVsDnc0JSURI"));
    }

    #[test]
    fn a_run_that_goes_on_is_another_token() {
        let parts = [Part::Run(Alphabet::HEX, 4, 4)];
        assert_eq!(match_parts(&parts, b"00ff\""), Some(4));
        assert_eq!(match_parts(&parts, b"00ff"), Some(4));
        assert_eq!(match_parts(&parts, b"00ff0"), None);
        assert_eq!(match_parts(&parts, b"00fz"), None);
    }

    #[test]
    fn values_are_found_behind_all_kinds_of_operators() {
        for text in [
            "=V",
            "_STAGING = 'V",
            "\": \"V",
            "\\\": \\\"V",
            ">V",
            "'] = \"V",
            " => 'V",
            " V",
            ": V",
            "', 'V",
        ] {
            let at = value_offset(text.as_bytes());
            assert_eq!(at.and_then(|it| text.get(it..)), Some("V"), "{text}");
        }
    }
}
