//! Layers over layers, and layers that mean harm.

use std::fmt::Write as _;
use std::path::Path;

use crate::format::tar::made::{Tar, header};
use crate::model::{FileFacts, Inventory, LayerPath};
use crate::scan::tests::Stub;
use crate::scan::{ScanError, ScannedImage, image};
use crate::source::image::Wanted;
use crate::source::image::made::{Files, Stored, gzip};

/// A file that makes a fact.
const FACT: &[u8] = b"SECRET";

/// What wants `etc/os-release`.
const RELEASE: &[u8] = b"ID=debian\nVERSION_ID=12\n";

fn scan_file(path: &Path, with_secrets: bool) -> Result<ScannedImage, ScanError> {
    let factory = || -> Box<dyn crate::scan::FileScanner> { Box::new(Stub::default()) };
    image(path, &Wanted::default(), with_secrets.then_some(&factory), &|_| {})
}

fn scan(bytes: &[u8]) -> Result<ScannedImage, ScanError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("image");
    std::fs::write(&path, bytes).unwrap();
    scan_file(&path, true)
}

fn told(error: &ScanError) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |it| it.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The files with facts after each layer, in every form that an image comes in.
fn check(layers: &[Vec<u8>]) -> String {
    let layers: Vec<&[u8]> = layers.iter().map(Vec::as_slice).collect();
    let oci = |stored| Files::oci(&layers, stored).tar();
    let forms = [
        oci(Stored::Plain),
        oci(Stored::Gzip),
        oci(Stored::Zstd),
        gzip(&oci(Stored::Gzip)),
        Files::saved(&layers).tar(),
        gzip(&Files::saved(&layers).tar()),
    ];
    let mut shown: Option<String> = None;
    for form in forms {
        let text = match scan(&form) {
            Ok(image) => show(&image),
            Err(error) => format!("error: {}\n", told(&error)),
        };
        assert_eq!(*shown.get_or_insert_with(|| text.clone()), text);
    }
    shown.unwrap()
}

fn show(image: &ScannedImage) -> String {
    let mut text = String::new();
    let mut inventory = Inventory::default();
    for layer in &image.layers {
        inventory = layer.apply(inventory);
        let files = inventory.files.iter().map(|(path, facts)| show_file(path, facts));
        writeln!(text, "{}", files.collect::<Vec<_>>().join(" ")).unwrap();
    }
    text
}

fn show_file(path: &LayerPath, facts: &FileFacts) -> String {
    let mut text = path.as_str().to_owned();
    if !facts.secrets.is_empty() {
        text.push('!');
    }
    if let Some(distro) = &facts.distro {
        text.push_str(
            &format!("({distro:?})")
                .split('"')
                .nth(1)
                .map(|it| format!("({it})"))
                .unwrap_or_default(),
        );
    }
    for note in &facts.notes {
        write!(text, "[{note}]").unwrap();
    }
    text
}

fn tar() -> Tar {
    Tar::default()
}

