//! What a registry answers to someone it does not know yet, and what it is told then.
//!
//! Specification: <https://distribution.github.io/distribution/spec/auth/token/>; RFC 9110, section 11.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use ureq::http::Method;

use super::credentials::Credentials;
use crate::address::Address;
use crate::client::{Client, Request, Sent};
use crate::error::Problem;

/// The longest token that is taken.
const MAX_TOKEN: usize = 64 << 10;

/// `WWW-Authenticate`. The scope is not taken from it: what is wanted is known here.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    Basic,
    Bearer { realm: String, service: Option<String> },
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl Challenge {
    /// The first of several that is understood.
    pub(super) fn of(headers: &[&str]) -> Option<Self> {
        headers.iter().find_map(|it| Self::parse(it))
    }

    fn parse(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let (mut realm, mut service) = (None, None);
        for (name, value) in parameters(rest) {
            match name.to_ascii_lowercase().as_str() {
                "realm" => realm = Some(value),
                "service" => service = Some(value),
                _ => {}
            }
        }
        Some(Self::Bearer { realm: realm?, service })
    }
}

/// `name="value"`, between commas that are not in quotes.
fn parameters(mut rest: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    while let Some((name, after)) = rest.split_once('=') {
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        found.push((name.trim_matches([' ', ',']).to_owned(), value.trim().to_owned()));
        rest = after;
    }
    found
}

/// The value of `Authorization` that answers the challenge; nothing if there is none.
pub(super) fn answer(
    client: &Client,
    registry: &Address,
    challenge: &Challenge,
    credentials: Option<&Credentials>,
    scope: &str,
) -> Result<Option<String>, Problem> {
    let basic = |user: &str, password: &str| {
        format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
    };
    let (realm, service) = match (challenge, credentials) {
        (Challenge::Basic, Some(Credentials::Password { user, password })) => {
            return Ok(Some(basic(user, password)));
        }
        (Challenge::Basic, _) => return Ok(None),
        (Challenge::Bearer { realm, service }, _) => (realm, service),
    };
    let realm = Address::parse(realm).map_err(|it| it.source)?;
    // A password is told to nobody who could only be there because someone put him in between.
    if !registry.may_lead_to(&realm) {
        return Err(Problem::Redirect(realm.to_string()));
    }
    let service = service.as_deref().unwrap_or_default();
    let token = match credentials {
        Some(Credentials::Identity(token)) => {
            let form = Address::parse("https://form.invalid/").map_err(|it| it.source)?;
            let form = form.with_query(&[
                ("grant_type", "refresh_token"),
                ("refresh_token", token),
                ("service", service),
                ("scope", scope),
                ("client_id", "layergate"),
            ]);
            let url = form.url();
            let form = url.split_once('?').map_or("", |it| it.1);
            let kind = "application/x-www-form-urlencoded".to_owned();
            let request = Request {
                method: Method::POST,
                headers: vec![("content-type", kind)],
                sent: Sent::Bytes(form.as_bytes()),
                ..Request::get(&realm)
            };
            client.text(&request)?
        }
        credentials => {
            let address = realm.with_query(&[("service", service), ("scope", scope)]);
            let header = match credentials {
                Some(Credentials::Password { user, password }) => Some(basic(user, password)),
                _ => None,
            };
            let request = Request { authorization: header.as_deref(), ..Request::get(&address) };
            client.text(&request)?
        }
    };
    let token: Option<Token> = token.and_then(|it| serde_json::from_slice(&it).ok());
    let token = token.and_then(|it| it.token.or(it.access_token));
    let is_token = |it: &String| {
        !it.is_empty() && it.len() <= MAX_TOKEN && it.bytes().all(|it| it.is_ascii_graphic())
    };
    match token.filter(is_token) {
        Some(token) => Ok(Some(format!("Bearer {token}"))),
        None => Err(Problem::Credentials(format!("{realm} gives no token"))),
    }
}

#[cfg(test)]
mod tests {
    use super::Challenge;

    #[test]
    fn challenges_are_read_in_every_form() {
        let read = |text| Challenge::of(&[text]);
        assert_eq!(read("Basic realm=\"a\""), Some(Challenge::Basic));
        let bearer = || {
            let (realm, service) = ("https://h/token".to_owned(), Some("h, s".to_owned()));
            Some(Challenge::Bearer { realm, service })
        };
        assert_eq!(
            read(
                "bearer realm=\"https://h/token\", service=\"h, s\",scope=\"repository:a:pull,push\""
            ),
            bearer()
        );
        assert_eq!(read("Bearer service=\"h, s\",realm=https://h/token"), bearer());
        for text in ["Bearer", "Bearer service=a", "Negotiate", "", "Bearer realm"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(Challenge::of(&["Negotiate", "Basic"]), Some(Challenge::Basic));
    }
}
