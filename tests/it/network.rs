//! The database commands that use a network: a server on the loopback interface, and a real registry.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::run::{layergate, run, show};
use crate::signing::{OTHER, PUBLIC, with_keys};

/// What a server does with the requests to come, before it answers as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    TooMany,
    Cut,
    Nonsense,
}

/// Serves the files below a folder, as Python's own server does, and makes trouble as told.
fn serve(folder: &Path) -> (String, Arc<Mutex<Vec<Trouble>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (folder, trouble) = (folder.to_owned(), Arc::<Mutex<Vec<Trouble>>>::default());
    let kept = Arc::clone(&trouble);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut head) = (stream.unwrap(), Vec::new());
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            let Some(path) = head.split(' ').nth(1) else { continue };
            let path = folder.join(path.trim_start_matches('/').replace("%20", " "));
            let content = fs::read(path).ok();
            let (status, body, cut) = match (content, kept.lock().unwrap().pop()) {
                (_, Some(Trouble::TooMany)) => ("429 Wait\r\nretry-after: 0", b"wait".to_vec(), 0),
                (_, Some(Trouble::Nonsense)) => ("200 OK", b"<html>welcome".to_vec(), 0),
                (Some(content), Some(Trouble::Cut)) => {
                    ("200 OK", content.clone(), content.len() / 2)
                }
                (Some(content), None) => ("200 OK", content, 0),
                (None, _) => ("404 No", b"no".to_vec(), 0),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\nlast-modified: Thu, 01 Jan 2026 00:00:00 GMT\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            // A client may have gone.
            let answer = [head.as_bytes(), &body[..body.len() - cut]].concat();
            stream.write_all(&answer).unwrap_or_default();
        }
    });
    (url, trouble)
}

/// A zip archive of files that are not compressed.
fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let (crc, length) = (crc32fast::hash(text.as_bytes()), u32::try_from(text.len()).unwrap());
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        for number in [crc, length, length] {
            common.extend_from_slice(&number.to_le_bytes());
        }
        common.extend_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
        common.extend_from_slice(&[0, 0]);
        directory.extend_from_slice(b"PK\x01\x02\x14\0");
        directory.extend_from_slice(&common);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&u32::try_from(out.len()).unwrap().to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&common);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(text.as_bytes());
    }
    let start = out.len();
    out.extend_from_slice(&directory);
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&[count, count].concat());
    for number in [directory.len(), start] {
        out.extend_from_slice(&u32::try_from(number).unwrap().to_le_bytes());
    }
    out.extend_from_slice(&[0, 0]);
    out
}

fn record(id: &str, ecosystem: &str, package: &str) -> String {
    format!(
        r#"{{"id":"{id}","modified":"2026-01-02T00:00:00Z","aliases":["CVE-2026-1"],"summary":"told","affected":[{{"package":{{"ecosystem":"{ecosystem}","name":"{package}"}},"versions":["1.0.0"]}}]}}"#
    )
}

