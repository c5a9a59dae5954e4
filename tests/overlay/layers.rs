//! Steps as layers of an image: what the layers say, laid over each other, is what a scan of the tree
//! says that each step left.
//!
//! Needs no root: trees are copies of each other, and layers are made by comparing them.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use layergate::model::Inventory;
use layergate::scan::{self, FileScanner, ScannerFactory};
use layergate::source::image::Wanted;

use super::chain::{Finder, shell};
use super::changes::Change;

/// The longest name that a header has room for.
const MAX_NAME: usize = 100;

/// An archive in the making, with choices that writers have.
struct Layer {
    bytes: Vec<u8>,
    /// What hides things, to be written at the end.
    marks: Vec<Vec<u8>>,
    /// Files by their inodes, for hard links.
    written: HashMap<u64, Vec<u8>>,
    choices: u64,
}

impl Layer {
    fn choose(&mut self) -> bool {
        self.choices = self.choices.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.choices >> 62 == 0
    }

    fn entry(&mut self, name: &[u8], kind: u8, mode: u32, link: &[u8], content: &[u8]) {
        for (long, kind) in [(name, b'L'), (link, b'K')] {
            if long.len() > MAX_NAME {
                self.entry(b"././@LongLink", kind, 0, b"", &[long, b"\0"].concat());
            }
        }
        let short = |it: &[u8]| it.get(..MAX_NAME).unwrap_or(it).to_vec();
        let (name, link) = (short(name), short(link));
        let mut block = [0; 512];
        block[..name.len()].copy_from_slice(&name);
        block[100..107].copy_from_slice(format!("{:07o}", mode & 0o7777).as_bytes());
        block[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        block[148..156].fill(b' ');
        block[156] = kind;
        block[157..157 + link.len()].copy_from_slice(&link);
        block[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = block.iter().map(|it| u32::from(*it)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        self.bytes.extend(block);
        self.bytes.extend(content);
        self.bytes.resize(self.bytes.len().next_multiple_of(512), 0);
    }

    /// Hides now, or at the end.
    fn mark(&mut self, name: Vec<u8>) {
        if self.choose() {
            self.entry(&name, b'0', 0, b"", b"");
        } else {
            self.marks.push(name);
        }
    }

    /// Writes what is at `new`, except for what `old` has as well.
    fn add(&mut self, name: &[u8], new: &Path, old: Option<&Path>) {
        let meta = fs::symlink_metadata(new).unwrap();
        let before = old.and_then(|it| Some((it, fs::symlink_metadata(it).ok()?)));
        if meta.is_dir() {
            let old = before.filter(|it| it.1.is_dir()).map(|it| it.0);
            return self.directory(name, new, old);
        }
        if before.is_some_and(|(old, before)| is_same(new, &meta, old, &before)) {
            return;
        }
        if meta.is_symlink() {
            let target = fs::read_link(new).unwrap();
            return self.entry(name, b'2', 0o777, target.as_os_str().as_bytes(), b"");
        }
        if let Some(first) = self.written.get(&meta.ino()).cloned() {
            return self.entry(name, b'1', meta.mode(), &first, b"");
        }
        self.written.insert(meta.ino(), name.to_vec());
        self.entry(name, b'0', meta.mode(), b"", &fs::read(new).unwrap());
    }

    fn directory(&mut self, name: &[u8], new: &Path, old: Option<&Path>) {
        if !name.is_empty() {
            self.entry(&[name, b"/"].concat(), b'5', 0o755, b"", b"");
        }
        let joined = |child: &[u8]| {
            if name.is_empty() { child.to_vec() } else { [name, b"/", child].concat() }
        };
        // A directory may be written whole and hide the old one.
        let mut old = old;
        if old.is_some() && self.choose() && self.choose() {
            self.mark(joined(b".wh..wh..opq"));
            old = None;
        }
        for child in names(new) {
            let path = |it: &Path| it.join(std::ffi::OsStr::from_bytes(&child));
            self.add(&joined(&child), &path(new), old.map(path).as_deref());
        }
        for child in old.map(names).unwrap_or_default() {
            if fs::symlink_metadata(new.join(std::ffi::OsStr::from_bytes(&child))).is_err() {
                self.mark(joined(&[b".wh.", &child[..]].concat()));
            }
        }
    }
}

fn names(directory: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries.map(|it| it.unwrap().file_name().as_bytes().to_vec()).collect();
    names.sort();
    names
}

fn is_same(new: &Path, meta: &fs::Metadata, old: &Path, before: &fs::Metadata) -> bool {
    if meta.mode() != before.mode() {
        return false;
    }
    if meta.is_symlink() {
        return fs::read_link(new).unwrap() == fs::read_link(old).unwrap();
    }
    fs::read(new).unwrap() == fs::read(old).unwrap()
}

/// The layer that makes `new` of `old`.
fn layer(new: &Path, old: Option<&Path>, choices: u64) -> Vec<u8> {
    let (bytes, marks) = (Vec::new(), Vec::new());
    let mut layer = Layer { bytes, marks, written: HashMap::new(), choices };
    layer.directory(b"", new, old);
    for mark in std::mem::take(&mut layer.marks) {
        layer.entry(&mark, b'0', 0, b"", b"");
    }
    layer.bytes.extend([0; 1024]);
    layer.bytes
}

/// An image as `docker save` wrote it, without digests, which other tests are about.
fn image(layers: &[Vec<u8>]) -> Vec<u8> {
    let mut archive =
        Layer { bytes: Vec::new(), marks: Vec::new(), written: HashMap::new(), choices: 0 };
    let mut names = Vec::new();
    for (at, layer) in layers.iter().enumerate() {
        let name = format!("{at}/layer.tar");
        archive.entry(name.as_bytes(), b'0', 0o644, b"", layer);
        names.push(format!("{name:?}"));
    }
    archive.entry(b"config.json", b'0', 0o644, b"", b"{}");
    let manifest = format!(r#"[{{"Config":"config.json","Layers":[{}]}}]"#, names.join(","));
    archive.entry(b"manifest.json", b'0', 0o644, b"", manifest.as_bytes());
    archive.bytes.extend([0; 1024]);
    archive.bytes
}

/// Makes the trees and the image, and compares what is found in them.
pub(crate) fn check(root: &Path, steps: &[Vec<Change>], choices: u64) {
    let factory = || -> Box<dyn FileScanner> { Box::new(Finder::default()) };
    let factories: [Option<&ScannerFactory<'_>>; 2] = [Some(&factory), None];
    let mut trees: Vec<PathBuf> = Vec::new();
    let mut layers = Vec::new();
    for (at, changes) in steps.iter().enumerate() {
        let tree = root.join(format!("tree{at}"));
        match trees.last() {
            Some(last) => shell(&format!("cp -a {} {}", last.display(), tree.display())),
            None => fs::create_dir(&tree).unwrap(),
        }
        for change in changes {
            change.apply(&tree);
        }
        let choices = choices.wrapping_add(at as u64);
        layers.push(layer(&tree, trees.last().map(PathBuf::as_path), choices));
        trees.push(tree);
    }
    let (plain, once) = (root.join("image.tar"), root.join("image.tar.gz"));
    let bytes = image(&layers);
    fs::write(&plain, &bytes).unwrap();
    let file = fs::File::create(&once).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    gzip.write_all(&bytes).unwrap();
    gzip.finish().unwrap();
    for factory in factories {
        for path in [&plain, &once] {
            let scanned = scan::image(path, &Wanted::default(), factory, &|_| {}).unwrap();
            let mut inventory = Inventory::default();
            for (at, layer) in scanned.layers.iter().enumerate() {
                inventory = layer.apply(inventory);
                let (expected, _) = scan::tree(&trees[at], factory, &|_| {}).unwrap();
                let what = (at, &steps[at], factory.is_some(), path);
                assert_eq!(inventory, expected, "{what:?}");
            }
        }
    }
}
