//! Who we are, as container tools were told by `docker login`: a configuration file, and programs that
//! keep secrets.
//!
//! Format: <https://github.com/docker/cli/blob/master/docs/reference/commandline/docker.md#configuration-files>
//! and <https://github.com/docker/docker-credential-helpers>.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::error::Problem;

/// What a registry wants to see.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    Password {
        user: String,
        password: String,
    },
    /// With which short-lived tokens are asked for.
    Identity(String),
}

/// Nothing of it: it may end up in a log.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    auths: BTreeMap<String, Entry>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: Option<String>,
    identitytoken: Option<String>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entry")
    }
}

/// What a program answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// The credentials for a registry, from the folder of docker's configuration; nothing if there are none.
pub fn find(folder: &Path, host: &str) -> Result<Option<Credentials>, Problem> {
    let path = folder.join("config.json");
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Problem::File { path, source }),
    };
    // The parser's own words could repeat what is secret.
    let config: Config = serde_json::from_slice(&text).map_err(|it| {
        let at = (it.line(), it.column());
        Problem::Credentials(format!("{} cannot be read at {}:{}", path.display(), at.0, at.1))
    })?;
    // The one registry that is kept under another name.
    let key = if host == "docker.io" { "https://index.docker.io/v1/" } else { host };
    let helper = config.cred_helpers.get(key).or(config.creds_store.as_ref());
    if let Some(helper) = helper
        && let Some(found) = ask(helper, key)?
    {
        return Ok(Some(found));
    }
    let is_of_host = |it: &str| {
        let it = it.split_once("://").map_or(it, |it| it.1);
        it == key || it.split('/').next() == Some(host)
    };
    let entries = &config.auths;
    let entry = entries.get(key).or_else(|| Some(entries.iter().find(|it| is_of_host(it.0))?.1));
    entry.map_or(Ok(None), |it| decode(it, &path))
}

fn decode(entry: &Entry, path: &Path) -> Result<Option<Credentials>, Problem> {
    if let Some(token) = entry.identitytoken.as_ref().filter(|it| !it.is_empty()) {
        return Ok(Some(Credentials::Identity(token.clone())));
    }
    let Some(auth) = entry.auth.as_ref().filter(|it| !it.is_empty()) else { return Ok(None) };
    let decoded = STANDARD.decode(auth.trim()).ok().and_then(|it| String::from_utf8(it).ok());
    let pair = decoded.as_ref().and_then(|it| it.split_once(':'));
    let Some((user, password)) = pair else {
        let problem = format!("an entry of {} is not base64 of user:password", path.display());
        return Err(Problem::Credentials(problem));
    };
    let password = password.trim_end_matches('\0').to_owned();
    Ok(Some(Credentials::Password { user: user.to_owned(), password }))
}

/// Asks the program that keeps them.
fn ask(helper: &str, key: &str) -> Result<Option<Credentials>, Problem> {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.');
    if helper.is_empty() || !helper.chars().all(is_plain) {
        return Err(Problem::Credentials("the credential helper's name is none".to_owned()));
    }
    let program = format!("docker-credential-{helper}");
    let failed = |why: &str| Problem::Credentials(format!("{program} {why}"));
    let mut child = Command::new(&program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|it| failed(&format!("cannot be run: {it}")))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not listen tells it by how it ends.
        stdin.write_all(key.as_bytes()).unwrap_or_default();
    }
    let output = child.wait_with_output().map_err(|it| failed(&it.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stdout);
        return if said.contains("credentials not found") {
            Ok(None)
        } else {
            Err(failed("failed; try it by hand"))
        };
    }
    let answer: Answer =
        serde_json::from_slice(&output.stdout).map_err(|_| failed("answers something else"))?;
    Ok(Some(match answer.username.as_str() {
        "<token>" => Credentials::Identity(answer.secret),
        _ => Credentials::Password { user: answer.username, password: answer.secret },
    }))
}

#[cfg(test)]
mod tests {
    use super::{Credentials, find};

    fn found(config: &str, host: &str) -> Result<Option<Credentials>, String> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("config.json"), config).unwrap();
        find(dir.path(), host).map_err(|it| it.to_string())
    }

    fn password(user: &str, password: &str) -> Credentials {
        Credentials::Password { user: user.to_owned(), password: password.to_owned() }
    }

    #[test]
    fn an_entry_is_found_by_the_hosts_name_in_every_spelling() {
        let config = r#"{"auths": {"r.example:5000": {"auth": "bWU6YTpi"}, "https://index.docker.io/v1/": {"auth": "eW91OmM="},
            "https://old.example/v2/": {"auth": "eW91OmM="}, "t.example": {"identitytoken": "x"}, "empty.example": {}}}"#;
        assert_eq!(found(config, "r.example:5000"), Ok(Some(password("me", "a:b"))));
        assert_eq!(found(config, "docker.io"), Ok(Some(password("you", "c"))));
        assert_eq!(found(config, "old.example"), Ok(Some(password("you", "c"))));
        assert_eq!(found(config, "t.example"), Ok(Some(Credentials::Identity("x".to_owned()))));
        assert_eq!(found(config, "empty.example"), Ok(None));
        assert_eq!(found(config, "r.example"), Ok(None));
        let absent = tempfile::tempdir().unwrap();
        assert_eq!(find(absent.path(), "r.example").unwrap(), None);
    }

    #[test]
    fn what_cannot_be_read_is_told_without_what_it_says() {
        for config in [
            r#"{"auths": {"h.example": {"auth": 42424}}}"#,
            r#"{"auths": {"h.example": {"auth": "42424"}}}"#,
        ] {
            let error = found(config, "h.example").unwrap_err();
            assert!(!error.contains("42424"), "{error}");
        }
        let shown = format!("{:?}", password("me", "word"));
        assert!(!shown.contains("word"), "{shown}");
    }

    #[test]
    fn a_helper_that_is_not_there_or_no_name_is_an_error() {
        let missing = found(r#"{"credsStore": "layergate-missing"}"#, "h.example").unwrap_err();
        assert!(
            missing.starts_with("docker-credential-layergate-missing cannot be run"),
            "{missing}"
        );
        assert!(found(r#"{"credHelpers": {"h.example": "../sh"}}"#, "h.example").is_err());
    }
}
