//! The distribution's name and version where there is no os-release: releases before 2012, and images
//! that were made small. Each distribution had a file of its own, and `lsb-release` was shared.
//!
//! Which file wins if several speak is said in `model::Inventory::distros`.

use super::os_release::{assignment, unquoted};
use super::{Analyzer, Found, Want, text};
use crate::model::{Distro, LayerPath};

/// No such file is longer.
const MAX_LENGTH: usize = 16 << 10;

pub(super) const ANALYZER: Analyzer = Analyzer {
    id: "distro-files",
    wants: &[
        Want::Name("SuSE-release"),
        Want::Name("almalinux-release"),
        Want::Name("alpine-release"),
        Want::Name("arch-release"),
        Want::Name("azurelinux-release"),
        Want::Name("centos-release"),
        Want::Name("debian_version"),
        Want::Name("fedora-release"),
        Want::Name("gentoo-release"),
        Want::Name("lsb-release"),
        Want::Name("mariner-release"),
        Want::Name("openEuler-release"),
        Want::Name("oracle-release"),
        Want::Name("photon-release"),
        Want::Name("redhat-release"),
        Want::Name("repositories"),
        Want::Name("rocky-release"),
        Want::Name("slackware-version"),
        Want::Name("system-release"),
        Want::Name("system-release-cpe"),
    ],
    accepts: |path| {
        let directories: &[&str] =
            if path.file_name() == "repositories" { &["etc/apk"] } else { &["etc", "usr/lib"] };
        let mut roots = directories.iter().filter_map(|it| path.parent().strip_suffix(it));
        roots.any(|it| it.is_empty() || it.ends_with('/'))
    },
    read: |input| Ok(read(input.path, &input.part(0, MAX_LENGTH)?)),
    ..Analyzer::BASE
};

fn read(path: &LayerPath, bytes: &[u8]) -> Found {
    let first = text::lines(bytes).find_map(|(_, it)| text::phrase(it)).unwrap_or_default();
    let distro = match path.file_name() {
        // It is empty, mostly.
        "arch-release" => Some(of("arch", "")),
        "alpine-release" => version(first).map(|it| of("alpine", it)),
        "debian_version" => debian(first),
        "lsb-release" => lsb(bytes),
        "repositories" => text::lines(bytes).find_map(|(_, it)| repository(it)),
        "SuSE-release" => suse(first, bytes),
        "system-release-cpe" => cpe(first),
        _ => titled(first),
    };
    Found { distro, ..Found::default() }
}

fn of(id: &str, version: &str) -> Distro {
    let version = Some(version.to_owned()).filter(|it| !it.is_empty());
    Distro { id: id.to_owned(), version, ..Distro::default() }
}

/// A single word that begins with a digit.
fn version(text: &str) -> Option<&str> {
    text::value(text.as_bytes()).filter(|it| it.starts_with(|it: char| it.is_ascii_digit()))
}

/// `12.5`, of which os-release has the 12; before a release, the names of it and of unstable.
fn debian(line: &str) -> Option<Distro> {
    if let Some((codename, "sid")) = line.split_once('/') {
        let codename = Some(codename).filter(|it| it.bytes().all(|it| it.is_ascii_lowercase()))?;
        return Some(Distro { codename: Some(codename.to_owned()), ..of("debian", "") });
    }
    let number = version(line)?;
    let is_number = number.bytes().all(|it| it.is_ascii_digit() || it == b'.');
    is_number.then(|| of("debian", number.split('.').next().unwrap_or(number)))
}

/// apk's: `https://dl-cdn.alpinelinux.org/alpine/v3.20/main` is of Alpine 3.20.
fn repository(line: &[u8]) -> Option<Distro> {
    let line = str::from_utf8(line).ok().filter(|it| !it.starts_with('#'))?;
    let (_, rest) = line.split_once("/alpine/v")?;
    let (number, part) = rest.split_once('/')?;
    let is_number = number.bytes().all(|it| it.is_ascii_digit() || it == b'.');
    let is_own = matches!(part.trim_end_matches(['/', ' ']), "main" | "community");
    (is_number && is_own).then(|| version(number)).flatten().map(|it| of("alpine", it))
}

