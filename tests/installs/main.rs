//! Packages that were really installed: what the scan lists, beside what is committed here and beside
//! what the package manager itself says.
//!
//! A case is a script in `make/`, called with a directory. It leaves the layers of an image there, `1`,
//! `2`, … and in `truth`, where there is a package manager to ask, that one's own list. The image is
//! made of these layers and scanned. `expected/CASE.txt` has the whole list: kind, name, version,
//! package URL, evidence, layer, owner. `LAYERGATE_UPDATE=1` writes it anew, to be read before it is
//! committed. What comes from Debian has other versions after an update: where the list begins with
//! [`ANY_VERSION`], versions that the package manager tells stand as `*`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The first line of a list in which versions that come from Debian do not stand.
const ANY_VERSION: &str = "# * is the version that the package manager tells";

macro_rules! cases {
    ($($name:ident = $script:literal,)*) => {
        const CASES: &[&str] = &[$($script,)*];
        $(#[test] fn $name() { check($script); })*
    };
}

cases! {
    apk = "apk",
    asar = "asar",
    beam = "beam",
    bower = "bower",
    chisel = "chisel",
    classified = "classified",
    composer = "composer",
    conda = "conda",
    cpan = "cpan",
    distroless = "distroless",
    dotnet = "dotnet",
    dpkg = "dpkg",
    gem = "gem",
    git = "git",
    go = "go",
    java = "java",
    jdk = "jdk",
    jupyter = "jupyter",
    luarocks = "luarocks",
    models = "models",
    nix = "nix",
    npm = "npm",
    nvidia = "nvidia",
    opkg = "opkg",
    pacman = "pacman",
    portage = "portage",
    python_eggs = "python-eggs",
    python_pip = "python-pip",
    python_uv = "python-uv",
    r = "r",
    rpm = "rpm",
    rpm_bdb = "rpm-bdb",
    rpm_manifest = "rpm-manifest",
    rpm_ndb = "rpm-ndb",
    rust = "rust",
    small_ecosystems = "small-ecosystems",
}

#[test]
fn every_script_is_a_case() {
    let scripts = fs::read_dir(here().join("make")).unwrap();
    let scripts: BTreeSet<String> =
        scripts.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    let cases: BTreeSet<String> = CASES.iter().map(|it| (*it).to_owned()).collect();
    assert_eq!(scripts, cases);
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/installs")
}

fn check(case: &str) {
    let directory = made(case);
    let listed = listed(&directory);
    let truth = fs::read_to_string(directory.join("truth")).ok();
    let path = here().join("expected").join(format!("{case}.txt"));
    let expected = fs::read_to_string(&path).unwrap();
    let any_version = if expected.starts_with(ANY_VERSION) { truth.as_deref() } else { None };
    let mut shown = any_version.map_or(String::new(), |_| format!("{ANY_VERSION}\n"));
    let told: BTreeSet<&str> = any_version.into_iter().flat_map(str::lines).collect();
    for package in &listed {
        let is_told = told.contains(name(package).as_str());
        for line in lines(package) {
            let line = if is_told { without_version(&line, package) } else { line };
            writeln!(shown, "{line}").unwrap();
        }
    }
    if std::env::var_os("LAYERGATE_UPDATE").is_some() {
        fs::write(&path, &shown).unwrap();
    } else {
        assert_eq!(difference(&expected, &shown), "", "{case}: - expected, + listed");
    }
    if let Some(truth) = truth {
        agree_with_package_manager(case, &truth, &listed);
    }
}

/// The line with a star for the version, also where that is written as URLs ask.
fn without_version(line: &str, package: &Value) -> String {
    let version = package["version"].as_str().unwrap();
    if version.is_empty() {
        return line.to_owned();
    }
    line.replace(version, "*").replace(&version.replace('+', "%2B"), "*")
}

/// Kind, name and version, as package managers' lists have them.
fn name(package: &Value) -> String {
    let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    format!("{} {} {}", text(&package["type"]), text(&package["name"]), text(&package["version"]))
}

/// The directory with the case's layers, made if need be.
fn made(case: &str) -> PathBuf {
    let made = Command::new(here().join("made")).arg(case).output().unwrap();
    let log = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "tests/installs/make/{case} failed:\n{log}");
    PathBuf::from(String::from_utf8(made.stdout).unwrap().trim())
}

