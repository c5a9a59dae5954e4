//! Where something is: the part of RFC 3986 that `http` and `https` need.

use std::fmt::{self, Write as _};

use crate::error::{FetchError, Problem};

/// An address that can be asked. It holds neither user nor password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    is_secure: bool,
    /// The host, and the port if it is not the usual one; in lower case.
    host: String,
    /// Begins with `/`.
    path: String,
    query: Option<String>,
    /// What stands behind `#`: the name under which the file is kept. It is never sent.
    name: Option<String>,
}

impl Address {
    pub fn parse(text: &str) -> Result<Self, FetchError> {
        let failed = |why| FetchError { url: shown(text), source: Problem::Address(why) };
        parse(text).map_err(failed)
    }

    /// Whether the text is meant as an address, rather than as a path.
    pub fn is_meant_by(text: &str) -> bool {
        text.starts_with("http://") || text.starts_with("https://")
    }

    /// The root of a host.
    pub(crate) fn of_host(host: &str, is_secure: bool) -> Result<Self, FetchError> {
        Self::parse(&format!("http{}://{host}/", if is_secure { "s" } else { "" }))
    }

    /// What lies at `relative` below this folder. The parts of that are written as they are named.
    pub(crate) fn join(&self, relative: &str) -> Self {
        let mut path = self.path.trim_end_matches('/').to_owned();
        for part in relative.split('/') {
            path.push('/');
            encode(part, &mut path);
        }
        Self { path, query: None, name: None, ..self.clone() }
    }

    /// The same with another query.
    pub(crate) fn with_query(&self, parameters: &[(&str, &str)]) -> Self {
        let mut query = self.query.clone().unwrap_or_default();
        for (name, value) in parameters {
            if !query.is_empty() {
                query.push('&');
            }
            query.push_str(name);
            query.push('=');
            encode(value, &mut query);
        }
        Self { query: Some(query), ..self.clone() }
    }

    /// The same with something behind the path.
    pub(crate) fn with_suffix(&self, suffix: &str) -> Self {
        Self { path: format!("{}{suffix}", self.path), name: None, ..self.clone() }
    }

    /// Where `location`, as a server wrote it, leads from here.
    pub(crate) fn resolve(&self, location: &str) -> Result<Self, Problem> {
        let location = location.split('#').next().unwrap_or_default();
        let scheme = if self.is_secure { "https" } else { "http" };
        let absolute = if location.starts_with("//") {
            format!("{scheme}:{location}")
        } else if location.starts_with('/') {
            format!("{scheme}://{}{location}", self.host)
        } else if location.starts_with('?') {
            format!("{scheme}://{}{}{location}", self.host, self.path)
        } else if location.contains("://") {
            location.to_owned()
        } else {
            let folder = self.path.rsplit_once('/').map_or("", |it| it.0);
            format!("{scheme}://{}{folder}/{location}", self.host)
        };
        parse(&absolute).map_err(|_| Problem::Redirect(shown(&absolute)))
    }

    /// Whether a server may send us there from here.
    pub(crate) fn may_lead_to(&self, other: &Self) -> bool {
        other.is_secure || self.is_same_host(other)
    }

    /// Whether what is secret here may be told there.
    pub(crate) fn is_same_host(&self, other: &Self) -> bool {
        self.is_secure == other.is_secure && self.host == other.host
    }

    /// The name of a single file, if it is one: what stands behind `#`, or a last part that ends as
    /// files of records do.
    pub(crate) fn file_name(&self) -> Option<String> {
        if let Some(name) = &self.name {
            return Some(name.clone());
        }
        let last = self.path.rsplit('/').next()?;
        let ending = last.rsplit_once('.')?.1;
        let is_file = matches!(ending, "json" | "csv" | "gz" | "zip" | "xml" | "zst" | "bz2");
        is_file.then(|| last.to_owned())
    }

    /// As it is sent.
    pub(crate) fn url(&self) -> String {
        match &self.query {
            Some(query) => format!("{self}?{query}"),
            None => self.to_string(),
        }
    }
}

/// Without the query, which may hold what nobody else should read.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http{}://{}{}", if self.is_secure { "s" } else { "" }, self.host, self.path)
    }
}

