//! Modular rpms: one name in several streams, each with versions and repairs of its own.

use crate::advisory::{Affected, End, Flaw};
use crate::model::Component;

/// What rpm's releases of a module hold: `1.0-1.module_el8.3.0+1`.
const MARK: &str = ".module";

/// Whether the flaw is in the stream that is installed. Where the record does not name one, its
/// versions tell whether it is about modules at all.
pub(super) fn fits(flaw: &Flaw, affected: &Affected<&str>, component: &Component) -> bool {
    let label = component.qualifiers.get("rpmmod").map(String::as_str);
    let is_modular = label.is_some() || component.version.contains(MARK);
    if !flaw.module.is_empty() {
        // Without a label the stream is not known: better one flaw too many than one too few.
        return label.map_or(is_modular, |label| flaw.module.split(' ').any(|it| is_of(label, it)));
    }
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

#[cfg(test)]
mod tests {
    use super::fits;
    use crate::advisory::{Affected, End, Flaw, Range};
    use crate::model::{Component, Ecosystem};

    /// Whether a record on these streams, fixed in this version, fits an rpm of this version and label.
    fn check(streams: &str, fixed: &str, version: &str, label: &str) -> bool {
        let flaw = Flaw { module: streams.to_owned(), ..Flaw::default() };
        let end = if fixed.is_empty() { End::Open } else { End::Fixed(fixed) };
        let affected =
            Affected { versions: Vec::new(), ranges: vec![Range { introduced: None, end }] };
        let mut component = Component::new(Ecosystem::Rpm, "npm", version);
        if !label.is_empty() {
            component = component.qualifier("rpmmod", label);
        }
        fits(&flaw, &affected, &component)
    }

    const MODULAR: &str = "1:10.5.0-1.18.20.2.1.module_el8.9.0+3775+d8460d29";

    #[test]
    fn a_named_stream_is_compared_with_the_label() {
        assert!(check("nodejs:18", MODULAR, "1-1.module_el8", "nodejs:18:8090020240:el8"));
        assert!(check("nodejs:18", MODULAR, "1-1.module_el8", "nodejs:18"));
        assert!(!check("nodejs:18", MODULAR, "1-1.module_el8", "nodejs:16:8090020240:el8"));
        assert!(!check("nodejs:18", MODULAR, "1-1.module_el8", "nodejs:180:8090020240:el8"));
        assert!(check("virt:rhel virt-devel:rhel", MODULAR, "1-1.module_el8", "virt-devel:rhel:8"));
        assert!(check("nodejs:18", MODULAR, "1-1.module_el8", ""));
        assert!(!check("nodejs:18", MODULAR, "1-1.el8", ""));
        assert!(!check("nodejs:18", "", "1-1.el8", ""));
    }

    #[test]
    fn without_a_stream_modular_records_are_for_modular_packages() {
        assert!(check("", MODULAR, "1-1.module_el8", "nodejs:16"));
        assert!(check("", MODULAR, "1-1.module_el8", ""));
        assert!(!check("", MODULAR, "1-1.el8", ""));
        assert!(!check("", "1-2.el8", "1-1.module_el8", "nodejs:16"));
        assert!(check("", "1-2.el8", "1-1.el8", ""));
        assert!(check("", "", "1-1.module_el8", "nodejs:16"));
    }
}
