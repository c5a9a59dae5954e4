//! `layergate scan`: what it says of directories and images, and to whom.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::run::{layergate, run};

/// A made-up token that the secret rules know.
fn token() -> String {
    ["hf_", "QzXwVbNmKjHg", "FdSaPoIuYtRe", "WqLkJhGfDs"].concat()
}

fn write(directory: &Path, path: &str, text: &str) {
    let path = directory.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn metadata(name: &str, version: &str) -> String {
    format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
}

/// A directory `root` with a package, a secret and a harmful file.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    write(&root, "etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian 12\"\n");
    write(&root, "opt/thing-1.0.dist-info/METADATA", &metadata("thing", "1.0"));
    write(&root, "opt/.env", &format!("HF_TOKEN={}\n", token()));
    write(&root, "opt/model.pkl", "cos\nsystem\n(S'id'\ntR.");
    directory
}

/// As `docker save` wrote it: two layers, of which the second deletes the first one's token and
/// brings another version of its package.
fn image() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let at = |path: &str| directory.path().join(path);
    write(&at("1"), "opt/thing-1.0.dist-info/METADATA", &metadata("thing", "1.0"));
    write(&at("1"), "opt/token", &token());
    write(&at("2"), "opt/.wh.token", "");
    write(&at("2"), "opt/.wh.thing-1.0.dist-info", "");
    write(&at("2"), "opt/thing-2.0.dist-info/METADATA", &metadata("thing", "2.0"));
    let tar = |from: &str, to: &str, names: &[&str]| {
        let mut tar = Command::new("tar");
        tar.args(["--sort=name", "--owner=0", "--group=0", "--mtime=@0", "-cf"]).arg(at(to));
        assert!(tar.arg("-C").arg(at(from)).args(names).status().unwrap().success());
    };
    fs::create_dir(at("image")).unwrap();
    let digest = |path: &str| {
        let output = Command::new("sha256sum").arg(at(path)).output().unwrap();
        String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
    };
    tar("1", "image/1.tar", &["opt"]);
    tar("2", "image/2.tar", &["opt"]);
    let config = format!(
        r#"{{"os":"linux","architecture":"amd64","rootfs":{{"type":"layers","diff_ids":["sha256:{}","sha256:{}"]}},
            "config":{{"Env":["PATH=/bin","TOKEN={}"]}},
            "history":[{{"created_by":"COPY first /"}},{{"created_by":"CMD x","empty_layer":true}},{{"created_by":"RUN second"}}]}}"#,
        digest("image/1.tar"),
        digest("image/2.tar"),
        token(),
    );
    write(&at("image"), "config.json", &config);
    let manifest = r#"[{"Config":"config.json","RepoTags":["demo:1"],"Layers":["1.tar","2.tar"]}]"#;
    write(&at("image"), "manifest.json", manifest);
    tar("image", "image.tar", &["manifest.json", "config.json", "1.tar", "2.tar"]);
    directory
}

