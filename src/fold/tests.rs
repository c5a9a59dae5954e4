//! Steps in short form, and what each is told to have brought.

use std::path::Path;

use super::Fold;
use crate::advisory::{Database, build};
use crate::model::{
    Component, Ecosystem, FileFacts, Fingerprint, Inventory, LayerPath, Redacted, SecretHit,
};

/// `bad` is vulnerable in every version below 9.
fn database(directory: &Path) -> Database {
    let record = r#"{"id":"CVE-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"PyPI","name":"bad"},
        "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"9"}]}]}]}"#;
    std::fs::write(directory.join("CVE-1.json"), record).unwrap();
    build(directory, &directory.join("db"), None).unwrap();
    Database::open(&directory.join("db")).unwrap()
}

/// `path name version` for a package, `path !secret` for a secret, separated by commas.
fn inventory(text: &str) -> Inventory {
    let mut inventory = Inventory::default();
    for entry in text.split(',').map(str::trim).filter(|it| !it.is_empty()) {
        let words: Vec<&str> = entry.split(' ').collect();
        let facts = inventory.files.entry(LayerPath::new(words[0]).unwrap()).or_default();
        match words[1].strip_prefix('!') {
            Some(secret) => add_secret(facts, secret),
            None => facts.components.push(Component::new(Ecosystem::Pypi, words[1], words[2])),
        }
    }
    inventory
}

fn add_secret(facts: &mut FileFacts, secret: &str) {
    facts.secrets.push(SecretHit {
        line: 1,
        rule: "rule".into(),
        preview: Redacted::new(secret.as_bytes()),
        fingerprint: Fingerprint::new("rule", secret.as_bytes()),
    });
}

/// A chain of steps; for each: what it brought, and who is blamed for what is there.
fn check(steps: &[&str]) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let database = database(directory.path());
    let mut fold = Fold::default();
    let mut shown = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let parent = number.checked_sub(1);
        let brought = fold.add(number, parent, inventory(step), Some(&database)).unwrap();
        let packages = brought
            .vulnerabilities
            .iter()
            .map(|it| format!("{} {}", it.component.name, it.component.version));
        let secrets = brought.secrets.iter().map(|it| format!("secret in {}", it.path));
        let came: Vec<String> = packages.chain(secrets).collect();
        let blamed: Vec<String> = fold
            .findings(number)
            .map(|it| format!("{}@{}", it.vulnerability.component.version, it.since))
            .collect();
        shown.push(format!("+{came:?} ={blamed:?}").replace('"', ""));
    }
    shown
}

#[test]
fn a_package_is_blamed_on_the_step_that_brought_it() {
    assert_eq!(
        check(&["a ok 1", "a ok 1, b bad 1", "a ok 1, b bad 1, c ok 1"]),
        ["+[] =[]", "+[bad 1] =[1@1]", "+[] =[1@1]"]
    );
}

#[test]
fn a_removed_package_takes_its_findings_with_it() {
    assert_eq!(check(&["a bad 1", "b ok 1"]), ["+[bad 1] =[1@0]", "+[] =[]"]);
}

#[test]
fn an_upgrade_that_does_not_help_is_not_blamed_for_the_flaw() {
    assert_eq!(
        check(&["a bad 1", "a bad 2", "b bad 3"]),
        ["+[bad 1] =[1@0]", "+[] =[2@0]", "+[] =[3@0]"]
    );
}

#[test]
fn a_second_copy_is_blamed_on_its_own_step() {
    assert_eq!(
        check(&["a bad 1", "a bad 1, b bad 1"]),
        ["+[bad 1] =[1@0]", "+[bad 1] =[1@0, 1@1]"]
    );
}

#[test]
fn what_comes_back_is_brought_again() {
    assert_eq!(
        check(&["a bad 1", "b ok 1", "a bad 1"]),
        ["+[bad 1] =[1@0]", "+[] =[]", "+[bad 1] =[1@2]"]
    );
}

#[test]
fn a_secret_counts_once_and_for_ever() {
    assert_eq!(
        check(&["a !x", "a !x, b ok 1", "b ok 1", "a !x", "a !y"]),
        ["+[secret in /a] =[]", "+[] =[]", "+[] =[]", "+[] =[]", "+[secret in /a] =[]"]
    );
}
