//! rpm's database of installed packages: Red Hat, Fedora, SUSE, Amazon, Azure Linux and others.
//!
//! One header for each package, <https://rpm-software-management.github.io/rpm/manual/>, in a
//! database of one of three kinds: SQLite today, NDB at SUSE, Berkeley DB before. The first bytes
//! tell which. It may be larger than what is held in memory, so the headers come one by one. What
//! SQLite has not yet moved from its log into the database is only noted: rpm leaves none behind.
//!
//! Does not count: keys for signatures (`gpg-pubkey`), which rpm keeps as packages; the copy of
//! its base's database that rpm-ostree keeps.

use super::{Analyzer, Found, HEAD, Input, MAX_FILE, Unread, Want, rpm_package};
use crate::format::rpm_header::Header;
use crate::format::sqlite::{Database, Value};
use crate::format::{FormatError, bdb, ndb, sqlite};
use crate::model::Content;

/// Older systems, those of rpm-ostree, and newer ones.
const DIRECTORIES: [&str; 3] = ["var/lib/rpm", "usr/share/rpm", "usr/lib/sysimage/rpm"];

/// SQLite's log; after an orderly end it is empty.
const LOG: &str = "rpmdb.sqlite-wal";

/// With all its packages installed, a distribution needs half of it.
const MAX_DATABASE: u64 = 1 << 30;

/// The most of one header. That of a package of 100,000 files has about 15 MiB.
const MAX_HEADER: u64 = MAX_FILE;

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "rpm",
    wants: &[
        Want::Name("Packages"),
        Want::Name("Packages.db"),
        Want::Name("rpmdb.sqlite"),
        Want::Name(LOG),
    ],
    accepts: |path| root_of(path.parent()).is_some(),
    read,
    ..Analyzer::BASE
};

/// The root file system whose packages a database in `directory` lists.
fn root_of(directory: &str) -> Option<&str> {
    DIRECTORIES.iter().find_map(|it| {
        let root = directory.strip_suffix(it)?;
        if root.is_empty() { Some(root) } else { root.strip_suffix('/') }
    })
}

fn read(input: &Input<'_>) -> Result<Found, Unread> {
    let size = input.size();
    if input.path.file_name() == LOG {
        let mut found = Found::default();
        if size > 0 {
            found.remark("changes that are not in the database yet are not read");
        }
        return Ok(found);
    }
    if size > MAX_DATABASE {
        return Err(Unread::TooLarge { size, limit: MAX_DATABASE });
    }
    let root = root_of(input.path.parent()).unwrap_or_default();
    let mut reader = rpm_package::Reader::new(input.path, root);
    let end = headers(input.content, &mut |blob| match blob.and_then(Header::read) {
        Ok(header) => reader.read(&header),
        Err(error) => reader.skip(&error),
    });
    let mut found = reader.finish();
    match end {
        Err(FormatError::Io(error)) => return Err(error.into()),
        Err(error) => found.remark(error),
        Ok(()) => {}
    }
    Ok(found)
}

/// Is told the header of each package, and why one cannot be read.
type Each<'a> = dyn FnMut(Result<&[u8], FormatError>) + 'a;

fn headers(content: &dyn Content, each: &mut Each<'_>) -> Result<(), FormatError> {
    let mut head = [0; HEAD];
    content.read_at(0, &mut head)?;
    if sqlite::is_database(&head) {
        sqlite_headers(content, each)
    } else if ndb::is_database(&head) {
        ndb::blobs(content, MAX_HEADER, each)
    } else if bdb::is_database(&head) {
        bdb::entries(content, MAX_HEADER, &mut |entry| match entry {
            // The number of the last package.
            Ok(([0, 0, 0, 0], _)) => {}
            entry => each(entry.map(|(_, header)| header)),
        })
    } else if content.size() == 0 {
        Err(FormatError::Malformed("the file is empty"))
    } else {
        Err(FormatError::Malformed("neither SQLite nor NDB nor a hash table of Berkeley DB"))
    }
}

