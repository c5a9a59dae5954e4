//! The distribution.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Inventory;

/// What a filesystem says of the distribution it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Distro {
    /// `ID` of `os-release`, for example `debian`.
    pub id: String,
    /// `VERSION_ID`, for example `12`; rolling releases have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `VERSION_CODENAME`, for example `bookworm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codename: Option<String>,
    /// The codename of the release that it is built on, where it has one of its own beside that:
    /// `jammy` of Linux Mint 21, `bookworm` of Linux Mint's Debian edition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// `ID_LIKE`: what it is derived from, the nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub like: Vec<String>,
    /// `PRETTY_NAME`, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `SUPPORT_END`, `YYYY-MM-DD`, where the distribution states it itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_end: Option<String>,
    /// The release whose packages apk installs, where that is not `version`: `3.20`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repositories: Option<String>,
    /// The archives of paid support that were switched on, as Ubuntu calls them: `esm-infra`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub archives: Vec<String>,
}

/// Where a root file system says what it is: the first that speaks is right. Clones keep the files
/// of what they are like, so those that many share come late; busybox is in everything.
const STATED_IN: &[&str] = &[
    "etc/os-release",
    "usr/lib/os-release",
    "etc/lsb-release",
    "etc/oracle-release",
    "etc/rocky-release",
    "etc/almalinux-release",
    "etc/centos-release",
    "etc/fedora-release",
    "usr/lib/fedora-release",
    "etc/photon-release",
    "etc/mariner-release",
    "etc/azurelinux-release",
    "etc/openEuler-release",
    "etc/system-release",
    "usr/lib/system-release",
    "etc/redhat-release",
    "usr/lib/redhat-release",
    "etc/system-release-cpe",
    "usr/lib/system-release-cpe",
    "etc/SuSE-release",
    "etc/alpine-release",
    REPOSITORIES,
    "etc/gentoo-release",
    "etc/slackware-version",
    "etc/arch-release",
    "etc/debian_version",
    "bin/busybox",
    "usr/bin/busybox",
];

/// Where apk is told whose packages to install.
const REPOSITORIES: &str = "etc/apk/repositories";

/// Where dpkg keeps its own; what is said of it, is said of the packages in the root.
const DPKG: &str = "var/lib/dpkg/";

/// What the analyzer of Ubuntu's Pro client calls an archive.
const ARCHIVE: &str = "ubuntu-pro";

/// Bottlerocket's images hold the system that they boot, and nothing beside it.
const INNER_ROOTS: &[&str] =
    &["x86_64-bottlerocket-linux-gnu/sys-root", "aarch64-bottlerocket-linux-gnu/sys-root"];

impl Inventory {
    /// The distributions that the filesystem says it is, by the root that each is in: the
    /// filesystem's own root is empty.
    ///
    /// What the file that is right leaves open (images of one program have cut it down) is taken from
    /// others that speak of the same distribution.
    pub fn distros(&self) -> BTreeMap<String, Distro> {
        let mut stated: BTreeMap<&str, BTreeMap<usize, &Distro>> = BTreeMap::new();
        for (path, facts) in &self.files {
            if let Some(distro) = &facts.distro
                && let Some((root, rank)) = place(path.as_str())
            {
                stated.entry(root).or_default().insert(rank, distro);
            }
        }
        let all = stated.into_iter();
        let mut distros: BTreeMap<String, Distro> =
            all.filter_map(|(root, it)| Some((root.to_owned(), agreed(&it)?))).collect();
        for about in self.files.values().flat_map(|it| &it.about).filter(|it| it.key == ARCHIVE) {
            let root = about.of.strip_suffix(DPKG).map(|it| it.trim_end_matches('/'));
            if let Some(distro) = root.and_then(|it| distros.get_mut(it)) {
                distro.archives.push(about.value.clone());
                distro.archives.sort();
                distro.archives.dedup();
            }
        }
        if !distros.contains_key("")
            && let Some(inner) = INNER_ROOTS.iter().find_map(|it| distros.get(*it))
        {
            distros.insert(String::new(), inner.clone());
        }
        distros
    }
}

/// The root that a file of [`STATED_IN`] is in, and its rank.
fn place(path: &str) -> Option<(&str, usize)> {
    let places = STATED_IN.iter().enumerate().filter_map(|(rank, file)| {
        let root = path.strip_suffix(file)?;
        let root = if root.is_empty() { root } else { root.strip_suffix('/')? };
        Some((root, rank))
    });
    // Below `usr` some end like others do.
    places.min_by_key(|(root, _)| root.len())
}

/// What files say together, by their rank.
fn agreed(stated: &BTreeMap<usize, &Distro>) -> Option<Distro> {
    let named = stated.values().find(|it| it.id != Distro::UNNAMED);
    let first = named.or_else(|| stated.values().next())?;
    let mut distro = Distro::clone(first);
    for other in stated.values().filter(|it| it.id == first.id) {
        distro.complete(other);
    }
    let is_repositories = |rank: &usize| STATED_IN.get(*rank) == Some(&REPOSITORIES);
    let repositories = stated.iter().find(|(rank, _)| is_repositories(rank));
    let release = repositories.and_then(|(_, it)| it.version.clone());
    let is_told = |release: &String| {
        let rest = distro.version.as_deref().and_then(|it| it.strip_prefix(release.as_str()));
        rest.is_some_and(|it| it.is_empty() || it.starts_with('.'))
    };
    // Alpine itself, and those that install its packages under a number of their own.
    if matches!(distro.id.as_str(), "alpine" | "postmarketos") {
        distro.repositories = release.filter(|it| !is_told(it));
    }
    Some(distro)
}

