//! Arch Linux's database of installed packages, one directory for each: `local/NAME-VERSION`.
//!
//! `desc` says what the package is, `files` what is its own; both are sections of lines, each under
//! a `%NAME%`, <https://alpm.archlinux.page/specifications/alpm-db-desc.5.html>.

use super::{Analyzer, Found, Input, Owning, Unread, Want, listing, text};
use crate::model::{Component, Ecosystem, LayerPath, SourcePackage};

/// Where the directories of packages lie in a root; the second is that of the Steam Deck.
const DATABASES: &[&str] =
    &["var/lib/pacman/local", "usr/lib/holo/pacmandb/local", "usr/lib/sysimage/lib/pacman/local"];

/// The licences of one package that are kept.
const MAX_LICENSES: usize = 100;

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "pacman",
    wants: &[Want::Name("desc"), Want::Name("files"), Want::Name("ALPM_DB_VERSION")],
    accepts: |path| {
        let parent = path.parent();
        let database = match path.file_name() {
            "ALPM_DB_VERSION" => parent,
            _ => parent.rsplit_once('/').map_or("", |(it, _)| it),
        };
        root(database).is_some()
    },
    read,
    ..Analyzer::BASE
};

fn root(database: &str) -> Option<&str> {
    let before = |it| database.strip_suffix(it);
    let root = DATABASES.iter().find_map(|it| before(*it))?;
    if root.is_empty() { Some(root) } else { root.strip_suffix('/') }
}

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let mut found = Found::default();
    match input.path.file_name() {
        "ALPM_DB_VERSION" => found.database = Some(Ecosystem::Alpm),
        "desc" => package(&input.whole()?, &mut found),
        _ => files(input.path, &input.whole()?, &mut found),
    }
    Ok(found)
}

/// The lines of all sections, each with the section's name.
fn sections(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut section: &[u8] = b"";
    let lines = text::lines(bytes).map(|(_, it)| it).filter(|it| !it.is_empty());
    lines.filter_map(move |line| match line {
        [b'%', name @ .., b'%'] => {
            section = name;
            None
        }
        _ => Some((section, line)),
    })
}

fn package(bytes: &[u8], found: &mut Found) {
    let first = |section: &[u8]| sections(bytes).find(|(it, _)| *it == section).map(|(_, it)| it);
    let Some(name) = first(b"NAME").and_then(text::value) else {
        return found.remark("a package without a readable name");
    };
    let Some(version) = first(b"VERSION").and_then(text::value) else {
        return found.remark("a package without a readable version");
    };
    let mut component = Component::new(Ecosystem::Alpm, name, version);
    let base = first(b"BASE").and_then(text::value).filter(|it| *it != name);
    // Packages of one base are built together, in one version.
    component.source =
        base.map(|it| SourcePackage { name: it.to_owned(), version: version.to_owned() });
    component.arch = first(b"ARCH").and_then(text::value).map(str::to_owned);
    component.licenses = sections(bytes)
        .filter(|(it, _)| *it == b"LICENSE")
        .filter_map(|(_, it)| text::phrase(it).map(str::to_owned))
        .take(MAX_LICENSES)
        .collect();
    component.licenses.sort_unstable();
    component.licenses.dedup();
    if let Some(packager) = first(b"PACKAGER").and_then(text::phrase) {
        component = component.property("packager", packager);
    }
    found.component(component);
}

fn files(path: &LayerPath, bytes: &[u8], found: &mut Found) {
    let Some(of) = LayerPath::join(path.parent(), "desc") else { return };
    let database = path.parent().rsplit_once('/').map_or("", |(it, _)| it);
    let mut owning = Owning::new(&of);
    let root = root(database).unwrap_or_default();
    for (_, line) in sections(bytes).filter(|(it, _)| *it == b"FILES") {
        if let Ok(file) = str::from_utf8(line) {
            listing::own(&mut owning, root, file);
        }
    }
    found.owns(owning);
}

#[cfg(test)]
mod tests {
    use super::super::tests::{find, shown, wants};
    use super::ANALYZER;

    fn check(name: &str, text: &str) -> String {
        let path = format!("var/lib/pacman/local/liba-1:2.0-1/{name}");
        shown(&find(&ANALYZER, &path, text.as_bytes()))
    }

    #[test]
    fn only_the_database_of_installed_packages_is_read() {
        assert!(wants(&ANALYZER, "x/var/lib/pacman/local/a-1-1/files"));
        assert!(wants(&ANALYZER, "usr/lib/holo/pacmandb/local/a-1-1/desc"));
        for path in ["var/lib/pacman/sync/a-1-1/desc", "var/lib/pacman/local/desc", "local/a/desc"]
        {
            assert!(!wants(&ANALYZER, path), "{path}");
        }
    }

    #[test]
    fn a_package_is_what_its_sections_say() {
        let text = "%NAME%\nliba\n\n%VERSION%\n1:2.0-1\n\n%BASE%\na\n\n%DESC%\nA %VERSION% of it\n\n\
                    %ARCH%\nx86_64\n\n%PACKAGER%\nSome One <a@example.com>\n\n\
                    %LICENSE%\nMIT\nGPL-2.0-or-later\nMIT\n\n%DEPENDS%\nglibc\n";
        assert_eq!(
            check("desc", text),
            "alpm liba 1:2.0-1 x86_64 from a 1:2.0-1 licensed [\"GPL-2.0-or-later\", \"MIT\"] \
             packager=Some One <a@example.com>\n"
        );
    }

    #[test]
    fn files_belong_to_the_description_beside() {
        let text = "%FILES%\nusr/\nusr/lib/\nusr/lib/liba.so\nusr/lib/liba.so.2\nusr/share/x/y\n\n\
                    %BACKUP%\netc/a.conf\td41d8cd98f00b204e9800998ecf8427e\n";
        let owns = "/var/lib/pacman/local/liba-1:2.0-1/desc owns 2 of 3\n";
        assert_eq!(check("files", text), owns);
    }

    #[test]
    fn what_lacks_a_name_or_version_is_noted() {
        let note = "note pacman: a package without a readable name\n";
        assert_eq!(check("desc", ""), note);
        assert_eq!(check("desc", "%NAME%\n\n%NAME%"), note);
        let note = "note pacman: a package without a readable version\n";
        assert_eq!(check("desc", "%NAME%\na\n%VERSION%\n1 2\n"), note);
    }

    #[test]
    fn a_database_without_packages_is_still_one() {
        let found = find(&ANALYZER, "var/lib/pacman/local/ALPM_DB_VERSION", b"9\n");
        assert_eq!(found.database, Some(crate::model::Ecosystem::Alpm));
    }
}
