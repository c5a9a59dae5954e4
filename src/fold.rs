//! What each step of a build brought: its inventory minus its parent's.
//!
//! Packages follow the filesystem: one that goes away takes its findings with it. Secrets follow
//! history: one that was deleted is still in its layer. A finding keeps the step that first
//! brought it, also when the package moves to another version with the same flaw.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::advisory::{Database, DatabaseError};
use crate::matching;
use crate::model::{
    Distro, Ecosystem, FileFacts, Inventory, LayerPath, Secret, SecretHit, Vulnerability,
};

/// The steps heard so far.
#[derive(Debug, Default)]
pub struct Fold {
    steps: BTreeMap<usize, State>,
}

/// A filesystem with what is known against it.
#[derive(Clone, Debug, Default)]
struct State {
    distro: Option<Distro>,
    files: BTreeMap<LayerPath, Arc<FileState>>,
    /// Every secret that this filesystem or one below it ever had.
    secrets: BTreeSet<(LayerPath, String, String)>,
}

#[derive(Debug)]
struct FileState {
    facts: FileFacts,
    findings: Vec<Finding>,
}

/// A vulnerable package and the step to blame for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub vulnerability: Vulnerability,
    pub since: usize,
}

/// What a step brought that its parent did not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    pub vulnerabilities: Vec<Vulnerability>,
    pub secrets: Vec<Secret>,
    /// What could not be read, with its path.
    pub notes: Vec<String>,
}

/// Says that two findings are the same flaw in the same package, whatever its version.
type Flaw = (Ecosystem, String, String);

fn flaw(vulnerability: &Vulnerability) -> Flaw {
    let component = &vulnerability.component;
    (component.ecosystem, component.name.clone(), vulnerability.id.clone())
}

impl Fold {
    /// Adds the inventory of `step`, whose parent was added before. Without a database, packages
    /// are not matched.
    pub fn add(
        &mut self,
        step: usize,
        parent: Option<usize>,
        inventory: Inventory,
        database: Option<&Database>,
    ) -> Result<Brought, DatabaseError> {
        let nothing = State::default();
        let parent = parent.and_then(|it| self.steps.get(&it)).unwrap_or(&nothing);
        let mut brought = Brought::default();
        let mut state = State {
            distro: matching::distro(&inventory).cloned(),
            files: BTreeMap::new(),
            secrets: parent.secrets.clone(),
        };
        let gone = parent.flaws_that_go(&inventory);
        for (path, facts) in inventory.files {
            // What a package is matched against depends on the distribution as well.
            let known = parent.files.get(&path).filter(|_| state.distro == parent.distro);
            if let Some(known) = known.filter(|it| it.facts == facts) {
                state.files.insert(path, Arc::clone(known));
                continue;
            }
            let earlier = parent.files.get(&path);
            for hit in &facts.secrets {
                if state.secrets.insert(secret_key(&path, hit)) {
                    brought.secrets.push(Secret { hit: hit.clone(), path: path.clone() });
                }
            }
            let is_new = |note: &&String| earlier.is_none_or(|it| !it.facts.notes.contains(note));
            brought
                .notes
                .extend(facts.notes.iter().filter(is_new).map(|note| format!("{path}: {note}")));
            let found = match database {
                Some(database) => {
                    matching::find_in(&path, &facts, state.distro.as_ref(), database)?
                }
                None => Vec::new(),
            };
            let mut findings = Vec::with_capacity(found.len());
            for vulnerability in found {
                let before = earlier.and_then(|it| it.same(&vulnerability));
                let since =
                    before.or_else(|| gone.get(&flaw(&vulnerability)).copied()).unwrap_or(step);
                if since == step {
                    brought.vulnerabilities.push(vulnerability.clone());
                }
                findings.push(Finding { vulnerability, since });
            }
            state.files.insert(path, Arc::new(FileState { facts, findings }));
        }
        matching::sort(&mut brought.vulnerabilities);
        self.steps.insert(step, state);
        Ok(brought)
    }

    /// Everything that is known against the packages of the filesystem after `step`.
    pub fn findings(&self, step: usize) -> impl Iterator<Item = &Finding> {
        let files = self.steps.get(&step).into_iter().flat_map(|it| it.files.values());
        files.flat_map(|it| &it.findings)
    }
}

impl State {
    /// The flaws of packages that `child` no longer has where they were. When one turns up in
    /// another place or version, the package was moved or upgraded, not brought.
    fn flaws_that_go(&self, child: &Inventory) -> BTreeMap<Flaw, usize> {
        let mut gone = BTreeMap::new();
        for (path, file) in &self.files {
            let facts = child.files.get(path);
            let goes = |it: &&Finding| {
                facts.is_none_or(|facts| !facts.components.contains(&it.vulnerability.component))
            };
            for finding in file.findings.iter().filter(goes) {
                let since = gone.entry(flaw(&finding.vulnerability)).or_insert(finding.since);
                *since = finding.since.min(*since);
            }
        }
        gone
    }
}

impl FileState {
    fn same(&self, vulnerability: &Vulnerability) -> Option<usize> {
        let is_same = |it: &&Finding| {
            it.vulnerability.id == vulnerability.id
                && it.vulnerability.component == vulnerability.component
        };
        self.findings.iter().find(is_same).map(|it| it.since)
    }
}

/// The line is left out: a secret does not come anew because something above it changed.
fn secret_key(path: &LayerPath, hit: &SecretHit) -> (LayerPath, String, String) {
    (path.clone(), hit.rule.clone(), hit.fingerprint.to_string())
}

#[cfg(test)]
mod tests;
