//! What is known against the packages of an inventory.
//!
//! A distribution's packages are matched with that distribution's advisories only, by source
//! package and source version: the distribution repairs old versions, and only it knows which.
//! Language packages are matched by name. One flaw in one package is one finding, however many
//! databases describe it under however many names.

mod merge;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use self::merge::Flaws;
use crate::advisory::{Database, DatabaseError};
use crate::model::{Component, Distro, Ecosystem, FileFacts, Inventory, LayerPath, Vulnerability};
use crate::version::Scheme;

/// Returns the findings of a whole filesystem, the worst first.
pub fn find(
    inventory: &Inventory,
    database: &Database,
) -> Result<Vec<Vulnerability>, DatabaseError> {
    let distro = distro(inventory);
    let mut found = Vec::new();
    for (path, facts) in &inventory.files {
        found.extend(find_in(path, facts, distro, database)?);
    }
    sort(&mut found);
    Ok(found)
}

/// Returns the findings of one file, the worst first; they depend on nothing but the arguments.
pub fn find_in(
    path: &LayerPath,
    facts: &FileFacts,
    distro: Option<&Distro>,
    database: &Database,
) -> Result<Vec<Vulnerability>, DatabaseError> {
    let mut found = Vec::new();
    for component in &facts.components {
        let Some(scheme) = Scheme::of(component.ecosystem) else { continue };
        let (name, version) = looked_up_as(component);
        let mut flaws = Flaws::default();
        for ecosystem in databases(path, component, distro) {
            for advisory in database.lookup(&ecosystem, name)? {
                if let Some(fix) = advisory.affected.fix_for(scheme, version) {
                    flaws.add(scheme, advisory, fix);
                }
            }
        }
        found.extend(flaws.found_in(component, path));
    }
    sort(&mut found);
    Ok(found)
}

/// Counts the packages about which the database holds nothing, by kind: neither their flaws nor
/// their being free of them is known.
pub fn unjudged(inventory: &Inventory, database: &Database) -> BTreeMap<String, usize> {
    let distro = distro(inventory);
    let mut unjudged = BTreeMap::new();
    for (path, facts) in &inventory.files {
        for component in &facts.components {
            let is_judged = databases(path, component, distro).iter().any(|it| database.covers(it));
            if !is_judged && !is_judged_as_distro_s(path, component, distro) {
                *unjudged.entry(kind(component.ecosystem, distro)).or_default() += 1;
            }
        }
    }
    unjudged
}

fn is_judged_as_distro_s(path: &LayerPath, component: &Component, distro: Option<&Distro>) -> bool {
    component.ecosystem == Ecosystem::Pypi && is_distro_owned(path, distro)
}

/// What people call packages of this kind.
fn kind(ecosystem: Ecosystem, distro: Option<&Distro>) -> String {
    let release = distro.map_or("an unknown distribution".to_owned(), |it| {
        format!("{} {}", it.id, it.version.as_deref().unwrap_or("without a version"))
    });
    match ecosystem {
        Ecosystem::Deb => format!("deb packages of {release}"),
        Ecosystem::Apk => format!("apk packages of {release}"),
        Ecosystem::Pypi => "Python packages".to_owned(),
        Ecosystem::Npm => "npm packages".to_owned(),
        other => format!("{} packages", other.purl_type()),
    }
}

/// Returns the distribution that the filesystem says it is.
pub fn distro(inventory: &Inventory) -> Option<&Distro> {
    // In the order of os-release(5); other files of that name belong to trees inside the image.
    ["etc/os-release", "usr/lib/os-release"].iter().find_map(|path| {
        let path = LayerPath::new(path).ok()?;
        inventory.files.get(&path)?.distro.as_ref()
    })
}

/// Orders findings: the worst first, then by id, package and place. Equal ones count once.
pub fn sort(findings: &mut Vec<Vulnerability>) {
    findings.sort_by(|a, b| {
        let key = |it: &Vulnerability| Reverse(it.severity);
        key(a)
            .cmp(&key(b))
            .then_with(|| (&a.id, &a.component, &a.path).cmp(&(&b.id, &b.component, &b.path)))
    });
    findings.dedup();
}

/// The name and version that advisories speak of.
fn looked_up_as(component: &Component) -> (&str, &str) {
    match (component.ecosystem, &component.source) {
        (Ecosystem::Deb | Ecosystem::Apk, Some(source)) => (&source.name, &source.version),
        _ => (&component.name, &component.version),
    }
}

