//! Which package a file belongs to.
//!
//! Lists of files and the files themselves are often of different steps: pip overwrites what a
//! distribution's package installed. So who owns what is asked of the whole filesystem.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Component, Ecosystem, FileFacts, LayerPath, PathSet, Standing};

/// Who claims which files.
#[derive(Clone, Debug, Default)]
pub(super) struct Owners {
    claimants: Vec<Claimant>,
    /// The hash of a path and who claims it, sorted.
    claims: Vec<(u64, u32)>,
    /// Evidence of packages of which a file is evidence of a Python package.
    with_python: BTreeSet<LayerPath>,
}

/// How a list of files names its package.
#[derive(Clone, Debug)]
struct Claimant {
    of: LayerPath,
    name: Option<String>,
    arch: Option<String>,
}

/// A component and the file that proves it.
pub(super) type Proven<'a> = (&'a LayerPath, &'a Component);

impl Owners {
    /// Collects the claims of all files.
    pub(super) fn new(files: &BTreeMap<LayerPath, FileFacts>) -> Self {
        let mut owners = Self::default();
        for owns in files.values().flat_map(|it| &it.owns) {
            let Ok(number) = u32::try_from(owners.claimants.len()) else { break };
            owners.claimants.push(Claimant {
                of: owns.of.clone(),
                name: owns.name.clone(),
                arch: owns.arch.clone(),
            });
            owners.claims.extend(owns.paths.hashes().iter().map(|it| (*it, number)));
        }
        owners.claims.sort_unstable();
        let is_python =
            |it: &&Component| it.ecosystem == Ecosystem::Pypi && it.standing == Standing::Installed;
        for (path, _) in files.iter().filter(|it| it.1.components.iter().any(|it| is_python(&it))) {
            let brought = owners.claimants_of(path).map(|it| it.of.clone()).collect::<Vec<_>>();
            owners.with_python.extend(brought);
        }
        owners
    }

    /// Whether a package that the file at `evidence` proves brought a Python package, which tells its
    /// name and version itself.
    pub(super) fn brought_python(&self, evidence: &LayerPath) -> bool {
        self.with_python.contains(evidence)
    }

    fn claimants_of(&self, path: &LayerPath) -> impl Iterator<Item = &Claimant> {
        let hash = PathSet::hash(path);
        let from = self.claims.partition_point(|it| it.0 < hash);
        let claims = self.claims.iter().skip(from).take_while(move |it| it.0 == hash);
        claims.filter_map(|it| self.claimants.get(usize::try_from(it.1).ok()?))
    }

    /// The component that the file at `path` belongs to, other than one that it proves itself.
    ///
    /// Of several, the distribution's goes first: it is who repairs the file. Then conda's, whose
    /// packages bring what pip would have brought.
    pub(super) fn of<'a>(
        &self,
        path: &LayerPath,
        facts: impl Fn(&LayerPath) -> Option<(&'a LayerPath, &'a FileFacts)>,
    ) -> Option<Proven<'a>> {
        let owners = self.claimants_of(path).filter(|it| it.of != *path).filter_map(|claimant| {
            let (evidence, facts) = facts(&claimant.of)?;
            Some((evidence, claimant.find(&facts.components)?))
        });
        let order =
            |(evidence, component): &Proven<'a>| (rank(component.ecosystem), *evidence, *component);
        owners.min_by_key(order).or_else(|| in_store(path, &facts))
    }
}

/// All that lies in a directory of Nix's store is of the package that the directory is.
fn in_store<'a>(
    path: &LayerPath,
    facts: &impl Fn(&LayerPath) -> Option<(&'a LayerPath, &'a FileFacts)>,
) -> Option<Proven<'a>> {
    let at = path.as_str().find("/store/")? + "/store/".len();
    let end = at + path.as_str().get(at..)?.find('/')?;
    let (evidence, facts) = facts(&LayerPath::new(path.as_str().get(..end)?).ok()?)?;
    let component = facts.components.iter().find(|it| it.ecosystem == Ecosystem::Nix)?;
    Some((evidence, component))
}

impl Claimant {
    /// The package among the components of a file, which are sorted by kind and name.
    fn find<'a>(&self, components: &'a [Component]) -> Option<&'a Component> {
        let Some(name) = &self.name else { return components.iter().find(|it| self.is(it)) };
        // A file is of one kind, or of one and what that brings of NVIDIA's.
        let kinds = [components.first()?.ecosystem, components.last()?.ecosystem];
        kinds.into_iter().find_map(|kind| {
            let from = components.partition_point(|it| (it.ecosystem, &it.name) < (kind, name));
            let same = components.iter().skip(from).take_while(|it| it.name == *name);
            same.into_iter().find(|it| self.is(it))
        })
    }

    fn is(&self, component: &Component) -> bool {
        // Where a list names no architecture, the package is the only one of its name.
        let is_arch =
            self.arch.is_none() || component.arch.is_none() || self.arch == component.arch;
        // A part of NVIDIA's software is told beside the package that brings it.
        let is_package = component.ecosystem != Ecosystem::Nvidia;
        self.name.as_ref().is_none_or(|it| *it == component.name) && is_arch && is_package
    }
}

fn rank(ecosystem: Ecosystem) -> u8 {
    match ecosystem {
        it if it.is_of_distro() => 0,
        Ecosystem::Conda => 1,
        _ => 2,
    }
}

/// Whether a component is told only because no package is there that tells it better: what a pattern
/// or a file's own note says of a program that belongs to a package, whose version is the one that
/// counts; and what an assembly says that its application lists.
pub(super) fn is_told_by_owner(component: &Component, owner: Option<&Component>) -> bool {
    let Some(owner) = owner.map(|it| it.ecosystem) else { return false };
    let is_guess = component.ecosystem == Ecosystem::Generic
        || component.properties.contains_key("classified");
    let tells_versions = owner.is_of_distro()
        || matches!(
            owner,
            Ecosystem::Conda | Ecosystem::Bitnami | Ecosystem::Brew | Ecosystem::Spack
        );
    let is_assembly = component.properties.get("told-by").is_some_and(|it| it == "file-version");
    (is_guess && tells_versions) || (is_assembly && owner == Ecosystem::Nuget)
}

/// The directories in which a root file system lies, and what distribution each is: the root itself,
/// and those that an image carries inside.
pub(super) fn by_root<'a, T>(roots: &'a BTreeMap<String, T>, path: &LayerPath) -> Option<&'a T> {
    let path = path.as_str();
    let above = path.match_indices('/').rev().filter_map(|(at, _)| path.get(..at));
    above.chain([""]).find_map(|it| roots.get(it))
}
