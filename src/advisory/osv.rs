//! OSV records.
//!
//! Schema: <https://ossf.github.io/osv-schema/>. Read is what matching needs; fields that every
//! database fills in its own way stay JSON values, so that an odd one does not cost the record.

use std::collections::BTreeMap;
use std::iter::once;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use thiserror::Error;

use super::Advisory;
use super::affected::{Affected, Event, ranges};
use super::names::names;
use super::severity::{Stated, judge};
use crate::model::Severity;
use crate::version::Scheme;

/// A summary is a line on a terminal, not the article.
const MAX_SUMMARY: usize = 160;

/// A record, as far as it is about packages that can be looked up.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) id: String,
    /// RFC 3339; empty where the record has no such date.
    pub(super) modified: String,
    pub(super) is_withdrawn: bool,
    /// By ecosystem and package name.
    pub(super) advisories: Vec<((String, String), Advisory)>,
    /// Affected packages of ecosystems that are not read, by ecosystem.
    pub(super) skipped: BTreeMap<String, u64>,
}

impl Record {
    /// Orders records with the same id: the newer last, and never by chance.
    pub(super) fn sort_key(&self) -> impl Ord {
        (self.modified.clone(), self.is_withdrawn, self.advisories.clone())
    }
}

#[derive(Deserialize)]
struct Osv {
    id: String,
    #[serde(default, deserialize_with = "nullable")]
    modified: String,
    #[serde(default)]
    withdrawn: Value,
    #[serde(default, deserialize_with = "nullable")]
    aliases: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    upstream: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    summary: String,
    #[serde(default, deserialize_with = "nullable")]
    details: String,
    #[serde(default, deserialize_with = "nullable")]
    severity: Vec<Stated>,
    #[serde(default, deserialize_with = "nullable")]
    affected: Vec<OsvAffected>,
    #[serde(default)]
    database_specific: Value,
}

#[derive(Deserialize)]
struct OsvAffected {
    package: Option<OsvPackage>,
    #[serde(default, deserialize_with = "nullable")]
    ranges: Vec<OsvRange>,
    #[serde(default, deserialize_with = "nullable")]
    versions: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    severity: Vec<Stated>,
    #[serde(default)]
    ecosystem_specific: Value,
    #[serde(default)]
    database_specific: Value,
}

#[derive(Deserialize)]
struct OsvPackage {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct OsvRange {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "nullable")]
    events: Vec<Event>,
}

