//! What every analyzer must bear.

use std::fs;
use std::time::{Duration, Instant};

use super::{ANALYZERS, Analyzer, MAX_COMPONENTS, analyze};
use crate::model::LayerPath;

/// A path and a good file for each analyzer.
const GOOD: &[(&str, &str, &str)] = &[
    ("apk", "lib/apk/db/installed", "P:musl\nV:1.2-r0\nA:x86_64\no:musl\n\nP:b\nV:1\no:c\n\n"),
    (
        "dpkg",
        "var/lib/dpkg/status",
        "Package: a\nStatus: install ok installed\nArchitecture: amd64\nSource: b (1)\nVersion: 1+b1\n\n",
    ),
    ("npm", "node_modules/a/package.json", r#"{"name": "a", "version": "1.0.0", "x": [{}, 1e9]}"#),
    ("os-release", "etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"),
    ("python", "p/a.dist-info/METADATA", "Name: A_b\nVersion: 1.0\nSummary: é\n\nbody\n"),
];

fn each(test: impl Fn(&Analyzer, &LayerPath, &[u8])) {
    assert_eq!(GOOD.len(), ANALYZERS.len());
    for (analyzer, (id, path, good)) in ANALYZERS.iter().zip(GOOD) {
        assert_eq!(analyzer.id, *id, "both tables are sorted by id");
        let path = LayerPath::new(path).unwrap();
        assert!((analyzer.wants)(&path), "{id}");
        test(analyzer, &path, good.as_bytes());
    }
}

#[test]
fn every_file_here_is_registered() {
    let registry = include_str!("mod.rs");
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/analyze")).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let listed = ["mod", "tests", "text"].contains(&stem)
            || registry.contains(&format!("{stem}::ANALYZER"));
        assert!(listed, "src/analyze/{stem}.rs is not listed in ANALYZERS");
    }
}

#[test]
fn a_good_file_has_facts_and_no_notes() {
    each(|analyzer, path, good| {
        let found = analyze(analyzer, path, good);
        assert!(found.notes.is_empty(), "{:?}", found.notes);
        assert!(found.distro.is_some() || !found.components.is_empty());
    });
}

#[test]
fn a_file_may_end_anywhere_and_hold_any_byte() {
    each(|analyzer, path, good| {
        for end in 0..good.len() {
            analyze(analyzer, path, &good[..end]);
            for byte in [0, b'\n', b' ', b':', 0xff] {
                let mut bad = good.to_vec();
                bad[end] = byte;
                analyze(analyzer, path, &bad);
            }
        }
    });
}

#[test]
fn garbage_takes_bounded_time_and_gives_bounded_notes() {
    let mut noise = 1_u32;
    let random = std::iter::repeat_with(move || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.to_be_bytes()[0]
    });
    let inputs: [Vec<u8>; 5] = [
        random.take(1 << 20).collect(),
        vec![b'\n'; 1 << 20],
        b"a: \n\n".repeat(200_000),
        vec![b'['; 1 << 20],
        vec![b'"'; 1 << 20],
    ];
    each(|analyzer, path, good| {
        let many = [good, b"\n"].concat().repeat(20_000);
        for input in inputs.iter().chain([&many]) {
            let start = Instant::now();
            let found = analyze(analyzer, path, input);
            assert!(start.elapsed() < Duration::from_secs(10), "{}", analyzer.id);
            assert!(found.notes.len() < 30, "{}", analyzer.id);
        }
    });
}

#[test]
fn too_many_packages_are_cut_and_noted() {
    use std::fmt::Write as _;
    let mut text = String::new();
    for number in 0..=MAX_COMPONENTS {
        write!(text, "P:p{number}\nV:1\n\n").unwrap();
    }
    let path = LayerPath::new("lib/apk/db/installed").unwrap();
    let found = analyze(&ANALYZERS[0], &path, text.as_bytes());
    assert_eq!(found.components.len(), MAX_COMPONENTS);
    assert_eq!(found.notes, ["apk: more than 100000 packages; the rest is not read"]);
}