#[test]
fn help_shows_what_can_be_scanned() {
    insta::assert_snapshot!(run(tempfile::tempdir().unwrap().path(), &["scan", "--help"]), @"
    exit 0
    out| Lists packages, secrets and harmful files of a directory or an image.
    out|
    out| An image is an archive as `docker save` writes it, an OCI layout or an archive of one, also packed
    out| with gzip or zstd. It is read layer by layer and never unpacked. Nothing is judged: that is what a
    out| build does, by its policy.
    out|
    out| Usage: layergate scan [OPTIONS] <PATH>
    out|
    out| Arguments:
    out|   <PATH>
    out|           A directory, an image, or - for an image from standard input
    out|
    out| Options:
    out|       --format <FORMAT>
    out|           How the result is written
    out|
    out|           [default: table]
    out|           [possible values: table, json]
    out|
    out|       --output <FILE>
    out|           Writes to this file instead of standard output
    out|
    out|       --no-secrets
    out|           Does not look for secrets, and opens only files that tell of packages or models
    out|
    out|       --image <NAME>
    out|           The image to scan, where an archive holds several: a name, or the beginning of a digest
    out|
    out|       --platform <OS/ARCH>
    out|           The platform to scan, where an image has several: linux/arm64
    out|
    out|   -h, --help
    out|           Print help (see a summary with '-h')
    out|
    out| Examples:
    out|     layergate scan ./rootfs
    out|     layergate scan image.tar --format json --output image.json
    out|     docker save alpine | layergate scan -
    ");
}

#[test]
fn a_directory_is_told_in_tables_the_worst_first() {
    insta::assert_snapshot!(run(directory().path(), &["scan", "root"]), @"
    exit 0
    out| root, debian 12: 1 package, 1 secret, 1 harmful file
    out|
    out| Files that harm
    out|   SEVERITY  WHAT                    FILE
    out|   CRITICAL  unsafe-model os.system  /opt/model.pkl
    out|
    out| Secrets
    out|   SEVERITY  RULE               SECRET  FILE
    out|   CRITICAL  huggingface-token  hf_Q…   /opt/.env:1
    out|
    out| Packages
    out|   TYPE  NAME   VERSION  EVIDENCE
    out|   pypi  thing  1.0      /opt/thing-1.0.dist-info/METADATA
    ");
}

#[test]
fn a_directory_is_told_as_json() {
    let directory = directory();
    let told = run(directory.path(), &["scan", "root", "--format", "json", "--output", "out.json"]);
    assert_eq!(told, "exit 0\n");
    let json = fs::read_to_string(directory.path().join("out.json")).unwrap();
    assert!(!json.contains(&token()));
    insta::assert_snapshot!(json, @r#"
    {
      "schema": 1,
      "layergate": "0.1.0",
      "target": {
        "path": "root",
        "kind": "directory"
      },
      "distro": {
        "id": "debian",
        "version": "12"
      },
      "layers": [],
      "packages": [
        {
          "type": "pypi",
          "name": "thing",
          "version": "1.0",
          "purl": "pkg:pypi/thing@1.0",
          "standing": "installed",
          "evidence": [
            {
              "path": "/opt/thing-1.0.dist-info/METADATA",
              "layer": 0
            }
          ]
        }
      ],
      "unsafe_files": [
        {
          "kind": "unsafe-model",
          "severity": "critical",
          "what": "os.system",
          "path": "/opt/model.pkl",
          "layer": 0
        }
      ],
      "secrets": [
        {
          "rule": "huggingface-token",
          "title": "Hugging Face token",
          "severity": "critical",
          "place": "/opt/.env",
          "line": 1,
          "preview": "hf_Q…",
          "fingerprint": "54eecea4",
          "layer": 0
        }
      ],
      "notes": []
    }
    "#);
}

#[test]
fn an_image_is_told_layer_by_layer() {
    let directory = image();
    insta::assert_snapshot!(run(directory.path(), &["scan", "image.tar"]), @"
    exit 0
    out| image.tar: 2 layers, 1 package, 2 secrets
    out|
    out| Secrets
    out|   SEVERITY  RULE               SECRET  FILE
    out|   CRITICAL  huggingface-token  hf_Q…   /opt/token:1, deleted later
    out|   CRITICAL  huggingface-token  hf_Q…   the environment variable TOKEN
    out|
    out| Layers
    out|   LAYER  PACKAGES   INSTRUCTION
    out|   0      1 added    COPY first /
    out|   1      1 changed  RUN second
    out|
    out| Packages
    out|   TYPE  NAME   VERSION  LAYER  EVIDENCE
    out|   pypi  thing  2.0      1      /opt/thing-2.0.dist-info/METADATA
    ");
    let json = run(directory.path(), &["scan", "image.tar", "--format", "json"]);
    for text in [
        r#""change": "upgraded","#,
        r#""from": "1.0","#,
        r#""created_by": "RUN second","#,
        r#""deleted": true"#,
        r#""place": "the environment variable TOKEN","#,
        r#""platform": "linux/amd64""#,
    ] {
        assert!(json.contains(text), "{text} is missing in {json}");
    }
    assert!(!json.contains(&token()));
}

#[test]
fn an_image_that_passes_by_and_one_that_is_packed_say_the_same() {
    let directory = image();
    let packages = |told: &str| {
        let told = told.split_once("Packages\n").unwrap_or_else(|| panic!("{told}")).1;
        told.to_owned()
    };
    let plain = run(directory.path(), &["scan", "image.tar"]);
    let gzip = Command::new("gzip").arg("-k").arg(directory.path().join("image.tar")).status();
    assert!(gzip.unwrap().success());
    assert_eq!(packages(&run(directory.path(), &["scan", "image.tar.gz"])), packages(&plain));
    let mut child = layergate(directory.path(), &["scan", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let bytes = fs::read(directory.path().join("image.tar")).unwrap();
    child.stdin.take().unwrap().write_all(&bytes).unwrap();
    let mut told = String::new();
    child.stdout.take().unwrap().read_to_string(&mut told).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(told.contains("pypi  thing  2.0"), "{told}");
}

#[test]
fn without_secrets_none_is_told() {
    let told = run(directory().path(), &["scan", "root", "--no-secrets"]);
    assert!(told.contains("0 secrets") && told.contains("thing"), "{told}");
    let told = run(image().path(), &["scan", "image.tar", "--no-secrets"]);
    assert!(told.contains("0 secrets") && told.contains("thing"), "{told}");
}

#[test]
fn errors_say_what_was_wrong_with_the_path() {
    let directory = directory();
    write(directory.path(), "text", "no image");
    insta::assert_snapshot!(run(directory.path(), &["scan", "absent"]), @"
    exit 2
    err| layergate: cannot open absent: No such file or directory (os error 2)
    ");
    insta::assert_snapshot!(run(directory.path(), &["scan", "text"]), @"
    exit 2
    err| layergate: this is no image: it is neither a directory nor an archive
    ");
    let image = image();
    insta::assert_snapshot!(
        run(image.path(), &["scan", "image.tar", "--platform", "linux/s390x"]),
        @"
    exit 2
    err| layergate: there is no image for linux/s390x; there are: linux/amd64
    "
    );
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let directory = directory();
    let mut child =
        layergate(directory.path(), &["scan", "root"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}