/// A folder in the layout of a mirror, with all kinds of names.
fn published(folder: &Path) {
    let write = |name: &str, content: &[u8]| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    write("osv/ecosystems.txt", b"npm\nRocky Linux\nRocky Linux:9\n");
    write("osv/npm/all.zip", &zip(&[("A.json", &record("A", "npm", "p")), ("B.json", "{")]));
    let rocky = record("C", "Rocky Linux:9", "q");
    write("osv/Rocky Linux/all.zip", &zip(&[("C.json", &rocky)]));
    write("kev.json", br#"{"catalogVersion": "2026.01.03", "vulnerabilities": [{"cveID": "CVE-2026-1", "dateAdded": "2026-01-03"}]}"#);
    write("epss.csv", b"#model_version:v1,score_date:2026-01-04T00:00:00Z\ncve,epss,percentile\nCVE-2026-1,0.5,0.9\n");
    write("files.txt", b"more/d.json\n");
    write("more/d.json", record("D", "PyPI", "r").as_bytes());
}

#[test]
fn a_folder_and_its_address_give_the_same_bytes_whatever_happens_on_the_way() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = |name: &str| fs::read(directory.path().join(name)).unwrap();
    let folder = directory.path().join("published");
    published(&folder);
    let (url, trouble) = serve(&folder);
    let go = |arguments: &[&str]| run(directory.path(), &[&["db", "build"], arguments].concat());
    let built = go(&["published", "-o", "a.db"]);
    assert!(built.contains("3 records") && built.contains("CISA KEV"), "{built}");
    // The last comes first.
    *trouble.lock().unwrap() = vec![Trouble::Cut, Trouble::TooMany, Trouble::Cut, Trouble::TooMany];
    let built = go(&[&url, "-o", "b.db", "--cache", "cache"]);
    assert!(built.contains("files fetched, 0 unchanged"), "{built}");
    assert_eq!(bytes("a.db"), bytes("b.db"), "{built}");
    assert!(trouble.lock().unwrap().is_empty());
    // Several sources, of which one is a single file.
    let mirror = format!("{url}/osv");
    let (kev, other) = (format!("{url}/kev.json"), format!("{url}/more/d.json#d.json"));
    let mut arguments =
        vec![mirror.as_str(), &kev, &other, "epss", "-o", "c.db", "--cache", "cache"];
    fs::create_dir(directory.path().join("epss")).unwrap();
    fs::copy(folder.join("epss.csv"), directory.path().join("epss/epss.csv")).unwrap();
    go(&arguments);
    assert_eq!(bytes("a.db"), bytes("c.db"));
    arguments.push("--offline");
    fs::remove_file(directory.path().join("c.db")).unwrap();
    go(&arguments);
    assert_eq!(bytes("a.db"), bytes("c.db"));
}

#[test]
fn a_server_that_fails_leaves_the_last_good_database() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("published");
    published(&folder);
    let (url, trouble) = serve(&folder);
    let go = || {
        run(
            directory.path(),
            &[
                "db",
                "build",
                &format!("{url}/kev.json"),
                "published",
                "-o",
                "a.db",
                "--cache",
                "cache",
            ],
        )
    };
    go();
    let good = fs::read(directory.path().join("a.db")).unwrap();
    *trouble.lock().unwrap() = vec![Trouble::Nonsense];
    let said = go();
    assert!(said.starts_with("exit 2") && said.contains("what came is a web page"), "{said}");
    assert_eq!(fs::read(directory.path().join("a.db")).unwrap(), good);
    let offline = run(
        directory.path(),
        &["db", "build", "http://127.0.0.1:9/", "-o", "a.db", "--cache", "cache", "--offline"],
    );
    assert!(
        offline.starts_with("exit 2") && offline.contains("leave --offline out once"),
        "{offline}"
    );
    let homeless = run(directory.path(), &["db", "build", "http://127.0.0.1:9/", "-o", "a.db"]);
    assert!(homeless.contains("give a folder with --cache"), "{homeless}");
    assert_eq!(fs::read(directory.path().join("a.db")).unwrap(), good);
}

/// `docker-registry` of Debian, which wants to know who asks.
struct Registry {
    process: Child,
    host: String,
    home: tempfile::TempDir,
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.process.kill().unwrap_or_default();
        self.process.wait().ok();
    }
}

/// `me` with the password `word`.
const USERS: &str = "me:$2y$05$abcdefghijklmnopqrstuuQDoL5Sa/TtfS/XN4AY/jgq.HBbO1BTu\n";

impl Registry {
    /// Nothing, and says so, on a machine that cannot have one.
    #[expect(clippy::print_stderr, reason = "whoever runs the tests should know")]
    fn start() -> Option<Self> {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        let install = repository.join("tests/engine/install");
        if !Command::new(install).arg("registry").status().unwrap().success() {
            eprintln!("SKIPPED: no registry can be had here; push and pull are not tested");
            return None;
        }
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| -> PathBuf { home.path().join(name) };
        fs::write(at("users"), USERS).unwrap();
        let config = format!(
            "version: 0.1\nlog: {{ level: info }}\nstorage: {{ filesystem: {{ rootdirectory: {} }} }}\n\
             http: {{ addr: \"127.0.0.1:0\" }}\nauth: {{ htpasswd: {{ realm: test, path: {} }} }}\n",
            at("data").display(),
            at("users").display()
        );
        fs::write(at("config.yml"), config).unwrap();
        let log = File::create(at("log")).unwrap();
        let process = Command::new("docker-registry")
            .args(["serve".into(), at("config.yml")])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut registry = Self { process, host: String::new(), home };
        let begin = Instant::now();
        while registry.host.is_empty() {
            let log = fs::read_to_string(registry.home.path().join("log")).unwrap();
            assert!(begin.elapsed() < Duration::from_secs(60), "no registry: {log}");
            if let Some((_, rest)) = log.split_once("listening on ") {
                let end = rest.find(|it: char| !it.is_ascii_digit() && !matches!(it, '.' | ':'));
                rest[..end.unwrap_or(rest.len())].clone_into(&mut registry.host);
            }
            thread::sleep(Duration::from_millis(50));
        }
        Some(registry)
    }
}