fn lsb(bytes: &[u8]) -> Option<Distro> {
    let value = |key: &[u8]| {
        let lines = text::lines(bytes).filter_map(|(_, it)| assignment(it));
        lines.filter(|(it, _)| *it == key).map(|(_, it)| unquoted(it)).last()
    };
    let word = |key| text::value(&value(key)?).map(str::to_owned);
    let id = word(b"DISTRIB_ID")?;
    let id = match id.as_str() {
        "ManjaroLinux" => "manjaro".to_owned(),
        // That of os-release has capitals, too.
        "openEuler" => id,
        _ => id.to_lowercase(),
    };
    // A rolling release has a word there.
    let version = word(b"DISTRIB_RELEASE").filter(|it| version(it).is_some());
    let name = value(b"DISTRIB_DESCRIPTION").and_then(|it| text::phrase(&it).map(str::to_owned));
    Some(Distro { id, version, codename: word(b"DISTRIB_CODENAME"), name, ..Distro::default() })
}

/// A title, then `VERSION = 11` and `PATCHLEVEL = 4`, which os-release writes `11.4`.
fn suse(title: &str, bytes: &[u8]) -> Option<Distro> {
    let value = |key: &[u8]| {
        let lines = text::lines(bytes).filter_map(|(_, it)| assignment(it));
        lines.filter(|(it, _)| *it == key).find_map(|(_, it)| text::value(it))
    };
    let id = match title.to_lowercase() {
        it if it.starts_with("opensuse") => "opensuse",
        it if it.contains("desktop") => "sled",
        it if it.starts_with("suse linux enterprise") => "sles",
        _ => return None,
    };
    let mut version = value(b"VERSION")?.to_owned();
    if let Some(level) = value(b"PATCHLEVEL").filter(|it| *it != "0" && id != "opensuse") {
        version = format!("{version}.{level}");
    }
    Some(Distro { name: Some(title.to_owned()), ..of(id, &version) })
}

/// `cpe:/o:centos:linux:6:GA`: vendor, product, version.
fn cpe(line: &str) -> Option<Distro> {
    let mut parts = line.strip_prefix("cpe:/o:")?.split(':');
    let (vendor, _, number) = (parts.next()?, parts.next()?, version(parts.next()?)?);
    let id = match vendor {
        "almalinux" | "centos" | "fedoraproject" | "rocky" => vendor.trim_end_matches("project"),
        "amazon" => "amzn",
        "oracle" => "ol",
        "redhat" => "rhel",
        "scientificlinux" => "scientific",
        _ => return None,
    };
    Some(of(id, number))
}

/// What a title begins with, and the `ID` that os-release has for it. The longer ones first.
const TITLES: &[(&str, &str)] = &[
    ("alibaba cloud linux", "alinux"),
    ("almalinux", "almalinux"),
    ("amazon linux", "amzn"),
    ("anolis os", "anolis"),
    ("cbl-mariner", "mariner"),
    ("centos", "centos"),
    ("cloudlinux", "cloudlinux"),
    ("fedora", "fedora"),
    ("gentoo", "gentoo"),
    ("microsoft azure linux", "azurelinux"),
    ("openeuler", "openEuler"),
    ("oracle linux", "ol"),
    ("red hat", "rhel"),
    ("rocky linux", "rocky"),
    ("scientific linux", "scientific"),
    ("slackware", "slackware"),
    ("vmware photon", "photon"),
];

