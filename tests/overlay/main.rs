//! Scans over real overlayfs chains: from the parent's inventory and whole must be the same bytes.
//! And over the same steps as layers of an image.
//!
//! What mounts needs root and a mount namespace of its own, into which each test runs itself again.
//! Without root it says that it skipped; with root, a mount that fails fails the test.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "test helpers"
)]

mod chain;
mod layers;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use chain::{Chain, Change, Step, shell};
use layergate::scan::ParentUse;
use proptest::test_runner::{Config, TestRunner};

const INSIDE: &str = "LAYERGATE_TEST_IN_NAMESPACE";

/// Runs `test` of the given name where it may mount.
fn in_namespace(name: &str, test: impl FnOnce(PathBuf)) {
    if std::env::var_os(INSIDE).is_some() {
        let root = tempfile::tempdir().unwrap();
        shell(&format!("mount -t tmpfs tmpfs {}", root.path().display()));
        test(root.path().to_owned());
        return shell(&format!("umount {}", root.path().display()));
    }
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        eprintln!("SKIPPED {name}: only root can mount an overlayfs");
        return;
    }
    let status = Command::new("unshare")
        .args(["--mount", "--propagation", "private"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1")
        .status()
        .unwrap();
    assert!(status.success(), "{name} failed in its namespace: {status}");
}

#[test]
fn from_the_parent_and_whole_are_the_same_bytes() {
    in_namespace("from_the_parent_and_whole_are_the_same_bytes", |root| {
        let config = Config { cases: 96, failure_persistence: None, ..Config::default() };
        let chains = (proptest::collection::vec(chain::steps(), 1..6), proptest::bool::ANY);
        let n_cases = std::cell::Cell::new(0);
        let outcome = TestRunner::new(config).run(&chains, |(steps, live)| {
            n_cases.set(n_cases.get() + 1);
            let root = root.join(n_cases.get().to_string());
            let mut chain = Chain::new(root.clone(), live);
            chain.step(&Step::Run(chain::base()));
            for step in &steps {
                chain.step(step);
            }
            fs::remove_dir_all(root).unwrap();
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{error}"));
    });
}

#[test]
fn a_file_changed_in_place_with_size_and_mtime_restored_is_read_again() {
    let name = "a_file_changed_in_place_with_size_and_mtime_restored_is_read_again";
    in_namespace(name, |root| {
        let mut chain = Chain::new(root, false);
        chain.step(&Step::Run(chain::base()));
        chain.step(&Step::Run(vec![Change::Write("a/c/f", "nothing")]));
        assert!(!chain.inventory().contains("a/c/f"));
        chain.step(&Step::Run(vec![Change::Disguise("a/c/f", "SECRET1")]));
        assert!(chain.inventory().contains("a/c/f"));
    });
}

#[test]
fn what_a_step_did_not_touch_is_neither_listed_nor_read() {
    in_namespace("what_a_step_did_not_touch_is_neither_listed_nor_read", |root| {
        // What bears the newest ctime is not trusted: keep the steps apart by more than a tick.
        let tick = || std::thread::sleep(Duration::from_millis(30));
        let mut chain = Chain::new(root, false);
        chain.step(&Step::Run(chain::base()));
        tick();
        chain.step(&Step::Run(vec![Change::Write("last", "x")]));
        tick();
        let summary = chain.step(&Step::Run(vec![Change::Write("a/c/new", "SECRET2")]));
        assert!(matches!(summary.parent, ParentUse::Used));
        // The root, a and a/c; the new file, and the one of the parent's last tick.
        assert_eq!((summary.n_listed, summary.n_files), (3, 2));
    });
}

#[test]
fn a_broken_index_costs_time_and_nothing_else() {
    in_namespace("a_broken_index_costs_time_and_nothing_else", |root| {
        let mut chain = Chain::new(root, false);
        chain.step(&Step::Run(chain::base()));
        for damage in [&b""[..], b"lgindex\x01", b"garbage", &[0xff; 64]] {
            fs::write(chain.out().join("index"), damage).unwrap();
            let summary = chain.step(&Step::Run(vec![Change::Write("b/f", "SECRET3")]));
            assert!(matches!(summary.parent, ParentUse::NoIndex));
        }
    });
}