#[test]
fn a_registry_keeps_a_database_for_those_who_may() {
    let Some(registry) = Registry::start() else { return };
    let directory = with_keys();
    let at = |name: &str| directory.path().join(name);
    let bytes = |name: &str| fs::read(at(name)).unwrap();
    run(directory.path(), &["db", "build", "osv", "-o", "a.db", "--sign", "key.pem"]);
    let name = format!("{}/team/advisories", registry.host);
    let go = |arguments: &[&str]| {
        let arguments = [&["db"], arguments].concat();
        show(layergate(directory.path(), &arguments).env("DOCKER_CONFIG", at("docker")))
    };
    let stranger = go(&["push", &name, "a.db"]);
    assert!(stranger.starts_with("exit 2") && stranger.contains("docker login"), "{stranger}");
    fs::create_dir(at("docker")).unwrap();
    let config = format!(r#"{{"auths": {{"{}": {{"auth": "bWU6d29yZA=="}}}}}}"#, registry.host);
    fs::write(at("docker/config.json"), config).unwrap();
    let pushed = go(&["push", &name, "a.db", "--tag", "latest"]);
    let digest = pushed.strip_prefix("exit 0\nout| ").unwrap_or_else(|| panic!("{pushed}")).trim();
    assert_eq!(
        go(&["push", &name, "a.db"]).trim_end(),
        pushed.trim_end(),
        "the same is there already"
    );
    for reference in [name.clone(), format!("{name}:latest"), format!("{name}@{digest}")] {
        let pulled = go(&["pull", &reference, "-o", "b.db", "--key", PUBLIC]);
        assert!(pulled.starts_with("exit 0") && pulled.contains(digest), "{pulled}");
        assert_eq!(bytes("a.db"), bytes("b.db"));
        fs::remove_file(at("b.db")).unwrap();
    }
    // What is wrong does not take the place of what is right.
    fs::write(at("b.db"), "the last good one").unwrap();
    let other = go(&["pull", &name, "-o", "b.db", "--key", OTHER]);
    assert!(
        other.starts_with("exit 1") && other.contains("its signature is not of the key"),
        "{other}"
    );
    let absent = go(&["pull", &format!("{name}:absent"), "-o", "b.db"]);
    assert!(absent.starts_with("exit 2") && absent.contains("there is no such thing"), "{absent}");
    assert_eq!(bytes("b.db"), b"the last good one");
    let left = fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(left, 6, "osv, key.pem, pub, docker, a.db, b.db");
    fs::write(at("broken.db"), &bytes("a.db")[..100]).unwrap();
    let broken = go(&["push", &name, "broken.db"]);
    assert!(
        broken.starts_with("exit 2") && broken.contains("only a whole database is pushed"),
        "{broken}"
    );
}

#[test]
fn every_name_that_is_looked_for_is_in_the_readme() {
    let readme = include_str!("../../README.md");
    for name in layergate_fetch::FILES.iter().chain([&layergate_fetch::LIST]) {
        let packed = name.strip_suffix(".csv.gz").map(|it| format!("`{it}.csv`, "));
        let is_told = readme.contains(&format!("`{name}`"))
            || packed.is_some_and(|it| {
                readme.contains(&it) || readme.contains(it.trim_end_matches(", "))
            });
        assert!(is_told, "{name}");
    }
}
