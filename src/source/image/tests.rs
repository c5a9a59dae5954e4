//! Images of every kind, and images that mean harm.

use std::fmt::Write as _;
use std::fs;

use super::made::{Files, Stored, digest, gzip, seed, zstd};
use super::{Image, ImageError, Opened, Platform, Wanted, open};
use crate::format::tar::made::Tar;

fn layer(text: &str) -> Vec<u8> {
    Tar::default().file("f", text.as_bytes()).end()
}

/// What is at a path, in short.
fn show(opened: Result<Opened, ImageError>) -> String {
    match opened {
        Err(error) => {
            let mut text = format!("error: {error}");
            if let Some(source) = std::error::Error::source(&error) {
                write!(text, ": {source}").unwrap();
            }
            text
        }
        Ok(Opened::Once(_)) => "once".to_owned(),
        Ok(Opened::Image(image)) => show_image(&image),
    }
}

fn show_image(image: &Image) -> String {
    let config = &image.facts.config;
    let platform = config.platform.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut text = format!("{platform}\n");
    for (at, layer) in image.facts.layers.iter().enumerate() {
        let by = layer.created_by.as_deref().unwrap_or("-");
        let content = match image.layer(at, true) {
            Err(error) => format!("error: {error}"),
            Ok(None) => "not there".to_owned(),
            Ok(Some(mut stream)) => {
                let name = match stream.archive.entry() {
                    Ok(entry) => {
                        entry.map_or("empty".to_owned(), |it| it.name.escape_ascii().to_string())
                    }
                    Err(error) => format!("error: {error}"),
                };
                match stream.finish() {
                    Ok(hashes) => {
                        let digests = (layer.digest.as_ref(), layer.diff_id.as_ref());
                        match hashes.check(at + 1, digests.0, digests.1) {
                            Ok(()) => name,
                            Err(error) => error.to_string().split(": ").next().unwrap().to_owned(),
                        }
                    }
                    Err(error) => format!("error: {error}"),
                }
            }
        };
        writeln!(text, "{by}: {content}").unwrap();
    }
    for note in &image.facts.notes {
        writeln!(text, "note: {}", note.split(": ").next().unwrap()).unwrap();
    }
    text
}

fn open_tar(bytes: &[u8], wanted: &Wanted) -> Result<Opened, ImageError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("image.tar");
    fs::write(&path, bytes).unwrap();
    open(&path, wanted)
}

fn check(files: &Files) -> String {
    show(open_tar(&files.tar(), &Wanted::default()))
}

fn check_for(files: &Files, name: Option<&str>, platform: Option<&str>) -> String {
    let platform = platform.map(|it| Platform::parse(it).unwrap());
    let wanted = Wanted { name: name.map(str::to_owned), platform };
    // Digests are long, and told by the names of their images elsewhere.
    show(open_tar(&files.tar(), &wanted))
}

#[test]
fn a_layout_is_opened_as_directory_and_as_archive() {
    for stored in [Stored::Plain, Stored::Gzip, Stored::Zstd] {
        let (one, two) = (layer("one"), layer("two"));
        let files = Files::oci(&[&one, &two], stored);
        let expected = "linux/amd64\nADD base: f\nRUN two: f\n";
        assert_eq!(check(&files), expected, "{stored:?}");
        let directory = tempfile::tempdir().unwrap();
        files.write(directory.path());
        assert_eq!(show(open(directory.path(), &Wanted::default())), expected, "{stored:?}");
        assert!(super::is_image(directory.path()));
    }
}

#[test]
fn history_is_told_with_layers() {
    let (one, two) = (layer("one"), layer("two"));
    let Opened::Image(image) =
        open_tar(&Files::oci(&[&one, &two], Stored::Plain).tar(), &Wanted::default()).unwrap()
    else {
        panic!("it can be gone back in");
    };
    let history = image.facts.config.history.iter();
    let history: Vec<_> = history.map(|it| (it.created_by.as_str(), it.layer)).collect();
    assert_eq!(history, [("ADD base", Some(0)), ("ENV a=b", None), ("RUN two", Some(1))]);
    assert_eq!(image.facts.config.env, ["A=b"]);
    assert_eq!(image.facts.config.labels, [("k".to_owned(), "v".to_owned())]);
}

