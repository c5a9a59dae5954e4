//! Golden matches: what must be found in a package, and what must not, in `tests/golden`.

use std::fs;
use std::path::{Path, PathBuf};

use layergate::advisory::{Database, Options, build};
use layergate::matching::{Subject, find};
use layergate::model::{
    Component, Distro, Ecosystem, Fix, LayerPath, SourcePackage, Standing, Vulnerability,
};

/// The issue asks for that many; fewer would mean that a file is not read.
const LEAST: usize = 500;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// All files in a directory that end like this, in the order of their names.
fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(directory).unwrap().map(|it| it.unwrap().path());
    let mut files: Vec<PathBuf> =
        all.filter(|it| it.extension().is_some_and(|it| it == extension)).collect();
    files.sort();
    files
}

/// The database of all records, which stand one a line.
fn database(directory: &Path) -> Database {
    let from = directory.join("records");
    fs::create_dir(&from).unwrap();
    let mut n = 0;
    for file in files(&golden().join("advisories"), "jsonl") {
        for line in fs::read_to_string(file).unwrap().lines() {
            n += 1;
            fs::write(from.join(format!("{n}.json")), line).unwrap();
        }
    }
    let out = directory.join("db");
    let report = build(&from, &out, Options::default()).unwrap();
    assert!(report.bad.is_empty(), "{:?}", report.bad);
    assert_eq!(report.duplicates, 0);
    // A release with longer support, which is not the one that an image says to be.
    assert_eq!(format!("{:?}", report.skipped), r#"{"Red Hat": 1}"#);
    Database::open(&out).unwrap()
}

/// `id version`, then `key=value`; `-` for none.
fn distro(text: &str) -> Option<Distro> {
    let mut words = text.split(' ').filter(|it| *it != "-");
    let mut distro = Distro { id: words.next()?.to_owned(), ..Distro::default() };
    for word in words {
        match word.split_once('=') {
            None => distro.version = Some(word.to_owned()),
            Some(("codename", it)) => distro.codename = Some(it.to_owned()),
            Some(("base", it)) => distro.base = Some(it.to_owned()),
            Some(("name", it)) => distro.name = Some(it.replace('_', " ")),
            Some(("repositories", it)) => distro.repositories = Some(it.to_owned()),
            Some(("like", it)) => distro.like = it.split(',').map(str::to_owned).collect(),
            Some(("pro", it)) => distro.archives = it.split(',').map(str::to_owned).collect(),
            Some(_) => panic!("what is {word}?"),
        }
    }
    Some(distro)
}

fn component(words: &[&str]) -> Component {
    let ecosystem: Ecosystem = serde_json::from_str(&format!("{:?}", words[0])).unwrap();
    let name = words[1].to_owned();
    let version = if words[2] == "-" { "" } else { words[2] };
    let mut component = Component::new(ecosystem, name, version);
    if let Some(name) = words.get(3) {
        let version = words.get(4).unwrap_or(&words[2]);
        let (name, version) = ((*name).to_owned(), (*version).to_owned());
        component.source = Some(SourcePackage { name, version });
    }
    component
}

/// `kind name version`, then `source=name,version`, `module=label`, a word for its standing, and
/// `owner=kind,name,version` with the owner's source; the version of a source is its package's own
/// where none is given.
fn package(text: &str) -> (Component, Option<Component>) {
    let words: Vec<&str> = text.split(' ').collect();
    let (mut source, mut owner, mut rest) = (Vec::new(), None, Vec::new());
    for word in &words[3..] {
        match word.split_once('=') {
            Some(("source", it)) => source = it.split(',').collect(),
            Some(("owner", it)) => {
                owner = Some(component(&it.split(',').collect::<Vec<_>>()));
            }
            _ => rest.push(*word),
        }
    }
    let mut component = component(&[&words[..3], &source].concat());
    for word in rest {
        match word.split_once('=') {
            Some(("module", it)) => component = component.qualifier("rpmmod", it),
            None if word == "bundled" => component.standing = Standing::Bundled,
            None if word == "declared" => component.standing = Standing::Declared,
            None if word == "private" => component = component.property("private", "true"),
            _ => panic!("what is {word}?"),
        }
    }
    (component, owner)
}

/// `id severity rated-by fix`.
fn shown(found: &[Vulnerability]) -> String {
    let fix = |fix: &Fix| match fix {
        Fix::Fixed(version) => format!("fixed {version}"),
        Fix::Extended(version) => format!("extended {version}"),
        Fix::NotFixed => "not-fixed".to_owned(),
        Fix::Deferred => "deferred".to_owned(),
        Fix::WontFix => "wont-fix".to_owned(),
        Fix::EndOfLife => "end-of-life".to_owned(),
        Fix::Unknown => "unknown".to_owned(),
    };
    let line = |it: &Vulnerability| {
        let by = if it.rated_by.is_empty() { "-" } else { &it.rated_by };
        format!("{} {} {} {}", it.id, it.severity, by.replace(' ', "_"), fix(&it.fix))
    };
    let shown = found.iter().map(line).collect::<Vec<_>>().join(" ; ");
    if shown.is_empty() { "-".to_owned() } else { shown }
}

#[test]
fn every_golden_package_is_matched_as_it_must_be() {
    let directory = tempfile::tempdir().unwrap();
    let database = database(directory.path());
    let path = LayerPath::new("p").unwrap();
    let (mut n, mut wrong) = (0, Vec::new());
    for file in files(&golden(), "txt") {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let lines = (1..).zip(text.lines());
        for (number, line) in lines.filter(|it| !it.1.is_empty() && !it.1.starts_with('#')) {
            let [of, words, expected] = line.split(" | ").collect::<Vec<_>>()[..] else {
                panic!("{name}:{number}: {line}")
            };
            let (distro, (component, owner)) = (distro(of), package(words));
            let (distro, owner) = (distro.as_ref(), owner.as_ref());
            let subject = Subject { component: &component, path: &path, distro, owner };
            let found = shown(&find(&subject, &database).unwrap());
            n += 1;
            if found != expected {
                wrong.push(format!(
                    "{name}:{number}: {of} | {words}\n  expected {expected}\n  found    {found}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {n} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(n >= LEAST, "only {n} rows");
}
