//! What rpm says of one installed package.

use std::fmt::Display;

use super::found::MAX_COMPONENTS;
use super::{Found, Owning, text};
use crate::format::FormatError;
use crate::format::rpm_header::{Header, tag};
use crate::model::{Component, Ecosystem, LayerPath, SourcePackage};

/// The most of all paths that one database lists, with some bytes for each besides: ten times what
/// the largest installations have.
const MAX_PATHS: usize = 1 << 30;

/// A longer path cannot exist.
const MAX_PATH: usize = 4096;

/// The licences of the kernel, or of a whole TeX, make a long text.
const MAX_LICENSE: usize = 4096;

const MAX_VENDOR: usize = 256;

/// `FILESTATES`: others are files that were left out (documentation, languages), or replaced by
/// another package.
const INSTALLED: u8 = 0;

/// `FILEMODES`: the kind of file, and that of directories.
const KIND: u16 = 0o170_000;
const DIRECTORY: u16 = 0o040_000;

/// What rpm prints where there is nothing.
const NONE: &[u8] = b"(none)";

/// Reads one header of a database after the other.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    database: &'a LayerPath,
    /// Where the listed files are.
    root: &'a str,
    found: Found,
    n_read: usize,
    /// What is left of [`MAX_PATHS`].
    left: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(database: &'a LayerPath, root: &'a str) -> Self {
        let found = Found { database: Some(Ecosystem::Rpm), ..Found::default() };
        Self { database, root, found, n_read: 0, left: MAX_PATHS }
    }

    /// Adds the package, or a note that says why not.
    pub(super) fn read(&mut self, header: &Header<'_>) {
        self.n_read += 1;
        if self.found.components.len() <= MAX_COMPONENTS
            && let Err(what) = self.add(header)
        {
            self.note(what);
        }
    }

    /// Notes that a header cannot be read.
    pub(super) fn skip(&mut self, error: &FormatError) {
        self.n_read += 1;
        self.note(error);
    }

    pub(super) fn finish(mut self) -> Found {
        if self.left == 0 {
            self.found.remark("too many files; the rest is not read");
        }
        self.found
    }

    fn note(&mut self, what: impl Display) {
        self.found.note_at(format_args!("package {}", self.n_read), what);
    }

    fn add(&mut self, header: &Header<'_>) -> Result<(), &'static str> {
        let value = |tag| header.string(tag).and_then(text::value);
        let name = value(tag::NAME).ok_or("a package without a readable name")?;
        if name == "gpg-pubkey" {
            return Ok(());
        }
        let version = value(tag::VERSION).zip(value(tag::RELEASE));
        let (version, release) = version.ok_or("a package without a readable version")?;
        let epoch = header.numbers(tag::EPOCH).next().unwrap_or(0);
        let mut component = Component {
            arch: value(tag::ARCH).map(str::to_owned),
            ..component(name, epoch, &format!("{version}-{release}"))
        };
        if let Some(it) = header.string(tag::LICENSE).and_then(|it| phrase(it, MAX_LICENSE)) {
            component.licenses.push(it.to_owned());
        }
        if let Some(it) = value(tag::MODULARITYLABEL).filter(|it| it.as_bytes() != NONE) {
            component = component.qualifier("rpmmod", it);
        }
        component = with_vendor(component, header.string(tag::VENDOR).unwrap_or_default());
        let source_rpm = header.string(tag::SOURCERPM).unwrap_or_default();
        let has_source = add_source(&mut component, source_rpm);

        let mut owning = Owning::named(self.database, name, component.arch.as_deref());
        self.add_files(header, &mut owning);
        self.found.owns(owning);
        self.found.component(component);
        has_source
    }

    /// Adds the files that were installed. Directories belong to many packages and prove nothing.
    fn add_files(&mut self, header: &Header<'_>, owning: &mut Owning) {
        let states = header.bytes(tag::FILESTATES).unwrap_or_default();
        let is_installed = |at: usize| states.get(at).is_none_or(|it| *it == INSTALLED);
        let modes: Vec<u16> = header.short_numbers(tag::FILEMODES).collect();
        let is_directory = |at: usize| modes.get(at).is_some_and(|it| it & KIND == DIRECTORY);
        let directories: Vec<&[u8]> = header.strings(tag::DIRNAMES).collect();
        let directory = |at: u32| directories.get(usize::try_from(at).ok()?).copied();

        let split = header.strings(tag::BASENAMES).zip(header.numbers(tag::DIRINDEXES));
        let split = split.map(|(name, at)| directory(at).map(|it| (it, name)));
        let is_old = header.string(tag::BASENAMES).is_none();
        let whole = header.strings(tag::OLDFILENAMES).filter(|_| is_old);
        let whole = whole.map(|it| Some((&[][..], it)));
        for (at, path) in split.chain(whole).enumerate() {
            let Some((directory, name)) = path else { continue };
            let length = directory.len() + name.len();
            if length > MAX_PATH || is_directory(at) || !is_installed(at) {
                continue;
            }
            self.left = self.left.saturating_sub(length + 64);
            if self.left == 0 {
                return;
            }
            if let Ok(path) = LayerPath::from_bytes(&[directory, name].concat()) {
                owning.add(self.root, path.as_str());
            }
        }
    }
}

