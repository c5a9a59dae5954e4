//! What a filesystem holds, one package a line: the same package in the same version is one,
//! however many files prove it.

use std::collections::{BTreeMap, BTreeSet};

use super::owners::is_told_by_owner;
use super::view::View;
use super::{Since, UnsafeFile};
use crate::matching::Subject;
use crate::model::{About, Component, Ecosystem, LayerPath, SecretHit, SourcePackage, Standing};

/// A package with everything that proves it.
#[derive(Clone, Debug)]
pub struct Package {
    /// The licences and properties of all evidence together.
    pub component: Component,
    pub purl: Option<String>,
    pub evidence: Vec<Evidence>,
}

/// A file that proves a package.
#[derive(Clone, Debug)]
pub struct Evidence {
    pub path: LayerPath,
    /// The place in the file, if that is an archive.
    pub within: Option<String>,
    pub since: Since,
    /// The package that the file belongs to.
    pub owner: Option<Component>,
    /// The file was deleted, and what it proved is still there.
    pub is_lost: bool,
    /// What other files say of it, by name.
    pub about: BTreeMap<String, String>,
}

/// What makes two components one package.
type Identity = (
    Ecosystem,
    String,
    String,
    Option<String>,
    Option<SourcePackage>,
    BTreeMap<String, String>,
    Standing,
    Option<(String, String)>,
);

fn identity(component: &Component, path: &LayerPath) -> Identity {
    // Nobody keeps two models from having one name: parts of one lie together, in one format.
    let place = (component.ecosystem == Ecosystem::Model).then(|| {
        let format = component.properties.get("format").cloned().unwrap_or_default();
        (path.parent().to_owned(), format)
    });
    let Component { ecosystem, name, version, arch, source, qualifiers, standing, .. } =
        component.clone();
    (ecosystem, name, version, arch, source, qualifiers, standing, place)
}

impl View {
    /// Every package, ordered by kind, name and version. What only a pattern tells of a program is
    /// left out where the program belongs to a package.
    pub fn packages(&self) -> Vec<Package> {
        let remarks = Remarks::new(self);
        let mut packages: BTreeMap<Identity, Package> = BTreeMap::new();
        for (path, state, component, part) in self.components() {
            if is_told_by_owner(component, part.owner.as_ref()) {
                continue;
            }
            let (component, about) = completed(component, path, &remarks);
            let evidence = Evidence {
                path: path.clone(),
                within: component.within.clone(),
                since: part.since,
                owner: part.owner.clone(),
                is_lost: state.is_lost,
                about,
            };
            let package = packages.entry(identity(&component, path)).or_insert_with(|| Package {
                component: Component { within: None, ..component.clone() },
                purl: component.purl(self.distro(path)),
                evidence: Vec::new(),
            });
            package.join(&component);
            package.evidence.push(evidence);
        }
        joined_parts(packages.into_values().collect())
    }

    /// Every component, as it is matched.
    pub fn subjects(&self) -> impl Iterator<Item = Subject<'_>> {
        let told = self.components().filter(|it| !is_told_by_owner(it.2, it.3.owner.as_ref()));
        told.map(|(path, _, component, part)| Subject {
            component,
            path,
            distro: self.distro(path),
            owner: part.owner.as_ref(),
        })
    }

    /// Every secret that is there, with its file.
    pub fn secrets(&self) -> impl Iterator<Item = (&LayerPath, &SecretHit)> {
        self.files
            .iter()
            .flat_map(|(path, state)| state.facts.secrets.iter().map(move |it| (path, it)))
    }

    /// Every file that harms.
    pub fn unsafe_files(&self) -> impl Iterator<Item = &UnsafeFile> {
        self.hazards()
    }

    /// What could not be read.
    pub fn notes(&self) -> impl Iterator<Item = (&LayerPath, &str)> {
        self.files
            .iter()
            .flat_map(|(path, state)| state.facts.notes.iter().map(move |it| (path, it.as_str())))
    }
}

