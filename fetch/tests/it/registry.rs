//! Artifacts, from a registry that wants tokens and sends nonsense. How a real one does it is tested with the
//! command line.

use std::fs;

use layergate_fetch::registry::{Reference, Registry};
use sha2::{Digest as _, Sha256};

use crate::server::{Asked, Reply, Server, reply};
use crate::{client, told};

const KIND: &str = "application/vnd.test";
const CONTENT: &[u8] = b"what is in the artifact, at some length";

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(bytes))
}

fn manifest() -> String {
    format!(
        r#"{{"schemaVersion": 2, "artifactType": "{KIND}", "config": {{"mediaType": "a/b", "digest": "{0}", "size": 2}},
            "layers": [{{"mediaType": "{KIND}", "digest": "{0}", "size": {1}}}], "annotations": {{"day": "1"}}}}"#,
        digest(CONTENT),
        CONTENT.len()
    )
}

/// A registry that gives tokens to whoever knows the password.
fn answer(asked: &Asked) -> Reply {
    let blob = format!("/v2/a/b/blobs/{}", digest(CONTENT));
    let path = asked.path.as_str();
    if path.starts_with("/token?") {
        let may = asked.header("authorization") == Some("Basic bWU6d29yZA==")
            && path == "/token?service=s&scope=repository:a%2Fb:pull";
        return if may { reply(200, r#"{"token": "t"}"#) } else { reply(403, "") };
    }
    if asked.header("authorization") != Some("Bearer t") {
        let host = asked.header("host").unwrap();
        let challenge = format!("Bearer realm=\"http://{host}/token\",service=\"s\"");
        return reply(401, "").header("www-authenticate", challenge);
    }
    match (path, asked.header("range")) {
        ("/v2/a/b/manifests/2", _) => reply(200, manifest()),
        (path, Some("bytes=10-")) if path == blob => reply(206, &CONTENT[10..]),
        (path, None) if path == blob => reply(200, CONTENT).cut(10),
        _ => reply(404, ""),
    }
}

/// What is pulled, or why nothing is.
fn pulled(server: &Server, name: &str) -> Result<Vec<u8>, String> {
    let dir = tempfile::tempdir().unwrap();
    let config = format!(r#"{{"auths": {{"{}": {{"auth": "bWU6d29yZA=="}}}}}}"#, server.host);
    fs::write(dir.path().join("config.json"), config).unwrap();
    let (client, out) = (client(|_| {}), dir.path().join("out"));
    let reference = Reference::parse(&format!("{}/{name}", server.host)).unwrap();
    let registry = Registry::new(&client, &reference, false, Some(dir.path())).unwrap();
    let pulled = registry.pull(KIND, "2", &out, &|_| {}).map_err(|it| told(&it));
    let pulled = pulled.inspect_err(|_| {
        let left: Vec<_> = fs::read_dir(dir.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "only the configuration is left");
    })?;
    assert!(!out.exists());
    assert_eq!(pulled.annotations["day"], "1");
    pulled.keep().unwrap();
    Ok(fs::read(&out).unwrap())
}

#[test]
fn a_token_is_asked_for_and_a_cut_layer_gone_on_with() {
    let server = Server::new(answer);
    assert_eq!(pulled(&server, "a/b"), Ok(CONTENT.to_vec()));
    assert_eq!(
        pulled(&server, &format!("a/b:2@{}", digest(b"other"))),
        Err(format!(
            "cannot transfer {}/a/b:2@{}: the server answers 404: there is no such thing",
            server.host,
            digest(b"other")
        ))
    );
}

#[test]
fn what_is_not_what_its_digest_says_is_refused() {
    let server = Server::new(|asked| match asked.path.as_str() {
        "/v2/a/b/manifests/2" => reply(200, manifest()),
        path if path.contains("manifests/sha256:") => reply(200, manifest()),
        _ => reply(200, CONTENT.to_ascii_uppercase()),
    });
    let error = pulled(&server, "a/b").unwrap_err();
    assert!(
        error.ends_with("its SHA-256 is not the one that the server states: what came is damaged"),
        "{error}"
    );
    let error = pulled(&server, &format!("a/b@{}", digest(b"other"))).unwrap_err();
    assert!(error.contains("manifest's digest is not the one"), "{error}");
}

#[test]
fn a_layer_longer_than_it_is_said_to_be_is_refused() {
    let server = Server::new(|asked| match asked.path.as_str() {
        "/v2/a/b/manifests/2" => reply(200, manifest()),
        _ => reply(200, [CONTENT, CONTENT].concat()),
    });
    assert!(pulled(&server, "a/b").unwrap_err().contains("larger than"));
}

#[test]
fn a_password_is_told_to_no_stranger() {
    let stranger = Server::new(|_| reply(200, r#"{"token": "t"}"#));
    let realm = stranger.url("/token");
    let server = Server::new(move |_| {
        reply(401, "").header("www-authenticate", format!("Bearer realm=\"{realm}\""))
    });
    let error = pulled(&server, "a/b").unwrap_err();
    assert!(error.ends_with("which is neither https nor the same host"), "{error}");
    assert!(stranger.asked().is_empty());
    // Without a question nothing is told either.
    let silent = Server::new(|_| reply(401, ""));
    let error = pulled(&silent, "a/b").unwrap_err();
    assert!(error.ends_with("the server answers 401: it wants credentials"), "{error}");
    assert!(silent.headers("authorization").is_empty());
}