/// The table `Packages` has two columns: a number, and the header.
fn sqlite_headers(content: &dyn Content, each: &mut Each<'_>) -> Result<(), FormatError> {
    let database = Database::open(content)?;
    let Some(root) = database.table("Packages")? else {
        return Err(FormatError::Malformed("no table of packages"));
    };
    database.rows(root, MAX_HEADER, &mut |row| {
        each(row.and_then(|it| match it.value(1) {
            Some(Value::Blob(header)) => Ok(header),
            _ => Err(FormatError::Malformed("a row without a header")),
        }));
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, seed, shown, wants};
    use crate::format::rpm_header::made::{Value, header};
    use crate::format::rpm_header::tag;
    use crate::format::sqlite::Value as Cell;
    use crate::format::{bdb, ndb, sqlite};

    /// A package with a few of its tags.
    fn package(name: &str, more: &[(u32, Value<'_>)]) -> Vec<u8> {
        let tags = [
            (tag::NAME, Value::Text(name)),
            (tag::VERSION, Value::Text("1.0")),
            (tag::RELEASE, Value::Text("2.el9")),
            (tag::ARCH, Value::Text("x86_64")),
        ];
        header(&[&tags, more].concat())
    }

    fn in_sqlite(headers: &[Vec<u8>]) -> Vec<u8> {
        let rows = headers.iter().map(|it| vec![Cell::Null, Cell::Blob(it)]).collect();
        sqlite::made::database(&[("Packages", rows)])
    }

    /// A database for the tests of every analyzer.
    pub(in crate::analyze) fn database() -> Vec<u8> {
        in_sqlite(&[
            package("a", &[(tag::SOURCERPM, Value::Text("b-1.0-2.el9.src.rpm"))]),
            package(
                "c",
                &[
                    (tag::BASENAMES, Value::Texts(&["c"])),
                    (tag::DIRINDEXES, Value::Numbers(&[0])),
                    (tag::DIRNAMES, Value::Texts(&["/usr/bin/"])),
                ],
            ),
        ])
    }

    fn check(headers: &[Vec<u8>]) -> String {
        shown(&find(&ANALYZER, "var/lib/rpm/rpmdb.sqlite", &in_sqlite(headers)))
    }

    #[test]
    fn a_database_may_lie_at_any_of_its_places_below_any_root() {
        for path in [
            "var/lib/rpm/Packages",
            "var/lib/rpm/Packages.db",
            "usr/lib/sysimage/rpm/rpmdb.sqlite",
            "usr/share/rpm/rpmdb.sqlite",
            "mnt/root/var/lib/rpm/rpmdb.sqlite",
        ] {
            assert!(wants(&ANALYZER, path), "{path}");
        }
        for path in [
            "var/lib/rpm/Name",
            "var/lib/rpm/rpmdb.sqlite-shm",
            "usr/lib/sysimage/rpm-ostree-base-db/rpmdb.sqlite",
            "dists/stable/Packages",
            "xvar/lib/rpm/Packages",
        ] {
            assert!(!wants(&ANALYZER, path), "{path}");
        }
    }

    #[test]
    fn every_kind_of_database_says_the_same() {
        let long = "A licence ".repeat(100);
        let headers = [package("a", &[]), package("b", &[(tag::LICENSE, Value::Text(&long))])];
        let expected = check(&headers);
        let bdb = |order| bdb::made::table(&headers, order);
        for bytes in [ndb::made::database(&headers), bdb(false), bdb(true)] {
            // The file's name does not matter: its first bytes do.
            assert_eq!(shown(&find(&ANALYZER, "var/lib/rpm/Packages", &bytes)), expected);
        }
        assert_eq!(expected.lines().count(), 2);
    }

    #[test]
    fn a_package_says_what_it_is_and_what_it_was_built_from() {
        let headers = [
            package(
                "bash",
                &[
                    (tag::SOURCERPM, Value::Text("bash-1.0-2.el9.src.rpm")),
                    (tag::LICENSE, Value::Text("GPL-3.0-or-later AND MIT")),
                    (tag::VENDOR, Value::Text("Rocky Enterprise Software Foundation")),
                ],
            ),
            package(
                "bind-libs",
                &[
                    (tag::EPOCH, Value::Numbers(&[32])),
                    (tag::SOURCERPM, Value::Text("bind-1.0-2.el9.src.rpm")),
                ],
            ),
            package(
                "dbus",
                &[
                    (tag::EPOCH, Value::Numbers(&[1])),
                    (tag::SOURCERPM, Value::Text("dbus-1.0-2.el9.src.rpm")),
                ],
            ),
            package(
                "npm",
                &[
                    (tag::EPOCH, Value::Numbers(&[0])),
                    (tag::SOURCERPM, Value::Text("nodejs-20-10.el9.nosrc.rpm")),
                    (tag::MODULARITYLABEL, Value::Text("nodejs:20:920:abc")),
                ],
            ),
            package(
                "own",
                &[(tag::SOURCERPM, Value::Text("(none)")), (tag::VENDOR, Value::Text("(none)"))],
            ),
        ];
        insta::assert_snapshot!(check(&headers), @r#"
        rpm bash 1.0-2.el9 x86_64 licensed ["GPL-3.0-or-later AND MIT"] vendor=Rocky Enterprise Software Foundation
        rpm bind-libs 32:1.0-2.el9 x86_64 from bind 1.0-2.el9
        rpm dbus 1:1.0-2.el9 x86_64
        rpm npm 1.0-2.el9 x86_64 from nodejs 20-10.el9 rpmmod=nodejs:20:920:abc
        rpm own 1.0-2.el9 x86_64
        "#);
    }

    #[test]
    fn keys_are_no_packages_and_bad_packages_hide_none() {
        let headers = [
            package("gpg-pubkey", &[]),
            package("a b", &[]),
            vec![0xff; 100],
            header(&[(tag::NAME, Value::Text("c")), (tag::VERSION, Value::Text("1"))]),
            package(
                "d",
                &[
                    (tag::SOURCERPM, Value::Text("d.src.rpm")),
                    (tag::LICENSE, Value::Text("\x1b[2J")),
                ],
            ),
            package("e", &[]),
        ];
        insta::assert_snapshot!(check(&headers), @"
        rpm d 1.0-2.el9 x86_64
        rpm e 1.0-2.el9 x86_64
        note rpm: package 2: a package without a readable name
        note rpm: package 3: a header that is cut off
        note rpm: package 4: a package without a readable version
        note rpm: package 5: a package with an unreadable source
        ");
    }

    #[test]
    fn files_are_owned_if_they_were_installed() {
        let split = [
            (tag::DIRNAMES, Value::Texts(&["/usr/bin/", "/usr/lib/", "/usr/share/doc/"])),
            (tag::BASENAMES, Value::Texts(&["a", "b", "c", "libd.so.1", "d", "e", "f", "lost"])),
            (tag::DIRINDEXES, Value::Numbers(&[0, 0, 0, 1, 1, 2, 2, 9])),
            (
                tag::FILEMODES,
                Value::ShortNumbers(&[
                    0o100_755, 0o100_755, 0o120_777, 0o100_755, 0o40_755, 0o100_644,
                ]),
            ),
            // The second was replaced, the sixth left out.
            (tag::FILESTATES, Value::Bytes(&[0, 1, 0, 0, 0, 2, 0])),
        ];
        let whole = [(tag::OLDFILENAMES, Value::Texts(&["/bin/a", "/etc/b"]))];
        let headers = [package("new", &split), package("old", &whole), package("none", &[])];
        let bytes = in_sqlite(&headers);
        let found = find(&ANALYZER, "srv/root/usr/lib/sysimage/rpm/rpmdb.sqlite", &bytes);
        insta::assert_snapshot!(shown(&found), @"
        rpm new 1.0-2.el9 x86_64
        rpm none 1.0-2.el9 x86_64
        rpm old 1.0-2.el9 x86_64
        /srv/root/usr/lib/sysimage/rpm/rpmdb.sqlite new x86_64 owns 3 of 4
        /srv/root/usr/lib/sysimage/rpm/rpmdb.sqlite old x86_64 owns 1 of 2
        ");
        let owns = |owner: usize, path: &str| {
            found.owns[owner].paths.contains(&crate::model::LayerPath::new(path).unwrap())
        };
        assert!(owns(0, "srv/root/usr/bin/a") && owns(0, "srv/root/usr/lib/libd.so.1"));
        assert!(!owns(0, "usr/bin/a") && !owns(0, "srv/root/usr/bin/b"));
        assert!(owns(1, "srv/root/bin/a"));
    }

    #[test]
    fn two_versions_of_one_package_are_two() {
        let kernel = |version, file: &[&str]| {
            header(&[
                (tag::NAME, Value::Text("kernel-core")),
                (tag::VERSION, Value::Text(version)),
                (tag::RELEASE, Value::Text("1")),
                (tag::OLDFILENAMES, Value::Texts(file)),
            ])
        };
        let headers = [
            kernel("5.14", &["/lib/modules/5.14/vmlinuz"]),
            kernel("6.1", &["/lib/modules/6.1/vmlinuz"]),
        ];
        insta::assert_snapshot!(check(&headers), @"
        rpm kernel-core 5.14-1
        rpm kernel-core 6.1-1
        /var/lib/rpm/rpmdb.sqlite kernel-core owns 1 of 1
        /var/lib/rpm/rpmdb.sqlite kernel-core owns 1 of 1
        ");
    }

    #[test]
    fn each_kind_of_database_is_a_seed_for_fuzzing() {
        let long = "A licence ".repeat(100);
        let headers = [package("a", &[]), package("b", &[(tag::LICENSE, Value::Text(&long))])];
        for (target, name, bytes) in [
            ("rpmdb_sqlite", "files", database()),
            ("rpmdb_sqlite", "long", in_sqlite(&headers)),
            ("rpmdb_ndb", "long", ndb::made::database(&headers)),
            ("rpmdb_bdb", "little", bdb::made::table(&headers, false)),
            ("rpmdb_bdb", "big", bdb::made::table(&headers, true)),
        ] {
            let found = find(&ANALYZER, "var/lib/rpm/Packages", &bytes);
            assert_eq!((found.components.len(), found.notes.len()), (2, 0));
            seed(target, name, &bytes);
        }
    }

    #[test]
    fn a_log_with_changes_is_noted() {
        let told = |bytes: &[u8]| shown(&find(&ANALYZER, "var/lib/rpm/rpmdb.sqlite-wal", bytes));
        assert_eq!(told(b""), "");
        assert_eq!(
            told(b"7\x7f\x06\x82"),
            "note rpm: changes that are not in the database yet are not read\n"
        );
    }

    #[test]
    fn what_is_no_database_says_why() {
        let told = |bytes: &[u8]| find(&ANALYZER, "var/lib/rpm/Packages", bytes).notes;
        assert_eq!(told(b""), ["rpm: the file is empty"]);
        assert_eq!(told(b"text"), ["rpm: neither SQLite nor NDB nor a hash table of Berkeley DB"]);
        assert_eq!(told(&sqlite::made::database(&[])), ["rpm: no table of packages"]);
        assert_eq!(told(&in_sqlite(&[])), Vec::<String>::new());
    }
}