/// Some exporters write `null` for an empty list or text.
fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// Why a record cannot be used.
#[derive(Debug, Error)]
pub(super) enum Malformed {
    #[error("not an OSV record: {0}")]
    Json(#[from] serde_json::Error),
    #[error("not a plain name or version: {0:?}")]
    Text(String),
}

/// Reads one record.
pub(super) fn parse(json: &[u8]) -> Result<Record, Malformed> {
    let osv: Osv = serde_json::from_slice(json)?;
    check_texts(&osv)?;
    let mut packages: BTreeMap<(String, String), (Scheme, Affected, Severity)> = BTreeMap::new();
    let mut skipped = BTreeMap::new();
    for affected in &osv.affected {
        let Some(OsvPackage { ecosystem, name }) = &affected.package else { continue };
        let Some(scheme) = scheme(ecosystem) else {
            let family = ecosystem.split(':').next().unwrap_or_default();
            *skipped.entry(family.to_owned()).or_default() += 1;
            continue;
        };
        let key = (ecosystem.clone(), canonical(scheme, name));
        let (_, so_far, worst) =
            packages.entry(key).or_insert((scheme, Affected::default(), Severity::Unknown));
        so_far.extend(scheme, versions_of(scheme, affected));
        *worst = severity(&osv, affected).max(*worst);
    }
    let names = names(&osv.id, &osv.aliases, &osv.upstream);
    let summary = one_line(if osv.summary.trim().is_empty() { &osv.details } else { &osv.summary });
    let mut advisories = Vec::new();
    for (key, (_, affected, severity)) in packages {
        if affected == Affected::default() {
            continue;
        }
        for (id, aliases) in names.clone() {
            let advisory = Advisory {
                id,
                aliases,
                severity,
                summary: summary.clone(),
                affected: affected.clone(),
            };
            advisories.push((key.clone(), advisory));
        }
    }
    let modified = if is_date(&osv.modified) { osv.modified } else { String::new() };
    Ok(Record { id: osv.id, modified, is_withdrawn: !osv.withdrawn.is_null(), advisories, skipped })
}

/// The ordering of an ecosystem that is read. Releases without a number (Debian's sid) have no
/// counterpart in an image's `os-release`.
fn scheme(ecosystem: &str) -> Option<Scheme> {
    match ecosystem.split_once(':') {
        None if ecosystem == "PyPI" => Some(Scheme::Pypi),
        None if ecosystem == "npm" => Some(Scheme::Npm),
        None if ecosystem == "Go" => Some(Scheme::Go),
        None if ecosystem == "crates.io" => Some(Scheme::Semver),
        None if matches!(ecosystem, "Wolfi" | "Chainguard") => Some(Scheme::Apk),
        // Not one of OSV's: records of NVIDIA's bulletins, by the names of its parts.
        None if ecosystem == "NVIDIA" => Some(Scheme::Numbers),
        Some(("Debian", release)) if release.parse::<u16>().is_ok() => Some(Scheme::Deb),
        Some(("Ubuntu", _)) => Some(Scheme::Deb),
        Some(("AlmaLinux" | "Rocky Linux", release)) if release.parse::<u16>().is_ok() => {
            Some(Scheme::Rpm)
        }
        Some(("Alpine", release)) if release.starts_with('v') => Some(Scheme::Apk),
        _ => None,
    }
}

/// The spelling under which the package is looked up: for Python that of PEP 503.
fn canonical(scheme: Scheme, name: &str) -> String {
    if scheme != Scheme::Pypi {
        return name.to_owned();
    }
    let lower = name.to_ascii_lowercase();
    lower.split(['-', '_', '.']).filter(|it| !it.is_empty()).collect::<Vec<_>>().join("-")
}

fn versions_of(scheme: Scheme, affected: &OsvAffected) -> Affected {
    // Commits order nothing that is installed; the ranges beside them still count.
    let ordered =
        affected.ranges.iter().filter(|it| matches!(it.kind.as_str(), "ECOSYSTEM" | "SEMVER"));
    Affected {
        versions: affected.versions.clone(),
        ranges: ordered.flat_map(|it| ranges(scheme, it.events.clone())).collect(),
    }
}

fn severity(osv: &Osv, affected: &OsvAffected) -> Severity {
    // Malicious packages carry no vector, and nothing is worse.
    if osv.id.starts_with("MAL-") {
        return Severity::Critical;
    }
    judge(
        &affected.ecosystem_specific,
        [&affected.database_specific, &osv.database_specific],
        [&affected.severity, &osv.severity],
    )
}

/// Names and versions are printed as they are: refuses what would not stay on its line.
fn check_texts(osv: &Osv) -> Result<(), Malformed> {
    let versions = osv.affected.iter().flat_map(|it| {
        let bounds = it.ranges.iter().flat_map(|it| &it.events).map(Event::version);
        it.versions.iter().map(String::as_str).chain(bounds)
    });
    let packages = osv.affected.iter().filter_map(|it| it.package.as_ref());
    let is_plain = |it: &&str| !it.is_empty() && it.len() <= 512 && !it.chars().any(breaks_lines);
    let mut texts = once(osv.id.as_str())
        .chain(osv.aliases.iter().chain(&osv.upstream).map(String::as_str))
        .chain(packages.flat_map(|it| [it.ecosystem.as_str(), it.name.as_str()]))
        .chain(versions);
    match texts.find(|it| !is_plain(it)) {
        Some(text) => Err(Malformed::Text(text.chars().take(80).collect())),
        None => Ok(()),
    }
}

/// Control characters, and those that turn the direction of writing.
fn breaks_lines(it: char) -> bool {
    it.is_control() || matches!(it, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The first line that says something, bounded.
fn one_line(text: &str) -> String {
    let first = text.lines().map(str::trim).find(|it| !it.is_empty()).unwrap_or_default();
    let clean = |it: char| if breaks_lines(it) { ' ' } else { it };
    let mut line: String = first.chars().take(MAX_SUMMARY).map(clean).collect();
    if first.chars().nth(MAX_SUMMARY).is_some() {
        line.push('…');
    }
    line
}

fn is_date(text: &str) -> bool {
    let shape = "0000-00-00T00:00:00";
    let fits =
        |(byte, like): (u8, u8)| if like == b'0' { byte.is_ascii_digit() } else { byte == like };
    text.len() >= shape.len()
        && text.len() <= 40
        && text.is_ascii()
        && text.bytes().zip(shape.bytes()).all(fits)
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::model::Fix;
    use crate::version::Scheme;

    /// A record on the PyPI package `pkg` with these `affected` fields.
    fn record(affected: &str) -> String {
        format!(
            r#"{{"id":"PYSEC-1","modified":"2024-01-02T03:04:05Z","aliases":["CVE-2024-1"],
                "affected":[{{"package":{{"ecosystem":"PyPI","name":"pkg"}},{affected}}}]}}"#
        )
    }

    /// For each version in `asked`: is it affected, and by what is it fixed?
    fn check(affected: &str, asked: &str) -> String {
        let record = parse(record(affected).as_bytes()).unwrap();
        let answer = |version: &str| {
            let fix = record
                .advisories
                .first()
                .and_then(|(_, it)| it.affected.fix_for(Scheme::Pypi, version));
            match fix {
                None => format!("{version} no"),
                Some(Fix::NotFixed) => format!("{version} yes"),
                Some(Fix::Fixed(fix)) => format!("{version} <{fix}"),
            }
        };
        asked.split(' ').map(answer).collect::<Vec<_>>().join(", ")
    }

    fn events(kind: &str, events: &str) -> String {
        format!(r#"{{"type":"{kind}","events":[{events}]}}"#)
    }

    fn range(of: &str) -> String {
        format!(r#""ranges":[{}]"#, events("ECOSYSTEM", of))
    }

    #[test]
    fn a_fix_ends_the_range_before_itself() {
        let affected = range(r#"{"introduced":"0"},{"fixed":"2.0"}"#);
        assert_eq!(
            check(&affected, "0.1 1.9 2.0rc1 2.0 2.1"),
            "0.1 <2.0, 1.9 <2.0, 2.0rc1 <2.0, 2.0 no, 2.1 no"
        );
    }

    #[test]
    fn the_last_affected_version_is_affected_and_names_no_fix() {
        let affected = range(r#"{"introduced":"1.0"},{"last_affected":"2.0"}"#);
        assert_eq!(
            check(&affected, "0.9 1.0 2.0 2.0+cu121 2.0.1"),
            "0.9 no, 1.0 yes, 2.0 yes, 2.0+cu121 yes, 2.0.1 no"
        );
    }

    #[test]
    fn a_range_without_end_has_no_fix() {
        assert_eq!(
            check(&range(r#"{"introduced":"1.0"}"#), "0.9 1.0 99"),
            "0.9 no, 1.0 yes, 99 yes"
        );
    }

    #[test]
    fn events_may_come_in_pairs_and_in_any_order() {
        let affected =
            range(r#"{"fixed":"3.2"},{"introduced":"3.0"},{"fixed":"2.5"},{"introduced":"0"}"#);
        assert_eq!(
            check(&affected, "2.4 2.5 3.0 3.1 3.2"),
            "2.4 <2.5, 2.5 no, 3.0 <3.2, 3.1 <3.2, 3.2 no"
        );
    }

    #[test]
    fn several_ranges_add_up() {
        let affected = format!(
            r#""ranges":[{},{}]"#,
            events("SEMVER", r#"{"introduced":"0"},{"fixed":"1.5"}"#),
            events("ECOSYSTEM", r#"{"introduced":"2.0"},{"fixed":"2.5"}"#),
        );
        assert_eq!(check(&affected, "1.0 1.5 2.0 2.5"), "1.0 <1.5, 1.5 no, 2.0 <2.5, 2.5 no");
    }

    #[test]
    fn a_version_that_another_range_calls_affected_is_no_fix() {
        let affected = format!(
            r#""ranges":[{},{}]"#,
            events("ECOSYSTEM", r#"{"introduced":"0"},{"fixed":"1.5"}"#),
            events("ECOSYSTEM", r#"{"introduced":"1.2"},{"fixed":"1.6"}"#),
        );
        assert_eq!(check(&affected, "1.1 1.3 1.5"), "1.1 <1.6, 1.3 <1.6, 1.5 <1.6");
        let open = affected.replace(r#",{"fixed":"1.6"}"#, "");
        assert_eq!(check(&open, "1.1 1.3"), "1.1 yes, 1.3 yes");
    }

    #[test]
    fn a_limit_ends_the_range_without_a_fix() {
        assert_eq!(
            check(&range(r#"{"introduced":"0"},{"limit":"2.0"}"#), "1.9 2.0"),
            "1.9 yes, 2.0 no"
        );
        assert_eq!(
            check(&range(r#"{"introduced":"0"},{"limit":"1.0"},{"limit":"*"}"#), "1.9"),
            "1.9 yes"
        );
        assert_eq!(
            check(&range(r#"{"introduced":"0"},{"fixed":"1.5"},{"limit":"2.0"}"#), "1.4 1.6"),
            "1.4 <1.5, 1.6 no"
        );
        assert_eq!(
            check(&range(r#"{"introduced":"3.0"},{"limit":"2.0"}"#), "2.5 3.0"),
            "2.5 no, 3.0 no"
        );
    }

    #[test]
    fn commits_are_skipped_without_ending_the_search() {
        let affected = format!(
            r#""ranges":[{},{}]"#,
            events("GIT", r#"{"introduced":"0"},{"fixed":"abc"}"#),
            events("ECOSYSTEM", r#"{"introduced":"0"},{"fixed":"1.5"}"#),
        );
        assert_eq!(check(&affected, "1.4 1.5"), "1.4 <1.5, 1.5 no");
    }

    #[test]
    fn a_listed_version_is_affected_without_a_range() {
        assert_eq!(
            check(r#""versions":["1.0","1.2-odd"]"#, "1.0 1.0.0 1.1 1.2-odd"),
            "1.0 yes, 1.0.0 yes, 1.1 no, 1.2-odd yes"
        );
    }

    #[test]
    fn a_listed_version_outside_the_range_takes_the_next_fix() {
        let affected = format!(
            r#""versions":["1.0","3.0"],{}"#,
            range(r#"{"introduced":"2.0"},{"fixed":"2.5"}"#)
        );
        assert_eq!(check(&affected, "1.0 2.1 3.0"), "1.0 <2.5, 2.1 <2.5, 3.0 yes");
    }

    #[test]
    fn a_version_that_cannot_be_ordered_is_in_no_range() {
        assert_eq!(check(&range(r#"{"introduced":"0"}"#), ""), " no");
    }

    #[test]
    fn contradictory_and_empty_events_are_read_by_the_letter() {
        assert_eq!(
            check(&range(r#"{"introduced":"2.0"},{"fixed":"1.0"}"#), "1.5 2.5"),
            "1.5 no, 2.5 yes"
        );
        assert_eq!(check(&range(r#"{"fixed":"1.0"}"#), "0.5"), "0.5 no");
        assert_eq!(check(&range(""), "0.5"), "0.5 no");
        assert_eq!(check(r#""ranges":null,"versions":null"#, "0.5"), "0.5 no");
    }

    /// The severity of a Debian package's record.
    fn severity(affected: &str, record: &str) -> String {
        let json = format!(
            r#"{{"id":"X-1",{record}"affected":[{{"package":{{"ecosystem":"Debian:12","name":"p"}},{affected}"versions":["1"]}}]}}"#
        );
        parse(json.as_bytes()).unwrap().advisories[0].1.severity.to_string()
    }

    const HIGH: &str = r#""severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}],"#;
    const LOW: &str = r#""severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}],"#;

    #[test]
    fn severity_comes_from_the_nearest_source() {
        assert_eq!(severity("", ""), "UNKNOWN");
        assert_eq!(severity("", HIGH), "HIGH");
        assert_eq!(severity(LOW, HIGH), "LOW");
        assert_eq!(severity("", r#""database_specific":{"severity":"MODERATE"},"#), "MEDIUM");
        assert_eq!(severity("", r#""database_specific":{"severity":7},"#), "UNKNOWN");
    }

    #[test]
    fn a_distribution_s_own_judgement_goes_first() {
        assert_eq!(severity(r#""ecosystem_specific":{"urgency":"unimportant"},"#, HIGH), "LOW");
        assert_eq!(severity(r#""ecosystem_specific":{"urgency":"medium**"},"#, HIGH), "MEDIUM");
        assert_eq!(
            severity(r#""ecosystem_specific":{"urgency":"not yet assigned"},"#, HIGH),
            "HIGH"
        );
        assert_eq!(
            severity(r#""ecosystem_specific":{"ubuntu_priority":"negligible"},"#, HIGH),
            "LOW"
        );
        assert_eq!(
            severity("", r#""severity":[{"type":"Ubuntu","score":"critical"}],"#),
            "CRITICAL"
        );
    }

    #[test]
    fn only_ecosystems_with_an_ordering_are_read() {
        let package = |it: &str| {
            format!(r#"{{"package":{{"ecosystem":"{it}","name":"A_b.c"}},"versions":["1"]}}"#)
        };
        let all = [
            "Debian:12",
            "Debian",
            "Ubuntu:Pro:22.04:LTS",
            "Alpine:v3.20",
            "Alpine",
            "PyPI",
            "npm",
            "Go",
            "AlmaLinux:9",
            "AlmaLinux",
            "Maven",
        ];
        let json = format!(r#"{{"id":"X-1","affected":[{}]}}"#, all.map(package).join(","));
        let record = parse(json.as_bytes()).unwrap();
        let read: Vec<String> =
            record.advisories.iter().map(|((a, b), _)| format!("{a} {b}")).collect();
        assert_eq!(
            read,
            [
                "AlmaLinux:9 A_b.c",
                "Alpine:v3.20 A_b.c",
                "Debian:12 A_b.c",
                "Go A_b.c",
                "PyPI a-b-c",
                "Ubuntu:Pro:22.04:LTS A_b.c",
                "npm A_b.c"
            ]
        );
        assert_eq!(
            format!("{:?}", record.skipped),
            r#"{"AlmaLinux": 1, "Alpine": 1, "Debian": 1, "Maven": 1}"#
        );
    }

    #[test]
    fn a_malicious_package_is_critical() {
        let json = r#"{"id":"MAL-2024-1","affected":[{"package":{"ecosystem":"npm","name":"p"},"versions":["1.0.0"]}]}"#;
        assert_eq!(
            parse(json.as_bytes()).unwrap().advisories[0].1.severity.to_string(),
            "CRITICAL"
        );
    }

    #[test]
    fn texts_stay_on_one_line() {
        let summary = |text: &str| {
            let json = format!(
                r#"{{"id":"X-1","details":"{text}","affected":[{{"package":{{"ecosystem":"npm","name":"p"}},"versions":["1"]}}]}}"#
            );
            parse(json.as_bytes()).unwrap().advisories[0].1.summary.clone()
        };
        assert_eq!(summary(r"\n first\u001b[31m \nsecond"), "first [31m");
        assert_eq!(summary(&"x".repeat(500)).chars().count(), 161);
        assert_eq!(
            parse(br#"{"id":"X\n1"}"#).unwrap_err().to_string(),
            r#"not a plain name or version: "X\n1""#
        );
    }

    #[test]
    fn what_is_no_record_is_an_error() {
        for json in [
            "",
            "[]",
            "{}",
            "null",
            r#"{"id":3}"#,
            r#"{"id":"A","affected":{}}"#,
            &"[".repeat(100_000),
        ] {
            assert!(parse(json.as_bytes()).is_err(), "{}", &json[..json.len().min(20)]);
        }
        assert!(
            parse(
                record(r#""ranges":[{"type":"ECOSYSTEM","events":[{"introduced":3}]}]"#).as_bytes()
            )
            .is_err()
        );
    }
}
