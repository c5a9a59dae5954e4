//! One step beside its parent.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::owners::is_told_by_owner;
use super::view::{FileState, Part, View};
use super::{Brought, Finding, Since, UnsafeFile, changes};
use crate::advisory::{Database, DatabaseError};
use crate::matching::{self, Subject};
use crate::model::{
    Component, Ecosystem, FileFacts, Hazard, Inventory, LayerPath, Secret, SecretHit, Vulnerability,
};

/// What is needed to say where something comes from.
struct Past<'a> {
    step: usize,
    parent: &'a View,
    sources: Vec<&'a View>,
    /// Flaws of packages that are no longer where they were. When one turns up in another place or
    /// version, the package was moved or upgraded, not brought.
    flaws: BTreeMap<Flaw, Since>,
    /// Packages that are no longer where they were.
    components: BTreeMap<&'a Component, Since>,
    /// What the stages that were copied from hold, and the step of theirs that brought it.
    originals: BTreeMap<&'a Component, usize>,
}

/// Says that two findings are the same flaw in the same package, whatever its version.
type Flaw = (Ecosystem, String, String);

fn flaw(vulnerability: &Vulnerability) -> Flaw {
    let component = &vulnerability.component;
    (component.ecosystem, component.name.clone(), vulnerability.id.clone())
}

/// The view that `inventory` describes, and what is in it that `parent` did not have.
pub(super) fn compare(
    step: usize,
    parent: &View,
    sources: Vec<&View>,
    mut inventory: Inventory,
    database: Option<&Database>,
) -> Result<(View, Brought), DatabaseError> {
    let lost = keep_lost_databases(parent, &mut inventory);
    inventory.files.values_mut().for_each(FileFacts::sort);
    let past = Past::new(step, parent, sources, &inventory);
    let mut view = View::new(&inventory);
    view.secrets.clone_from(&parent.secrets);
    let mut brought = Brought::default();
    let mut states = Vec::with_capacity(inventory.files.len());
    for (path, facts) in &inventory.files {
        let before = parent.files.get(path);
        let owner = view.owners.of(path, |it| inventory.files.get_key_value(it)).map(|it| it.1);
        let is_as_before = before.is_some_and(|it| {
            it.facts == *facts
                && it.is_lost == lost.contains(path)
                && it.parts.iter().all(|it| it.owner.as_ref() == owner)
                && parent.distro(path) == view.distro(path)
        });
        if is_as_before {
            states.push(None);
            continue;
        }
        let parts = past.parts(&view, path, facts, owner, database)?;
        let hazards = past.hazards(path, facts);
        brought.vulnerabilities.extend(parts.iter().flat_map(|it| &it.findings).cloned());
        brought.hazards.extend(hazards.iter().cloned());
        for hit in &facts.secrets {
            if view.secrets.insert(secret_key(path, hit)) {
                brought.secrets.push(Secret { hit: hit.clone(), path: path.clone() });
            }
        }
        let is_new = |note: &&String| before.is_none_or(|it| !it.facts.notes.contains(note));
        let notes = facts.notes.iter().filter(is_new);
        brought.notes.extend(notes.map(|note| format!("{path}: {note}")));
        states.push(Some((parts, hazards)));
    }
    for ((path, facts), state) in inventory.files.into_iter().zip(states) {
        let state = match state {
            None => parent.files.get(&path).map(Arc::clone),
            Some((parts, hazards)) => {
                let is_lost = lost.contains(&path);
                Some(Arc::new(FileState { facts, parts, hazards, is_lost }))
            }
        };
        view.files.extend(state.map(|it| (path, it)));
    }
    brought.vulnerabilities.retain(|it| it.since.step == step);
    brought.vulnerabilities.sort_by(|a, b| matching::order(&a.vulnerability, &b.vulnerability));
    brought.vulnerabilities.dedup();
    brought.hazards.retain(|it| it.since.step == step);
    brought.hazards.sort_by_key(|it| Reverse(it.hazard.severity));
    brought.changes = changes::between(parent, &view);
    let is_newly_lost = |it: &&LayerPath| parent.files.get(*it).is_some_and(|it| !it.is_lost);
    brought.lost = lost.iter().filter(is_newly_lost).cloned().collect();
    Ok((view, brought))
}

/// Puts the facts of package databases that were deleted back into `inventory`, and returns their
/// paths. Where another database of the same kind came, the packages went there.
fn keep_lost_databases(parent: &View, inventory: &mut Inventory) -> BTreeSet<LayerPath> {
    let has_new = |ecosystem| {
        let new = inventory.files.iter().filter(|(path, _)| !parent.files.contains_key(*path));
        new.into_iter().any(|(_, facts)| facts.database == Some(ecosystem))
    };
    let mut lost = Vec::new();
    for (path, state) in &parent.files {
        let Some(ecosystem) = state.facts.database else { continue };
        let is_gone = !inventory.files.contains_key(path);
        if is_gone && !state.facts.components.is_empty() && !has_new(ecosystem) {
            lost.push((path.clone(), state.facts.clone()));
        }
    }
    let paths = lost.iter().map(|it| it.0.clone()).collect();
    inventory.files.extend(lost);
    paths
}

