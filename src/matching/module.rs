//! Modular rpms: one name in several streams, each with versions and repairs of its own.

use crate::advisory::{Affected, End, Flaw};
use crate::model::Component;

/// What rpm's releases of a module hold: `1.0-1.module_el8.3.0+1`.
const MARK: &str = ".module";

/// Whether the flaw is in the stream that is installed. Where the record does not name one, its
/// versions tell whether it is about modules at all.
pub(super) fn fits(flaw: &Flaw, affected: &Affected<&str>, component: &Component) -> bool {
    let label = component.qualifiers.get("rpmmod").map(String::as_str);
    if !flaw.module.is_empty() {
        return label.is_some_and(|it| is_of(it, &flaw.module));
    }
    let is_modular = label.is_some() || component.version.contains(MARK);
    let fixed = affected.ranges.iter().filter_map(|it| match &it.end {
        End::Fixed(version) => Some(*version),
        End::LastAffected(_) | End::Limit(_) | End::Open => None,
    });
    let mut fixed = fixed.peekable();
    fixed.peek().is_none() || fixed.any(|it| it.contains(MARK) == is_modular)
}

/// Whether a label, `nodejs:20:820…:el8`, is of the stream `nodejs:20`.
fn is_of(label: &str, stream: &str) -> bool {
    label.strip_prefix(stream).is_some_and(|it| it.is_empty() || it.starts_with(':'))
}
