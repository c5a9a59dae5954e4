//! Steps in short form, and what each is told to have brought.

use std::path::Path;

use super::{Brought, Change, Evidence, Finding, Fold, Move, Package, Place, Since};
use crate::advisory::{Database, Options, build};
use crate::model::{
    Component, Ecosystem, FileFacts, Fingerprint, Hazard, HazardKind, Inventory, LayerPath, Owns,
    PathSet, Redacted, SecretHit, Severity,
};

/// `bad` and `torch` are vulnerable in every version below 9.
fn database(directory: &Path) -> Database {
    let record = r#"{"id":"CVE-1","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"PyPI","name":"bad"},
        "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"9"}]}]}]}"#;
    std::fs::write(directory.join("CVE-1.json"), record).unwrap();
    let other = record.replace("CVE-1", "CVE-2").replace("bad", "torch");
    std::fs::write(directory.join("CVE-2.json"), other).unwrap();
    build(directory, &directory.join("db"), Options::default()).unwrap();
    Database::open(&directory.join("db")).unwrap()
}

/// Separated by commas: `path name version` for a Python package, `path kind:name version` for
/// another, `path !secret`, `path ^hazard`, `path has other` for a file of the package that `path`
/// proves, and `path db` for a distribution's database.
fn inventory(text: &str) -> Inventory {
    let mut inventory = Inventory::default();
    for entry in text.split(',').map(str::trim).filter(|it| !it.is_empty()) {
        let words: Vec<&str> = entry.split(' ').collect();
        let path = LayerPath::new(words[0]).unwrap();
        let facts = inventory.files.entry(path.clone()).or_default();
        match (words[1].split_at(1), words[1]) {
            (("!", secret), _) => add_secret(facts, secret),
            (("^", what), _) => facts.hazards.push(Hazard {
                kind: HazardKind::UnsafeModel,
                severity: Severity::High,
                what: what.to_owned(),
                within: None,
            }),
            (_, "db") => facts.database = Some(Ecosystem::Deb),
            (_, "has") => facts.owns.push(Owns {
                of: path,
                name: None,
                arch: None,
                n_files: 1,
                paths: [PathSet::hash(&LayerPath::new(words[2]).unwrap())].into_iter().collect(),
            }),
            (_, name) => {
                let (kind, name) = name.split_once(':').unwrap_or(("pypi", name));
                let kind = serde_json::from_str(&format!("\"{kind}\"")).unwrap();
                facts.components.push(Component::new(kind, name, words[2]));
            }
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

/// Steps, each started from the one before unless it begins with the number of another and `>`;
/// after a `<` stand the steps that it copied from.
fn fold(steps: &[&str], mut heard: impl FnMut(&Fold, usize, Brought)) {
    let directory = tempfile::tempdir().unwrap();
    let database = database(directory.path());
    let mut fold = Fold::default();
    for (step, text) in steps.iter().enumerate() {
        let (parent, text) = match text.split_once('>') {
            Some((parent, text)) => (parent.trim().parse().ok(), text),
            None => (step.checked_sub(1), *text),
        };
        let (text, copied_from) = text.split_once('<').unwrap_or((text, ""));
        let copied_from = copied_from.split_whitespace().map(|it| it.parse().unwrap()).collect();
        let place = Place { step, parent, copied_from };
        let brought = fold.add(&place, inventory(text), Some(&database)).unwrap();
        heard(&fold, step, brought);
    }
}

fn since(it: Since) -> String {
    it.made_by.map_or(it.step.to_string(), |made_by| format!("{}<{made_by}", it.step))
}

/// For each step: what it brought, and who is blamed for what is there.
fn check(steps: &[&str]) -> Vec<String> {
    let mut shown = Vec::new();
    fold(steps, |fold, step, brought| {
        let packages = brought.vulnerabilities.iter().map(|it| &it.vulnerability.component);
        let packages = packages.map(|it| format!("{} {}", it.name, it.version));
        let hazards = brought.hazards.iter().map(|it| format!("{} in {}", it.hazard.what, it.path));
        let secrets = brought.secrets.iter().map(|it| format!("secret in {}", it.path));
        let came: Vec<String> = packages.chain(hazards).chain(secrets).collect();
        let version = |it: &Finding| it.vulnerability.component.version.clone();
        let blamed = fold.findings(step).map(|it| format!("{}@{}", version(it), since(it.since)));
        let harm = fold.hazards(step).map(|it| format!("{}@{}", it.hazard.what, since(it.since)));
        let blamed: Vec<String> = blamed.chain(harm).collect();
        shown.push(format!("+{came:?} ={blamed:?}").replace('"', ""));
    });
    shown
}

/// For each step: what came, went and changed.
fn changes(steps: &[&str]) -> Vec<String> {
    let mut shown = Vec::new();
    fold(steps, |_, _, brought| {
        let change = |it: &Change| {
            let name = format!("{} {}", it.component.name, it.component.version);
            match &it.what {
                Move::Added => format!("+{name}"),
                Move::Removed => format!("-{name}"),
                Move::Upgraded(from) => format!("{name} up from {from}"),
                Move::Downgraded(from) => format!("{name} down from {from}"),
                Move::Changed(from) => format!("{name} instead of {from}"),
            }
        };
        let lost = brought.lost.iter().map(|it| format!("lost {it}"));
        let all: Vec<String> = brought.changes.iter().map(change).chain(lost).collect();
        shown.push(all.join(", "));
    });
    shown
}

/// The packages of the last step, each with its evidence.
fn packages(steps: &[&str]) -> Vec<String> {
    let mut shown = Vec::new();
    fold(steps, |fold, step, _| {
        let evidence = |it: &Evidence| {
            let owner = it.owner.as_ref().map_or(String::new(), |it| format!(" of {}", it.name));
            let lost = if it.is_lost { " lost" } else { "" };
            format!("{}@{}{owner}{lost}", it.path, since(it.since))
        };
        let package = |it: &Package| {
            let evidence: Vec<String> = it.evidence.iter().map(evidence).collect();
            format!("{} {} {}", it.component.name, it.component.version, evidence.join(" "))
        };
        shown = fold.view(step).unwrap().packages().iter().map(package).collect();
    });
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

#[test]
fn a_harmful_file_counts_while_it_is_there() {
    assert_eq!(
        check(&["m ^os.system", "m ^os.system, n ^exec", "n ^exec"]),
        [
            "+[os.system in /m] =[os.system@0]",
            "+[exec in /n] =[os.system@0, exec@1]",
            "+[] =[exec@1]"
        ]
    );
}

#[test]
fn what_was_copied_names_the_step_that_made_it() {
    assert_eq!(
        check(&["a ok 1", "a ok 1, b bad 1, m ^exec", "x>c bad 1, n ^exec < 1", "d bad 2 < 1"]),
        [
            "+[] =[]",
            "+[bad 1, exec in /m] =[1@1, exec@1]",
            "+[bad 1, exec in /n] =[1@2<1, exec@2<1]",
            // Another version is the same flaw still, and came with the first.
            "+[] =[2@2<1]"
        ]
    );
}

#[test]
fn a_rewritten_database_is_a_difference_of_sets() {
    assert_eq!(
        changes(&[
            "s deb:a 1, s deb:b 1, s deb:c 2",
            "s deb:a 1, s deb:b 2, s deb:c 1, s deb:d 1",
            "s deb:d 1",
            "t deb:d 1",
            "t deb:d not-ordered!",
        ]),
        [
            "+a 1, +b 1, +c 2",
            "b 2 up from 1, c 1 down from 2, +d 1",
            "-a 1, -b 2, -c 1",
            "",
            "d not-ordered! instead of 1"
        ]
    );
}

#[test]
fn a_deleted_database_hides_its_packages_and_removes_none() {
    let steps = ["s db, s deb:a 1, p bad 1", "p bad 1", "p bad 1, q ok 1"];
    assert_eq!(changes(&steps), ["+a 1, +bad 1", "lost /s", "+ok 1"]);
    assert_eq!(packages(&steps), ["a 1 /s@0 lost", "bad 1 /p@0", "ok 1 /q@2"]);
    // It was moved, or all packages were removed.
    assert_eq!(packages(&["s db, s deb:a 1", "t db, t deb:a 1"]), ["a 1 /t@0"]);
    assert_eq!(changes(&["s db, s deb:a 1", "s db"]), ["+a 1", "-a 1"]);
}

#[test]
fn an_owner_may_come_from_another_step() {
    assert_eq!(
        packages(&["p ok 1", "p ok 1, s deb:python3-ok 1-1, s has p"]),
        ["python3-ok 1-1 /s@1", "ok 1 /p@0 of python3-ok"]
    );
    assert_eq!(
        check(&["p bad 1", "p bad 1, c conda:bad 1, c has p", "p bad 1"]),
        ["+[bad 1] =[1@0]", "+[] =[1@0]", "+[] =[1@0]"]
    );
}

#[test]
fn a_conda_package_is_matched_where_no_python_package_of_its_own_is() {
    assert_eq!(check(&["c conda:pytorch 1"]), ["+[pytorch 1] =[1@0]"]);
    assert_eq!(check(&["c conda:pytorch 1, c has p, p torch 1"]), ["+[torch 1] =[1@0]"]);
    assert_eq!(check(&["c conda:pytorch 1, p torch 9"]), ["+[pytorch 1] =[1@0]"]);
}

#[test]
fn a_pattern_tells_of_a_program_only_where_no_package_does() {
    let steps = ["bin/x generic:x 1, s deb:x 1-1, s has bin/x, opt/x generic:x 1"];
    assert_eq!(packages(&steps), ["x 1-1 /s@0", "x 1 /opt/x@0"]);
    // A wheel's copy of a library is told: its wheel says nothing of it.
    let steps = ["l generic:openssl 3, m wheel 1, m has l"];
    assert_eq!(packages(&steps), ["openssl 3 /l@0 of wheel", "wheel 1 /m@0"]);
}

#[test]
fn one_package_may_have_several_proofs() {
    let parts =
        "m nvidia:cudnn 9.1.0.70, h nvidia:cudnn 9.1.0, l nvidia:cudnn 9, n nvidia:cudnn 8.9";
    assert_eq!(packages(&[parts]), ["cudnn 8.9 /n@0", "cudnn 9.1.0.70 /h@0 /l@0 /m@0"]);
    let twice = "a ok 1, b ok 1, c ok 2";
    assert_eq!(packages(&[twice]), ["ok 1 /a@0 /b@0", "ok 2 /c@0"]);
}
