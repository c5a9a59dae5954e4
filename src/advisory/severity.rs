//! How bad a record says it is.
//!
//! In this order: the distribution's own judgement, the database's word, the score computed from
//! a CVSS vector, the newest version of CVSS first. A distribution knows how its package is built
//! and used; a vector knows only the worst case.

use std::str::FromStr;

use cvss::Cvss;
use serde::Deserialize;
use serde_json::Value;

use crate::model::Severity;

/// A `severity[]` entry: its type and a vector or word.
#[derive(Deserialize)]
pub(super) struct Stated {
    #[serde(rename = "type")]
    kind: String,
    score: String,
}

/// A severity, and whose word it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rating {
    pub(super) severity: Severity,
    pub(super) by: String,
}

impl Rating {
    fn new(severity: Severity, by: &str) -> Self {
        Self { severity, by: by.to_owned() }
    }
}

/// Returns the severity; each source is asked for the package first, then for the whole record.
pub(super) fn judge(
    id: &str,
    summary: &str,
    ecosystem_specific: &Value,
    database_specific: [&Value; 2],
    stated: [&[Stated]; 2],
) -> Rating {
    let vendor = || {
        let word = |key| ecosystem_specific.get(key).and_then(Value::as_str);
        let priority = || {
            let is_ubuntu = |it: &&Stated| it.kind.eq_ignore_ascii_case("ubuntu");
            stated.iter().find_map(|it| it.iter().find(is_ubuntu)).map(|it| it.score.as_str())
        };
        let debian = || Some(Rating::new(word("urgency").and_then(distro_word)?, "Debian"));
        let ubuntu = || {
            let word = word("ubuntu_priority").or_else(priority);
            Some(Rating::new(word.and_then(distro_word)?, "Ubuntu"))
        };
        debian().or_else(ubuntu).or_else(|| erratum(id, summary))
    };
    let database = || {
        let word = |it: &&Value| {
            it.get("severity").and_then(Value::as_str).and_then(|it| Severity::from_str(it).ok())
        };
        Some(Rating::new(database_specific.iter().find_map(word)?, database_of(id)))
    };
    vendor()
        .or_else(database)
        .or_else(|| stated.iter().find_map(|it| from_vectors(it)))
        .unwrap_or_default()
}

/// Errata say it in the first word of their titles: `Important: podman security update`.
fn erratum(id: &str, summary: &str) -> Option<Rating> {
    let by = match id.split('-').next()? {
        "ALSA" => "AlmaLinux",
        "RLSA" => "Rocky Linux",
        "RHSA" => "Red Hat",
        _ => return None,
    };
    Some(Rating::new(impact(summary.split_once(':')?.0)?, by))
}

/// The word of Red Hat and those who follow it, in any case.
pub(super) fn impact(word: &str) -> Option<Severity> {
    if word.eq_ignore_ascii_case("important") {
        return Some(Severity::High);
    }
    Severity::from_str(word).ok()
}

/// The database that the id is one of.
fn database_of(id: &str) -> &str {
    match id.split('-').next().unwrap_or_default() {
        "BIT" => "Bitnami",
        letters => letters,
    }
}

/// Debian's urgency or Ubuntu's priority; nothing for `not yet assigned`, `untriaged` and the like.
pub(super) fn distro_word(word: &str) -> Option<Severity> {
    match word.trim_end_matches('*') {
        // "Unimportant" says that the packaged program is not exposed to the flaw.
        "unimportant" | "negligible" => Some(Severity::Low),
        word => Severity::from_str(word).ok(),
    }
}

fn from_vectors(stated: &[Stated]) -> Option<Rating> {
    ["CVSS_V4", "CVSS_V3", "CVSS_V2"].iter().find_map(|kind| {
        let mut vectors = stated.iter().filter(|it| it.kind == *kind);
        let (severity, vector) =
            vectors.find_map(|it| Some((from_vector(&it.score)?, &it.score)))?;
        let by = vector.split('/').next().filter(|it| it.starts_with("CVSS:")).unwrap_or("CVSS:2");
        Some(Rating::new(severity, by))
    })
}

/// Nothing for a vector without any impact: mirrors write that where they have no vector.
pub(super) fn from_vector(vector: &str) -> Option<Severity> {
    match Cvss::from_str(vector.trim()).ok()?.severity() {
        cvss::Severity::None => None,
        cvss::Severity::Low => Some(Severity::Low),
        cvss::Severity::Medium => Some(Severity::Medium),
        cvss::Severity::High => Some(Severity::High),
        cvss::Severity::Critical => Some(Severity::Critical),
    }
}

#[cfg(test)]
mod tests {
    use super::from_vector;
    use crate::model::Severity;

    #[test]
    fn vectors_of_every_version_are_computed() {
        for (vector, severity) in [
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                Some(Severity::Critical),
            ),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Some(Severity::Critical)),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:N", Some(Severity::High)),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L", Some(Severity::Medium)),
            ("AV:N/AC:L/Au:N/C:P/I:P/A:P", Some(Severity::High)),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", None),
            ("CVSS:3.1/AV:N", None),
            ("9.8", None),
            ("", None),
        ] {
            assert_eq!(from_vector(vector), severity, "{vector}");
        }
    }
}
