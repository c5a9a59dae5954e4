//! Who may import whom in `src/`, and who may touch the world.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

/// A module, and the modules it may name.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("format", &["model"]),
    ("source", &["model", "format"]),
    ("analyze", &["model", "format"]),
    ("secrets", &["model"]),
    ("scan", &["model", "format", "source", "analyze", "secrets"]),
    ("version", &["model"]),
    ("advisory", &["model", "format", "version"]),
    ("matching", &["model", "advisory", "version"]),
    ("fold", &["model", "version", "advisory", "matching"]),
    ("policy", &["model"]),
    ("report", &["model", "fold", "secrets"]),
    (
        "gate",
        &[
            "model", "format", "source", "analyze", "secrets", "scan", "version", "advisory",
            "matching", "fold", "policy", "report",
        ],
    ),
    (
        "cli",
        &[
            "model", "format", "source", "analyze", "secrets", "scan", "version", "advisory",
            "matching", "fold", "policy", "report", "gate",
        ],
    ),
];

/// Bytes and values in, values out.
const PURE: &[&str] =
    &["model", "format", "analyze", "secrets", "version", "matching", "fold", "policy", "report"];

const WORLD: &[&str] = &[
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "std::time",
    "SystemTime",
    "Instant::now",
];

/// The code of one file, without its tests and comments.
struct Source {
    module: String,
    path: PathBuf,
    code: String,
}

impl Source {
    fn read(path: PathBuf) -> Self {
        let inside = path.strip_prefix(root()).unwrap().with_extension("");
        let module = inside.components().next().unwrap().as_os_str().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap().lines();
        let code = code.filter(|it| !it.trim_start().starts_with("//"));
        Self { module, code: code.collect::<Vec<_>>().join("\n"), path }
    }

    /// The modules that follow `crate::`, also in braces.
    fn named(&self) -> Vec<&str> {
        let mut named = Vec::new();
        for rest in self.code.split("crate::").skip(1) {
            match rest.strip_prefix('{') {
                Some(braced) => {
                    let braced = braced.split(';').next().unwrap();
                    named.extend(first_words(braced));
                }
                None => named.extend(word(rest)),
            }
        }
        named
    }

    fn names(&self, text: &str) -> bool {
        self.code.contains(text)
    }
}

/// The first word of each entry of `a::b, c::{d, e}}`.
fn first_words(braced: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let entries = braced.split(|it: char| {
        depth += i32::from(it == '{') - i32::from(it == '}');
        it == ',' && depth == 0
    });
    entries.filter_map(|it| word(it.trim())).collect()
}

fn word(text: &str) -> Option<&str> {
    text.split(|it: char| !it.is_alphanumeric() && it != '_').next().filter(|it| !it.is_empty())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    let mut open = vec![root()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") && !path.ends_with("tests.rs") {
                sources.push(Source::read(path));
            }
        }
    }
    sources.retain(|it| !matches!(it.module.as_str(), "lib" | "main"));
    assert!(sources.len() > MAY_NAME.len(), "{} files", sources.len());
    sources
}

/// The files that break a rule, with what breaks it.
fn offenders<T: Display>(rule: impl Fn(&Source) -> Vec<T>, sources: &[Source]) -> Vec<String> {
    let mut found: Vec<String> = sources
        .iter()
        .flat_map(|it| rule(it).into_iter().map(|by| format!("{}: {by}", it.path.display())))
        .collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn imports_point_downwards() {
    let sources = sources();
    let rule = |it: &Source| -> Vec<String> {
        let line = MAY_NAME.iter().find(|(name, _)| *name == it.module);
        let Some((_, allowed)) = line else { return vec![format!("{} has no line", it.module)] };
        let named = it.named().into_iter().filter(|by| *by != it.module && !allowed.contains(by));
        named.map(str::to_owned).collect()
    };
    let found = offenders(rule, &sources);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn only_the_gate_and_the_command_line_know_the_frontend() {
    let sources = sources();
    let rule = |it: &Source| {
        let may = matches!(it.module.as_str(), "gate" | "cli");
        if !may && it.names("layergate_frontend") { vec!["layergate_frontend"] } else { vec![] }
    };
    let found = offenders(rule, &sources);
    assert!(found.is_empty(), "{found:#?}");
}

/// The frontend and the scan are the same binary, so that the compiler does not see to it.
#[test]
fn only_the_database_commands_know_the_network() {
    let sources = sources();
    let may = root().join("cli/db/network.rs");
    let ways = ["layergate_fetch", "ureq", "std::net", "TcpStream", "UdpSocket", "UnixStream"];
    let rule = |it: &Source| {
        ways.into_iter().filter(|by| it.path != may && it.names(by)).collect::<Vec<_>>()
    };
    let found = offenders(rule, &sources);
    assert!(found.is_empty(), "{found:#?}");
    // What it does is asked for by the other commands on databases, and by nothing else.
    let rule = |it: &Source| {
        let is_of_db =
            it.path.starts_with(root().join("cli/db")) || it.path == root().join("cli/db.rs");
        if !is_of_db && it.names("network::") { vec!["network"] } else { vec![] }
    };
    let found = offenders(rule, &sources);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_network_and_the_frontend_do_not_know_each_other() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = |of: &str| fs::read_to_string(home.join(of).join("Cargo.toml")).unwrap();
    for of in ["proto", "frontend"] {
        let text = manifest(of);
        let found = ["layergate-fetch", "ureq", "rustls"].into_iter().find(|it| text.contains(it));
        assert_eq!(found, None, "{of}");
    }
    let text = manifest("fetch");
    let knows =
        |it: &&str| text.contains(&format!("{it}.workspace")) || text.contains(&format!("{it} ="));
    let found =
        ["layergate", "layergate-frontend", "layergate-proto", "tokio"].into_iter().find(knows);
    assert_eq!(found, None);
}

#[test]
fn nothing_prints_past_the_writer_it_was_given() {
    let sources = sources();
    let macros = ["println!", "print!", "eprint!", "dbg!"];
    let rule = |it: &Source| macros.into_iter().filter(|by| it.names(by)).collect();
    let found = offenders(rule, &sources);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn pure_modules_have_no_files_environment_threads_or_clock() {
    let sources = sources();
    let rule = |it: &Source| {
        let is_pure = PURE.contains(&it.module.as_str());
        WORLD.iter().copied().filter(|by| is_pure && it.names(by)).collect()
    };
    let found = offenders(rule, &sources);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn imports_are_seen_in_every_form() {
    let code = "use crate::model::{Severity, self};\nuse crate::{policy::Judge, report::{a, b}, fold};\nlet it = crate::scan::run();";
    let source = Source { module: String::new(), path: PathBuf::new(), code: code.to_owned() };
    assert_eq!(source.named(), ["model", "policy", "report", "fold", "scan"]);
}
