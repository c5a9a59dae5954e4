//! One flaw, several records.
//!
//! Records that share a name, directly or through a third, are about the same flaw. Of how bad it
//! is, the word of whoever knows best counts, and of several equals the worst; of its fix, what
//! satisfies all of them.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::advisory::{Database, DatabaseError, Flaw, primary};
use crate::model::{Component, Fix, LayerPath, Severity, Vulnerability};
use crate::version::{Scheme, compare};

/// The flaws of one package.
#[derive(Default)]
pub(super) struct Flaws {
    /// A flaw that was joined into a later one leaves its slot empty.
    slots: Vec<Option<Joined>>,
    slot_by_name: BTreeMap<String, usize>,
    /// Names of flaws that are not in the package, as its publisher says.
    denied: BTreeSet<String>,
}

struct Joined {
    names: BTreeSet<String>,
    severity: Severity,
    rated_by: String,
    fix: Fix,
}

impl Flaws {
    /// Adds what a record says; `fix` is what it offers to the installed version.
    pub(super) fn add(&mut self, scheme: Scheme, flaw: Flaw, fix: Fix) {
        let Flaw { id, aliases, severity, rated_by, status, module: _ } = flaw;
        let fix = status.outcome(fix);
        let mut whole =
            Joined { names: aliases.into_iter().chain([id]).collect(), severity, rated_by, fix };
        let slots: BTreeSet<usize> =
            whole.names.iter().filter_map(|it| self.slot_by_name.get(it).copied()).collect();
        for slot in slots {
            if let Some(flaw) = self.slots.get_mut(slot).and_then(Option::take) {
                whole.join(scheme, flaw);
            }
        }
        for name in &whole.names {
            self.slot_by_name.insert(name.clone(), self.slots.len());
        }
        self.slots.push(Some(whole));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The publisher says that this flaw is not in the package.
    pub(super) fn deny(&mut self, flaw: Flaw) {
        self.denied.extend(flaw.aliases.into_iter().chain([flaw.id]));
    }

    /// Drops the flaws that have one of these names: somebody else tells of them.
    pub(super) fn leave(&mut self, names: &BTreeSet<String>) {
        for slot in &mut self.slots {
            slot.take_if(|it| !it.names.is_disjoint(names));
        }
    }

    /// A version that repairs one of these names for those who pay for longer support: told where
    /// nobody else repairs it.
    pub(super) fn offer(&mut self, names: &BTreeSet<String>, version: &str) {
        let is_meant = |it: &&mut Joined| !it.names.is_disjoint(names);
        for flaw in self.slots.iter_mut().flatten().filter(is_meant) {
            if flaw.fix.version().is_none() {
                flaw.fix = Fix::Extended(version.to_owned());
            }
        }
    }

    /// Turns the flaws into findings on `component`.
    pub(super) fn found_in(
        mut self,
        component: &Component,
        path: &LayerPath,
        database: &Database,
    ) -> Result<Vec<Vulnerability>, DatabaseError> {
        let denied = std::mem::take(&mut self.denied);
        self.leave(&denied);
        let found = self.slots.into_iter().flatten();
        let finding = |Joined { names, severity, rated_by, fix }: Joined| {
            let id = primary(names.iter().map(String::as_str)).unwrap_or_default().to_owned();
            let exploitation = database.exploitation(&id)?;
            // The record that told it best may go by another name here.
            let mut summary = String::new();
            for name in std::iter::once(&id).chain(names.iter().filter(|it| **it != id)) {
                if summary.is_empty() {
                    summary = database.detail(name)?.unwrap_or_default().summary;
                }
            }
            Ok(Vulnerability {
                aliases: names.into_iter().filter(|it| *it != id).collect(),
                id,
                severity,
                rated_by,
                is_exploited: exploitation.known_since.is_some(),
                epss: exploitation.epss,
                summary,
                fix,
                component: component.clone(),
                path: path.clone(),
            })
        };
        found.map(finding).collect()
    }
}

impl Joined {
    fn join(&mut self, scheme: Scheme, other: Self) {
        let standing = |it: &Self| (it.severity > Severity::Unknown, authority(&it.rated_by));
        if (standing(&other), other.severity) > (standing(self), self.severity) {
            (self.severity, self.rated_by) = (other.severity, other.rated_by);
        }
        self.names.extend(other.names);
        self.fix = match (&self.fix, other.fix) {
            // The newer of two fixes is outside what either record calls affected.
            (Fix::Fixed(a), Fix::Fixed(b)) if compare(scheme, a, &b) == Some(Ordering::Less) => {
                Fix::Fixed(b)
            }
            (Fix::Fixed(a), _) => Fix::Fixed(a.clone()),
            (Fix::Unknown, fix) | (_, fix @ Fix::Fixed(_)) => fix,
            (fix, Fix::Unknown) => fix.clone(),
            // The later one says more.
            (a, b) => a.clone().max(b),
        };
    }
}

/// How much the word of a source counts: that of whoever publishes the package, then GitHub's, then
/// that of another database, then what is computed, by the newest rules first.
fn authority(source: &str) -> u8 {
    match source {
        "GHSA" => 4,
        "" | "CVSS:2" => 0,
        _ if source.starts_with("CVSS:3") => 1,
        _ if source.starts_with("CVSS:") => 2,
        // Distributions and makers go by their names, databases by the letters of their ids.
        "NVIDIA" | "SUSE" => 5,
        _ if source == "Bitnami" || !source.contains(char::is_lowercase) => 3,
        _ => 5,
    }
}
