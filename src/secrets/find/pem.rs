//! Private keys as PEM (RFC 7468), `OpenSSH` and `OpenPGP` armour.
//!
//! A heading alone is no key: the body must decode to what the label promises. Public keys and
//! certificates have other labels and are never looked at.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::secrets::judge;
use crate::secrets::rule::Alphabet;
use crate::secrets::window::{Found, Window};

pub(in crate::secrets) const LITERALS: &[&str] = &["-----BEGIN "];

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A private key that anyone can use, other than those of [`service_account`].
pub(in crate::secrets) fn plain<'a>(window: &Window<'a>) -> Option<Found<'a>> {
    let key = read(window)?;
    (!key.encrypted && !is_service_account(window, &key)).then_some(key.found)
}

/// A private key under a passphrase.
pub(in crate::secrets) fn encrypted<'a>(window: &Window<'a>) -> Option<Found<'a>> {
    read(window).filter(|it| it.encrypted).map(|it| it.found)
}

/// The private key in the JSON of a Google Cloud service account.
pub(in crate::secrets) fn service_account<'a>(window: &Window<'a>) -> Option<Found<'a>> {
    let key = read(window)?;
    (!key.encrypted && is_service_account(window, &key)).then_some(key.found)
}

struct Key<'a> {
    found: Found<'a>,
    encrypted: bool,
}

/// The JSON names its kind before the key and its account after it.
fn is_service_account(window: &Window<'_>, key: &Key<'_>) -> bool {
    let before = window.left();
    let after = window.from(key.found.span.end);
    let after = after.get(..1024).unwrap_or(after);
    let has = |text, word: &str| memchr::memmem::find(text, word.as_bytes()).is_some();
    has(before, "private_key")
        && (has(before, "service_account") || has(after, "gserviceaccount.com"))
}

fn read<'a>(window: &Window<'a>) -> Option<Key<'a>> {
    let right = window.right();
    let label_end = memchr::memmem::find(right.get(..48).unwrap_or(right), b"-----")?;
    let label = right.get(..label_end)?;
    let is_label =
        label.iter().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || *it == b' ');
    if !is_label || !label.ends_with(b"PRIVATE KEY") && label != b"PGP PRIVATE KEY BLOCK" {
        return None;
    }
    let begin = window.literal.end + label_end + 5;
    let inside = window.from(begin);
    // No byte of a body or of its headers' values is a double dash.
    let end = memchr::memmem::find(inside, b"--").unwrap_or(inside.len());
    let (body, headers_encrypt) = body(inside.get(..end)?);
    // Of a key that was cut short, whole groups of four decode.
    let whole = body.get(..body.len() / 4 * 4)?;
    let der = LENIENT.decode(&body).or_else(|_| LENIENT.decode(whole)).ok()?;
    let encrypted =
        headers_encrypt || label.starts_with(b"ENCRYPTED") || is_openssh_encrypted(&der);
    if !is_key(label, &der, encrypted) || judge::entropy(&body) < 3.5 {
        return None;
    }
    let found = Found { span: window.literal.start..begin + end, secret: Cow::Owned(body) };
    Some(Key { found, encrypted })
}

/// The base64 characters of the body, and whether its headers say that it is encrypted.
///
/// In source code and in JSON the lines are strings: `"MIIE…\n" +`. Everything that is not base64
/// is dropped, and so are the headers, up to the empty line that ends them.
fn body(inside: &[u8]) -> (Vec<u8>, bool) {
    let mut encrypted = false;
    let mut body = Vec::with_capacity(inside.len());
    let mut bytes = inside;
    let mut before = b'\n';
    while let Some((&byte, rest)) = bytes.split_first() {
        bytes = match (byte, rest.first()) {
            // An escape: the letter after it is not part of the body. Backslashes may be doubled.
            (b'\\', Some(b'n' | b'r' | b't')) => rest.get(1..).unwrap_or_default(),
            (b':', _) => {
                let line = memchr::memchr2(b'\n', b'\\', rest).unwrap_or(rest.len());
                let value = rest.get(..line).unwrap_or_default();
                encrypted |= memchr::memmem::find(value, b"ENCRYPTED").is_some();
                // What came before the colon was the header's name.
                body.clear();
                rest.get(line..).unwrap_or_default()
            }
            _ => {
                // Between the strings of a program, `+` joins them.
                let joins = byte == b'+' && matches!(before, b' ' | b'"' | b'\'');
                if Alphabet::BASE64.has(byte) && !joins {
                    body.push(byte);
                }
                rest
            }
        };
        before = byte;
        // The checksum of an OpenPGP armour.
        if byte == b'=' && bytes.first().is_some_and(|&it| Alphabet::BASE64.has(it)) {
            break;
        }
    }
    (body, encrypted)
}

fn is_key(label: &[u8], der: &[u8], encrypted: bool) -> bool {
    match label {
        b"OPENSSH PRIVATE KEY" => der.starts_with(b"openssh-key-v1\0"),
        // A packet of the kind secret key or secret subkey, in the old or in the new format.
        b"PGP PRIVATE KEY BLOCK" => {
            der.first().is_some_and(|it| matches!(it, 0x94..=0x97 | 0x9C..=0x9F | 0xC5 | 0xC7))
        }
        // With a header's encryption all of it is noise.
        _ if encrypted && der.first() != Some(&0x30) => der.len() >= 32,
        _ => der.len() >= 32 && der.first() == Some(&0x30) && sequence_fits(der),
    }
}

/// Whether the DER sequence is about as long as it says; a key that was cut short is still told.
fn sequence_fits(der: &[u8]) -> bool {
    let said = match *der {
        [_, length @ ..=0x7F, ..] => usize::from(length) + 2,
        [_, 0x81, length, ..] => usize::from(length) + 3,
        [_, 0x82, high, low, ..] => usize::from(u16::from_be_bytes([high, low])) + 4,
        _ => return false,
    };
    said <= der.len() + 2 || der.len() >= 256
}

/// The name of the cipher follows the magic.
fn is_openssh_encrypted(der: &[u8]) -> bool {
    der.strip_prefix(b"openssh-key-v1\0").is_some_and(|rest| !rest.starts_with(b"\0\0\0\x04none"))
}
