//! Packages that came, went, or changed their version.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::view::View;
use crate::model::{Component, Ecosystem, LayerPath, Standing};
use crate::version::{Scheme, compare};

/// What became of one package in a step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// As it is now; of one that went, as it was.
    pub component: Component,
    /// Where that is proved.
    pub path: LayerPath,
    pub what: Move,
}

/// What became of a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Move {
    Added,
    Removed,
    /// To a newer version, from this one.
    Upgraded(String),
    /// To an older version.
    Downgraded(String),
    /// To one of which nobody can say whether it is newer.
    Changed(String),
}

/// What makes two versions versions of one package at one kind of place.
type Identity<'a> = (Ecosystem, &'a str, Option<&'a str>);

/// A component and its place.
type Placed<'a> = (&'a LayerPath, &'a Component);

/// A rewritten database is a set difference and not a new list, and a package that only moved is no
/// change.
pub(super) fn between(parent: &View, child: &View) -> Vec<Change> {
    let mut came = missing_in(parent, child);
    let mut went: BTreeMap<&Component, Vec<&LayerPath>> = BTreeMap::new();
    for (path, component) in missing_in(child, parent) {
        went.entry(component).or_default().push(path);
    }
    came.retain(|(_, component)| went.get_mut(component).is_none_or(|it| it.pop().is_none()));
    let mut left: BTreeMap<Identity<'_>, Vec<Placed<'_>>> = BTreeMap::new();
    for (component, paths) in went {
        let placed = paths.into_iter().map(|it| (it, component));
        left.entry(identity(component)).or_default().extend(placed);
    }
    // A new version at the place of an old one takes that one's place first.
    let mut changes = Vec::new();
    for pass in [true, false] {
        came.retain(|(path, component)| {
            let Some(old) = left.get_mut(&identity(component)) else { return true };
            let fits = |it: &Placed<'_>| !pass || it.0 == *path;
            let Some(at) = old.iter().position(fits) else { return true };
            let from = old.swap_remove(at).1;
            if from.version != component.version {
                changes.push(change(path, component, moved(from, component)));
            }
            false
        });
    }
    changes.extend(came.into_iter().map(|(path, it)| change(path, it, Move::Added)));
    let left = left.into_values().flatten();
    changes.extend(left.map(|(path, it)| change(path, it, Move::Removed)));
    changes.sort_unstable();
    changes
}

/// The components of `there` that are not at their place in `here`.
fn missing_in<'a>(here: &View, there: &'a View) -> Vec<Placed<'a>> {
    let mut missing = Vec::new();
    for (path, state) in &there.files {
        let other = here.files.get(path);
        if other.is_some_and(|it| Arc::ptr_eq(it, state)) {
            continue;
        }
        let known = |it: &&Component| {
            other.is_some_and(|other| other.facts.components.binary_search(it).is_ok())
        };
        let installed =
            state.facts.components.iter().filter(|it| it.standing != Standing::Declared);
        missing.extend(installed.filter(|it| !known(it)).map(|it| (path, it)));
    }
    missing
}

fn identity(component: &Component) -> Identity<'_> {
    (component.ecosystem, &component.name, component.arch.as_deref())
}

fn change(path: &LayerPath, component: &Component, what: Move) -> Change {
    Change { component: component.clone(), path: path.clone(), what }
}

fn moved(from: &Component, to: &Component) -> Move {
    let order = Scheme::of(to.ecosystem).and_then(|it| compare(it, &from.version, &to.version));
    let from = from.version.clone();
    match order {
        Some(Ordering::Less) => Move::Upgraded(from),
        Some(Ordering::Greater) => Move::Downgraded(from),
        Some(Ordering::Equal) | None => Move::Changed(from),
    }
}
