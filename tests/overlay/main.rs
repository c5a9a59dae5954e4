//! Scans over real overlayfs chains: from the parent's inventory and whole must be the same bytes.
//! And over the same steps as layers of an image.
//!
//! These are about what becomes of names, kinds and times. `src/scan/every_analyzer.rs` takes the same
//! steps with files of every analyzer.
//!
//! What mounts needs root and a mount namespace of its own, into which each test runs itself again.
//! Without root it says that it skipped; with root, a mount that fails fails the test.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "test helpers")]

mod chain;
mod changes;
mod layers;
mod small;

use std::fs;
use std::time::Duration;

use chain::{Chain, in_namespace};
use changes::{Change, Step, try_random};
use layergate::scan::ParentUse;
use proptest::collection::vec;
use small::{base, ground, write};

#[test]
fn from_the_parent_and_whole_are_the_same_bytes() {
    in_namespace("from_the_parent_and_whole_are_the_same_bytes", |root| {
        let chains = (vec(ground().steps(), 1..6), proptest::bool::ANY);
        try_random(96, &chains, &root, |root, (steps, live)| {
            let mut chain = Chain::new(root, live);
            chain.step(&Step::Run(base()));
            for step in &steps {
                chain.step(step);
            }
        });
    });
}

/// Makes a file that analyzers want another name of one that they do not.
fn relink(choices: u64) -> [Change; 3] {
    let (text, path) = match choices % 4 {
        0 => ("ID=debian\n", "etc/os-release"),
        1 => ("ID=alpine\n", "etc/os-release"),
        2 => ("Name: a\nVersion: 3\n\n", "x.dist-info/METADATA"),
        _ => ("SECRET7", "x.dist-info/METADATA"),
    };
    [write("a/f", text), Change::Remove(path), Change::Link("a/f", path)]
}

#[test]
fn layers_laid_over_each_other_are_the_tree_that_they_make() {
    let chains = (vec(ground().steps(), 1..6), proptest::num::u64::ANY);
    let root = tempfile::tempdir().unwrap();
    try_random(200, &chains, root.path(), |root, (steps, choices)| {
        let changes = steps.into_iter().map(Step::into_changes);
        let mut steps: Vec<_> = std::iter::once(base()).chain(changes).collect();
        for (at, step) in steps.iter_mut().enumerate().filter(|it| choices >> it.0 & 1 == 0) {
            step.extend(relink(choices >> (8 + at)));
        }
        layers::check(&root, &steps, choices);
    });
}

#[test]
fn a_file_changed_in_place_with_size_and_mtime_restored_is_read_again() {
    let name = "a_file_changed_in_place_with_size_and_mtime_restored_is_read_again";
    in_namespace(name, |root| {
        let mut chain = Chain::new(root, false);
        chain.step(&Step::Run(base()));
        chain.step(&Step::Run(vec![write("a/c/f", "nothing")]));
        assert!(!chain.inventory().contains("a/c/f"));
        chain.step(&Step::Run(vec![Change::Disguise("a/c/f", "SECRET1".into())]));
        assert!(chain.inventory().contains("a/c/f"));
    });
}

#[test]
fn what_a_step_did_not_touch_is_neither_listed_nor_read() {
    in_namespace("what_a_step_did_not_touch_is_neither_listed_nor_read", |root| {
        // What bears the newest ctime is not trusted: keep the steps apart by more than a tick.
        let tick = || std::thread::sleep(Duration::from_millis(30));
        let mut chain = Chain::new(root, false);
        chain.step(&Step::Run(base()));
        tick();
        chain.step(&Step::Run(vec![write("last", "x")]));
        tick();
        let summary = chain.step(&Step::Run(vec![write("a/c/new", "SECRET2")]));
        assert!(matches!(summary.parent, ParentUse::Used));
        // The root, a and a/c; the new file, and the one of the parent's last tick.
        assert_eq!((summary.n_listed, summary.n_files), (3, 2));
    });
}

#[test]
fn a_broken_index_costs_time_and_nothing_else() {
    in_namespace("a_broken_index_costs_time_and_nothing_else", |root| {
        let mut chain = Chain::new(root, false);
        chain.step(&Step::Run(base()));
        for damage in [&b""[..], b"lgindex\x01", b"garbage", &[0xff; 64]] {
            fs::write(chain.out().join("index"), damage).unwrap();
            let summary = chain.step(&Step::Run(vec![write("b/f", "SECRET3")]));
            assert!(matches!(summary.parent, ParentUse::NoIndex));
        }
    });
}