#[test]
fn an_archive_of_the_old_kind_is_opened() {
    let (one, two) = (layer("one"), layer("two"));
    assert_eq!(check(&Files::saved(&[&one, &two])), "linux/amd64\n-: f\n-: f\n");
}

#[test]
fn a_layer_may_be_a_link_to_another_and_links_may_lead_nowhere() {
    let one = layer("one");
    let files = Files::saved(&[&one, &one]);
    let tar = |to: &str| {
        files.0.iter().fold(Tar::default(), |tar, (name, bytes)| {
            if name.starts_with(&format!("{:064x}/layer", 1)) {
                tar.symlink(name, to)
            } else {
                tar.file(name, bytes)
            }
        })
    };
    let show = |to: &str| show(open_tar(&tar(to).end(), &Wanted::default()));
    assert_eq!(show(&format!("../{:064x}/layer.tar", 0)), "linux/amd64\n-: f\n-: f\n");
    insta::assert_snapshot!(show("layer.tar"), @"error: cannot read 0000000000000000000000000000000000000000000000000000000000000001/layer.tar in the image: links lead in a circle");
    insta::assert_snapshot!(show("../../../etc/passwd"), @"error: the image lacks the layer 0000000000000000000000000000000000000000000000000000000000000001/layer.tar");
    insta::assert_snapshot!(show("/etc/passwd"), @"error: the image lacks the layer 0000000000000000000000000000000000000000000000000000000000000001/layer.tar");
}

#[test]
fn what_is_compressed_as_a_whole_is_read_once() {
    let one = layer("one");
    let tar = Files::oci(&[&one], Stored::Plain).tar();
    for whole in [gzip(&tar), zstd(&tar)] {
        assert_eq!(show(open_tar(&whole, &Wanted::default())), "once");
    }
    insta::assert_snapshot!(show(open_tar(b"BZh91AY&SY", &Wanted::default())), @"error: the archive cannot be read: it is compressed with bzip2, which cannot be read; gzip and zstd can");
}

#[test]
fn what_is_no_image_is_told() {
    insta::assert_snapshot!(show(open_tar(b"", &Wanted::default())), @"error: this is no image: it is neither a directory nor an archive");
    insta::assert_snapshot!(show(open_tar(b"hello", &Wanted::default())), @"error: this is no image: it is neither a directory nor an archive");
    insta::assert_snapshot!(show(open_tar(&layer("x"), &Wanted::default())), @"error: this is no image: it has neither index.json nor manifest.json");
    let directory = tempfile::tempdir().unwrap();
    insta::assert_snapshot!(show(open(directory.path(), &Wanted::default())), @"error: this is no image: it has neither index.json nor manifest.json");
    assert!(!super::is_image(directory.path()));
    let absent = directory.path().join("absent");
    assert!(show(open(&absent, &Wanted::default())).starts_with("error: cannot open /"));
}

