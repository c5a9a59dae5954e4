//! The name of an artifact, as container tools write it: `host:port/repository:tag@digest`.

use std::fmt;

use crate::address::Address;
use crate::checks::is_sha256;
use crate::error::{FetchError, Problem};

/// Where an artifact is, in which registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// With its port; `docker.io` where none is named.
    pub(crate) host: String,
    pub(crate) repository: String,
    pub(crate) tag: Option<String>,
    /// `sha256:…`
    pub(crate) digest: Option<String>,
}

impl Reference {
    pub fn parse(text: &str) -> Result<Self, FetchError> {
        let shown: String = text.chars().filter(|it| !it.is_control()).take(300).collect();
        parse(text).map_err(|why| Problem::Address(why).at(&shown))
    }

    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// Whether the host is this machine, where registries speak plain HTTP.
    pub(crate) fn is_local(&self) -> bool {
        let host = self.host.rsplit_once(':').map_or(self.host.as_str(), |it| it.0);
        host == "localhost" || host == "[::1]" || host.starts_with("127.")
    }

    /// The registry's own address.
    pub(crate) fn base(&self, is_plain: bool) -> Result<Address, FetchError> {
        // The one registry whose name is not its address.
        let host = if self.host == "docker.io" { "registry-1.docker.io" } else { &self.host };
        Address::of_host(host, !(is_plain || self.is_local()))
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.repository)?;
        self.tag.as_ref().map_or(Ok(()), |it| write!(f, ":{it}"))?;
        self.digest.as_ref().map_or(Ok(()), |it| write!(f, "@{it}"))
    }
}

fn parse(text: &str) -> Result<Reference, &'static str> {
    let text = text.strip_prefix("oci://").or(text.strip_prefix("docker://")).unwrap_or(text);
    let (text, digest) = text.split_once('@').map_or((text, None), |it| (it.0, Some(it.1)));
    if digest.is_some_and(|it| !it.strip_prefix("sha256:").is_some_and(is_sha256)) {
        return Err("its digest must be sha256: and 64 hexadecimal digits");
    }
    let is_host = |it: &str| it.contains(['.', ':']) || it == "localhost";
    let (host, rest) = match text.split_once('/') {
        Some((host, rest)) if is_host(host) => (host, rest.to_owned()),
        Some(_) => ("docker.io", text.to_owned()),
        None => ("docker.io", format!("library/{text}")),
    };
    let (repository, tag) = match rest.rsplit_once(':') {
        Some((repository, tag)) => (repository.to_owned(), Some(tag)),
        None => (rest, None),
    };
    let is_part = |it: &str| {
        let is_of_name = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit();
        !it.is_empty()
            && it.bytes().all(|it| is_of_name(it) || b"._-".contains(&it))
            && it.bytes().next().is_some_and(is_of_name)
            && it.bytes().last().is_some_and(is_of_name)
    };
    if repository.len() > 255 || !repository.split('/').all(is_part) {
        return Err(
            "its repository must be of lower-case letters, digits and . _ - between slashes",
        );
    }
    if tag.is_some_and(|it| !is_tag(it)) {
        return Err("its tag must be of letters, digits and . _ -");
    }
    let (tag, digest) = (tag.map(str::to_owned), digest.map(str::to_ascii_lowercase));
    Ok(Reference { host: host.to_ascii_lowercase(), repository, tag, digest })
}

pub(crate) fn is_tag(text: &str) -> bool {
    let is_word = |it: u8| it.is_ascii_alphanumeric() || it == b'_';
    let mut bytes = text.bytes();
    text.len() <= 128
        && bytes.next().is_some_and(is_word)
        && bytes.all(|it| is_word(it) || b".-".contains(&it))
}

#[cfg(test)]
mod tests {
    use super::Reference;

    #[test]
    fn a_name_is_read_as_container_tools_read_it() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let full = format!("r.example:5000/a/b:1@{digest}");
        let shown = |text: &str| Reference::parse(text).unwrap().to_string();
        for (text, expected) in [
            ("db", "docker.io/library/db"),
            ("me/db:2", "docker.io/me/db:2"),
            ("localhost/db", "localhost/db"),
            ("oci://R.example/a/b", "r.example/a/b"),
            (&full, &full),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "",
            "a/../b",
            "A/b",
            "h.example/",
            "h.example/a:",
            "a:b c",
            "a@sha256:1",
            "h.example/a?b",
        ] {
            assert!(Reference::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn only_this_machine_is_asked_without_encryption() {
        let url = |text: &str, is_plain| {
            Reference::parse(text).unwrap().base(is_plain).unwrap().to_string()
        };
        assert_eq!(url("127.0.0.1:5000/a", false), "http://127.0.0.1:5000/");
        assert_eq!(url("localhost:5000/a", false), "http://localhost:5000/");
        assert_eq!(url("r.example/a", false), "https://r.example/");
        assert_eq!(url("r.example/a", true), "http://r.example/");
        assert_eq!(url("a/b", false), "https://registry-1.docker.io/");
    }
}