/// `CentOS Linux release 7.9.2009 (Core)`, `Slackware 15.0`: a title and a number.
fn titled(line: &str) -> Option<Distro> {
    let lower = line.to_lowercase();
    let (_, id) = TITLES.iter().find(|(title, _)| lower.starts_with(title))?;
    let number = line.split_ascii_whitespace().find_map(version).unwrap_or_default();
    // The parts that os-release leaves out.
    let mut parts = number.match_indices('.').map(|(at, _)| at);
    let end = match *id {
        "amzn" if number.starts_with("2023.") => parts.next(),
        "azurelinux" | "mariner" => parts.nth(1),
        "centos" => parts.next().filter(|_| !number.starts_with(['5', '6'])),
        _ => None,
    };
    let number = end.and_then(|end| number.get(..end)).unwrap_or(number);
    Some(Distro { name: Some(line.to_owned()), ..of(id, number) })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{find, wants};
    use super::ANALYZER;

    fn check(path: &str, text: &str) -> String {
        let found = find(&ANALYZER, path, text.as_bytes());
        assert!(found.notes.is_empty());
        let Some(it) = found.distro else { return "-".to_owned() };
        let mut shown = it.id;
        for more in [it.version, it.codename].into_iter().flatten() {
            shown = format!("{shown} {more}");
        }
        shown
    }

    #[test]
    fn they_lie_in_two_directories_of_a_root() {
        for path in ["etc/redhat-release", "usr/lib/system-release", "x/etc/debian_version"] {
            assert!(wants(&ANALYZER, path), "{path}");
        }
        assert!(wants(&ANALYZER, "etc/apk/repositories") && !wants(&ANALYZER, "etc/repositories"));
        for path in ["usr/share/redhat-release", "opt/a/lsb-release", "petc/lsb-release"] {
            assert!(!wants(&ANALYZER, path), "{path}");
        }
    }

    #[test]
    fn titles_name_a_distribution_and_a_number() {
        for (title, expected) in [
            ("CentOS Linux release 7.9.2009 (Core)", "centos 7"),
            ("CentOS release 6.10 (Final)", "centos 6.10"),
            ("CentOS Stream release 9", "centos 9"),
            ("Red Hat Enterprise Linux Server release 6.10 (Santiago)", "rhel 6.10"),
            ("Red Hat Enterprise Linux release 8.10 (Ootpa)", "rhel 8.10"),
            ("Rocky Linux release 8.4 (Green Obsidian)", "rocky 8.4"),
            ("AlmaLinux release 8.10 (Cerulean Leopard)", "almalinux 8.10"),
            ("Oracle Linux Server release 7.6", "ol 7.6"),
            ("Scientific Linux release 7.9 (Nitrogen)", "scientific 7.9"),
            ("Fedora release 29 (Twenty Nine)", "fedora 29"),
            ("Amazon Linux AMI release 2018.03", "amzn 2018.03"),
            ("Amazon Linux release 2 (Karoo)", "amzn 2"),
            ("Amazon Linux release 2023.4.20240611 (Amazon Linux)", "amzn 2023"),
            ("openEuler release 22.03 (LTS-SP1)", "openEuler 22.03"),
            ("Gentoo Base System release 2.14", "gentoo 2.14"),
            ("VMware Photon OS 4.0\nPHOTON_BUILD_NUMBER=x", "photon 4.0"),
            ("CBL-Mariner 2.0.20240123", "mariner 2.0"),
            ("Microsoft Azure Linux 3.0.20240624", "azurelinux 3.0"),
            ("Slackware 15.0", "slackware 15.0"),
            ("Something release 1", "-"),
            ("", "-"),
        ] {
            assert_eq!(check("etc/redhat-release", title), expected);
        }
    }

    #[test]
    fn debian_before_a_release_has_a_name_and_no_number() {
        for (text, expected) in [
            ("12.5\n", "debian 12"),
            ("9.8\n", "debian 9"),
            ("trixie/sid\n", "debian trixie"),
            ("kali-rolling\n", "-"),
            ("12.5 (modified)\n", "-"),
            ("", "-"),
        ] {
            assert_eq!(check("etc/debian_version", text), expected);
        }
    }

    #[test]
    fn other_files_have_forms_of_their_own() {
        assert_eq!(check("etc/alpine-release", "3.18.4\n"), "alpine 3.18.4");
        assert_eq!(check("etc/alpine-release", "edge\n"), "-");
        assert_eq!(check("etc/arch-release", ""), "arch");
        let apk = "#https://a.example/alpine/v3.19/main\n/media/cdrom/apks\nhttps://a.example/alpine/v3.20/main\n";
        assert_eq!(check("etc/apk/repositories", apk), "alpine 3.20");
        assert_eq!(check("etc/apk/repositories", "https://a.example/alpine/edge/main\n"), "-");
        let suse = "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n";
        assert_eq!(check("etc/SuSE-release", suse), "sles 11.4");
        let suse = "openSUSE 13.1 (x86_64)\nVERSION = 13.1\nCODENAME = Bottle\n";
        assert_eq!(check("etc/SuSE-release", suse), "opensuse 13.1");
        for (text, expected) in [
            ("cpe:/o:centos:linux:6:GA", "centos 6"),
            ("cpe:/o:redhat:enterprise_linux:7.9:ga:server", "rhel 7.9"),
            ("cpe:/o:fedoraproject:fedora:29", "fedora 29"),
            ("cpe:/o:amazon:linux:2018.03:ga", "amzn 2018.03"),
            ("cpe:/o:centos:6:GA", "-"),
        ] {
            assert_eq!(check("etc/system-release-cpe", text), expected);
        }
    }

    #[test]
    fn lsb_release_is_shared_by_many() {
        let ubuntu = "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=18.04\nDISTRIB_CODENAME=bionic\n\
                      DISTRIB_DESCRIPTION=\"Ubuntu 18.04.2 LTS\"\n";
        assert_eq!(check("etc/lsb-release", ubuntu), "ubuntu 18.04 bionic");
        assert_eq!(
            check("etc/lsb-release", "DISTRIB_ID=\"Arch\"\nDISTRIB_RELEASE=rolling\n"),
            "arch"
        );
        assert_eq!(check("etc/lsb-release", "LSB_VERSION=base-4.0-amd64\n"), "-");
    }
}
