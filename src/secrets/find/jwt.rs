//! JSON Web Tokens (RFC 7519): header, payload and signature, each base64 for URLs.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::secrets::judge;
use crate::secrets::rule::Alphabet;
use crate::secrets::window::{Found, Window, begins_after, run};

/// How headers begin: `{"alg":`, `{"typ":` and the other registered names, without and with the
/// blanks that some serialisers put in.
pub(in crate::secrets) const LITERALS: &[&str] = &[
    "eyJhbGci", "eyJ0eXAi", "eyJraWQi", "eyJ4NXQi", "eyJqa3Ui", "eyJjdHki", "eyJ4NWMi", "eyJlbmMi",
    "eyJqd2si", "eyJ2ZXIi", "eyJ6aXAi", "eyJpc3Mi", "eyJub25j", "eyAiYWxn", "eyAidHlw", "ewogICJh",
    "ewogICJ0",
];

/// The most bytes that one of the three parts may have.
const PART: usize = 5 * 1024;

/// A token whose header names an algorithm, whose payload is an object and that is signed.
pub(in crate::secrets) fn find<'a>(window: &Window<'a>) -> Option<Found<'a>> {
    let left = window.left();
    // Inside a longer run this is not the beginning, and looking further would cost each time.
    if left.last().is_some_and(|&it| matches!(it, b'-' | b'_' | b'.' | b'+' | b'/'))
        || !begins_after(left)
    {
        return None;
    }
    let text = window.from(window.literal.start);
    let (header, rest) = part(text)?;
    let (payload, rest) = part(rest.strip_prefix(b".")?)?;
    let (signature, rest) = part(rest.strip_prefix(b".")?)?;
    let is_encrypted = rest.first() == Some(&b'.');
    let algorithm = object(header)?.get("alg")?.as_str()?.to_ascii_lowercase();
    if algorithm == "none" || is_encrypted || object(payload).is_none() {
        return None;
    }
    if signature.len() < 20 || !judge::is_random(signature, 3.0) {
        return None;
    }
    let length = header.len() + payload.len() + signature.len() + 2;
    window.found(window.literal.start..window.literal.start + length)
}

fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = run(bytes.get(..PART).unwrap_or(bytes), |it| Alphabet::URL64.has(it));
    bytes.split_at_checked(length).filter(|(part, _)| !part.is_empty())
}

fn object(part: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
