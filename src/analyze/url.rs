//! URLs without what is nobody else's business.

use super::text;

/// `raw` without user, password, query and fragment, any of which may hold a secret, and without
/// the token that a conda channel may have in its path. `None` where it is no URL that can be told.
pub(super) fn public(raw: &str) -> Option<String> {
    let (scheme, rest) = raw.trim().split_once("://")?;
    let is_scheme = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'+' | b'-' | b'.');
    if scheme.is_empty() || !scheme.bytes().all(is_scheme) {
        return None;
    }
    let rest = rest.split(['?', '#']).next()?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    // What follows a colon in a host is a port; anything else may be half a password with a `/`.
    let port = host.rsplit_once(']').map_or(host, |(_, it)| it).split_once(':');
    if port.is_some_and(|(_, it)| !it.bytes().all(|it| it.is_ascii_digit())) {
        return None;
    }
    let (front, back) = without_token(path);
    let url = format!("{scheme}://{host}{front}{back}");
    text::value(url.as_bytes()).map(str::to_owned)
}

/// What stands before and after `/t/<token>` in a path.
fn without_token(path: &str) -> (&str, &str) {
    match path.split_once("/t/") {
        Some((front, rest)) => {
            (front, rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default())
        }
        None => (path, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::public;

    #[test]
    fn no_secret_is_left_in_a_url() {
        for (raw, told) in [
            ("https://host/a.whl", "https://host/a.whl"),
            ("https://user:pass@host:8080/a.whl?sig=x#egg=a", "https://host:8080/a.whl"),
            ("ssh://git@host/a@v1.git", "ssh://host/a@v1.git"),
            ("https://a@b:c@host", "https://host"),
            ("https://[::1]:80/x", "https://[::1]:80/x"),
            ("file:///srv/a", "file:///srv/a"),
            ("https://host/t/tk-0123/conda-forge/linux-64", "https://host/conda-forge/linux-64"),
            ("https://host/t/tk-0123", "https://host"),
            ("https://host/conda/t/tk-0123/a/", "https://host/conda/a/"),
        ] {
            assert_eq!(public(raw).as_deref(), Some(told));
        }
        for raw in ["", "a", "git@host:a/b", "https://user:pa/ss@host/x", "a b://c", "https://a b"]
        {
            assert_eq!(public(raw), None, "{raw}");
        }
    }
}
