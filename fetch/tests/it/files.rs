//! One file.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use layergate_fetch::Settings;

use crate::server::{Reply, Server, file, reply};
use crate::{client, fetch, told};

/// A document long enough to be cut.
fn content() -> Vec<u8> {
    format!("{{\"text\": \"{}\"}}", "0123456789".repeat(1000)).into_bytes()
}

/// What is brought of `/kev.json`, or why nothing is.
fn brought(server: &Server, cache: &Path) -> Result<Vec<u8>, String> {
    with(server, cache, |_| {})
}

fn with(
    server: &Server,
    cache: &Path,
    change: impl FnOnce(&mut Settings),
) -> Result<Vec<u8>, String> {
    let done = fetch(&client(change), &server.url("/kev.json"), cache).map_err(|it| told(&it))?;
    Ok(fs::read(done.folder.join("kev.json")).unwrap())
}

fn good(asked: &crate::server::Asked) -> Reply {
    match asked.path.as_str() {
        "/kev.json" => file(asked, &content(), "1"),
        _ => reply(404, "no"),
    }
}

#[test]
fn what_was_cut_is_gone_on_with_and_no_byte_is_sent_twice() {
    let server = Server::new(|asked| match asked.number {
        0 => good(asked).cut(4000),
        1 => good(asked).cut(3000),
        _ => good(asked),
    });
    let cache = tempfile::tempdir().unwrap();
    assert_eq!(brought(&server, cache.path()), Ok(content()));
    let ranges = ["GET /kev.json", "GET /kev.json bytes=4000-", "GET /kev.json bytes=7000-"];
    assert_eq!(server.asked()[..3], ranges);
    assert_eq!(server.n_sent(), content().len() + "no".len());
}

#[test]
fn what_another_process_began_is_gone_on_with() {
    let server =
        Server::new(|asked| if asked.number == 0 { good(asked).cut(4000) } else { good(asked) });
    let cache = tempfile::tempdir().unwrap();
    let error = with(&server, cache.path(), |it| it.tries = 1).unwrap_err();
    assert!(error.contains("broke off after 4000 bytes of 10012"), "{error}");
    assert_eq!(brought(&server, cache.path()), Ok(content()));
    assert_eq!(server.asked()[1], "GET /kev.json bytes=4000-");
}

#[test]
fn what_changed_meanwhile_is_begun_anew() {
    let changed =
        || content().iter().map(|it| if *it == b'0' { b'x' } else { *it }).collect::<Vec<_>>();
    // One server keeps to the rules, the other sends the rest of another file, with and without its tag.
    for lies in [None, Some(true), Some(false)] {
        let server = Server::new(move |asked| {
            if asked.path != "/kev.json" {
                return reply(404, "");
            }
            let range = asked.header("range").is_some();
            match (asked.number, lies) {
                (0, _) => file(asked, &content(), "1").cut(4000),
                (_, Some(tells)) if range => {
                    let (last, total) = (changed().len() - 1, changed().len());
                    let part = reply(206, &changed()[4000..])
                        .header("content-range", format!("bytes 4000-{last}/{total}"));
                    if tells { part.header("etag", "\"2\"") } else { part }
                }
                _ => file(asked, &changed(), "2"),
            }
        });
        let cache = tempfile::tempdir().unwrap();
        assert_eq!(brought(&server, cache.path()), Ok(changed()), "{lies:?}");
    }
}

#[test]
fn a_part_that_the_server_does_not_have_any_more_is_begun_anew() {
    let server = Server::new(|asked| match asked.header("range") {
        _ if asked.number == 0 => good(asked).cut(4000),
        Some(_) => reply(416, ""),
        None => good(asked),
    });
    let cache = tempfile::tempdir().unwrap();
    assert_eq!(brought(&server, cache.path()), Ok(content()));
}

#[test]
fn without_a_tag_nothing_is_gone_on_with() {
    let server = Server::new(|asked| match (asked.path.as_str(), asked.number) {
        ("/kev.json", 0) => reply(200, content()).cut(4000),
        ("/kev.json", _) => reply(200, content()),
        _ => reply(404, ""),
    });
    let cache = tempfile::tempdir().unwrap();
    assert_eq!(brought(&server, cache.path()), Ok(content()));
    assert_eq!(server.asked()[1], "GET /kev.json");
}

#[test]
fn a_server_that_asks_for_patience_gets_some() {
    let server = Server::new(|asked| match asked.number {
        0 => reply(429, "later").header("retry-after", 0),
        1 => reply(503, ""),
        _ => good(asked),
    });
    let cache = tempfile::tempdir().unwrap();
    assert_eq!(brought(&server, cache.path()), Ok(content()));
    let impatient = Server::new(|_| reply(429, "later").header("retry-after", 86_400));
    let error = brought(&impatient, cache.path()).unwrap_err();
    assert!(
        error.ends_with("asks to wait for 86400 s, which is too long; try again later"),
        "{error}"
    );
    let broken = Server::new(|_| reply(500, ""));
    let error = brought(&broken, cache.path()).unwrap_err();
    assert!(error.ends_with("the server answers 500: it has a problem of its own"), "{error}");
    assert_eq!(broken.asked().len(), 3);
}