/// The ecosystems, as the database names them, whose advisories apply to the package.
fn databases(path: &LayerPath, component: &Component, distro: Option<&Distro>) -> Vec<String> {
    let release = distro.and_then(|it| Some((it.id.as_str(), it.version.as_deref()?)));
    match (component.ecosystem, release) {
        (Ecosystem::Deb, Some(("debian", version))) => {
            vec![format!("Debian:{}", version.split('.').next().unwrap_or(version))]
        }
        // `Ubuntu:Pro:…` is for machines with a subscription, which an image does not show.
        (Ecosystem::Deb, Some(("ubuntu", version))) => {
            vec![format!("Ubuntu:{version}:LTS"), format!("Ubuntu:{version}")]
        }
        (Ecosystem::Apk, Some(("alpine", version))) => alpine_branch(version).into_iter().collect(),
        (Ecosystem::Deb | Ecosystem::Apk, _) => Vec::new(),
        (Ecosystem::Pypi, _) if is_distro_owned(path, distro) => Vec::new(),
        (Ecosystem::Pypi, _) => vec!["PyPI".to_owned()],
        (Ecosystem::Npm, _) => vec!["npm".to_owned()],
        _ => Vec::new(),
    }
}

/// `3.20.3` is of the branch `v3.20`; a development snapshot (`3.21_alpha…`) is of none.
fn alpine_branch(version: &str) -> Option<String> {
    let mut parts = version.split('.');
    let (major, minor) = (parts.next()?, parts.next()?);
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    (is_number(major) && is_number(minor)).then(|| format!("Alpine:v{major}.{minor}"))
}

