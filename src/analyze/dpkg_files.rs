//! Which files a package of dpkg or opkg put on the disk.
//!
//! `info/NAME.list` or `info/NAME:ARCH.list` has a path a line, directories and symlinks too; opkg
//! may add a tab and the mode. `NAME.md5sums`, deb-md5sums(5), has regular files only; it is all that
//! distroless images have, beside the record of the package in `status.d`.

use super::listing::Listing;
use super::{Analyzer, Found, Owning, Want, text};
use crate::model::LayerPath;

/// Directories of databases within a root, and what their packages are called by.
const DATABASES: &[&str] = &[
    "var/lib/dpkg",
    "usr/lib/dpkg",
    "usr/lib/opkg",
    "var/lib/opkg",
    "opt/lib/opkg",
    "usr/lib/ipkg",
];

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "dpkg-files",
    wants: &[Want::Extension(".list"), Want::Extension(".md5sums")],
    accepts: |path| Place::of(path).is_some(),
    read: |input| {
        let mut found = Found::default();
        if let Some(place) = Place::of(input.path) {
            place.read(&input.whole()?, &mut found);
        }
        Ok(found)
    },
    ..Analyzer::BASE
};

/// Where a list lies.
struct Place<'a> {
    /// Empty, or the directory that holds another root.
    root: &'a str,
    /// The directory of the database.
    database: &'a str,
    /// The file name without its extension.
    package: &'a str,
    is_list: bool,
    /// In `status.d`, where each package has a record of its own.
    is_single: bool,
}

impl<'a> Place<'a> {
    fn of(path: &'a LayerPath) -> Option<Self> {
        let (package, extension) = path.file_name().rsplit_once('.')?;
        let (database, directory) = path.parent().rsplit_once('/')?;
        let is_single = directory == "status.d";
        let is_list = extension == "list";
        let fits = is_list && directory == "info"
            || extension == "md5sums" && matches!(directory, "info" | "status.d");
        let root = DATABASES.iter().find_map(|it| root(database, it))?;
        fits.then_some(Self { root, database, package, is_list, is_single })
    }

    fn read(&self, bytes: &[u8], found: &mut Found) {
        let Some(owning) = self.owning() else { return };
        let mut listing = Listing::new(owning, self.root);
        for (number, line) in text::lines(bytes).filter(|(_, it)| !it.is_empty()) {
            match self.path(line) {
                Some(path) => listing.add(path),
                None => found.note(number, "a line without a readable path"),
            }
        }
        listing.finish(found);
    }

    fn owning(&self) -> Option<Owning> {
        if self.is_single {
            let record = LayerPath::join(self.database, &format!("status.d/{}", self.package))?;
            return Some(Owning::new(&record));
        }
        let status = LayerPath::join(self.database, "status")?;
        let (name, arch) = match self.package.split_once(':') {
            Some((name, arch)) => (name, Some(arch)),
            None => (self.package, None),
        };
        Some(Owning::named(&status, name, arch))
    }

    fn path<'l>(&self, line: &'l [u8]) -> Option<&'l str> {
        let line = str::from_utf8(line).ok()?;
        if self.is_list {
            return line.split('\t').next();
        }
        // The digest, then two blanks, or a blank and the mark of a binary file.
        let (_, path) = line.split_at_checked(34)?;
        Some(path)
    }
}

/// What comes before `database`, as of a directory within a root.
fn root<'a>(path: &'a str, database: &str) -> Option<&'a str> {
    let root = path.strip_suffix(database)?;
    if root.is_empty() { Some(root) } else { root.strip_suffix('/') }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{find, shown, wants};
    use super::ANALYZER;
    use crate::model::LayerPath;

    #[test]
    fn only_lists_of_databases_are_read() {
        for path in [
            "var/lib/dpkg/info/a.list",
            "x/var/lib/dpkg/info/libc6:amd64.list",
            "var/lib/dpkg/info/a.md5sums",
            "var/lib/dpkg/status.d/python3.11.md5sums",
            "usr/lib/opkg/info/busybox.list",
        ] {
            assert!(wants(&ANALYZER, path), "{path}");
        }
        for path in ["etc/apt/sources.list", "var/lib/dpkg/a.list", "info/a.list", "a.md5sums"] {
            assert!(!wants(&ANALYZER, path), "{path}");
        }
    }

    #[test]
    fn the_owner_is_named_as_the_status_names_it() {
        let text =
            b"/.\n/usr\n/usr/bin\n/usr/bin/a b\n/usr/lib\n/usr/lib/liba.so.1\n/usr/share/x/y\n";
        let found = find(&ANALYZER, "x/var/lib/dpkg/info/liba:amd64.list", text);
        assert_eq!(shown(&found), "/x/var/lib/dpkg/status liba amd64 owns 2 of 3\n");
        let owned = &found.owns[0].paths;
        assert!(owned.contains(&LayerPath::new("x/usr/bin/a b").unwrap()));
        let found = find(&ANALYZER, "usr/lib/opkg/info/a.list", b"/usr/bin/a\t0100755\n/etc/a/b\n");
        assert_eq!(shown(&found), "/usr/lib/opkg/status a owns 1 of 2\n");
        assert!(found.owns[0].paths.contains(&LayerPath::new("usr/bin/a").unwrap()));
    }

    #[test]
    fn a_distroless_package_is_its_own_evidence() {
        let text = b"d41d8cd98f00b204e9800998ecf8427e  usr/bin/a\nshort\n";
        let found = find(&ANALYZER, "var/lib/dpkg/status.d/python3.11.md5sums", text);
        insta::assert_snapshot!(shown(&found), @r"
        /var/lib/dpkg/status.d/python3.11 owns 1 of 1
        note dpkg-files: line 2: a line without a readable path
        ");
    }
}