/// An image of the layers that were made.
fn image(directory: &Path) -> PathBuf {
    let numbered = (1..).map(|it| directory.join(it.to_string()));
    let layers: Vec<PathBuf> = numbered.take_while(|it| it.is_dir()).collect();
    assert!(!layers.is_empty(), "there is no layer in {}", directory.display());
    let image = directory.join("image.tar");
    let made = Command::new(here().join("oci-layout")).args(&layers).arg(&image).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    image
}

/// The packages that the scan of the image lists.
fn listed(directory: &Path) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_layergate"))
        .args(["scan", "--no-secrets", "--format", "json"])
        .arg(image(directory))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    document["packages"].as_array().unwrap().clone()
}

/// One line for each proof of a package.
fn lines(package: &Value) -> Vec<String> {
    let text = |it: &Value| it.as_str().unwrap_or("-").to_owned();
    let front = format!(
        "{} {} {} {}",
        text(&package["type"]),
        text(&package["name"]),
        if package["version"] == "" { "-".to_owned() } else { text(&package["version"]) },
        text(&package["purl"]),
    );
    let standing = match package["standing"].as_str() {
        Some("installed") | None => String::new(),
        Some(other) => format!(" {other}"),
    };
    let line = |evidence: &Value| {
        let mut line = format!("{front}{standing} {}", text(&evidence["path"]));
        if let Some(within) = evidence["within"].as_str() {
            write!(line, "!/{within}").unwrap();
        }
        write!(line, " layer {}", evidence["layer"].as_u64().unwrap() + 1).unwrap();
        let owner = &evidence["owned_by"];
        if owner.is_object() {
            write!(line, " of {} {}", text(&owner["type"]), text(&owner["name"])).unwrap();
        }
        line
    };
    package["evidence"].as_array().unwrap().iter().map(line).collect()
}

/// The package manager's list and ours, for the kinds that it knows. What only one of the two has must
/// stand in `except/CASE.txt`, with the reason behind a `#`.
fn agree_with_package_manager(case: &str, truth: &str, listed: &[Value]) {
    let truth: BTreeSet<String> = truth.lines().map(str::to_owned).collect();
    let kinds: BTreeSet<&str> = truth.iter().filter_map(|it| it.split(' ').next()).collect();
    assert!(!truth.is_empty(), "{case}: the package manager knows of nothing");
    let is_proved = |it: &&Value| it["standing"] != "declared";
    let ours: BTreeSet<String> = listed.iter().filter(is_proved).map(name).collect();
    let ours = ours.into_iter().filter(|it| kinds.contains(it.split(' ').next().unwrap()));
    let ours: BTreeSet<String> = ours.collect();
    let except = fs::read_to_string(here().join("except").join(format!("{case}.txt")));
    let except = except.unwrap_or_default();
    let except: BTreeSet<&str> =
        except.lines().map(|it| it.split('#').next().unwrap().trim()).collect();
    let only = |sign: &str, these: &BTreeSet<String>, those: &BTreeSet<String>| {
        let only = these.difference(those).map(|it| format!("{sign} {it}"));
        only.filter(|it| !except.contains(it.as_str())).collect::<Vec<_>>()
    };
    let differences = [only("-", &truth, &ours), only("+", &ours, &truth)].concat();
    assert!(differences.is_empty(), "{case}: - the package manager's, + ours\n{differences:#?}");
}

/// The lines that only one of two texts has.
fn difference(expected: &str, listed: &str) -> String {
    let (expected, listed): (BTreeSet<&str>, BTreeSet<&str>) =
        (expected.lines().collect(), listed.lines().collect());
    let missing = expected.difference(&listed).map(|it| format!("- {it}\n"));
    let more = listed.difference(&expected).map(|it| format!("+ {it}\n"));
    missing.chain(more).collect()
}
