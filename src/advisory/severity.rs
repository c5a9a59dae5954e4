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

/// Returns the severity; each source is asked for the package first, then for the whole record.
pub(super) fn judge(
    ecosystem_specific: &Value,
    database_specific: [&Value; 2],
    stated: [&[Stated]; 2],
) -> Severity {
    let vendor = || {
        let word = |key| ecosystem_specific.get(key).and_then(Value::as_str);
        let priority = || {
            let is_ubuntu = |it: &&Stated| it.kind.eq_ignore_ascii_case("ubuntu");
            stated.iter().find_map(|it| it.iter().find(is_ubuntu)).map(|it| it.score.as_str())
        };
        word("urgency")
            .and_then(distro_word)
            .or_else(|| word("ubuntu_priority").or_else(priority).and_then(distro_word))
    };
    let database = || {
        let word = |it: &&Value| {
            it.get("severity").and_then(Value::as_str).and_then(|it| Severity::from_str(it).ok())
        };
        database_specific.iter().find_map(word)
    };
    vendor()
        .or_else(database)
        .or_else(|| stated.iter().find_map(|it| from_vectors(it)))
        .unwrap_or_default()
}

/// Debian's urgency or Ubuntu's priority; nothing for `not yet assigned`, `untriaged` and the like.
fn distro_word(word: &str) -> Option<Severity> {
    match word.trim_end_matches('*') {
        // "Unimportant" says that the packaged program is not exposed to the flaw.
        "unimportant" | "negligible" => Some(Severity::Low),
        word => Severity::from_str(word).ok(),
    }
}

fn from_vectors(stated: &[Stated]) -> Option<Severity> {
    ["CVSS_V4", "CVSS_V3", "CVSS_V2"].iter().find_map(|kind| {
        stated.iter().filter(|it| it.kind == *kind).find_map(|it| from_vector(&it.score))
    })
}

/// Nothing for a vector without any impact: mirrors write that where they have no vector.
fn from_vector(vector: &str) -> Option<Severity> {
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