#[test]
fn upper_files_hide_lower_ones_and_directories_join() {
    insta::assert_snapshot!(check(&[
        tar().file("a/x", FACT).file("a/y", FACT).file("b", FACT).file("c/d/e", FACT).end(),
        tar().file("a/x", b"clean").directory("a").file("b/n", FACT).directory("b").end(),
        tar().file("c", FACT).symlink("a", "b").end(),
        tar().directory("c").end(),
    ]), @"
    a/x! a/y! b! c/d/e!
    a/y! b/n! c/d/e!
    b/n! c!
    b/n!
    ");
}

#[test]
fn whiteouts_hide_what_is_below_and_nothing_of_their_own_layer() {
    insta::assert_snapshot!(check(&[
        tar().file("a/x", FACT).file("a/y", FACT).file("b/z", FACT).file("top", FACT).end(),
        tar().file("a/.wh.x", b"").file(".wh.nothing", b"").file("n", FACT).file(".wh.n", b"").end(),
        tar().file(".wh.a", b"").file("a/new", FACT).directory("a").end(),
        tar().file("b/own", FACT).file("b/.wh..wh..opq", b"").end(),
        tar().file(".wh..wh..opq", b"").file("last", FACT).end(),
    ]), @"
    a/x! a/y! b/z! top!
    a/y! b/z! n! top!
    a/new! b/z! n! top!
    a/new! b/own! n! top!
    last!
    ");
}

#[test]
fn a_directory_that_proves_something_goes_with_it() {
    const STORE: &str = "nix/store/h0cnbmfcn93xm5dg2x27ixhag1cwndga-a-1";
    let named = check(&[
        tar().directory(STORE).file(&format!("{STORE}/x"), FACT).end(),
        tar().directory(STORE).file(&format!("{STORE}/y"), FACT).end(),
        tar().file("nix/store/.wh.h0cnbmfcn93xm5dg2x27ixhag1cwndga-a-1", b"").end(),
        tar().directory(STORE).file(STORE, b"").end(),
    ]);
    insta::assert_snapshot!(named.replace(STORE, "store"), @"
    store store/x!
    store store/x! store/y!


    ");
}

#[test]
fn of_two_entries_the_last_one_stays() {
    insta::assert_snapshot!(check(&[
        tar().file("a", FACT).file("./a", b"clean").file("b", b"clean").file("/b", FACT).end(),
        tar().file("d/x", FACT).file("d", b"").end(),
        tar().file("d/x", FACT).file("d", b"").directory("d").file("d/y", FACT).end(),
        tar().file("e", FACT).directory("e").end(),
    ]), @"
    b!
    b!
    b! d/y!
    b! d/y!
    ");
    // What was a file for a while hides what lower layers had there.
    insta::assert_snapshot!(check(&[
        tar().file("d/x", FACT).end(),
        tar().file("d", b"").directory("d").file("d/y", FACT).end(),
    ]), @"
    d/x!
    d/y!
    ");
}

#[test]
fn links_say_what_their_targets_say() {
    insta::assert_snapshot!(check(&[
        tar()
            .file("a/x", FACT)
            .hard_link("b/x", "a/x")
            .hard_link("renamed", "./a/x")
            .file("store/7f", RELEASE)
            .hard_link("etc/os-release", "/store/7f")
            .hard_link("other/etc/os-release", "etc/os-release")
            .symlink("lib/os-release", "../etc/os-release")
            .end(),
        // The link is of what the target was.
        tar()
            .file("v", RELEASE)
            .hard_link("usr/lib/os-release", "v")
            .file("v", b"ID=alpine\n")
            .hard_link("etc/os-release", "v")
            .end(),
        // A link that is replaced, to nowhere, in a circle, to a directory.
        tar()
            .file("s", FACT)
            .hard_link("l", "s")
            .file("l", b"")
            .hard_link("circle", "circle")
            .hard_link("late", "comes-later")
            .file("comes-later", FACT)
            .directory("dir")
            .hard_link("to-dir", "dir")
            .end(),
        // The target is in a lower layer.
        tar().hard_link("n", "s").hard_link("x/etc/os-release", "v").end(),
    ]), @"
    a/x! b/x! etc/os-release(debian) other/etc/os-release(debian) renamed!
    a/x! b/x! etc/os-release(alpine) other/etc/os-release(debian) renamed! usr/lib/os-release(debian)
    a/x! b/x! comes-later! etc/os-release(alpine) other/etc/os-release(debian) renamed! s! usr/lib/os-release(debian)
    a/x! b/x! comes-later! etc/os-release(alpine) n! other/etc/os-release(debian) renamed! s! usr/lib/os-release(debian) x/etc/os-release[a hard link to a file of a lower layer; it was not analyzed]
    ");
}

/// Scans what comes through a pipe.
fn scan_pipe(bytes: &[u8], with_secrets: bool) -> Result<ScannedImage, ScanError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    std::thread::scope(|scope| {
        // A reader that stops early is no failure of the writer's.
        scope.spawn(|| drop(std::fs::write(&path, bytes)));
        scan_file(&path, with_secrets)
    })
}

#[test]
fn a_link_whose_target_is_far_away_is_read_as_well() {
    let far = |target: &[u8]| {
        let tar = tar().file("store/7f", target).hard_link("near/etc/os-release", "store/7f");
        let fill = vec![b'x'; 4 << 20];
        let tar = (0..5).fold(tar, |tar, at| tar.file(&format!("x{at}"), &fill));
        // Either name leads to the same bytes.
        let tar = tar.hard_link("etc/os-release", "store/7f");
        tar.hard_link("a/usr/lib/os-release", "near/etc/os-release").end()
    };
    let layer = far(RELEASE);
    let image = Files::oci(&[&layer], Stored::Gzip).tar();
    let expected =
        "a/usr/lib/os-release(debian) etc/os-release(debian) near/etc/os-release(debian)\n";
    for with_secrets in [true, false] {
        let factory = || -> Box<dyn crate::scan::FileScanner> { Box::new(Stub::default()) };
        let factory: Option<&crate::scan::ScannerFactory<'_>> =
            if with_secrets { Some(&factory) } else { None };
        let directory = tempfile::tempdir().unwrap();
        for (name, form) in [("plain", image.clone()), ("gzip", gzip(&image))] {
            let path = directory.path().join(name);
            std::fs::write(&path, form).unwrap();
            let scanned = crate::scan::image(&path, &Wanted::default(), factory, &|_| {}).unwrap();
            assert_eq!(show(&scanned), expected, "{name} {with_secrets}");
        }
        assert_eq!(show(&scan_pipe(&image, with_secrets).unwrap()), expected, "{with_secrets}");
    }
    // Nobody kept a target of this size that nobody asked for, and a pipe cannot be read again.
    let release = [RELEASE, &vec![b'\n'; 2 << 20]].concat();
    let image = Files::oci(&[&far(&release)], Stored::Plain).tar();
    assert_eq!(show(&scan_pipe(&image, true).unwrap()), expected);
    let text = show(&scan_pipe(&image, false).unwrap());
    assert_eq!(text.matches("read only once; it was not analyzed").count(), 3, "{text}");
}

#[test]
fn a_large_file_is_analyzed_where_it_lies_or_alone_in_memory() {
    let release = [RELEASE, &vec![b'\n'; 33 << 20], FACT].concat();
    let layer = tar().file("etc/os-release", &release).file("b", FACT).end();
    for stored in [Stored::Plain, Stored::Gzip] {
        let image = scan(&Files::oci(&[&layer], stored).tar()).unwrap();
        assert_eq!(show(&image), "b! etc/os-release!(debian)\n", "{stored:?}");
    }
}

#[test]
fn a_pipe_that_breaks_off_is_an_error() {
    let layer = tar().file("a", FACT).end();
    let image = Files::oci(&[&layer], Stored::Gzip).tar();
    assert_eq!(show(&scan_pipe(&image, true).unwrap()), "a!\n");
    for end in [0, 300, 1000, 3000] {
        assert!(scan_pipe(&image[..end], true).is_err(), "{end}");
    }
}

#[test]
fn names_are_taken_as_they_are_and_lead_nowhere() {
    insta::assert_snapshot!(check(&[
        tar()
            .file("../../up", FACT)
            .file("/abs", FACT)
            .entry(b"caf\xe9", b'0', "", FACT)
            .entry(b"", b'0', "", FACT)
            .file("./", b"")
            .symlink("link", "/etc")
            .file("link/passwd", FACT)
            .end(),
    ]), @r"abs! caf\xe9! link/passwd! up!");
    let deep = "d/".repeat(1200);
    let text =
        check(&[tar().file(&format!("{deep}f"), FACT).file(&format!("{deep}g"), FACT).end()]);
    assert!(text.ends_with(
        "d[this directory is too deep to be scanned: limit 1000 levels, 16384 bytes]\n"
    ));
    assert_eq!(text.matches("too deep").count(), 1);
}

#[test]
fn a_layer_may_end_anywhere() {
    let good = tar()
        .file("a", FACT)
        .hard_link("etc/os-release", "a")
        .pax(&[("path", "x")])
        .file("b", FACT)
        .end();
    for end in 0..good.len() {
        if end % 512 != 0 && end % 61 != 0 {
            continue;
        }
        for whole in
            [Files::oci(&[&good[..end]], Stored::Plain), Files::oci(&[&good[..end]], Stored::Gzip)]
        {
            let bytes = whole.tar();
            for form in [gzip(&bytes), bytes] {
                match scan(&form) {
                    Ok(_) => assert!(end % 512 == 0, "{end}"),
                    Err(error) => {
                        let text = told(&error);
                        assert!(
                            text.starts_with("layer 1 of the image cannot be read: at byte ")
                                || end < 512,
                            "{text}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_claim_of_a_terabyte_costs_nothing() {
    // Zeros, which compress to nothing, claim to be many more.
    let mut block = header(b"var/lib/dpkg/status", b'0', "", 0);
    block[124..136].copy_from_slice(&[0x80, 0, 0, 0, 0, 0, 0x01, 0, 0, 0, 0, 0]);
    let layer = [crate::format::tar::made::summed(block), vec![0; 3 << 20]].concat();
    let text = check(&[layer]);
    insta::assert_snapshot!(text, @"error: layer 1 of the image cannot be read: at byte 3146240: the archive is cut off within a file");
}

#[test]
fn a_hole_of_a_terabyte_is_passed_over() {
    let records = [("GNU.sparse.map", "0,6,1099511627770,6"), ("GNU.sparse.size", "1099511627776")];
    let layer = tar().pax(&records).file("var/lib/dpkg/status", b"SECRETSECRET").file("n", FACT);
    insta::assert_snapshot!(check(&[layer.end()]), @"n! var/lib/dpkg/status![too large to be analyzed inside an archive: 1099511627776 bytes, limit 268435456]");
}

#[test]
fn a_hundred_thousand_files_are_read() {
    let mut layer = tar();
    for at in 0..100_000 {
        layer =
            layer.file(&format!("d{}/f{at}", at % 100), if at % 1000 == 0 { FACT } else { b"x" });
    }
    let image = scan(&Files::oci(&[&layer.end()], Stored::Gzip).tar()).unwrap();
    assert_eq!(image.layers[0].files.len(), 100);
    assert_eq!(image.summary.n_files, 100_000);
}

#[test]
fn a_file_that_breaks_the_scanner_is_noted_and_the_others_are_read() {
    let large = [&b"BREAK"[..], &vec![b'x'; 5 << 20]].concat();
    insta::assert_snapshot!(check(&[
        tar().file("a", b"BREAK").file("b", FACT).file("c", &large).file("d", FACT).end()
    ]), @"a[the scan of this file broke off] b! c[the scan of this file broke off] d!");
}

#[test]
fn without_a_scanner_only_packages_are_looked_for() {
    let directory = tempfile::tempdir().unwrap();
    let layer = tar().file("a", FACT).file("etc/os-release", RELEASE).hard_link("b", "a").end();
    Files::oci(&[&layer], Stored::Gzip).write(directory.path());
    let image = scan_file(directory.path(), false).unwrap();
    insta::assert_snapshot!(show(&image), @"etc/os-release(debian)");
    assert_eq!(image.summary.n_bytes, RELEASE.len() as u64);
}

#[test]
fn a_layer_that_occurs_twice_is_scanned_once() {
    let layer = tar().file("a", FACT).end();
    let image = scan(&Files::oci(&[&layer, &layer], Stored::Gzip).tar()).unwrap();
    assert!(std::sync::Arc::ptr_eq(&image.layers[0], &image.layers[1]));
    assert_eq!(image.summary.n_bytes, 6);
}

#[test]
fn a_broken_layer_is_told_by_its_number() {
    let good = tar().file("a", FACT).end();
    let bad = b"this is no archive, but long enough to be one: ".repeat(100);
    insta::assert_snapshot!(check(&[good, bad]), @"error: layer 2 of the image cannot be read: at byte 0: this is no header: its checksum is wrong");
}
