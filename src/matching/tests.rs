use std::fs;
use std::path::Path;

use super::{Subject, find, order};
use crate::advisory::{Database, Options, build};
use crate::model::{Component, Distro, Ecosystem, Fix, LayerPath, SourcePackage, Vulnerability};

/// One line a record: `id aliases ecosystem name introduced fixed severity`, `-` for nothing and
/// `_` for a space in the ecosystem's name.
fn database(dir: &Path, lines: &str) -> Database {
    for (at, line) in lines.lines().map(str::trim).filter(|it| !it.is_empty()).enumerate() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [id, aliases, ecosystem, name, introduced, fixed, severity] = fields[..] else {
            panic!("{line}")
        };
        let ecosystem = ecosystem.replace('_', " ");
        let aliases: Vec<&str> = aliases.split(',').filter(|it| *it != "-").collect();
        let fixed = if fixed == "-" { String::new() } else { format!(r#",{{"fixed":"{fixed}"}}"#) };
        let json = format!(
            r#"{{"id":"{id}","aliases":{aliases:?},"summary":"by {id}","database_specific":{{"severity":"{severity}"}},
                "affected":[{{"package":{{"ecosystem":"{ecosystem}","name":"{name}"}},
                "ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"{introduced}"}}{fixed}]}}]}}]}}"#
        );
        fs::write(dir.join(format!("{at}.json")), json).unwrap();
    }
    build(dir, &dir.join("db"), Options::default()).unwrap();
    Database::open(&dir.join("db")).unwrap()
}

/// One line a package: `ecosystem name version [source source-version]`; with `| package` of a
/// distribution's at its end, which is its owner.
fn packages(lines: &str) -> Vec<(Component, Option<Component>)> {
    let lines = lines.lines().map(str::trim).filter(|it| !it.is_empty());
    let package = |words: &str| {
        let fields: Vec<&str> = words.split_whitespace().collect();
        let source = fields
            .get(3)
            .map(|name| SourcePackage { name: (*name).to_owned(), version: fields[4].to_owned() });
        let ecosystem = serde_json::from_str(&format!("\"{}\"", fields[0])).unwrap();
        Component { source, ..Component::new(ecosystem, fields[1], fields[2]) }
    };
    let pair = |line: &str| match line.split_once('|') {
        Some((one, owner)) => (package(one), Some(package(owner))),
        None => (package(line), None),
    };
    lines.map(pair).collect()
}

fn distro(text: &str) -> Option<Distro> {
    let (id, version) = text.split_once(' ')?;
    let version = Some(version.to_owned());
    Some(Distro { id: id.to_owned(), version, ..Distro::default() })
}

fn each<T>(of: &str, lines: &str, then: impl FnOnce(Vec<Subject<'_>>) -> T) -> T {
    let (distro, path) = (distro(of), LayerPath::new("p").unwrap());
    let packages = packages(lines);
    let subject = |(component, owner)| Subject {
        component,
        path: &path,
        distro: distro.as_ref(),
        owner: Option::as_ref(owner),
    };
    then(packages.iter().map(|(component, owner)| subject((component, owner))).collect())
}

fn shown(found: &[Vulnerability]) -> String {
    let line = |it: &Vulnerability| {
        let fix = match &it.fix {
            Fix::Fixed(version) => format!("fixed in {version}"),
            Fix::NotFixed => "not fixed".to_owned(),
            other => format!("{other:?}"),
        };
        format!(
            "{} {} {} {} {fix} {}\n",
            it.severity,
            it.id,
            it.component.name,
            it.component.version,
            it.aliases.join(",")
        )
    };
    found.iter().map(line).collect()
}

fn check(advisories: &str, distro: &str, packages: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let database = database(dir.path(), advisories);
    each(distro, packages, |subjects| {
        let found = subjects.iter().flat_map(|it| find(it, &database).unwrap());
        let mut found: Vec<_> = found.collect();
        found.sort_by(order);
        shown(&found)
    })
}

#[test]
fn a_distribution_s_package_is_matched_by_its_source() {
    let advisories = "DEBIAN-CVE-2024-1 - Debian:12 openssl 0 3.0.11-1 HIGH
        DEBIAN-CVE-2024-2 - Debian:12 libssl3 0 - HIGH
        DEBIAN-CVE-2024-3 - Debian:13 openssl 0 - HIGH
        DEBIAN-CVE-2024-4 - Debian:12 curl 0 - LOW";
    let packages = "deb libssl3 3.0.9-1+b1 openssl 3.0.9-1
        deb curl 7.88.1-10";
    insta::assert_snapshot!(check(advisories, "debian 12", packages), @r"
    HIGH CVE-2024-1 libssl3 3.0.9-1+b1 fixed in 3.0.11-1 
    LOW CVE-2024-4 curl 7.88.1-10 not fixed
    ");
    assert_eq!(check(advisories, "kali 12", packages), "");
    assert_eq!(check(advisories, "", packages), "");
}

#[test]
fn the_release_decides_which_advisories_count() {
    let advisories = "UBUNTU-CVE-2024-1 - Ubuntu:22.04:LTS a 0 - LOW
        UBUNTU-CVE-2024-2 - Ubuntu:23.10 a 0 - LOW
        UBUNTU-CVE-2024-3 - Ubuntu:Pro:22.04:LTS a 0 - LOW
        DEBIAN-CVE-2024-4 - Debian:12 a 0 - LOW
        ALPINE-CVE-2024-5 - Alpine:v3.20 a 0 2 LOW";
    for (distro, ecosystem, expected) in [
        ("ubuntu 22.04", "deb", "LOW CVE-2024-1 a 1 not fixed \n"),
        ("ubuntu 23.10", "deb", "LOW CVE-2024-2 a 1 not fixed \n"),
        ("ubuntu 24.04", "deb", ""),
        ("debian 12", "deb", "LOW CVE-2024-4 a 1 not fixed \n"),
        ("debian 12.5", "deb", "LOW CVE-2024-4 a 1 not fixed \n"),
        ("debian 1", "deb", ""),
        ("alpine 3.20.3", "apk", "LOW CVE-2024-5 a 1 fixed in 2 \n"),
        ("alpine 3.20", "apk", "LOW CVE-2024-5 a 1 fixed in 2 \n"),
        ("alpine 3.20_alpha20240807", "apk", ""),
        ("alpine 3", "apk", ""),
        ("wolfi 3.20", "apk", ""),
    ] {
        assert_eq!(check(advisories, distro, &format!("{ecosystem} a 1")), expected, "{distro}");
    }
}

#[test]
fn packages_of_which_the_database_holds_nothing_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let database = database(dir.path(), "A-1 - Debian:12 a 0 - LOW\nA-2 - PyPI p 0 - LOW");
    let packages = "deb a 1\ndeb b 1\npypi q 1\nnpm q 1.0.0\nnpm own 1.0.0 | deb a 1
        model m 1\ngem g 1";
    let check = |distro| {
        each(distro, packages, |subjects| super::unjudged(subjects.into_iter(), &database))
    };
    insta::assert_debug_snapshot!(check("debian 12"), @r#"
    {
        "gem packages": 1,
        "npm packages": 1,
    }
    "#);
    insta::assert_debug_snapshot!(check("debian 13"), @r#"
    {
        "deb packages of debian 13": 2,
        "gem packages": 1,
        "npm packages": 2,
    }
    "#);
    assert!(check("").contains_key("deb packages of an unknown distribution"));
}

#[test]
fn one_flaw_is_one_finding_under_all_its_names() {
    let advisories = "GHSA-a CVE-2024-1 PyPI p 0 2.0 MODERATE
        PYSEC-1 GHSA-a PyPI p 0 - HIGH
        PYSEC-2 CVE-2024-2 PyPI p 0 1.0 HIGH
        GHSA-b PYSEC-3 PyPI p 0 2.0 LOW
        OTHER-1 PYSEC-3 PyPI p 0 3.0 UNKNOWN";
    insta::assert_snapshot!(check(advisories, "", "pypi p 1.5"), @r"
    MEDIUM CVE-2024-1 p 1.5 fixed in 2.0 GHSA-a,PYSEC-1
    LOW GHSA-b p 1.5 fixed in 3.0 OTHER-1,PYSEC-3
    ");
}

#[test]
fn a_third_record_joins_two_that_share_no_name() {
    let advisories = "A-1 CVE-2024-1 npm p 0 1.1.0 LOW
        B-1 GHSA-x npm p 0 1.2.0 LOW
        Z-1 CVE-2024-1,GHSA-x npm p 0 - LOW";
    insta::assert_snapshot!(check(advisories, "", "npm p 1.0.0"), @"LOW CVE-2024-1 p 1.0.0 fixed in 1.2.0 A-1,B-1,GHSA-x,Z-1");
}

#[test]
fn of_what_a_distribution_s_package_owns_the_distribution_s_word_goes_first() {
    let advisories = "GHSA-a CVE-2024-1 PyPI p 0 2.0 HIGH
        GHSA-b CVE-2024-2 PyPI p 0 2.0 HIGH
        DEBIAN-CVE-2024-2 - Debian:12 python3-p 0 1-2 LOW";
    let one = "HIGH CVE-2024-1 p 1 fixed in 2.0 GHSA-a\n";
    let own = "HIGH CVE-2024-1 p 1 fixed in 2.0 GHSA-a\nHIGH CVE-2024-2 p 1 fixed in 2.0 GHSA-b\n";
    assert_eq!(check(advisories, "debian 12", "pypi p 1 | deb python3-p 1-2"), one);
    assert_eq!(check(advisories, "debian 12", "pypi p 1 | deb python3-p 1-1"), one);
    assert_eq!(check(advisories, "debian 12", "pypi p 1 | conda p 1"), own);
    assert_eq!(check(advisories, "debian 12", "pypi p 1"), own);
    // Nobody else would speak for it there.
    assert_eq!(check(advisories, "kali 2024.1", "pypi p 1 | deb python3-p 1-2"), own);
}

#[test]
fn every_order_of_versions_has_its_advisories() {
    let advisories = "ALSA-1 CVE-2024-1 AlmaLinux:9 p 0 1:1.0-2.el9 LOW
        GO-1 CVE-2024-2 Go example.org/m 0 1.2.3 LOW
        GO-2 CVE-2024-3 Go stdlib 0 1.21.5 LOW
        RUSTSEC-1 CVE-2024-4 crates.io c 0 0.2.0 LOW
        NV-1 CVE-2024-5 NVIDIA cudnn 0 9.2 LOW";
    let packages = "rpm p 1:1.0-1.el9\ngolang example.org/m v1.2.2\ngolang stdlib 1.21rc1
        cargo c 0.1.9\nnvidia cudnn 9.1.0.70\nrpm p 1:1.0-2.el9\ngolang example.org/m v1.2.3
        golang stdlib 1.21.5\ncargo c 0.2.0\nnvidia cudnn 9.2.0";
    insta::assert_snapshot!(check(advisories, "almalinux 9.4", packages), @r"
    LOW CVE-2024-1 p 1:1.0-1.el9 fixed in 1:1.0-2.el9 ALSA-1
    LOW CVE-2024-2 example.org/m v1.2.2 fixed in 1.2.3 GO-1
    LOW CVE-2024-3 stdlib 1.21rc1 fixed in 1.21.5 GO-2
    LOW CVE-2024-4 c 0.1.9 fixed in 0.2.0 RUSTSEC-1
    LOW CVE-2024-5 cudnn 9.1.0.70 fixed in 9.2 NV-1
    ");
}

#[test]
fn what_no_file_proves_is_not_matched() {
    let dir = tempfile::tempdir().unwrap();
    let database = database(dir.path(), "A-1 - PyPI p 0 - LOW");
    let mut component = Component::new(Ecosystem::Pypi, "p", "1");
    component.standing = super::Standing::Declared;
    let path = LayerPath::new("sbom").unwrap();
    let subject = Subject { component: &component, path: &path, distro: None, owner: None };
    assert!(find(&subject, &database).unwrap().is_empty());
}

#[test]
fn the_sample_database_knows_what_is_wrong_with_an_old_jinja2() {
    let dir = tempfile::tempdir().unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/advisories");
    let out = dir.path().join("db");
    let report = build(&sample, &out, Options::default()).unwrap();
    assert_eq!((&report.bad[..], report.duplicates, report.withdrawn), (&[][..], 0, 0));
    let database = Database::open(&out).unwrap();
    let found = each("debian 12", "pypi jinja2 2.10", |it| find(&it[0], &database).unwrap());
    insta::assert_snapshot!(shown(&found), @r"
    HIGH CVE-2019-10906 jinja2 2.10 fixed in 2.10.1 GHSA-462w-v97r-4m45,PYSEC-2019-217
    MEDIUM CVE-2020-28493 jinja2 2.10 fixed in 2.11.3 GHSA-g3rq-g295-4j3m
    MEDIUM CVE-2024-22195 jinja2 2.10 fixed in 3.1.3 GHSA-h5c8-rqwp-cp95
    MEDIUM CVE-2024-34064 jinja2 2.10 fixed in 3.1.4 GHSA-h75v-3vvj-5mfj
    ");
}

/// The databases asked about a package, of a distribution as `id version key=value…`.
fn asked(of: &str, package: &str) -> String {
    let mut words = of.split(' ').filter(|it| *it != "-");
    let mut distro =
        Distro { id: words.next().unwrap_or_default().to_owned(), ..Distro::default() };
    for word in words {
        match word.split_once('=') {
            None => distro.version = Some(word.to_owned()),
            Some(("name", it)) => distro.name = Some(it.replace('_', " ")),
            Some(("base", it)) => distro.base = Some(it.to_owned()),
            Some(("codename", it)) => distro.codename = Some(it.to_owned()),
            Some(("repositories", it)) => distro.repositories = Some(it.to_owned()),
            Some((_, it)) => distro.like.push(it.to_owned()),
        }
    }
    let component = packages(package).remove(0).0;
    super::databases::databases(&component, Some(&distro)).join(", ")
}

#[test]
fn every_distribution_has_its_advisories_or_none() {
    for (of, kind, expected) in [
        ("debian 12", "deb", "Debian:12"),
        ("debian 12.5", "deb", "Debian:12"),
        ("debian - codename=trixie", "deb", ""),
        ("raspbian 11", "deb", "Debian:11"),
        ("linuxmint 6 like=debian base=bookworm codename=faye", "deb", "Debian:12"),
        ("mx 23 like=debian codename=bookworm", "deb", "Debian:12"),
        ("devuan 5 like=debian codename=daedalus", "deb", ""),
        ("kali 2024.1 like=debian codename=kali-rolling", "deb", ""),
        ("deepin 23 like=debian codename=bookworm", "deb", ""),
        ("ubuntu 24.10", "deb", "Ubuntu:24.10"),
        ("ubuntu - codename=trusty", "deb", "Ubuntu:14.04"),
        ("linuxmint 21.3 like=ubuntu codename=virginia base=jammy", "deb", "Ubuntu:22.04"),
        ("pop 22.04 like=ubuntu codename=jammy", "deb", "Ubuntu:22.04"),
        ("elementary 8 like=ubuntu codename=circe base=noble", "deb", "Ubuntu:24.04"),
        ("alpine 3.20.3", "apk", "Alpine:v3.20"),
        ("alpine 3.19.1 repositories=3.20", "apk", "Alpine:v3.20"),
        ("alpine 3.21.0_alpha20240807", "apk", "Alpine:edge"),
        ("alpine 3", "apk", ""),
        ("postmarketos v23.12", "apk", "Alpine:v3.19"),
        ("postmarketos edge", "apk", "Alpine:edge"),
        ("postmarketos v23.12 repositories=3.18", "apk", "Alpine:v3.18"),
        ("wolfi 20230201", "apk", "Wolfi"),
        ("chainguard 20230214", "apk", "Chainguard"),
        ("minimos 20241031", "apk", "MinimOS"),
        ("rhel 9.4", "rpm", "Red Hat:9"),
        ("centos 7", "rpm", "Red Hat:7"),
        ("scientific 7.9", "rpm", "Red Hat:7"),
        ("almalinux 8.10", "rpm", "AlmaLinux:8"),
        ("rocky 10.0", "rpm", "Rocky Linux:10"),
        ("ol 8.9", "rpm", "Oracle Linux:8"),
        ("amzn 2", "rpm", "Amazon Linux:2"),
        ("amzn 2023", "rpm", "Amazon Linux:2023"),
        ("amzn 2017.09", "rpm", "Amazon Linux:2018.03"),
        ("fedora 40", "rpm", ""),
        ("sles 15.5", "rpm", "SUSE:15.5"),
        ("sled 15", "rpm", "SUSE:15"),
        ("sles 12.5", "rpm", "SUSE:12.5, SUSE:Modules 12"),
        ("sl-micro 6.0", "rpm", "SUSE:Micro 6.0"),
        ("opensuse-leap 15.6", "rpm", "openSUSE:Leap 15.6"),
        ("opensuse-tumbleweed 20240601", "rpm", "openSUSE:Tumbleweed"),
        ("opensuse-tumbleweed", "rpm", "openSUSE:Tumbleweed"),
        ("azurelinux 3.0", "rpm", "Azure Linux:3"),
        ("mariner 2.0", "rpm", "Azure Linux:2"),
        ("mageia 9", "rpm", "Mageia:9"),
        ("photon 5.0", "rpm", "Photon OS:5.0"),
        ("openEuler 22.03 name=openEuler_22.03_(LTS-SP3)", "rpm", "openEuler:22.03-LTS-SP3"),
        ("openEuler 24.03 name=openEuler_24.03_LTS", "rpm", "openEuler:24.03-LTS"),
        ("openEuler 23.09", "rpm", "openEuler:23.09"),
        ("debian 12", "rpm", ""),
        ("debian 12", "brew", ""),
        ("debian 12", "git", ""),
        ("debian 12", "luarocks", ""),
        ("debian 12", "cran", "CRAN, Bioconductor"),
        ("debian 12", "nuget", "NuGet"),
    ] {
        assert_eq!(asked(of, &format!("{kind} a 1")), expected, "{of} {kind}");
    }
    assert_eq!(asked("debian 12", "conda pytorch 1"), "PyPI");
    assert_eq!(asked("debian 12", "conda openssl 1"), "");
}

#[test]
fn an_epoch_that_is_not_told_does_not_count() {
    let advisories = "RLSA-1 CVE-2024-1 Rocky_Linux:9 s 0 1:1.0-5 LOW";
    let dir = tempfile::tempdir().unwrap();
    let database = database(dir.path(), advisories);
    let of = |packages: &str| {
        each("rocky 9.4", packages, |it| {
            it.iter().map(|it| shown(&find(it, &database).unwrap())).collect::<String>()
        })
    };
    let fixed = "fixed in 1:1.0-5 RLSA-1\n";
    assert_eq!(of("rpm lib 1.0-4 s 1.0-4"), format!("LOW CVE-2024-1 lib 1.0-4 {fixed}"));
    assert_eq!(of("rpm lib 7:1.0-4 s 1.0-4"), format!("LOW CVE-2024-1 lib 7:1.0-4 {fixed}"));
    assert_eq!(of("rpm lib 1.0-5 s 1.0-5\nrpm lib 2.0-1 s 2.0-1"), "");
    // The rpm's own name is told with its epoch, and none is 0.
    assert_eq!(of("rpm s 2.0-1"), format!("LOW CVE-2024-1 s 2.0-1 {fixed}"));
    assert_eq!(of("rpm s 1:1.0-5"), "");
}

#[test]
fn kernel_headers_and_versionless_packages_are_not_matched() {
    let advisories = "D-1 CVE-2024-1 Debian:12 linux 0 - HIGH
        D-2 CVE-2024-2 Go m 0 - HIGH";
    let packages = "deb linux-libc-dev 6.1.1-1 linux 6.1.1-1
        deb linux-headers-6.1.0-1-amd64 6.1.1-1 linux 6.1.1-1
        golang m (devel)
        golang m unknown";
    assert_eq!(check(advisories, "debian 12", packages), "");
    let kernel = "deb linux-image-6.1.0-1-amd64 6.1.1-1 linux 6.1.1-1\ngolang m v1.0.0";
    assert_eq!(check(advisories, "debian 12", kernel).lines().count(), 2);
}

#[test]
fn names_are_one_in_any_case_where_the_ecosystem_says_so() {
    let advisories = "A-1 - NuGet Zed.Core 0 2.0.0 LOW
        A-2 - Packagist zed/Core 0 2.0.0 LOW
        A-3 - Bitnami zed 0 2.0.0 LOW
        A-4 - Go example.org/Zed 0 2.0.0 LOW";
    let packages = "nuget zed.core 1.0.0\ncomposer Zed/core v1.0.0\nbitnami Zed 1.0.0-3
        golang example.org/zed v1.0.0";
    insta::assert_snapshot!(check(advisories, "", packages), @r"
    LOW A-1 zed.core 1.0.0 fixed in 2.0.0 
    LOW A-2 Zed/core v1.0.0 fixed in 2.0.0 
    LOW A-3 Zed 1.0.0-3 fixed in 2.0.0
    ");
    let fixed = "nuget zed.core 2.0.0\ncomposer Zed/core v2.0.0\nbitnami Zed 2.0.0-0";
    assert_eq!(check(advisories, "", fixed), "");
}

#[test]
fn a_denial_covers_the_owner_s_files_and_no_other_flaw() {
    let advisories = "CGA-1 CVE-2024-1 Wolfi app 0 0 HIGH
        GO-1 CVE-2024-1 Go m 0 - HIGH
        GO-2 CVE-2024-2 Go m 0 - LOW";
    let left = "LOW CVE-2024-2 m v1.0.0 not fixed GO-2\n";
    assert_eq!(check(advisories, "wolfi 1", "golang m v1.0.0 | apk app 1-r0"), left);
    assert_eq!(check(advisories, "wolfi 1", "apk app 1-r0"), "");
    assert_eq!(check(advisories, "wolfi 1", "golang m v1.0.0").lines().count(), 2);
}

#[test]
fn paid_support_counts_where_it_is_on_and_is_told_where_it_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let advisories = "U-1 CVE-2024-1 Ubuntu:22.04:LTS a 0 - LOW
        U-2 CVE-2024-1 Ubuntu:Pro:22.04:LTS a 0 1+esm1 LOW
        U-3 CVE-2024-2 Ubuntu:Pro:22.04:LTS a 0 1+esm1 LOW
        U-4 CVE-2024-3 Ubuntu:22.04:LTS a 0 0.9 LOW";
    let database = database(dir.path(), advisories);
    let path = LayerPath::new("p").unwrap();
    let of = |archives: &[&str], version: &str| {
        let mut distro = distro("ubuntu 22.04").unwrap();
        distro.archives = archives.iter().map(|it| (*it).to_owned()).collect();
        let component = Component::new(Ecosystem::Deb, "a", version);
        let distro = Some(&distro);
        let subject = Subject { component: &component, path: &path, distro, owner: None };
        let found = find(&subject, &database).unwrap();
        found.iter().map(|it| format!("{} {:?}", it.id, it.fix)).collect::<Vec<_>>().join("; ")
    };
    let open = r#"CVE-2024-1 Extended("1+esm1")"#;
    assert_eq!(of(&[], "1"), open);
    assert_eq!(of(&["fips"], "1"), open);
    assert_eq!(of(&[], "2"), "CVE-2024-1 NotFixed");
    let both = r#"CVE-2024-1 Fixed("1+esm1"); CVE-2024-2 Fixed("1+esm1")"#;
    assert_eq!(of(&["esm-infra"], "1"), both);
    assert_eq!(of(&["esm-apps"], "1+esm1"), "");
    assert_eq!(of(&[], "1+esm0"), both);
    assert_eq!(of(&[], "1+esm1"), "");
}

#[test]
fn the_word_that_knows_best_rates_a_flaw() {
    let advisories = "GHSA-a CVE-2024-1 PyPI p 0 2.0 LOW
        PYSEC-1 CVE-2024-1 PyPI p 0 2.0 CRITICAL
        PYSEC-2 CVE-2024-2 PyPI p 0 2.0 HIGH
        GHSA-b CVE-2024-2 PyPI p 0 2.0 UNKNOWN";
    insta::assert_snapshot!(check(advisories, "", "pypi p 1"), @r"
    HIGH CVE-2024-2 p 1 fixed in 2.0 GHSA-b,PYSEC-2
    LOW CVE-2024-1 p 1 fixed in 2.0 GHSA-a,PYSEC-1
    ");
}
