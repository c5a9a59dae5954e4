//! All that lies below an address.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use layergate_fetch::{Address, Mirror};

use crate::server::{Server, reply};
use crate::{client, fetch, told};

type Files = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

const EMPTY_ZIP: [u8; 22] = *b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// A server of files that states neither tags nor dates.
fn plain(files: &[(&str, &[u8])]) -> (Server, Files) {
    let files = files.iter().map(|it| (format!("/{}", it.0), it.1.to_vec()));
    let files: Files = Arc::new(Mutex::new(files.collect()));
    let kept = Arc::clone(&files);
    let server = Server::new(move |asked| {
        let files = kept.lock().unwrap();
        match files.iter().find(|it| it.0 == asked.path) {
            Some((_, content)) => reply(200, content),
            None => reply(404, "<html>no such thing"),
        }
    });
    (server, files)
}

fn list(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn all_that_is_known_or_listed_is_brought_and_what_is_gone_goes() {
    let (server, files) = plain(&[
        ("data/osv/ecosystems.txt", b"Debian\nDebian:12\nRocky Linux\nGone\n"),
        ("data/osv/Debian/all.zip", &EMPTY_ZIP),
        ("data/osv/Rocky%20Linux/all.zip", &EMPTY_ZIP),
        ("data/kev.json", b"{}"),
        ("data/files.txt", b"more/a.json\nmore/b.json\n"),
        ("data/more/a.json", b"[]"),
    ]);
    let cache = tempfile::tempdir().unwrap();
    let url = server.url("/data");
    let done = fetch(&client(|_| {}), &url, cache.path()).unwrap();
    let there = ["kev.json", "more/a.json", "osv/Debian/all.zip", "osv/Rocky Linux/all.zip"];
    assert_eq!(list(&done.folder), there);
    assert_eq!(done.missing, ["osv/Gone/all.zip", "more/b.json"]);
    files.lock().unwrap().retain(|it| it.0 != "/data/kev.json");
    let done = fetch(&client(|_| {}), &url, cache.path()).unwrap();
    assert_eq!(list(&done.folder), there[1..]);
    let address = Address::parse(&url).unwrap();
    let skip = ["Debian".to_owned()];
    let mirror = Mirror { from: &address, cache: cache.path(), skip: &skip };
    assert_eq!(list(&mirror.fetch(&client(|_| {}), &|_| {}).unwrap().folder), [there[1], there[3]]);
    assert_eq!(mirror.cached().unwrap().folder, done.folder);
}

#[test]
fn a_list_of_changes_stands_in_for_tags() {
    let (server, files) = plain(&[
        ("ecosystems.txt", b"npm\n"),
        ("npm/all.zip", &EMPTY_ZIP),
        ("npm/modified_id.csv", b"2024-01-01,A\n"),
    ]);
    let cache = tempfile::tempdir().unwrap();
    let n_archives = || server.asked().iter().filter(|it| it.ends_with("/npm/all.zip")).count();
    let go = || fetch(&client(|_| {}), &server.url("/"), cache.path()).unwrap();
    go();
    // The list is first known when there is something that it could save.
    go();
    assert_eq!(n_archives(), 2);
    assert_eq!((go().n_unchanged, n_archives()), (1, 2));
    files.lock().unwrap()[2].1 = b"2024-01-02,A\n".to_vec();
    assert_eq!((go().n_fetched, n_archives()), (1, 3));
}

#[test]
fn a_hostile_list_brings_nothing() {
    for list in [&b"../../etc\n"[..], b"<html>\n", b"\xff\n", b"/etc\n"] {
        let (server, _) = plain(&[("ecosystems.txt", list)]);
        let cache = tempfile::tempdir().unwrap();
        let error = fetch(&client(|_| {}), &server.url("/"), cache.path()).unwrap_err();
        let told = told(&error);
        assert!(
            told.ends_with("does not send a list of relative paths: what came is something else"),
            "{told}"
        );
    }
}

#[test]
fn an_address_without_anything_is_an_error_and_so_is_an_empty_cache() {
    let (server, _) = plain(&[]);
    let cache = tempfile::tempdir().unwrap();
    let error = fetch(&client(|_| {}), &server.url("/"), cache.path()).unwrap_err();
    assert!(told(&error).contains("nothing that is known lies below it"));
    let address = Address::parse(&server.url("/")).unwrap();
    let mirror = Mirror { from: &address, cache: cache.path(), skip: &[] };
    assert!(told(&mirror.cached().unwrap_err()).contains("without the network it cannot be"));
}

#[test]
fn all_files_together_have_a_limit() {
    let (server, _) = plain(&[("kev.json", b"{\"a\": 1}"), ("epss.csv", b"cve,epss,percentile\n")]);
    let cache = tempfile::tempdir().unwrap();
    let small = client(|it| it.max_total = 20);
    assert!(
        told(&fetch(&small, &server.url("/"), cache.path()).unwrap_err()).contains("larger than")
    );
}

#[test]
fn one_cache_is_used_by_one_process_at_a_time() {
    let (server, _) = plain(&[("kev.json", b"{}")]);
    let cache = tempfile::tempdir().unwrap();
    let url = server.url("/");
    let inner = std::cell::Cell::new(None);
    let address = Address::parse(&url).unwrap();
    let mirror = Mirror { from: &address, cache: cache.path(), skip: &[] };
    mirror
        .fetch(&client(|_| {}), &|_| {
            let error = fetch(&client(|_| {}), &url, cache.path());
            inner.set(Some(told(&error.unwrap_err())));
        })
        .unwrap();
    assert!(inner.take().unwrap().contains("another process uses the cache"));
}

#[test]
fn a_bucket_that_forbids_what_it_does_not_have_can_be_read() {
    let server = Server::new(|asked| match asked.path.as_str() {
        "/osv/ecosystems.txt" => reply(200, "npm\n"),
        "/osv/npm/all.zip" => reply(200, EMPTY_ZIP),
        _ => reply(403, "denied"),
    });
    let cache = tempfile::tempdir().unwrap();
    let done = fetch(&client(|_| {}), &server.url("/"), cache.path()).unwrap();
    assert_eq!(list(&done.folder), ["osv/npm/all.zip"]);
    // What is known to be there, and nothing at all, are other matters.
    let listed = Server::new(|asked| match asked.path.as_str() {
        "/ecosystems.txt" => reply(200, "npm\n"),
        _ => reply(403, "denied"),
    });
    for server in [listed, Server::new(|_| reply(403, "denied"))] {
        let error = fetch(&client(|_| {}), &server.url("/"), cache.path()).unwrap_err();
        assert!(told(&error).ends_with("403: it forbids this"), "{}", told(&error));
    }
}
