//! Signed databases, from outside.

use std::fs;
use std::path::Path;

use crate::run::run;

/// As `openssl genpkey -algorithm ed25519` writes a key: that of test 1 of RFC 8032.
pub(crate) const SECRET: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
pub(crate) const PUBLIC: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
/// Of test 2.
pub(crate) const OTHER: &str = "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";

const RECORD: &str = r#"{"id":"TEST-1","modified":"2026-01-02T00:00:00Z","affected":[{"package":{"ecosystem":"PyPI","name":"thing"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.1"}]}]}]}"#;

/// A folder with keys and what a database is built from.
pub(crate) fn with_keys() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    fs::create_dir(directory.path().join("osv")).unwrap();
    write("osv/a.json", RECORD);
    write("key.pem", SECRET);
    write("pub", PUBLIC);
    directory
}

fn exit(directory: &Path, arguments: &[&str]) -> (char, String) {
    let shown = run(directory, arguments);
    (shown.chars().nth(5).unwrap(), shown)
}

#[test]
fn a_signature_is_made_with_the_database_or_later_and_is_the_same() {
    let directory = with_keys();
    let bytes = |name: &str| fs::read(directory.path().join(name)).unwrap();
    run(directory.path(), &["db", "build", "osv", "-o", "a.db", "--sign", "key.pem"]);
    run(directory.path(), &["db", "build", "osv", "-o", "b.db"]);
    assert_ne!(bytes("a.db"), bytes("b.db"));
    let (code, said) = exit(directory.path(), &["db", "sign", "b.db", "--key", "key.pem"]);
    assert!(code == '0' && said.contains(PUBLIC), "{said}");
    assert_eq!(bytes("a.db"), bytes("b.db"));
    for key in ["pub", PUBLIC] {
        let (code, said) = exit(directory.path(), &["db", "verify", "a.db", "--key", key]);
        assert!(
            code == '0' && said.contains(&format!("signed   by {PUBLIC}, as asked for")),
            "{said}"
        );
    }
}

#[test]
fn what_is_wrong_with_a_database_is_exit_code_one() {
    let directory = with_keys();
    let path = directory.path().join("a.db");
    run(directory.path(), &["db", "build", "osv", "-o", "a.db"]);
    let verify = |arguments: &[&str]| {
        exit(directory.path(), &[&["db", "verify", "a.db"], arguments].concat())
    };
    let (code, said) = verify(&[]);
    assert!(code == '0' && said.contains("signed   none"), "{said}");
    let (code, said) = verify(&["--key", "pub"]);
    assert!(code == '1' && said.contains("it is not signed"), "{said}");
    run(directory.path(), &["db", "sign", "a.db", "--key", "key.pem"]);
    let (code, said) = verify(&["--key", OTHER]);
    assert!(
        code == '1' && said.contains(&format!("its signature is not of the key {OTHER}")),
        "{said}"
    );
    let good = fs::read(&path).unwrap();
    // In the length, in the signature, at the end.
    for at in [24, 60, good.len() - 1] {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        fs::write(&path, bytes).unwrap();
        assert_eq!(verify(&["--key", "pub"]).0, '1', "byte {at}");
    }
}

#[test]
fn what_could_not_be_looked_at_is_exit_code_two() {
    let directory = with_keys();
    run(directory.path(), &["db", "build", "osv", "-o", "a.db"]);
    for arguments in [
        &["db", "verify", "absent.db"][..],
        &["db", "verify", "a.db", "--key", "absent"],
        &["db", "verify", "a.db", "--key", "key.pem"],
        &["db", "sign", "a.db", "--key", "pub"],
        &["db", "build", "osv", "-o", "b.db", "--sign", "absent"],
    ] {
        let (code, said) = exit(directory.path(), arguments);
        assert_eq!(code, '2', "{said}");
    }
    assert!(!directory.path().join("b.db").exists());
}