impl<'a> Past<'a> {
    fn new(step: usize, parent: &'a View, sources: Vec<&'a View>, inventory: &Inventory) -> Self {
        let mut originals = BTreeMap::new();
        for (_, _, component, part) in sources.iter().flat_map(|it| it.components()) {
            let made_by = originals.entry(component).or_insert(part.since.step);
            *made_by = part.since.step.min(*made_by);
        }
        let (flaws, components) = (BTreeMap::new(), BTreeMap::new());
        let mut past = Self { step, parent, sources, flaws, components, originals };
        for (path, _, component, part) in parent.components() {
            let facts = inventory.files.get(path);
            if facts.is_some_and(|it| it.components.binary_search(component).is_ok()) {
                continue;
            }
            keep_first(past.components.entry(component).or_insert(part.since), part.since);
            for finding in &part.findings {
                let since = finding.since;
                keep_first(past.flaws.entry(flaw(&finding.vulnerability)).or_insert(since), since);
            }
        }
        past
    }

    /// What is known of each component of the file at `path`.
    fn parts(
        &self,
        view: &View,
        path: &LayerPath,
        facts: &FileFacts,
        owner: Option<&Component>,
        database: Option<&Database>,
    ) -> Result<Vec<Part>, DatabaseError> {
        let distro = view.distro(path);
        let is_same_distro = self.parent.distro(path) == distro;
        let mut parts = Vec::with_capacity(facts.components.len());
        for component in &facts.components {
            let before = self.before(path, component);
            if let Some(part) = before.filter(|it| is_same_distro && it.owner.as_ref() == owner) {
                parts.push(part.clone());
                continue;
            }
            let since = before.map_or_else(|| self.since(component), |it| it.since);
            let subject = Subject { component, path, distro, owner };
            let is_told_inside =
                component.ecosystem == Ecosystem::Conda && view.owners.brought_python(path);
            let is_told = is_told_inside || is_told_by_owner(component, owner);
            let found = match database {
                Some(database) if !is_told => matching::find(&subject, database)?,
                _ => Vec::new(),
            };
            let new = if before.is_some() { self.now() } else { since };
            let finding = |vulnerability: Vulnerability| {
                let known = before.and_then(|it| it.since_of(&vulnerability));
                let moved = || self.flaws.get(&flaw(&vulnerability)).copied();
                Finding { since: known.or_else(moved).unwrap_or(new), vulnerability }
            };
            let findings = found.into_iter().map(finding).collect();
            parts.push(Part { since, findings, owner: owner.cloned() });
        }
        Ok(parts)
    }

    fn hazards(&self, path: &LayerPath, facts: &FileFacts) -> Vec<UnsafeFile> {
        let before = self.parent.files.get(path);
        let unsafe_file = |hazard: &Hazard| {
            let known = before.and_then(|it| it.hazards.iter().find(|it| it.hazard == *hazard));
            let since = known.map_or_else(
                || Since { step: self.step, made_by: self.maker_of(|it| it.hazard == *hazard) },
                |it| it.since,
            );
            UnsafeFile { hazard: hazard.clone(), path: path.clone(), since }
        };
        facts.hazards.iter().map(unsafe_file).collect()
    }

    fn before(&self, path: &LayerPath, component: &Component) -> Option<&Part> {
        let state = self.parent.files.get(path)?;
        state.parts.get(state.facts.components.binary_search(component).ok()?)
    }

    /// Where a component comes from that was not at its place before.
    fn since(&self, component: &Component) -> Since {
        if let Some(moved) = self.components.get(component) {
            return *moved;
        }
        Since { step: self.step, made_by: self.originals.get(component).copied() }
    }

    fn maker_of(&self, is: impl Fn(&UnsafeFile) -> bool) -> Option<usize> {
        let all = self.sources.iter().flat_map(|it| it.hazards());
        all.filter(|it| is(it)).map(|it| it.since.step).min()
    }

    fn now(&self) -> Since {
        Since { step: self.step, made_by: None }
    }
}

impl Part {
    fn since_of(&self, vulnerability: &Vulnerability) -> Option<Since> {
        let same = self.findings.iter().find(|it| it.vulnerability.id == vulnerability.id);
        same.map(|it| it.since)
    }
}

fn keep_first(so_far: &mut Since, other: Since) {
    if other.step < so_far.step {
        *so_far = other;
    }
}

/// The line is left out: a secret does not come anew because something above it changed.
fn secret_key(path: &LayerPath, hit: &SecretHit) -> (LayerPath, String, String) {
    (path.clone(), hit.rule.clone(), hit.fingerprint.to_string())
}
