//! A chain of overlayfs layers, mounted as BuildKit mounts them, and what changes it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use layergate::model::{Fingerprint, LayerPath, Redacted, SecretHit};
use layergate::scan::{FileScanner, INVENTORY, ScanPaths, ScanSummary, run};

use super::changes::Step;

/// Holds the path of a file that the test makes when it is through.
const INSIDE: &str = "LAYERGATE_TEST_IN_NAMESPACE";

/// Runs `test`, which bears the name `name` and calls this, where it may mount.
#[expect(clippy::print_stderr, reason = "a test that skips says so")]
pub(crate) fn in_namespace(name: &str, test: impl FnOnce(PathBuf)) {
    if let Some(through) = std::env::var_os(INSIDE) {
        let root = tempfile::tempdir().unwrap();
        shell(&format!("mount -t tmpfs tmpfs {}", root.path().display()));
        test(root.path().to_owned());
        shell(&format!("umount {}", root.path().display()));
        return fs::write(through, "").unwrap();
    }
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        eprintln!("SKIPPED {name}: only root can mount an overlayfs");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let through = directory.path().join("through");
    let status = Command::new("unshare")
        .args(["--mount", "--propagation", "private"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, &through)
        .status()
        .unwrap();
    assert!(status.success(), "{name} failed in its namespace: {status}");
    assert!(through.exists(), "{name} is not the name of the test");
}

/// Layers below each other, with the output of the last scan.
#[derive(Debug)]
pub(crate) struct Chain {
    root: PathBuf,
    /// Lowest first.
    layers: Vec<PathBuf>,
    /// Scans the mount in which the step ran, whose upper files bear the inodes of the lower ones.
    live: bool,
}

impl Chain {
    pub(crate) fn new(root: PathBuf, live: bool) -> Self {
        Self { root, layers: Vec::new(), live }
    }

    /// Makes a layer, scans it both ways, and compares.
    pub(crate) fn step(&mut self, step: &Step) -> ScanSummary {
        let parent = (!self.layers.is_empty()).then(|| self.out());
        let layer = self.directory(&format!("layer{}", self.layers.len()));
        let (Step::Run(changes) | Step::Link(changes)) = step;
        let is_run = matches!(step, Step::Run(_)) && parent.is_some();
        let target = if is_run { self.mount(Some(&layer)) } else { layer.clone() };
        for change in changes {
            change.apply(&target);
        }
        if is_run && !self.live {
            shell(&format!("umount {}", target.display()));
        }
        self.layers.push(layer.clone());
        let view = if is_run && self.live { target } else { self.mount(None) };
        let whole = ScanPaths {
            view: Some(view.clone()),
            out: self.directory("whole"),
            ..Default::default()
        };
        let over = matches!(step, Step::Link(_));
        let partial = ScanPaths {
            view: (!over).then(|| view.clone()),
            over: if over { vec![layer] } else { Vec::new() },
            parent,
            out: self.out(),
            whole: false,
        };
        run(&whole, &|| Box::new(Finder::default())).unwrap();
        let summary = run(&partial, &|| Box::new(Finder::default())).unwrap();
        shell(&format!("umount {}", view.display()));
        let expected = fs::read_to_string(whole.out.join(INVENTORY)).unwrap();
        assert_eq!(self.inventory(), expected, "after {step:?}");
        summary
    }

    /// The inventory that came from the parent's.
    pub(crate) fn inventory(&self) -> String {
        fs::read_to_string(self.out().join(INVENTORY)).unwrap()
    }

    /// Where the last scan's output is.
    pub(crate) fn out(&self) -> PathBuf {
        self.directory(&format!("out{}", self.layers.len()))
    }

    /// Mounts the layers: read-only, or with an upper directory as a running step has them.
    fn mount(&self, upper: Option<&Path>) -> PathBuf {
        let at = self.directory("view");
        let lower: Vec<_> = self.layers.iter().rev().map(|it| it.display().to_string()).collect();
        let lower = lower.join(":");
        let to = at.display();
        match (upper, &*self.layers) {
            (Some(upper), _) => {
                let work = self.directory(&format!("work{}", self.layers.len()));
                let (upper, work) = (upper.display(), work.display());
                shell(&format!(
                    "mount -t overlay overlay -o index=off,lowerdir={lower},upperdir={upper},workdir={work} {to}"
                ));
            }
            (None, [only]) => shell(&format!("mount --bind {} {to}", only.display())),
            (None, _) => {
                shell(&format!("mount -t overlay overlay -o index=off,lowerdir={lower} {to}"));
            }
        }
        at
    }

    fn directory(&self, name: &str) -> PathBuf {
        let path = self.root.join(name);
        fs::create_dir_all(&path).unwrap();
        path
    }
}

/// Runs one command that must succeed.
pub(crate) fn shell(command: &str) {
    let mut words = command.split(' ');
    let output = Command::new(words.next().unwrap()).args(words).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Finds the word `SECRET` with the character after it.
#[derive(Default)]
pub(crate) struct Finder {
    text: Vec<u8>,
}

impl FileScanner for Finder {
    fn begin(&mut self, _: &LayerPath) {
        self.text.clear();
    }

    fn feed(&mut self, chunk: &[u8]) {
        self.text.extend_from_slice(chunk);
    }

    fn finish(&mut self) -> (Vec<SecretHit>, Vec<String>) {
        let places = memchr::memmem::find_iter(&self.text, b"SECRET");
        let found = places.filter_map(|it| self.text.get(it..it + 7));
        let hit = |secret| SecretHit {
            line: 1,
            rule: "stub".to_owned(),
            preview: Redacted::new(secret),
            fingerprint: Fingerprint::new("stub", secret),
        };
        (found.map(hit).collect(), Vec::new())
    }
}
