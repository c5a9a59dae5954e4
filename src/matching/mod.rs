//! What is known against a package.
//!
//! A distribution's packages are matched with that distribution's advisories only, by source
//! package and source version: the distribution repairs old versions, and only it knows which.
//! Language packages are matched by name; of one that a distribution's package brought, the
//! distribution's word on a flaw goes before upstream's. One flaw in one package is one finding,
//! however many databases describe it under however many names.

mod databases;
mod explain;
mod merge;
mod module;

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};

pub use self::explain::{Explained, Outcome, Word, explain};

use self::databases::databases;
use self::merge::Flaws;
use crate::advisory::{Affected, Database, DatabaseError};
use crate::model::{Component, Distro, Ecosystem, LayerPath, Standing, Vulnerability};
use crate::version::Scheme;

/// A component in its place.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub component: &'a Component,
    /// The file that proves it.
    pub path: &'a LayerPath,
    /// The distribution that it is in.
    pub distro: Option<&'a Distro>,
    /// The package that the file belongs to.
    pub owner: Option<&'a Component>,
}

/// Returns the findings on one component, the worst first; they depend on nothing but the arguments.
pub fn find(
    subject: &Subject<'_>,
    database: &Database,
) -> Result<Vec<Vulnerability>, DatabaseError> {
    let component = subject.component;
    let scheme = Scheme::of(component.ecosystem);
    let Some(scheme) = scheme.filter(|_| is_matched(component)) else { return Ok(Vec::new()) };
    let (name, version) = looked_up_as(component);
    let mut flaws = Flaws::default();
    for ecosystem in databases(component, subject.distro) {
        for row in database.rows(&ecosystem, name)? {
            let is_denial = row.affected == Affected::default();
            let fix = row.affected.fix_for(scheme, version);
            if !is_denial && fix.is_none() {
                continue;
            }
            let flaw = row.flaw().ok_or_else(|| database.broken("shard"))?;
            match fix {
                Some(fix) if module::fits(&flaw, &row.affected, component) => {
                    flaws.add(scheme, flaw, fix);
                }
                None if is_denial => flaws.deny(flaw),
                _ => {}
            }
        }
    }
    if !flaws.is_empty() {
        flaws.leave(&spoken_of_by_owner(subject, database)?);
    }
    let mut found = flaws.found_in(component, subject.path, database)?;
    found.sort_by(order);
    found.dedup();
    Ok(found)
}

/// Counts the packages about which the database holds nothing, by kind: neither their flaws nor
/// their being free of them is known.
pub fn unjudged<'a>(
    subjects: impl Iterator<Item = Subject<'a>>,
    database: &Database,
) -> BTreeMap<String, usize> {
    let mut unjudged = BTreeMap::new();
    for subject in subjects.filter(|it| is_matched(it.component)) {
        let ecosystem = subject.component.ecosystem;
        let known = databases(subject.component, subject.distro);
        let is_judged =
            Scheme::of(ecosystem).is_some() && known.iter().any(|it| database.covers(it));
        let owner = distro_owner(&subject).map(|it| databases(it, subject.distro));
        let is_owner_judged = owner.is_some_and(|it| it.iter().any(|it| database.covers(it)));
        if !is_judged && !is_owner_judged {
            *unjudged.entry(kind(ecosystem, subject.distro)).or_default() += 1;
        }
    }
    unjudged
}

/// Orders findings: the worst first, then by id, package and place.
pub fn order(a: &Vulnerability, b: &Vulnerability) -> Ordering {
    let severity = |it: &Vulnerability| Reverse(it.severity);
    severity(a)
        .cmp(&severity(b))
        .then_with(|| (&a.id, &a.component, &a.path).cmp(&(&b.id, &b.component, &b.path)))
}

