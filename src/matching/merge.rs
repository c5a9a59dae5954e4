//! One flaw, several records.
//!
//! Records that share a name, directly or through a third, are about the same flaw. What they say
//! is joined to the safe side: the worst severity, and the fix that satisfies all of them.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::advisory::{Advisory, primary};
use crate::model::{Component, Fix, LayerPath, Severity, Vulnerability};
use crate::version::{Scheme, compare};

/// The flaws of one package.
#[derive(Default)]
pub(super) struct Flaws {
    /// A flaw that was joined into a later one leaves its slot empty.
    slots: Vec<Option<Flaw>>,
    slot_by_name: BTreeMap<String, usize>,
}

struct Flaw {
    names: BTreeSet<String>,
    severity: Severity,
    summary: String,
    fix: Fix,
}

impl Flaws {
    /// Adds what `advisory` says; `fix` is what it offers to the installed version.
    pub(super) fn add(&mut self, scheme: Scheme, advisory: Advisory, fix: Fix) {
        let Advisory { id, aliases, severity, summary, affected: _ } = advisory;
        let mut whole =
            Flaw { names: aliases.into_iter().chain([id]).collect(), severity, summary, fix };
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

    /// Turns the flaws into findings on `component`.
    pub(super) fn found_in(
        self,
        component: &Component,
        path: &LayerPath,
    ) -> impl Iterator<Item = Vulnerability> {
        self.slots.into_iter().flatten().map(|Flaw { names, severity, summary, fix }| {
            let id = primary(names.iter().map(String::as_str)).unwrap_or_default().to_owned();
            let aliases = names.into_iter().filter(|it| *it != id).collect();
            Vulnerability {
                id,
                aliases,
                severity,
                summary,
                fix,
                component: component.clone(),
                path: path.clone(),
            }
        })
    }
}

impl Flaw {
    fn join(&mut self, scheme: Scheme, other: Self) {
        self.names.extend(other.names);
        self.severity = self.severity.max(other.severity);
        if self.summary.is_empty() {
            self.summary = other.summary;
        }
        self.fix = match (&self.fix, other.fix) {
            // The newer of two fixes is outside what either record calls affected.
            (Fix::Fixed(a), Fix::Fixed(b)) if compare(scheme, a, &b) == Some(Ordering::Less) => {
                Fix::Fixed(b)
            }
            (Fix::NotFixed, fix) => fix,
            (Fix::Fixed(a), _) => Fix::Fixed(a.clone()),
        };
    }
}
