//! Which analyzer reads which file, decided by a few look-ups of a path's parts.
//!
//! A large image has 300,000 files and most of them concern nobody.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::conda::is_cached_by_conda;
use super::{ANALYZERS, Analyzer};
use crate::model::LayerPath;

/// What a file's path, or its first bytes, must be like.
#[derive(Clone, Copy, Debug)]
pub enum Want {
    /// The file name.
    Name(&'static str),
    /// The file name from its last dot on, in lower case: `.jar`.
    Extension(&'static str),
    /// The name of the directory it is in.
    In(&'static str),
    /// The same from its last dot on: `.dist-info`.
    InExtension(&'static str),
    /// The name of any directory above it.
    Below(&'static str),
    /// The file name without the version at its end: `python` for `python3.11`.
    Program(&'static str),
    /// The beginning of the name of a shared library: `libcudnn` for `libcudnn.so.9`, and for
    /// `libcudnn-1a2b3c.so.9` in a wheel.
    Library(&'static str),
    /// The first bytes, whatever its name.
    Magic(Magic),
}

impl Want {
    /// Whether the file at `path` fits by its name; one that must begin in some way never does.
    pub(super) fn fits(self, path: &LayerPath) -> bool {
        let name = path.file_name();
        let directory = path.parent().rsplit('/').next().unwrap_or_default();
        match self {
            Self::Name(it) => name == it,
            Self::Extension(it) => extension(name).is_some_and(|name| &*name == it),
            Self::In(it) => directory == it,
            Self::InExtension(it) => extension(directory).is_some_and(|name| &*name == it),
            Self::Below(it) => path.parent().split('/').any(|above| above == it),
            Self::Program(it) => without_version(name) == it,
            Self::Library(it) => is_library(name) && name.starts_with(it),
            Self::Magic(_) => false,
        }
    }
}

/// Kinds of file that are told by their first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Magic {
    /// ELF, PE or Mach-O.
    Executable,
    /// A zip archive, by the record that an archive begins with.
    Zip,
    /// A pickle of protocol 2 or later.
    Pickle,
    Gguf,
    Safetensors,
    /// HDF5, as Keras writes models.
    Hdf5,
    /// An array of NumPy's.
    Numpy,
}

/// The longest beginning that [`magic`] looks at.
pub const HEAD: usize = 16;

/// Headers of safetensors are JSON of at most this length.
const MAX_SAFETENSORS_HEADER: u64 = 100 << 20;

/// Tells the kind of a file by its first [`HEAD`] bytes, or all of a shorter file.
pub fn magic(head: &[u8]) -> Option<Magic> {
    Some(match head {
        // Mach-O comes with 32 and 64 bits in either order, and as several of them in one file. A
        // Java class begins like the latter; a count of architectures is small, its version is not.
        [0x7f, b'E', b'L', b'F', ..]
        | [b'M', b'Z', ..]
        | [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..]
        | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..]
        | [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 0..=31, ..] => Magic::Executable,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Magic::Zip,
        [b'G', b'G', b'U', b'F', ..] => Magic::Gguf,
        [0x80, 2..=5, ..] => Magic::Pickle,
        [0x89, b'H', b'D', b'F', b'\r', b'\n', 0x1a, b'\n', ..] => Magic::Hdf5,
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Magic::Numpy,
        _ => {
            let (length, rest) = head.split_first_chunk()?;
            let length = u64::from_le_bytes(*length);
            let fits = (2..=MAX_SAFETENSORS_HEADER).contains(&length);
            return (fits && rest.first() == Some(&b'{')).then_some(Magic::Safetensors);
        }
    })
}

/// Extensions of files that may be of a kind which their first bytes tell.
const SNIFFED: &[&str] = &[
    ".bin",
    ".ckpt",
    ".dill",
    ".dll",
    ".dylib",
    ".exe",
    ".gguf",
    ".h5",
    ".hdf5",
    ".joblib",
    ".keras",
    ".model",
    ".node",
    ".npy",
    ".npz",
    ".pickle",
    ".pkl",
    ".pt",
    ".pth",
    ".pyd",
    ".safetensors",
    ".so",
];

/// Extensions of files that are no programs, whatever their mode says, in order.
const TEXTS: &[&str] = &[
    ".bat", ".c", ".cc", ".cfg", ".conf", ".cpp", ".css", ".csv", ".cxx", ".el", ".f90", ".gif",
    ".go", ".gz", ".h", ".hpp", ".html", ".ico", ".in", ".inc", ".ini", ".java", ".jpg", ".js",
    ".json", ".la", ".log", ".lua", ".m4", ".map", ".md", ".mjs", ".mo", ".pc", ".php", ".pl",
    ".pm", ".png", ".po", ".pod", ".ps1", ".py", ".pyc", ".pyi", ".r", ".rb", ".rs", ".rst", ".sh",
    ".svg", ".tcl", ".toml", ".ts", ".txt", ".xml", ".yaml", ".yml",
];

/// Whether a file that no analyzer wants by its path may be worth a look at its first bytes. Asked
/// only where files are not opened anyway; what is not worth it as an executable is not at all.
pub fn may_sniff(path: &LayerPath, is_executable: bool) -> bool {
    may_sniff_name(path.file_name(), is_executable) || path.parent().ends_with("/blobs")
}

fn may_sniff_name(name: &str, is_executable: bool) -> bool {
    let Some(extension) = extension(name) else { return is_executable };
    let extension = extension.as_str();
    (is_executable && TEXTS.binary_search(&extension).is_err())
        || SNIFFED.contains(&extension)
        || name.contains(".so.")
}

/// Where package managers keep what they know of packages. A package that owned such a file would
/// own all that it proves.
const RECORDS: &[&str] =
    &["lib/apk/db", "usr/lib/apk/db", "var/lib/chisel", "var/lib/dpkg", "var/lib/rpm"];

/// Which of the files that a package lists may prove something themselves. Files of one directory are
/// listed together, so what that tells is kept.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each says one thing that holds or does not")]
pub(super) struct Proving {
    directory: String,
    wants: DirectoryWants,
    holds_programs: bool,
    holds_texts: bool,
    holds_notices: bool,
    is_record: bool,
}

impl Default for Proving {
    fn default() -> Self {
        Self::of("")
    }
}

impl Proving {
    fn of(directory: &str) -> Self {
        let listed = directory.trim_start_matches(['.', '/']);
        let is_below = |top: &str| {
            listed.strip_prefix(top).is_some_and(|it| it.is_empty() || it.starts_with('/'))
        };
        let name = directory.rsplit('/').next().unwrap_or_default();
        Self {
            directory: directory.to_owned(),
            wants: DirectoryWants::of(directory),
            holds_programs: matches!(name, "bin" | "sbin" | "libexec"),
            holds_texts: ["usr/share", "usr/include", "etc", "usr/src"]
                .iter()
                .any(|it| is_below(it)),
            holds_notices: is_below("usr/share/doc"),
            is_record: RECORDS.iter().any(|it| is_below(it)),
        }
    }

    /// Whether the file that is listed as `path` may prove something itself.
    pub(super) fn may(&mut self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        if directory != self.directory {
            *self = Self::of(directory);
        }
        if self.is_record || (self.holds_notices && name == "copyright") {
            return false;
        }
        let wants = || {
            !fitting(self.wants, name).is_empty()
                && LayerPath::join("", path).is_some_and(|it| !wanting(&it).is_empty())
        };
        self.may_be_program(name) || wants()
    }

    fn may_be_program(&self, name: &str) -> bool {
        if self.holds_programs || name.contains(".so.") {
            return true;
        }
        if let Some(extension) = extension(name) {
            return SNIFFED.contains(&extension.as_str());
        }
        // Names all in capitals are notices and metadata.
        !self.holds_texts && name.bytes().any(|it| it.is_ascii_lowercase())
    }
}

/// What the analyzers want of files for the directory that these are in, whatever their names.
#[derive(Clone, Copy, Debug, Default)]
pub struct DirectoryWants {
    set: Set,
    holds_blobs: bool,
}

impl DirectoryWants {
    /// Of the directory at this path; empty for the root.
    pub fn of(path: &str) -> Self {
        let tables = &*TABLES;
        let name = path.rsplit('/').next().unwrap_or_default();
        let mut set = get(&tables.directories, name);
        if let Some(extension) = extension(name) {
            set = set.and(get(&tables.directory_extensions, &extension));
        }
        let set = path.split('/').fold(set, |set, it| set.and(get(&tables.ancestors, it)));
        Self { set, holds_blobs: path.ends_with("/blobs") }
    }

    /// Whether a file of this name may be worth a look; what it is and where, decides later.
    pub fn may_want(self, name: &str) -> bool {
        self.holds_blobs || !fitting(self, name).is_empty() || may_sniff_name(name, true)
    }
}

/// Analyzers, by their place in [`ANALYZERS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Set(u128);

impl Set {
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn insert(&mut self, at: usize) {
        self.0 |= 1 << at;
    }

    /// Those in either.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those in it, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = &'static Analyzer> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let at = rest.trailing_zeros() as usize;
            rest &= rest.wrapping_sub(1);
            ANALYZERS.get(at)
        })
    }
}

#[derive(Default)]
struct Tables {
    names: FxHashMap<&'static str, Set>,
    extensions: FxHashMap<&'static str, Set>,
    directories: FxHashMap<&'static str, Set>,
    directory_extensions: FxHashMap<&'static str, Set>,
    ancestors: FxHashMap<&'static str, Set>,
    programs: FxHashMap<&'static str, Set>,
    libraries: Vec<(&'static str, Set)>,
    magics: FxHashMap<Magic, Set>,
    /// Those that read symlinks.
    links: Set,
    /// Those that judge directories.
    directory_readers: Set,
    /// Those that read caches.
    cache_readers: Set,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut tables = Tables::default();
    for (at, analyzer) in ANALYZERS.iter().enumerate() {
        if analyzer.links {
            tables.links.insert(at);
        }
        if analyzer.directories {
            tables.directory_readers.insert(at);
        }
        if analyzer.caches {
            tables.cache_readers.insert(at);
        }
        for want in analyzer.wants {
            match want {
                Want::Name(it) => tables.names.entry(it).or_default().insert(at),
                Want::Extension(it) => tables.extensions.entry(it).or_default().insert(at),
                Want::In(it) => tables.directories.entry(it).or_default().insert(at),
                Want::InExtension(it) => {
                    tables.directory_extensions.entry(it).or_default().insert(at);
                }
                Want::Below(it) => tables.ancestors.entry(it).or_default().insert(at),
                Want::Program(it) => tables.programs.entry(it).or_default().insert(at),
                Want::Library(it) => {
                    let mut set = Set::default();
                    set.insert(at);
                    tables.libraries.push((it, set));
                }
                Want::Magic(it) => tables.magics.entry(*it).or_default().insert(at),
            }
        }
    }
    tables
});

/// The analyzers that want the regular file at `path` by its path.
pub fn wanting(path: &LayerPath) -> Set {
    let set = fitting_path(path);
    accepting(Set(set.0 & !TABLES.links.0 & !TABLES.directory_readers.0), path)
}

/// The analyzers that want the symlink at `path`.
pub fn wanting_link(path: &LayerPath) -> Set {
    if TABLES.links.is_empty() {
        return Set::default();
    }
    let set = fitting_path(path);
    accepting(Set(set.0 & TABLES.links.0), path)
}

/// The analyzers that want the directory at `path`.
pub fn wanting_directory(path: &LayerPath) -> Set {
    if TABLES.directory_readers.is_empty() {
        return Set::default();
    }
    let set = fitting_path(path);
    accepting(Set(set.0 & TABLES.directory_readers.0), path)
}

/// Those whose wants fit, before they look at the whole path.
fn fitting(directory: DirectoryWants, name: &str) -> Set {
    let tables = &*TABLES;
    let mut set = directory.set.and(get(&tables.names, name));
    if let Some(extension) = extension(name) {
        set = set.and(get(&tables.extensions, &extension));
    }
    set = set.and(get(&tables.programs, without_version(name)));
    if is_library(name) {
        let begins = |(front, _): &&(&str, Set)| name.starts_with(front);
        set = tables.libraries.iter().filter(begins).fold(set, |set, (_, it)| set.and(*it));
    }
    set
}

fn fitting_path(path: &LayerPath) -> Set {
    fitting(DirectoryWants::of(path.parent()), path.file_name())
}

fn get(table: &FxHashMap<&str, Set>, key: &str) -> Set {
    table.get(key).copied().unwrap_or_default()
}

/// The analyzers that want the file at `path` by its first bytes.
pub fn wanting_head(path: &LayerPath, head: &[u8]) -> Set {
    let set = magic(head).and_then(|it| TABLES.magics.get(&it)).copied().unwrap_or_default();
    accepting(set, path)
}

/// Those of the set that accept the whole path.
fn accepting(set: Set, path: &LayerPath) -> Set {
    let mut accepting = set;
    if !set.is_empty() && is_cached_by_conda(path.as_str()) {
        // An environment that uses a package has the same files, and is told by them.
        accepting.0 &= TABLES.cache_readers.0;
    }
    let mut rest = accepting.0;
    while rest != 0 {
        let at = rest.trailing_zeros() as usize;
        rest &= rest.wrapping_sub(1);
        if !ANALYZERS.get(at).is_some_and(|it| (it.accepts)(path)) {
            accepting.0 &= !(1 << at);
        }
    }
    accepting
}

/// Whether the name is that of a shared library.
fn is_library(name: &str) -> bool {
    name.contains(".so") || name.strip_suffix(".dylib").is_some()
}

/// The name from its last dot on, in lower case. A dot at the front begins a name.
fn extension(name: &str) -> Option<Lower> {
    let at = memchr::memrchr(b'.', name.as_bytes()).filter(|it| *it > 0)?;
    Lower::new(name.get(at..)?)
}

/// The name without digits, dots and dashes at its end.
fn without_version(name: &str) -> &str {
    name.trim_end_matches(|it: char| it.is_ascii_digit() || matches!(it, '.' | '-'))
}

/// A short text in lower case, without a place on the heap.
struct Lower {
    bytes: [u8; Self::MAX],
    length: usize,
}

impl Lower {
    /// Longer than any extension that is asked for.
    const MAX: usize = 16;

    fn new(text: &str) -> Option<Self> {
        let mut bytes = [0; Self::MAX];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        bytes.make_ascii_lowercase();
        Some(Self { bytes, length: text.len() })
    }

    fn as_str(&self) -> &str {
        // Lower case of ASCII letters leaves UTF-8 what it was.
        self.bytes.get(..self.length).and_then(|it| str::from_utf8(it).ok()).unwrap_or_default()
    }
}

impl std::ops::Deref for Lower {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanting_ids(path: &str) -> Vec<&'static str> {
        wanting(&LayerPath::new(path).unwrap()).iter().map(|it| it.id).collect()
    }

    #[test]
    fn every_analyzer_has_a_place_in_a_set() {
        assert!(ANALYZERS.len() <= 128);
    }

    #[test]
    fn a_path_is_told_by_its_parts() {
        assert_eq!(wanting_ids("var/lib/dpkg/status"), ["dpkg"]);
        assert_eq!(wanting_ids("a/node_modules/b/package.json"), ["npm"]);
        assert!(wanting_ids("a/b/package.json.bak").is_empty());
    }

    #[test]
    fn first_bytes_tell_the_kind() {
        assert_eq!(magic(b"\x7fELF\x02\x01\x01"), Some(Magic::Executable));
        assert_eq!(magic(b"\xca\xfe\xba\xbe\0\0\0\x02"), Some(Magic::Executable));
        assert_eq!(magic(b"\xca\xfe\xba\xbe\0\0\0\x3d"), None);
        assert_eq!(magic(b"\x10\0\0\0\0\0\0\0{\"a\":"), Some(Magic::Safetensors));
        assert_eq!(magic(b"\x80\x04\x95"), Some(Magic::Pickle));
        for text in [&b""[..], b"#!/bin/sh\n", b"{\"name\": \"x\"}  "] {
            assert_eq!(magic(text), None);
        }
    }

    #[test]
    fn scripts_are_not_worth_a_look_and_programs_are() {
        assert!(TEXTS.is_sorted());
        assert!(!TEXTS.iter().any(|it| SNIFFED.contains(it)));
        let may = |path, mode| may_sniff(&LayerPath::new(path).unwrap(), mode);
        assert!(may("usr/bin/node", true) && may("opt/tool-1.2", true) && may("a/lib.so", false));
        assert!(!may("usr/bin/node", false) && !may("a/b.py", true) && !may("a/B.PY", true));
    }

    #[test]
    fn what_a_package_lists_is_kept_where_it_may_prove_something() {
        for path in ["usr/bin/openssl", "/usr/lib/x/libssl.so.3", "usr/lib/git-core/git-am"] {
            assert!(Proving::default().may(path), "{path}");
        }
        for path in [
            "usr/share/doc/a/copyright",
            "usr/lib/python3/a.py",
            "a.dist-info/WHEEL",
            "/var/lib/dpkg/status",
        ] {
            assert!(!Proving::default().may(path), "{path}");
        }
    }

    #[test]
    fn versions_are_taken_off_names() {
        assert_eq!(without_version("python3.11"), "python");
        assert_eq!(without_version("nginx"), "nginx");
        assert_eq!(extension("A.JAR").as_deref(), Some(".jar"));
        assert_eq!(extension(".bashrc").as_deref(), None);
        assert_eq!(extension("x.a-very-long-extension").as_deref(), None);
    }
}
