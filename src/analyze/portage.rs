//! Gentoo's database of installed packages: a directory for each, `var/db/pkg/CATEGORY/NAME-VERSION`,
//! with a file for each thing that is known of it,
//! <https://dev.gentoo.org/~zmedico/portage/doc/man/portage.5.html>.
//!
//! `CONTENTS` is there for every package, empty if it has no files, and stands for it; the name is
//! that of the directory. A directory that is being merged, `-MERGING-…`, does not count.

use super::{Analyzer, Found, Input, Owning, Unread, Want, listing, text};
use crate::model::{Component, Ecosystem, LayerPath};

const DATABASE: &str = "var/db/pkg";

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "portage",
    wants: &[
        Want::Name("CONTENTS"),
        Want::Name("LICENSE"),
        Want::Name("SLOT"),
        Want::Name("repository"),
    ],
    accepts: |path| Package::of(path).is_some(),
    read,
    ..Analyzer::BASE
};

/// What the path says.
struct Package<'a> {
    /// Empty, or the directory that holds another root.
    root: &'a str,
    category: &'a str,
    /// Name and version.
    full: &'a str,
}

impl<'a> Package<'a> {
    fn of(path: &'a LayerPath) -> Option<Self> {
        let (rest, full) = path.parent().rsplit_once('/')?;
        let (database, category) = rest.rsplit_once('/')?;
        let root = database.strip_suffix(DATABASE)?;
        let root = if root.is_empty() { Some(root) } else { root.strip_suffix('/') }?;
        (!full.starts_with('-')).then_some(Self { root, category, full })
    }
}

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    let Some(package) = Package::of(input.path) else { return Ok(found) };
    let bytes = input.whole()?;
    let of = format!("{}/CONTENTS", input.path.parent());
    match input.path.file_name() {
        "CONTENTS" => contents(input.path, &package, &bytes, &mut found),
        "LICENSE" => {
            for license in licenses(&bytes) {
                found.about(&of, "license", license);
            }
        }
        name => {
            let key = if name == "SLOT" { "slot" } else { "repository" };
            if let Some(value) = text::value(&bytes) {
                found.about(&of, key, value);
            }
        }
    }
    Ok(found)
}

fn contents(path: &LayerPath, package: &Package<'_>, bytes: &[u8], found: &mut Found) {
    let name = split(package.full).and_then(|(name, version)| {
        let name = format!("{}/{name}", package.category);
        Some((text::value(name.as_bytes())?.to_owned(), text::value(version.as_bytes())?))
    });
    let Some((name, version)) = name else {
        return found.remark("the directory does not name a package and a version");
    };
    found.component(Component::new(Ecosystem::Ebuild, name, version));
    let mut owning = Owning::new(path);
    for (number, line) in text::lines(bytes).filter(|(_, it)| !it.is_empty()) {
        match file(line) {
            Ok(Some(file)) => listing::own(&mut owning, package.root, file),
            Ok(None) => {}
            Err(()) => found.note(number, "a line that is no file, directory or link"),
        }
    }
    found.owns(owning);
}

/// The path of a file or a symlink. Paths may have blanks; what follows them is counted from the end.
fn file(line: &[u8]) -> Result<Option<&str>, ()> {
    let (kind, rest) = str::from_utf8(line).map_err(|_| ())?.split_once(' ').ok_or(())?;
    let path = match kind {
        // obj PATH DIGEST TIME
        "obj" => rest.rsplitn(3, ' ').nth(2).ok_or(())?,
        // sym PATH -> TARGET TIME
        "sym" => rest.split_once(" -> ").ok_or(())?.0,
        "dir" | "fif" | "dev" => return Ok(None),
        _ => return Err(()),
    };
    Ok(Some(path.trim_start_matches('/')))
}

/// Splits name and version; the version has a digit first and may have a revision, `-r1`.
fn split(full: &str) -> Option<(&str, &str)> {
    let is_revision = |it: &str| {
        it.strip_prefix('r')
            .is_some_and(|it| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit()))
    };
    let end = match full.rsplit_once('-') {
        Some((rest, last)) if is_revision(last) => rest.len(),
        _ => full.len(),
    };
    let at = full.get(..end)?.rfind('-')?;
    let (name, version) = (full.get(..at)?, full.get(at + 1..)?);
    (!name.is_empty() && version.starts_with(|it: char| it.is_ascii_digit()))
        .then_some((name, version))
}