/// What a document declares proves nothing, and nobody publishes flaws of a model, of a program that
/// goes by its name only, or of a package that is published nowhere.
fn is_matched(component: &Component) -> bool {
    let has_advisories = !matches!(
        component.ecosystem,
        Ecosystem::Generic | Ecosystem::Git | Ecosystem::HuggingFace | Ecosystem::Model
    );
    let is_private = component.properties.get("private").is_some_and(|it| it == "true");
    // A program that was not built from a release calls itself older than everything.
    let is_unreleased = component.ecosystem == Ecosystem::Golang
        && component.standing == Standing::Installed
        && component.version.starts_with("v0.0.0-");
    has_advisories
        && !is_private
        && !is_unreleased
        && component.standing != Standing::Declared
        && !component.version.is_empty()
}

/// The distribution's package that brought a language package.
fn distro_owner<'a>(subject: &Subject<'a>) -> Option<&'a Component> {
    let owner = subject.owner.filter(|it| it.ecosystem.is_of_distro());
    owner.filter(|_| !subject.component.ecosystem.is_of_distro())
}

/// The flaws of which the distribution speaks in the package that brought this one. It keeps the
/// upstream version when it repairs a module, so upstream would report what is repaired; what
/// the distribution says is found with its own package.
fn spoken_of_by_owner(
    subject: &Subject<'_>,
    database: &Database,
) -> Result<BTreeSet<String>, DatabaseError> {
    let mut names = BTreeSet::new();
    let Some(owner) = distro_owner(subject) else { return Ok(names) };
    let (name, _) = looked_up_as(owner);
    for ecosystem in databases(owner, subject.distro) {
        for row in database.rows(&ecosystem, name)? {
            let flaw = row.flaw().ok_or_else(|| database.broken("shard"))?;
            names.extend(flaw.aliases.into_iter().chain([flaw.id]));
        }
    }
    Ok(names)
}

/// What people call packages of this kind.
fn kind(ecosystem: Ecosystem, distro: Option<&Distro>) -> String {
    let name = match ecosystem {
        Ecosystem::Pypi => "Python",
        Ecosystem::Golang => "Go",
        Ecosystem::Nvidia => "NVIDIA",
        other => other.purl_type(),
    };
    if !ecosystem.is_of_distro() {
        return format!("{name} packages");
    }
    let release = distro.map_or("an unknown distribution".to_owned(), |it| {
        format!("{} {}", it.id, it.version.as_deref().unwrap_or("without a version"))
    });
    format!("{name} packages of {release}")
}

/// The name and version that advisories speak of.
fn looked_up_as(component: &Component) -> (&str, &str) {
    match (component.ecosystem, &component.source) {
        (Ecosystem::Deb | Ecosystem::Apk, Some(source)) if source.version.is_empty() => {
            (&source.name, &component.version)
        }
        (Ecosystem::Deb | Ecosystem::Apk, Some(source)) => (&source.name, &source.version),
        _ => (&component.name, &component.version),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Subject, find, order};
    use crate::advisory::{Database, Options, build};
    use crate::model::{
        Component, Distro, Ecosystem, Fix, LayerPath, SourcePackage, Vulnerability,
    };

    /// One line a record: `id aliases ecosystem name introduced fixed severity`, `-` for nothing.
    fn database(dir: &Path, lines: &str) -> Database {
        for (at, line) in lines.lines().map(str::trim).filter(|it| !it.is_empty()).enumerate() {
            let fields: Vec<&str> = line.split(' ').collect();
            let [id, aliases, ecosystem, name, introduced, fixed, severity] = fields[..] else {
                panic!("{line}")
            };
            let aliases: Vec<&str> = aliases.split(',').filter(|it| *it != "-").collect();
            let fixed =
                if fixed == "-" { String::new() } else { format!(r#",{{"fixed":"{fixed}"}}"#) };
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
            let source = fields.get(3).map(|name| SourcePackage {
                name: (*name).to_owned(),
                version: fields[4].to_owned(),
            });
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
            assert_eq!(
                check(advisories, distro, &format!("{ecosystem} a 1")),
                expected,
                "{distro}"
            );
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
        HIGH CVE-2024-1 p 1.5 fixed in 2.0 GHSA-a,PYSEC-1
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
        let own =
            "HIGH CVE-2024-1 p 1 fixed in 2.0 GHSA-a\nHIGH CVE-2024-2 p 1 fixed in 2.0 GHSA-b\n";
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
}