fn parse(text: &str) -> Result<Address, &'static str> {
    let (is_secure, rest) = match text.split_once("://") {
        Some(("http", rest)) => (false, rest),
        Some(("https", rest)) => (true, rest),
        _ => return Err("it must begin with http:// or https://"),
    };
    if !text.bytes().all(|it| it.is_ascii_graphic()) {
        return Err("it must be written in ASCII, with other characters as %XX");
    }
    let (rest, name) = rest.split_once('#').map_or((rest, None), |it| (it.0, Some(it.1)));
    let (rest, query) = rest.split_once('?').map_or((rest, None), |it| (it.0, Some(it.1)));
    let (host, path) = rest.find('/').map_or((rest, "/"), |it| rest.split_at(it));
    if host.contains('@') {
        return Err("user and password cannot stand in it");
    }
    let is_of_host = |it: u8| it.is_ascii_alphanumeric() || b".-_:[]".contains(&it);
    if host.is_empty() || !host.bytes().all(is_of_host) {
        return Err("it names no host");
    }
    if name.is_some_and(|it| !crate::known::is_relative(it)) {
        return Err("what stands behind # must be a relative path");
    }
    let usual = if is_secure { ":443" } else { ":80" };
    let host = host.to_ascii_lowercase();
    Ok(Address {
        is_secure,
        host: host.strip_suffix(usual).unwrap_or(&host).to_owned(),
        path: path.to_owned(),
        query: query.map(str::to_owned),
        name: name.map(str::to_owned),
    })
}

/// Enough of a text that is no address to recognize it, without what may be secret.
fn shown(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let text = match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://…@{rest}"),
        _ => text.to_owned(),
    };
    text.chars().filter(|it| !it.is_control()).take(200).collect()
}

/// Writes `text` so that it is one part of a path or one value of a query.
fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    #[test]
    fn parts_are_joined_as_they_are_named() {
        let base = address("https://Mirror.example:443/osv/");
        assert_eq!(
            base.join("Rocky Linux/all.zip").url(),
            "https://mirror.example/osv/Rocky%20Linux/all.zip"
        );
        let upload = address("http://h/v2/up?state=a").with_query(&[("digest", "sha256:0")]);
        assert_eq!(upload.url(), "http://h/v2/up?state=a&digest=sha256:0");
        assert_eq!(upload.to_string(), "http://h/v2/up");
    }

    #[test]
    fn a_location_is_resolved_from_where_it_was_given() {
        let from = address("https://h/a/b?c");
        let cases = [
            ("d", "https://h/a/d"),
            ("/d", "https://h/d"),
            ("?d", "https://h/a/b?d"),
            ("//i/d#e", "https://i/d"),
            ("http://i/d", "http://i/d"),
        ];
        for (location, url) in cases {
            assert_eq!(from.resolve(location).unwrap().url(), url, "{location}");
        }
        assert!(from.resolve("ftp://i/").is_err());
    }

    #[test]
    fn a_server_leads_to_itself_or_to_https() {
        let plain = address("http://h:8080/a");
        let leads = |from: &Address, to: &str| from.may_lead_to(&address(to));
        assert!(leads(&plain, "http://h:8080/b") && leads(&plain, "https://i/"));
        assert!(!leads(&plain, "http://h/b") && !leads(&plain, "http://i/"));
        let secure = address("https://h/a");
        assert!(!leads(&secure, "http://h/a") && leads(&secure, "https://h:443/b"));
    }

    #[test]
    fn a_file_is_told_by_its_name_or_by_the_one_it_is_given() {
        let name = |text: &str| address(text).file_name();
        assert_eq!(name("https://h/kev.json").as_deref(), Some("kev.json"));
        assert_eq!(
            name("https://h/data/json#debian/tracker.json").as_deref(),
            Some("debian/tracker.json")
        );
        assert_eq!(name("https://h/data/v1.2"), None);
        assert_eq!(name("https://h/"), None);
    }

    #[test]
    fn what_cannot_be_asked_is_refused_without_repeating_secrets() {
        for text in ["ftp://h/", "http://", "http://h h/", "http:///a", "http://h/#../a"] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
        let error = Address::parse("https://me:word@h/a?token=1").unwrap_err();
        assert_eq!(error.url, "https://…@h/a");
    }
}