/// The names; or the whole where it offers a choice, which a list of names would hide.
fn licenses(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let words: Vec<&str> = text.split_ascii_whitespace().take(200).collect();
    if words.contains(&"||") {
        let whole = words.join(" ");
        return text::phrase(whole.as_bytes()).map(str::to_owned).into_iter().collect();
    }
    // What is left of a condition, `flag? ( … )`, holds.
    let names = words.iter().filter(|it| !it.ends_with('?') && !matches!(**it, "(" | ")"));
    names.filter_map(|it| text::value(it.as_bytes()).map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{find, shown, wants};
    use super::{ANALYZER, file, split};

    const PACKAGE: &str = "var/db/pkg/app-misc/a-1.0-r1";

    fn check(name: &str, text: &str) -> String {
        shown(&find(&ANALYZER, &format!("{PACKAGE}/{name}"), text.as_bytes()))
    }

    #[test]
    fn a_package_is_named_by_its_directory() {
        let text = "dir /usr\ndir /usr/bin\nobj /usr/bin/a b d41d8cd9 1649284374\n\
                    sym /usr/lib/liba.so -> liba.so.1 1649284374\nobj /usr/share/x/y d41d 1\n";
        insta::assert_snapshot!(check("CONTENTS", text), @r"
        ebuild app-misc/a 1.0-r1
        /var/db/pkg/app-misc/a-1.0-r1/CONTENTS owns 2 of 3
        ");
        assert_eq!(check("CONTENTS", ""), "ebuild app-misc/a 1.0-r1\n");
    }

    #[test]
    fn what_is_being_merged_does_not_count() {
        assert!(wants(&ANALYZER, "x/var/db/pkg/a/b-1/CONTENTS"));
        for path in ["var/db/pkg/a/-MERGING-b-1/CONTENTS", "var/db/pkg/CONTENTS", "a/b-1/LICENSE"] {
            assert!(!wants(&ANALYZER, path), "{path}");
        }
    }

    #[test]
    fn versions_are_told_from_names() {
        for (full, name, version) in [
            ("gcc-12.3.1_p20230526", "gcc", "12.3.1_p20230526"),
            ("Getopt-Long-2.580.0", "Getopt-Long", "2.580.0"),
            ("libsdl2-2.0-r3", "libsdl2", "2.0-r3"),
            ("gtk+-3.24.39", "gtk+", "3.24.39"),
            ("font-adobe-100dpi-1.0.4", "font-adobe-100dpi", "1.0.4"),
            ("openssl-3.0.13_beta1-r12", "openssl", "3.0.13_beta1-r12"),
            ("git-9999", "git", "9999"),
        ] {
            assert_eq!(split(full), Some((name, version)));
        }
        for full in ["a", "a-b", "-1", "a-r1", "1.0", ""] {
            assert_eq!(split(full), None, "{full}");
        }
    }

    #[test]
    fn paths_may_have_blanks() {
        assert_eq!(file(b"obj /a b/c d41d 1"), Ok(Some("a b/c")));
        assert_eq!(file(b"sym /a b -> c d 1"), Ok(Some("a b")));
        assert_eq!(file(b"dir /a b"), Ok(None));
        for line in [&b"obj /a"[..], b"sym /a 1", b"what /a 1 2", b"obj", b"obj /\xff 1 2"] {
            assert_eq!(file(line), Err(()));
        }
    }

    #[test]
    fn what_lies_beside_is_about_the_package() {
        insta::assert_snapshot!(check("LICENSE", "Apache-2.0 BSD ssl? ( openssl )\n"), @r"
        /var/db/pkg/app-misc/a-1.0-r1/CONTENTS license=Apache-2.0
        /var/db/pkg/app-misc/a-1.0-r1/CONTENTS license=BSD
        /var/db/pkg/app-misc/a-1.0-r1/CONTENTS license=openssl
        ");
        let choice = "/var/db/pkg/app-misc/a-1.0-r1/CONTENTS license=MIT || ( GPL-2 BSD )\n";
        assert_eq!(check("LICENSE", "MIT || ( GPL-2\n BSD )"), choice);
        assert_eq!(check("SLOT", "0/3\n"), "/var/db/pkg/app-misc/a-1.0-r1/CONTENTS slot=0/3\n");
        let repository = "/var/db/pkg/app-misc/a-1.0-r1/CONTENTS repository=gentoo\n";
        assert_eq!(check("repository", "gentoo\n"), repository);
    }
}