/// The component with what other files say of it, and the rest of what they say.
fn completed(
    component: &Component,
    path: &LayerPath,
    remarks: &Remarks<'_>,
) -> (Component, BTreeMap<String, String>) {
    let mut component = component.clone();
    let mut said = remarks.on(path, &component);
    let mut licenses = said.remove("license").unwrap_or_default();
    for other in said.remove("licensed-as").into_iter().flatten() {
        licenses.extend(remarks.licenses_of(path, &other));
    }
    licenses.extend(std::mem::take(&mut component.licenses));
    component.licenses = licenses.into_iter().collect();
    // A checkout knows where it is from better than how its directory is called.
    if component.ecosystem == Ecosystem::Git
        && let Some(remote) = said.remove("remote").and_then(|it| it.into_iter().next())
    {
        component.name = remote;
    }
    let joined = |values: BTreeSet<String>| values.into_iter().collect::<Vec<_>>().join(", ");
    (component, said.into_iter().map(|(key, values)| (key, joined(values))).collect())
}

impl Package {
    /// Adds what another file says of the same package.
    fn join(&mut self, other: &Component) {
        let licenses: BTreeSet<String> =
            self.component.licenses.iter().chain(&other.licenses).cloned().collect();
        self.component.licenses = licenses.into_iter().collect();
        for (key, value) in &other.properties {
            self.component.properties.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }

    fn absorb(&mut self, other: Self) {
        self.component.standing = self.component.standing.min(other.component.standing);
        self.join(&other.component);
        self.evidence.extend(other.evidence);
        self.evidence.sort_by(|a, b| (&a.path, &a.within).cmp(&(&b.path, &b.within)));
    }
}

/// A wheel calls cuDNN 9.1.0.70 what its library and its header call 9.1.0, and a SONAME says 9: of
/// NVIDIA's parts, a version that another one begins with is that one.
fn joined_parts(packages: Vec<Package>) -> Vec<Package> {
    let (parts, mut others): (Vec<_>, Vec<_>) =
        packages.into_iter().partition(|it| it.component.ecosystem == Ecosystem::Nvidia);
    let mut joined: Vec<Package> = Vec::new();
    // The longest first: whatever begins like it comes later.
    let mut parts = parts;
    parts.sort_by_key(|it| std::cmp::Reverse(it.component.version.len()));
    for part in parts {
        let mut same = joined.iter_mut().filter(|it| is_same_part(&it.component, &part.component));
        match (same.next(), same.next()) {
            (Some(one), None) => one.absorb(part),
            _ => joined.push(part),
        }
    }
    others.extend(joined);
    others.sort_by(|a, b| a.component.cmp(&b.component));
    others
}

fn is_same_part(long: &Component, short: &Component) -> bool {
    let rest = long.version.strip_prefix(short.version.as_str());
    let begins =
        rest.is_some_and(|it| it.is_empty() || it.starts_with('.') || short.version.is_empty());
    // A list of what a toolkit brings declares what a library beside it proves.
    let is_proved = long.standing == short.standing
        || [long.standing, short.standing].contains(&Standing::Declared);
    long.name == short.name && is_proved && begins
}

/// What files say of components that others prove.
struct Remarks<'a> {
    /// By the file or directory that they are about.
    places: BTreeMap<&'a str, Vec<&'a About>>,
}

impl<'a> Remarks<'a> {
    fn new(view: &'a View) -> Self {
        let mut places: BTreeMap<&str, Vec<&About>> = BTreeMap::new();
        for about in view.files.values().flat_map(|it| &it.facts.about) {
            places.entry(about.of.as_str()).or_default().push(about);
        }
        Self { places }
    }

    /// What is said of `component` at `path`, by name: of the file itself, else of the nearest
    /// directory. What one place says several times over is told together.
    fn on(&self, path: &LayerPath, component: &Component) -> BTreeMap<String, BTreeSet<String>> {
        let path = path.as_str();
        let above = path.match_indices('/').rev().filter_map(|(at, _)| path.get(..=at));
        let mut said: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for place in std::iter::once(path).chain(above) {
            let mut here: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
            let all = self.places.get(place).into_iter().flatten();
            for about in all.filter(|it| it.name.as_ref().is_none_or(|it| *it == component.name)) {
                here.entry(&about.key).or_default().insert(about.value.clone());
            }
            for (key, values) in here {
                said.entry(key.to_owned()).or_insert(values);
            }
        }
        said
    }

    /// The licences of another package, under which this one says to be licensed, too.
    fn licenses_of(&self, path: &LayerPath, name: &str) -> BTreeSet<String> {
        let named = Component::new(Ecosystem::Deb, name, "");
        self.on(path, &named).remove("license").unwrap_or_default()
    }
}