/// A package; an epoch of 0 is none.
pub(super) fn component(name: &str, epoch: u32, version: &str) -> Component {
    let version = if epoch == 0 { version.to_owned() } else { format!("{epoch}:{version}") };
    Component::new(Ecosystem::Rpm, name, version)
}

/// Adds who made the package.
pub(super) fn with_vendor(component: Component, vendor: &[u8]) -> Component {
    match phrase(vendor, MAX_VENDOR) {
        Some(vendor) if vendor.as_bytes() != NONE => component.property("vendor", vendor),
        _ => component,
    }
}

/// Adds the source package that the name of a file tells, where it is not the package itself. That
/// name never tells the source's epoch.
pub(super) fn add_source(component: &mut Component, source_rpm: &[u8]) -> Result<(), &'static str> {
    if source_rpm.is_empty() || source_rpm == NONE {
        return Ok(());
    }
    let source = source_of(source_rpm).ok_or("a package with an unreadable source")?;
    let own_version = component.version.rsplit_once(':').map_or(&*component.version, |it| it.1);
    if source.name != component.name || source.version != own_version {
        component.source = Some(source);
    }
    Ok(())
}

/// Reads `name-version-release.src.rpm`.
fn source_of(source_rpm: &[u8]) -> Option<SourcePackage> {
    let (rest, _src_or_nosrc) = text::value(source_rpm)?.strip_suffix(".rpm")?.rsplit_once('.')?;
    let (before, _release) = rest.rsplit_once('-')?;
    let (name, _version) = before.rsplit_once('-')?;
    let version = rest.get(name.len() + 1..)?;
    (!name.is_empty()).then(|| SourcePackage { name: name.to_owned(), version: version.to_owned() })
}

/// Words that may become a fact: visible, and not too many.
fn phrase(raw: &[u8], max: usize) -> Option<&str> {
    let text = str::from_utf8(raw.trim_ascii()).ok()?;
    (!text.is_empty() && text.len() <= max && !text.contains(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::{MAX_LICENSE, Reader, phrase, source_of};
    use crate::format::rpm_header::made::{Value, header};
    use crate::format::rpm_header::{Header, tag};
    use crate::model::LayerPath;

    #[test]
    fn the_source_is_told_by_the_name_of_its_package() {
        let shown =
            |it: &str| source_of(it.as_bytes()).map(|it| format!("{} {}", it.name, it.version));
        let read = |it: &str| shown(it).unwrap_or_default();
        assert_eq!(read("openssl-3.0.7-27.el9.src.rpm"), "openssl 3.0.7-27.el9");
        assert_eq!(
            read("java-1.8.0-openjdk-1.8.0.412-1.nosrc.rpm"),
            "java-1.8.0-openjdk 1.8.0.412-1"
        );
        for it in ["", "a", "a.rpm", "a-1.src.rpm", "-1-2.src.rpm", "a-1-2", "a b-1-2.src.rpm"] {
            assert_eq!(shown(it), None, "{it}");
        }
    }

    #[test]
    fn a_licence_may_have_many_words_but_no_control_characters() {
        let read = |it: &str| phrase(it.as_bytes(), MAX_LICENSE).map(str::to_owned);
        assert_eq!(
            read(" GPL-2.0-only AND (MIT OR BSD) ").as_deref(),
            Some("GPL-2.0-only AND (MIT OR BSD)")
        );
        assert_eq!(read(&"x".repeat(MAX_LICENSE)).map(|it| it.len()), Some(MAX_LICENSE));
        for it in ["", "  ", "a\x1b[2J", "a\nb", &"x".repeat(MAX_LICENSE + 1)] {
            assert_eq!(read(it), None);
        }
        assert_eq!(phrase(b"caf\xe9", 10), None);
    }

    #[test]
    fn too_many_files_are_cut_and_noted() {
        let bytes = header(&[
            (tag::NAME, Value::Text("a")),
            (tag::VERSION, Value::Text("1")),
            (tag::RELEASE, Value::Text("2")),
            (tag::OLDFILENAMES, Value::Texts(&["/bin/a", "/bin/b", "/bin/c"])),
        ]);
        let path = LayerPath::new("var/lib/rpm/Packages").unwrap();
        let mut reader = Reader::new(&path, "");
        reader.left = 150;
        reader.read(&Header::read(&bytes).unwrap());
        let found = reader.finish();
        assert_eq!((found.components.len(), found.owns[0].n_files), (1, 2));
        assert_eq!(found.notes, ["too many files; the rest is not read"]);
    }
}