#[test]
fn a_wrong_length_is_no_file() {
    let cache = tempfile::tempdir().unwrap();
    let announced = |length: usize| {
        Server::new(move |asked| match asked.path.as_str() {
            "/kev.json" => reply(200, content()).header("content-length", length),
            _ => reply(404, ""),
        })
    };
    let error = brought(&announced(20_000), cache.path()).unwrap_err();
    assert!(error.contains("broke off after 10012 bytes of 20000"), "{error}");
    let error = brought(&announced(5000), cache.path()).unwrap_err();
    assert!(
        error.ends_with("the server does not send JSON: what came breaks off before its end"),
        "{error}"
    );
}

#[test]
fn a_web_page_under_a_good_status_is_no_file() {
    let server = Server::new(|_| reply(200, "<!DOCTYPE html><p>Please log in"));
    let cache = tempfile::tempdir().unwrap();
    let error = brought(&server, cache.path()).unwrap_err();
    assert!(error.ends_with("the server does not send JSON: what came is a web page"), "{error}");
}

#[test]
fn slow_bytes_end_a_transfer() {
    let cache = tempfile::tempdir().unwrap();
    let begin = Instant::now();
    // None within the time for one read, and then some, but too few.
    for (pause, read) in [(600, 200), (30, 100)] {
        let server = Server::new(move |asked| good(asked).pause(Duration::from_millis(pause)));
        let error = with(&server, cache.path(), |it| {
            it.read = Duration::from_millis(read);
            it.least_speed = 1000;
            it.tries = 1;
        });
        error.unwrap_err();
    }
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
}

#[test]
fn redirects_end_and_lead_to_no_stranger() {
    let cache = tempfile::tempdir().unwrap();
    let circle = Server::new(|_| reply(302, "").header("location", "/kev.json"));
    let error = brought(&circle, cache.path()).unwrap_err();
    assert!(error.ends_with("redirected too often"), "{error}");
    let other = Server::new(good);
    let there = other.url("/kev.json");
    let stranger = Server::new(move |_| reply(301, "").header("location", &there));
    let error = brought(&stranger, cache.path()).unwrap_err();
    assert!(error.ends_with("which is neither https nor the same host"), "{error}");
    assert!(other.asked().is_empty());
    let here = Server::new(|asked| match asked.path.as_str() {
        "/kev.json" => reply(307, "").header("location", "new/kev.json"),
        "/new/kev.json" => file(asked, &content(), "1"),
        _ => reply(404, ""),
    });
    assert_eq!(brought(&here, cache.path()), Ok(content()));
}

#[test]
fn a_digest_is_checked_wherever_it_stands() {
    let empty = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    let stated = |name: &'static str, value: String| {
        Server::new(move |asked| good(asked).header(name, &value))
    };
    let servers = [
        stated("repr-digest", format!("sha-256=:{empty}:")),
        stated("digest", format!("SHA-256={empty}")),
        stated("x-goog-hash", "crc32c=AAAAAA==,md5=AAAA".to_owned()),
        Server::new(|asked| match asked.path.as_str() {
            "/kev.json.sha256" => reply(200, "0".repeat(64) + "  kev.json\n"),
            _ => good(asked),
        }),
    ];
    for server in servers {
        let cache = tempfile::tempdir().unwrap();
        let error = brought(&server, cache.path()).unwrap_err();
        assert!(error.ends_with("what came is damaged"), "{error}");
    }
}

#[test]
fn what_is_too_large_is_not_taken() {
    let cache = tempfile::tempdir().unwrap();
    let announced = Server::new(good);
    let error = with(&announced, cache.path(), |it| it.max_file = 5000).unwrap_err();
    assert!(error.contains("larger than"), "{error}");
    let endless = Server::new(|_| {
        let body = "1000\r\n".to_owned() + &"x".repeat(4096) + "\r\n";
        reply(200, body.repeat(100))
            .header("content-length", "")
            .header("transfer-encoding", "chunked")
    });
    assert!(with(&endless, cache.path(), |it| it.max_file = 5000).is_err());
    assert!(endless.asked().len() <= 3);
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let server = Server::new(good);
    let cache = tempfile::tempdir().unwrap();
    assert_eq!(brought(&server, cache.path()), Ok(content()));
    let n_sent = server.n_sent();
    let url = server.url("/kev.json");
    let again = fetch(&client(|_| {}), &url, cache.path()).unwrap();
    assert_eq!((again.n_fetched, again.n_unchanged), (0, 1));
    assert_eq!(server.n_sent(), n_sent);
    // Damage on our side is noticed.
    fs::write(again.folder.join("kev.json"), "{}").unwrap();
    assert_eq!(brought(&server, cache.path()), Ok(content()));
}

#[test]
fn a_failure_leaves_the_last_good_file() {
    let server = Server::new(|asked| match asked.number {
        0 => file(asked, b"{\"first\": 1}", "1"),
        1 => reply(404, ""),
        _ => file(asked, &content(), "2").cut(100),
    });
    let cache = tempfile::tempdir().unwrap();
    brought(&server, cache.path()).unwrap();
    with(&server, cache.path(), |it| it.tries = 1).unwrap_err();
    let address = layergate_fetch::Address::parse(&server.url("/kev.json")).unwrap();
    let mirror = layergate_fetch::Mirror { from: &address, cache: cache.path(), skip: &[] };
    let cached = mirror.cached().unwrap();
    assert_eq!(fs::read(cached.folder.join("kev.json")).unwrap(), b"{\"first\": 1}");
}