#[test]
fn platforms_are_chosen_and_attestations_are_not() {
    let (one, two) = (layer("one"), layer("two"));
    let mut files = Files::default();
    let amd = files.manifest(&[&one], Stored::Gzip, "linux", "amd64");
    let arm = files.manifest(&[&two], Stored::Gzip, "linux", "arm64");
    let about = files.manifest(&[b"{}"], Stored::Plain, "unknown", "unknown");
    let index = format!(
        r#"{{"schemaVersion":2,"manifests":[{{{amd},"platform":{{"os":"linux","architecture":"amd64"}}}},{{{arm},"platform":{{"os":"linux","architecture":"arm64","variant":"v8"}}}},{{{about},"platform":{{"os":"unknown","architecture":"unknown"}}}}]}}"#
    );
    let digest = files.blob(index.as_bytes());
    files.index(&format!(r#""digest":"{digest}""#));
    assert_eq!(check_for(&files, None, Some("linux/amd64")), "linux/amd64\nADD base: f\n");
    assert_eq!(check_for(&files, None, Some("linux/arm64")), "linux/arm64\nADD base: f\n");
    insta::assert_snapshot!(check_for(&files, None, Some("linux/s390x")), @"error: there is no image for linux/s390x; there are: linux/amd64, linux/arm64/v8");
    // An engine saves what it has.
    let amd_digest = amd.split('"').nth(7).unwrap();
    files.0.retain(|it| !it.0.contains(&amd_digest["sha256:".len()..]));
    assert_eq!(check(&files), "linux/arm64\nADD base: f\n");
    let missing = check_for(&files, None, Some("linux/amd64"));
    assert_eq!(missing, format!("error: the image lacks the manifest {amd_digest}"));
}

#[test]
fn one_of_several_images_must_be_named() {
    let (one, two) = (layer("one"), layer("two"));
    let mut files = Files::default();
    let first = files.manifest(&[&one], Stored::Plain, "linux", "amd64");
    let second = files.manifest(&[&two], Stored::Plain, "linux", "amd64");
    let named = |of: &str, name: &str| {
        format!(r#"{of},"annotations":{{"io.containerd.image.name":"{name}"}}"#)
    };
    files.indexes(&[
        named(&first, "docker.io/library/one:1"),
        named(&first, "docker.io/library/also:1"),
        named(&second, "docker.io/library/two:\\u001b[31m"),
    ]);
    insta::assert_snapshot!(check(&files), @"error: there are several images; name one of: docker.io/library/also:1, docker.io/library/one:1, docker.io/library/two:?[31m");
    assert_eq!(check_for(&files, Some("one:1"), None), "linux/amd64\nADD base: f\n");
    assert_eq!(check_for(&files, Some("also:1"), None), "linux/amd64\nADD base: f\n");
    insta::assert_snapshot!(check_for(&files, Some("three\n"), None), @"error: there is no image three?; there are: docker.io/library/also:1, docker.io/library/one:1, docker.io/library/two:?[31m");
    let mut files = Files::default();
    let first = files.manifest(&[&one], Stored::Plain, "linux", "amd64");
    let second = files.manifest(&[&two], Stored::Plain, "linux", "amd64");
    files.indexes(&[first, second]);
    assert!(check(&files).starts_with("error: there are several images; name one of: sha256:"));
}

#[test]
fn what_is_not_whole_is_an_error() {
    let one = layer("one");
    for stored in [Stored::Plain, Stored::Gzip] {
        let good = Files::oci(&[&one], stored);
        for at in 0..good.0.len() {
            let name = good.0[at].0.clone();
            if !name.starts_with("blobs/") {
                continue;
            }
            let mut bad = good.clone();
            let last = bad.0[at].1.len() - 1;
            bad.0[at].1[last] ^= 1;
            let text = check(&bad);
            assert!(text.contains("is not whole") || text.contains("error"), "{name}: {text}");
            let mut bad = good.clone();
            bad.0.remove(at);
            let text = check(&bad);
            assert!(text.starts_with("error: the image lacks "), "{name}: {text}");
        }
    }
    let mut saved = Files::saved(&[&one]);
    saved.0[1].1 = layer("two");
    assert_eq!(check(&saved), "linux/amd64\n-: layer 1 is not whole\n");
}

#[test]
fn foreign_layers_may_be_absent() {
    let one = layer("one");
    let mut files = Files::default();
    let manifest = |kind: &str, digest: &str, config: &str| {
        format!(
            r#"{{"config":{{"digest":"{config}"}},"layers":[{{"mediaType":"{kind}","digest":"{digest}","size":7}}]}}"#
        )
    };
    let absent = digest(b"absent").to_string();
    let config = files.blob(b"{\"os\":\"windows\",\"architecture\":\"amd64\"}").to_string();
    let foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    let descriptor = files.blob(manifest(foreign, &absent, &config).as_bytes());
    files.index(&format!(r#""digest":"{descriptor}""#));
    insta::assert_snapshot!(check(&files), @"
    windows/amd64
    -: not there
    note: layer 1 is kept elsewhere and was not scanned
    ");
    for (kind, digest) in [
        ("application/vnd.oci.image.layer.v1.tar", absent),
        ("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", digest(&one).to_string()),
        ("application/\u{1b}[31m", digest(&one).to_string()),
    ] {
        let mut files = files.clone();
        files.blob(&one);
        let descriptor = files.blob(manifest(kind, &digest, &config).as_bytes());
        files.0.retain(|it| it.0 != "index.json");
        files.index(&format!(r#""digest":"{descriptor}""#));
        assert!(check(&files).starts_with("error: "), "{}", check(&files));
        assert!(!check(&files).contains('\u{1b}'));
    }
}

#[test]
fn hostile_documents_are_errors() {
    let show = |index: &str| {
        let mut files = Files::default();
        files.add("index.json", index.as_bytes());
        check(&files)
    };
    insta::assert_snapshot!(show("{"), @"error: line 1, column 1 of index.json is not what an image has there");
    insta::assert_snapshot!(show(&"[".repeat(100_000)), @"error: line 1, column 1 of index.json is not what an image has there");
    insta::assert_snapshot!(show(r#"{"manifests":[{"digest":"sha256:../../../../etc/passwd"}]}"#), @"error: line 1, column 56 of index.json is not what an image has there");
    insta::assert_snapshot!(show(r#"{"manifests":[]}"#), @"error: this is no image: its index lists no image");
    insta::assert_snapshot!(show(&" ".repeat(5 << 20)), @"error: index.json is too large for a document of an image, limit 4194304 bytes");
    // An index that lists itself would need a digest that it holds itself; this one is found out.
    let digest = digest(b"x");
    let mut files = Files::default();
    let index = format!(r#"{{"manifests":[{{"digest":"{digest}"}}]}}"#);
    files.add("index.json", index.as_bytes());
    files.add(&digest.path(), index.as_bytes());
    assert!(check(&files).starts_with("error: a document is not whole: "));
}

#[test]
fn an_archive_may_end_anywhere_and_hold_any_byte() {
    let one = layer("one");
    for files in [Files::oci(&[&one], Stored::Gzip), Files::saved(&[&one])] {
        let good = files.tar();
        let whole = show(open_tar(&good, &Wanted::default()));
        for at in (0..good.len()).filter(|it| it % 7 == 0) {
            let cut = show(open_tar(&good[..at], &Wanted::default()));
            assert!(cut.contains("error") || cut == whole, "{at}: {cut}");
            let mut bad = good.clone();
            bad[at] ^= 0x41;
            drop(show(open_tar(&bad, &Wanted::default())));
        }
    }
}

#[test]
fn images_are_read_for_fuzzing() {
    let one = Tar::default()
        .file("etc/os-release", b"ID=debian\n")
        .hard_link("usr/lib/os-release", "etc/os-release")
        .end();
    let two = Tar::default().file("etc/.wh.os-release", b"").end();
    let oci = Files::oci(&[&one, &two], Stored::Gzip).tar();
    let saved = Files::saved(&[&one, &two]).tar();
    assert!(show(open_tar(&oci, &Wanted::default())).starts_with("linux/amd64\n"));
    // Without digests, which no mutation would find.
    let bare = Tar::default()
        .file("0/layer.tar", &one)
        .symlink("1/layer.tar", "../0/layer.tar")
        .file(
            "config.json",
            br#"{"os":"linux","architecture":"amd64","history":[{"created_by":"a"}]}"#,
        )
        .file(
            "manifest.json",
            br#"[{"Config":"config.json","Layers":["0/layer.tar","1/layer.tar"]}]"#,
        )
        .end();
    assert_eq!(
        show(open_tar(&bare, &Wanted::default())),
        "linux/amd64\na: etc/os-release\n-: etc/os-release\n"
    );
    seed("image", "bare", &bare);
    seed("image", "oci", &oci);
    seed("image", "saved", &saved);
    seed("image", "oci.gz", &gzip(&oci));
    seed("image", "saved.zst", &zstd(&saved));
}
