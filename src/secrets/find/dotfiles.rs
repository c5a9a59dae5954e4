//! Files in which programs keep passwords: `.netrc`, docker's `config.json`, `.npmrc`, `.pypirc`.
//!
//! What is unmistakable is found wherever it stands, also in a `RUN echo … > ~/.netrc`; what is
//! not is asked for in files of the right name only.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::secrets::judge;
use crate::secrets::rule::Alphabet;
use crate::secrets::shape::value_offset;
use crate::secrets::window::{Found, Window, run};

pub(in crate::secrets) const NETRC: &[&str] = &["machine ", "machine\t", "default login"];
pub(in crate::secrets) const DOCKER: &[&str] = &["auth\"", "auth\\\""];
pub(in crate::secrets) const NPMRC: &[&str] = &["_authToken", "_auth", "_password"];
pub(in crate::secrets) const PYPIRC: &[&str] = &["password"];

/// `machine HOST login NAME password VALUE`, in any order after the host and over several lines.
pub(in crate::secrets) fn netrc<'a>(window: &Window<'a>) -> Option<Found<'a>> {
    let is_default = window.bytes.get(window.literal.start) == Some(&b'd');
    let mut words = Words { bytes: window.bytes, at: window.literal.start };
    words.next()?;
    if !is_default {
        words.next()?;
    }
    let mut login = false;
    let mut password = None;
    for _ in 0..3 {
        let Some((keyword, _)) = words.next() else { break };
        match keyword {
            b"login" => login = words.next().is_some(),
            b"password" => password = words.next(),
            b"account" => words.next().map(drop)?,
            _ => break,
        }
    }
    let (value, at) = password.filter(|_| login)?;
    // In the file itself every password is one; elsewhere it may be an illustration.
    let is_secret =
        judge::is_password(value) && (window.name.ends_with("netrc") || judge::is_strong(value));
    is_secret.then(|| window.found(at..at + value.len()))?
}

/// `"auth": "<base64 of user:password>"`.
pub(in crate::secrets) fn docker<'a>(window: &Window<'a>) -> Option<Found<'a>> {
    if !window.left().ends_with(b"\"") {
        return None;
    }
    basic(window)
}

/// `//registry/:_authToken=…`, `_auth=<base64 of user:password>`, `_password=<base64>`.
pub(in crate::secrets) fn npmrc<'a>(window: &Window<'a>) -> Option<Found<'a>> {
    let literal = window.bytes.get(window.literal.clone())?;
    if literal.eq_ignore_ascii_case(b"_auth") {
        return if window.right().trim_ascii_start().starts_with(b"=") {
            basic(window)
        } else {
            None
        };
    }
    if literal.eq_ignore_ascii_case(b"_password") && !window.name.ends_with("npmrc") {
        return None;
    }
    let after = window.right();
    let blanks = run(after.get(..8).unwrap_or(after), |it| matches!(it, b' ' | b'"' | b'\''));
    if !matches!(after.get(blanks), Some(b'=' | b':')) {
        return None;
    }
    let start = window.literal.end + value_offset(after)?;
    let value = value(window, start)?;
    (value.len() >= 8
        && judge::is_password(value)
        && judge::is_strong(value)
        && judge::is_random(value, 2.5))
    .then(|| window.found(start..start + value.len()))?
}

/// `password = …` in a `.pypirc`.
pub(in crate::secrets) fn pypirc<'a>(window: &Window<'a>) -> Option<Found<'a>> {
    if !window.name.ends_with("pypirc") {
        return None;
    }
    let start = window.literal.end + value_offset(window.right())?;
    let value = value(window, start)?;
    judge::is_password(value).then(|| window.found(start..start + value.len()))?
}

/// Base64 of a user and a password behind the literal.
fn basic<'a>(window: &Window<'a>) -> Option<Found<'a>> {
    let start = window.literal.end + operator(window.right())?;
    let text = window.from(start);
    let text = text.get(..4096).unwrap_or(text);
    let length = run(text, |it| Alphabet::BASE64.has(it) || it == b'=');
    let decoded = STANDARD.decode(text.get(..length)?).ok()?;
    let colon = memchr::memchr(b':', &decoded)?;
    let password = decoded.get(colon + 1..)?;
    // Identity tokens are longer than anything a person chooses.
    let is_secret =
        judge::is_password(password) || (password.len() > 256 && judge::is_random(password, 3.0));
    (colon > 0 && is_secret).then(|| window.found(start..start + length))?
}

/// Over quotes, blanks and exactly one `=` or `:`; base64 may begin with none of them.
fn operator(bytes: &[u8]) -> Option<usize> {
    let gap = bytes.get(..24).unwrap_or(bytes);
    let length = run(gap, |it| matches!(it, b' ' | b'\t' | b'"' | b'\'' | b'\\' | b':' | b'='));
    gap.get(..length)?.iter().any(|it| matches!(it, b':' | b'=')).then_some(length)
}

/// Up to the end of the line, a blank or a quote.
fn value<'a>(window: &Window<'a>, start: usize) -> Option<&'a [u8]> {
    let text = window.from(start);
    let text = text.get(..257).unwrap_or(text);
    text.get(..run(text, |it| it.is_ascii_graphic() && !matches!(it, b'"' | b'\'' | b'\\' | b'`')))
}

/// Words between blanks, line ends and escaped line ends, of at most 256 bytes.
struct Words<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = (&'a [u8], usize);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            let rest = rest.get(..512).unwrap_or(rest);
            let blanks = run(rest, |it| it.is_ascii_whitespace());
            let rest = rest.get(blanks..)?;
            self.at += blanks;
            if rest.starts_with(b"\\n") || rest.starts_with(b"\\\n") {
                self.at += 2;
                continue;
            }
            let length =
                run(rest, |it| it.is_ascii_graphic() && !matches!(it, b'"' | b'\'' | b'\\' | b'`'));
            let start = self.at;
            self.at += length;
            return (1..=256).contains(&length).then(|| Some((rest.get(..length)?, start)))?;
        }
    }
}