impl Distro {
    /// The `ID` of one that has none, os-release(5).
    pub const UNNAMED: &str = "linux";

    fn complete(&mut self, other: &Self) {
        let fill = |into: &mut Option<String>, from: &Option<String>| {
            if into.is_none() {
                into.clone_from(from);
            }
        };
        fill(&mut self.version, &other.version);
        fill(&mut self.codename, &other.codename);
        fill(&mut self.base, &other.base);
        fill(&mut self.name, &other.name);
        fill(&mut self.support_end, &other.support_end);
        if self.like.is_empty() {
            self.like.clone_from(&other.like);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Distro, Inventory};
    use crate::model::{About, FileFacts, LayerPath};

    /// Lines `path id version`, `-` for no version; shown as `root: id version`.
    fn check(stated: &str) -> String {
        let mut inventory = Inventory::default();
        for line in stated.lines().map(str::trim).filter(|it| !it.is_empty()) {
            let [path, id, version] = line.split(' ').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            let version = Some(version.to_owned()).filter(|it| it != "-");
            let distro = Distro { id: id.to_owned(), version, ..Distro::default() };
            let facts = FileFacts { distro: Some(distro), ..FileFacts::default() };
            inventory.files.insert(LayerPath::new(path).unwrap(), facts);
        }
        let shown = inventory.distros().into_iter().map(|(root, it)| {
            format!("/{root}: {} {}", it.id, it.version.unwrap_or("-".to_owned()))
        });
        shown.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_more_special_file_is_right() {
        let oracle = "etc/redhat-release rhel 7.6
                      etc/oracle-release ol 7.6
                      usr/bin/busybox busybox 1.36";
        assert_eq!(check(oracle), "/: ol 7.6");
        let ubuntu = "etc/debian_version debian -
                      usr/lib/os-release ubuntu 22.04";
        assert_eq!(check(ubuntu), "/: ubuntu 22.04");
        let both = "etc/os-release kali 2024.1
                    usr/lib/os-release debian 12";
        assert_eq!(check(both), "/: kali 2024.1");
        assert_eq!(check("usr/bin/busybox busybox 1.36"), "/: busybox 1.36");
    }

    #[test]
    fn what_is_missing_is_taken_from_others_that_agree() {
        let distroless = "etc/os-release debian -
                          etc/debian_version debian 10";
        assert_eq!(check(distroless), "/: debian 10");
        let derivative = "etc/os-release kali -
                          etc/debian_version debian 10";
        assert_eq!(check(derivative), "/: kali -");
        let unnamed = "etc/os-release linux 1
                       etc/alpine-release alpine 3.20.1";
        assert_eq!(check(unnamed), "/: alpine 3.20.1");
        assert_eq!(check("etc/os-release linux 1"), "/: linux 1");
    }

    #[test]
    fn repositories_tell_whose_packages_are_installed() {
        let release = |stated: &str| {
            let mut inventory = Inventory::default();
            for line in stated.split(", ") {
                let [path, id, version] = line.split(' ').collect::<Vec<_>>()[..] else {
                    panic!("{line}")
                };
                let version = Some(version.to_owned());
                let distro = Distro { id: id.to_owned(), version, ..Distro::default() };
                let facts = FileFacts { distro: Some(distro), ..FileFacts::default() };
                inventory.files.insert(LayerPath::new(path).unwrap(), facts);
            }
            inventory.distros().remove("").unwrap().repositories
        };
        let at = |id: &str, version: &str| {
            release(&format!("etc/os-release {id} {version}, etc/apk/repositories alpine 3.20"))
        };
        assert_eq!(at("alpine", "3.19.1").as_deref(), Some("3.20"));
        assert_eq!(at("postmarketos", "v24.06").as_deref(), Some("3.20"));
        assert_eq!(at("alpine", "3.20.1"), None);
        assert_eq!(at("wolfi", "20230201"), None);
        assert_eq!(release("etc/os-release alpine 3.20.1"), None);
        assert_eq!(release("etc/apk/repositories alpine 3.20"), None);
    }

    #[test]
    fn archives_of_paid_support_are_facts_of_the_root_that_they_are_in() {
        let mut inventory = Inventory::default();
        for (root, archive) in [("", "esm-infra"), ("", "esm-apps"), ("mnt/a/", "fips")] {
            let path = LayerPath::new(&format!("{root}etc/os-release")).unwrap();
            let facts = inventory.files.entry(path).or_default();
            let version = Some("18.04".to_owned());
            facts.distro = Some(Distro { id: "ubuntu".to_owned(), version, ..Distro::default() });
            facts.about.push(About {
                of: format!("{root}var/lib/dpkg/"),
                name: None,
                key: "ubuntu-pro".to_owned(),
                value: archive.to_owned(),
            });
        }
        let distros = inventory.distros();
        assert_eq!(distros[""].archives, ["esm-apps", "esm-infra"]);
        assert_eq!(distros["mnt/a"].archives, ["fips"]);
    }

    #[test]
    fn a_root_within_an_image_has_a_distribution_of_its_own() {
        let inner = "etc/os-release alpine 3.20
                     mnt/a/usr/lib/os-release debian 12
                     mnt/a/etc/debian_version debian 12
                     mnt/b/xetc/debian_version debian 11";
        assert_eq!(check(inner), "/: alpine 3.20\n/mnt/a: debian 12");
        let bottlerocket =
            "x86_64-bottlerocket-linux-gnu/sys-root/usr/lib/os-release bottlerocket 1.34";
        let both =
            "/: bottlerocket 1.34\n/x86_64-bottlerocket-linux-gnu/sys-root: bottlerocket 1.34";
        assert_eq!(check(bottlerocket), both);
    }
}
