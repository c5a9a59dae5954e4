//! Passwords in URLs: `scheme://user:password@host`.

use crate::secrets::judge;
use crate::secrets::window::{Found, Window, run, run_back};

/// The second one is JSON that escapes its slashes.
pub(in crate::secrets) const LITERALS: &[&str] = &["://", r":\/\/"];

/// The longest authority that is looked at.
const AUTHORITY: usize = 512;

/// Hosts that documentation uses.
const NO_HOSTS: &[&str] = &[
    "example.",
    ".example",
    "host",
    "hostname",
    "server",
    "your",
    "my-",
    "myserver",
    "domain",
    "foo",
    "proxy.com",
];

/// The password of a URL that has one worth the name.
pub(in crate::secrets) fn find<'a>(window: &Window<'a>) -> Option<Found<'a>> {
    let scheme = run_back(window.left().get(window.left().len().saturating_sub(24)..)?, |it| {
        it.is_ascii_alphanumeric() || matches!(it, b'+' | b'.' | b'-')
    });
    let right = window.right();
    let authority = right.get(..AUTHORITY).unwrap_or(right);
    let authority = authority.get(..run(authority, is_authority))?;
    let at = memchr::memrchr(b'@', authority)?;
    let (user_info, host) = (authority.get(..at)?, authority.get(at + 1..)?);
    let colon = memchr::memchr(b':', user_info)?;
    let (user, password) = (user_info.get(..colon)?, user_info.get(colon + 1..)?);
    if scheme < 2
        || !is_host(host)
        || user.eq_ignore_ascii_case(password)
        || (!user.is_empty() && judge::is_template(user))
    {
        return None;
    }
    let decoded = percent_decoded(password);
    if !judge::is_password(&decoded) || !judge::is_strong(&decoded) {
        return None;
    }
    let start = window.literal.end + colon + 1;
    window.found(start..start + password.len())
}

fn is_authority(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(
            byte,
            b'/' | b'?'
                | b'#'
                | b'"'
                | b'\''
                | b'`'
                | b'<'
                | b'>'
                | b'\\'
                | b'|'
                | b','
                | b';'
                | b'('
                | b')'
        )
}

fn is_host(host: &[u8]) -> bool {
    let host = host.to_ascii_lowercase();
    let begins = host.first().is_some_and(|it| it.is_ascii_alphanumeric() || *it == b'[');
    begins
        && !NO_HOSTS.iter().any(|no| match no.as_bytes() {
            whole if !no.contains(['.', '-']) => {
                host.split(|it| matches!(it, b':' | b'.')).next() == Some(whole)
            }
            part => memchr::memmem::find(&host, part).is_some(),
        })
}

fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        let escaped = || {
            let (digits, after) = tail.split_at_checked(2).filter(|_| byte == b'%')?;
            let code = u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
            Some((code, after))
        };
        let (code, after) = escaped().unwrap_or((byte, tail));
        decoded.push(code);
        rest = after;
    }
    decoded
}