/// Debian's own Python modules. They keep the upstream version when Debian repairs them, so the
/// upstream advisories would report flaws that are fixed; the `.deb` itself is matched instead.
/// pip writes to `/usr/local`, never here.
fn is_distro_owned(path: &LayerPath, distro: Option<&Distro>) -> bool {
    distro.is_some_and(|it| matches!(it.id.as_str(), "debian" | "ubuntu"))
        && path.as_str().starts_with("usr/lib/python3/dist-packages/")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{find, find_in};
    use crate::advisory::{Database, build};
    use crate::model::{
        Component, Distro, Ecosystem, FileFacts, Fix, Inventory, LayerPath, SourcePackage,
        Vulnerability,
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
        build(dir, &dir.join("db"), None).unwrap();
        Database::open(&dir.join("db")).unwrap()
    }

    /// One line a package: `path ecosystem name version [source source-version]`.
    fn inventory(distro: &str, lines: &str) -> Inventory {
        let mut inventory = Inventory::default();
        if let Some((id, version)) = distro.split_once(' ') {
            let distro = Distro {
                id: id.to_owned(),
                version: Some(version.to_owned()),
                ..Distro::default()
            };
            let facts = FileFacts { distro: Some(distro), ..FileFacts::default() };
            inventory.files.insert(LayerPath::new("usr/lib/os-release").unwrap(), facts);
        }
        for line in lines.lines().map(str::trim).filter(|it| !it.is_empty()) {
            let fields: Vec<&str> = line.split(' ').collect();
            let source = fields.get(4).map(|name| SourcePackage {
                name: (*name).to_owned(),
                version: fields[5].to_owned(),
            });
            let ecosystem = match fields[1] {
                "deb" => Ecosystem::Deb,
                "apk" => Ecosystem::Apk,
                "pypi" => Ecosystem::Pypi,
                _ => Ecosystem::Npm,
            };
            let component = Component { source, ..Component::new(ecosystem, fields[2], fields[3]) };
            inventory
                .files
                .entry(LayerPath::new(fields[0]).unwrap())
                .or_default()
                .components
                .push(component);
        }
        inventory
    }

    fn shown(found: &[Vulnerability]) -> String {
        let line = |it: &Vulnerability| {
            let fix = match &it.fix {
                Fix::Fixed(version) => format!("fixed in {version}"),
                Fix::NotFixed => "not fixed".to_owned(),
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
        shown(&find(&inventory(distro, packages), &database(dir.path(), advisories)).unwrap())
    }

    #[test]
    fn a_distribution_s_package_is_matched_by_its_source() {
        let advisories = "DEBIAN-CVE-2024-1 - Debian:12 openssl 0 3.0.11-1 HIGH
            DEBIAN-CVE-2024-2 - Debian:12 libssl3 0 - HIGH
            DEBIAN-CVE-2024-3 - Debian:13 openssl 0 - HIGH
            DEBIAN-CVE-2024-4 - Debian:12 curl 0 - LOW";
        let packages = "var/lib/dpkg/status deb libssl3 3.0.9-1+b1 openssl 3.0.9-1
            var/lib/dpkg/status deb curl 7.88.1-10";
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
                check(advisories, distro, &format!("p {ecosystem} a 1")),
                expected,
                "{distro}"
            );
        }
    }

    #[test]
    fn packages_of_which_the_database_holds_nothing_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        let database = database(dir.path(), "A-1 - Debian:12 a 0 - LOW\nA-2 - PyPI p 0 - LOW");
        let packages = "s deb a 1\ns deb b 1\nm pypi q 1\nn npm q 1.0.0
            usr/lib/python3/dist-packages/x pypi own 1";
        let check = |distro| super::unjudged(&inventory(distro, packages), &database);
        insta::assert_debug_snapshot!(check("debian 12"), @r#"
        {
            "npm packages": 1,
        }
        "#);
        insta::assert_debug_snapshot!(check("debian 13"), @r#"
        {
            "deb packages of debian 13": 2,
            "npm packages": 1,
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
        insta::assert_snapshot!(check(advisories, "", "p/METADATA pypi p 1.5"), @r"
        HIGH CVE-2024-1 p 1.5 fixed in 2.0 GHSA-a,PYSEC-1
        LOW GHSA-b p 1.5 fixed in 3.0 OTHER-1,PYSEC-3
        ");
    }

    #[test]
    fn a_third_record_joins_two_that_share_no_name() {
        let advisories = "A-1 CVE-2024-1 npm p 0 1.1.0 LOW
            B-1 GHSA-x npm p 0 1.2.0 LOW
            Z-1 CVE-2024-1,GHSA-x npm p 0 - LOW";
        insta::assert_snapshot!(check(advisories, "", "p npm p 1.0.0"), @"LOW CVE-2024-1 p 1.0.0 fixed in 1.2.0 A-1,B-1,GHSA-x,Z-1");
    }

    #[test]
    fn a_python_module_of_debian_s_is_left_to_debian() {
        let advisories = "GHSA-a CVE-2024-1 PyPI p 0 2.0 HIGH";
        let owned = "usr/lib/python3/dist-packages/p-1.dist-info/METADATA pypi p 1";
        let own = "usr/local/lib/python3.11/dist-packages/p-1.dist-info/METADATA pypi p 1";
        assert_eq!(check(advisories, "debian 12", owned), "");
        assert_eq!(
            check(advisories, "debian 12", own),
            "HIGH CVE-2024-1 p 1 fixed in 2.0 GHSA-a\n"
        );
        // Nobody else would speak for it there.
        assert_eq!(
            check(advisories, "kali 2024.1", owned),
            "HIGH CVE-2024-1 p 1 fixed in 2.0 GHSA-a\n"
        );
    }

    #[test]
    fn files_one_by_one_give_what_the_whole_gives() {
        let dir = tempfile::tempdir().unwrap();
        let database = database(
            dir.path(),
            "A-1 - npm p 0 2.0.0 LOW\nA-2 - npm p 0 3.0.0 HIGH\nA-3 - PyPI p 0 - LOW",
        );
        let inventory = inventory(
            "debian 12",
            "b/package.json npm p 1.0.0\na/package.json npm p 2.0.0\nc pypi p 1\nc pypi p 1",
        );
        let mut apart = Vec::new();
        for (path, facts) in &inventory.files {
            apart.extend(find_in(path, facts, super::distro(&inventory), &database).unwrap());
        }
        super::sort(&mut apart);
        assert_eq!(apart, find(&inventory, &database).unwrap());
        insta::assert_snapshot!(shown(&apart), @r"
        HIGH A-2 p 1.0.0 fixed in 3.0.0 
        HIGH A-2 p 2.0.0 fixed in 3.0.0 
        LOW A-1 p 1.0.0 fixed in 2.0.0 
        LOW A-3 p 1 not fixed
        ");
    }

    #[test]
    fn the_sample_database_knows_what_is_wrong_with_an_old_jinja2() {
        let dir = tempfile::tempdir().unwrap();
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/advisories");
        let out = dir.path().join("db");
        let report = build(&sample, &out, None).unwrap();
        assert_eq!((&report.bad[..], report.duplicates, report.withdrawn), (&[][..], 0, 0));
        let jinja2 = "usr/local/lib/python3.11/dist-packages/Jinja2-2.10.dist-info/METADATA pypi jinja2 2.10";
        let found = find(&inventory("debian 12", jinja2), &Database::open(&out).unwrap()).unwrap();
        insta::assert_snapshot!(shown(&found), @r"
        HIGH CVE-2019-10906 jinja2 2.10 fixed in 2.10.1 GHSA-462w-v97r-4m45,PYSEC-2019-217
        MEDIUM CVE-2020-28493 jinja2 2.10 fixed in 2.11.3 GHSA-g3rq-g295-4j3m
        MEDIUM CVE-2024-22195 jinja2 2.10 fixed in 3.1.3 GHSA-h5c8-rqwp-cp95
        MEDIUM CVE-2024-34064 jinja2 2.10 fixed in 3.1.4 GHSA-h75v-3vvj-5mfj
        ");
    }
}
