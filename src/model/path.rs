//! A path inside a layer.

use std::fmt;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A path inside a layer: `/`-separated, relative, free of empty parts, `.` and `..`.
///
/// Linux names are bytes. A name that is not UTF-8 is written with `\xNN` for each byte that does
/// not fit, so that a fact about it can still be told. A backslash that would read as such an
/// escape is written `\x5c`: two files never share a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct LayerPath(String);

/// The text is not a path inside a layer.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not a path inside a layer: {0:?}")]
pub struct InvalidPath(String);

impl LayerPath {
    /// Checks `raw`; a leading `/` is dropped.
    pub fn new(raw: &str) -> Result<Self, InvalidPath> {
        let clean = raw.strip_prefix('/').unwrap_or(raw);
        if clean.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(InvalidPath(raw.to_owned()));
        }
        Ok(Self(clean.to_owned()))
    }

    /// As [`LayerPath::new`], from the bytes that a directory listing gives.
    pub fn from_bytes(raw: &[u8]) -> Result<Self, InvalidPath> {
        let mut text = String::with_capacity(raw.len());
        for chunk in raw.utf8_chunks() {
            let mut rest = chunk.valid();
            while let Some((before, after)) = rest.split_once('\\') {
                text.push_str(before);
                text.push_str(if looks_escaped(after) { "\\x5c" } else { "\\" });
                rest = after;
            }
            text.push_str(rest);
            for byte in chunk.invalid() {
                // Writing to a String cannot fail.
                write!(text, "\\x{byte:02x}").unwrap_or_default();
            }
        }
        Self::new(&text)
    }

    /// The path without a leading `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part.
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(self.as_str(), |(_, name)| name)
    }

    /// The path that `relative` leads to from the directory `base`: `.` and `..` are followed by
    /// name, as in a list of files. `None` where that leads out of the layer.
    pub fn join(base: &str, relative: &str) -> Option<Self> {
        let from = if relative.starts_with('/') { "" } else { base };
        let mut parts: Vec<&str> = Vec::new();
        for part in from.split('/').chain(relative.split('/')) {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop()?;
                }
                name => parts.push(name),
            }
        }
        Self::new(&parts.join("/")).ok()
    }

    /// The path of the directory it is in; empty at the top.
    pub fn parent(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(parent, _)| parent)
    }
}

/// Whether a backslash before `text` would make an escape.
fn looks_escaped(text: &str) -> bool {
    let is_digit = |it: &u8| matches!(it, b'0'..=b'9' | b'a'..=b'f');
    matches!(text.as_bytes(), [b'x', high, low, ..] if is_digit(high) && is_digit(low))
}

impl TryFrom<String> for LayerPath {
    type Error = InvalidPath;

    fn try_from(raw: String) -> Result<Self, InvalidPath> {
        Self::new(&raw)
    }
}

/// With the leading `/` that people expect.
impl fmt::Display for LayerPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::LayerPath;

    fn check(raw: &[u8]) -> String {
        match LayerPath::from_bytes(raw) {
            Ok(path) => path.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_leading_slash_is_dropped_and_shown_again() {
        assert_eq!(check(b"/etc/os-release"), "/etc/os-release");
        assert_eq!(check(b"etc/os-release"), "/etc/os-release");
    }

    #[test]
    fn nothing_leads_out_of_the_layer() {
        for raw in ["", "/", "..", "a/../b", "a//b", "./a", "a/"] {
            assert!(check(raw.as_bytes()).starts_with("not a path"), "{raw}");
        }
    }

    #[test]
    fn a_list_of_files_may_go_up_and_down_but_not_out() {
        let join = |base, relative| LayerPath::join(base, relative).map(|it| it.to_string());
        let site = "usr/lib/python3/site-packages";
        assert_eq!(join(site, "../../../bin/pip").as_deref(), Some("/usr/bin/pip"));
        assert_eq!(join(site, "./a//b").as_deref(), Some("/usr/lib/python3/site-packages/a/b"));
        assert_eq!(join(site, "/etc/x").as_deref(), Some("/etc/x"));
        assert_eq!(join("a", "../../b"), None);
        assert_eq!(join("", "."), None);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_escaped() {
        assert_eq!(check(b"tmp/caf\xe9"), "/tmp/caf\\xe9");
        assert_eq!(check(b"tmp/caf\\xe9"), "/tmp/caf\\x5cxe9");
        assert_eq!(check(b"a\\b\\xg\\"), "/a\\b\\xg\\");
    }
}
