//! Which files of an archive tell what it is and what is in it.

use super::packages::Packages;
use crate::format::FormatError;
use crate::format::zip::{Entry, Zip};
use crate::model::Content;

/// Extensions of archives that hold classes or such archives.
const EXTENSIONS: &[&str] = &[
    "aar", "ear", "esa", "far", "hpi", "jar", "jpi", "kar", "lpkg", "nar", "nbm", "par", "rar",
    "sar", "war", "zap",
];

/// Files of Maven's metadata in one archive.
pub(super) const MAX_POMS: usize = 10_000;

/// Classes of Spring Boot that start the application, in its archive.
pub(super) const LOADER: &str = "org/springframework/boot/loader/";

/// What is of interest in an archive.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) manifest: Option<Entry>,
    pub(super) poms: Vec<Entry>,
    pub(super) archives: Vec<Entry>,
    pub(super) packages: Packages,
    pub(super) has_loader: bool,
    /// There are more metadata than are listed.
    pub(super) has_more_poms: bool,
}

impl Entries {
    /// Lists what is of interest, and at most `max_archives` archives and one more.
    pub(super) fn read(content: &dyn Content, max_archives: usize) -> Result<Self, FormatError> {
        let mut entries = Self::default();
        let mut n = (0, 0);
        let zip = Zip::select(content, |name| {
            if let Some(class) = name.strip_suffix(".class") {
                entries.packages.add(class);
            }
            entries.has_loader |= name.starts_with(LOADER);
            match Kind::of(name) {
                None => false,
                Some(Kind::Manifest) => true,
                Some(Kind::Pom) => {
                    n.0 += 1;
                    entries.has_more_poms |= n.0 > MAX_POMS;
                    n.0 <= MAX_POMS
                }
                // One more than will be read, so that the limit is told.
                Some(Kind::Archive) => {
                    n.1 += 1;
                    n.1 <= max_archives + 1
                }
            }
        })?;
        for entry in zip.entries {
            match Kind::of(&entry.name) {
                Some(Kind::Manifest) => entries.manifest = Some(entry),
                Some(Kind::Pom) => entries.poms.push(entry),
                Some(Kind::Archive) if entry.size > 0 => entries.archives.push(entry),
                Some(Kind::Archive) | None => {}
            }
        }
        entries.poms.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }
}

/// What an entry of an archive is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Manifest,
    Pom,
    Archive,
}

impl Kind {
    fn of(name: &str) -> Option<Self> {
        let base = name.rsplit('/').next()?;
        // Maven's templates for new projects have a project file, too, but not below this
        // directory.
        let is_project = || name.contains("META-INF/maven/") && base == "pom.xml";
        if base == "pom.properties" || is_project() {
            return Some(Self::Pom);
        }
        if name.eq_ignore_ascii_case("META-INF/MANIFEST.MF") {
            return Some(Self::Manifest);
        }
        let extension = base.rsplit_once('.')?.1;
        let is_archive = EXTENSIONS.iter().any(|it| it.eq_ignore_ascii_case(extension));
        is_archive.then_some(Self::Archive)
    }
}
