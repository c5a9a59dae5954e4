//! OSV records.
//!
//! Schema: <https://ossf.github.io/osv-schema/>. Read is what matching needs; fields that every
//! database fills in its own way stay JSON values, so that an odd one does not cost the record.

use std::collections::BTreeMap;
use std::iter::once;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use thiserror::Error;

use super::affected::{Affected, End, Range};
use super::bounds::{Event, ranges};
use super::detail::{Detail, MAX_REFERENCES};
use super::ecosystems::{canonical, shard_of};
use super::gather::{Record, Row};
use super::names::{is_erratum_of_bugs, names};
use super::severity::{Rating, Stated, judge};
use super::text::{breaks_lines, day, is_date, is_plain, one_line};
use super::{Advisory, Flaw, Status, modular};
use crate::model::Severity;
use crate::version::Scheme;

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
    related: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    published: String,
    #[serde(default, deserialize_with = "nullable")]
    summary: String,
    #[serde(default, deserialize_with = "nullable")]
    details: String,
    #[serde(default, deserialize_with = "nullable")]
    severity: Vec<Stated>,
    #[serde(default, deserialize_with = "nullable")]
    affected: Vec<OsvAffected>,
    #[serde(default, deserialize_with = "nullable")]
    references: Vec<Reference>,
    #[serde(default)]
    database_specific: Value,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "type", default, deserialize_with = "nullable")]
    kind: String,
    #[serde(default, deserialize_with = "nullable")]
    url: String,
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
    let mut packages: BTreeMap<(String, String), Package> = BTreeMap::new();
    let mut skipped = BTreeMap::new();
    for affected in &osv.affected {
        let Some(OsvPackage { ecosystem, name }) = &affected.package else { continue };
        let Some((ecosystem, scheme)) = shard_of(ecosystem) else {
            let family = ecosystem.split(':').next().unwrap_or_default();
            *skipped.entry(family.to_owned()).or_default() += 1;
            continue;
        };
        let key = (ecosystem, canonical(scheme, name));
        let package = packages.entry(key).or_default();
        package.affected.extend(scheme, versions_of(scheme, affected));
        package.rating = rating(&osv, affected).max(std::mem::take(&mut package.rating));
        package.status = status(affected).max(package.status);
        if scheme == Scheme::Rpm {
            modular::join_builds(&mut package.affected);
        }
        if package.module.is_empty() {
            package.module = module(&osv, affected);
        }
    }
    packages.values_mut().for_each(deny);
    let mut rows = Vec::new();
    if !is_erratum_of_bugs(&osv.id, &osv.related) {
        let names = names(&osv.id, &osv.aliases, &osv.upstream, &osv.related);
        for ((ecosystem, package), it) in packages {
            if it.affected == Affected::default() && it.status != Status::NotAffected {
                continue;
            }
            for (id, aliases) in names.clone() {
                let flaw = Flaw {
                    id,
                    aliases,
                    severity: it.rating.severity,
                    rated_by: it.rating.by.clone(),
                    status: it.status,
                    module: it.module.clone(),
                };
                let advisory = Advisory { flaw, affected: it.affected.clone() };
                rows.push(Row { ecosystem: ecosystem.clone(), package: package.clone(), advisory });
            }
        }
    }
    let detail = detail(&osv);
    let modified = if is_date(&osv.modified) { osv.modified } else { String::new() };
    let is_withdrawn = !osv.withdrawn.is_null();
    Ok(Record { id: osv.id, modified, is_withdrawn, rows, detail, skipped })
}

/// What a record says of one package, in however many pieces.
#[derive(Default)]
struct Package {
    affected: Affected,
    rating: Rating,
    status: Status,
    module: String,
}

/// Debian's own words, as its tracker has them.
fn status(affected: &OsvAffected) -> Status {
    let word = |key| affected.ecosystem_specific.get(key).and_then(Value::as_str);
    match (word("urgency"), word("debian_status")) {
        (Some("end-of-life"), _) | (_, Some("end-of-life")) => Status::EndOfLife,
        (Some("unimportant"), _) | (_, Some("no-dsa" | "ignored")) => Status::WontFix,
        (_, Some("postponed")) => Status::Deferred,
        _ => Status::Affected,
    }
}

/// A flaw that was repaired before the first version is not there, and never was.
fn deny(package: &mut Package) {
    let never = |it: &Range| it.introduced.is_none() && it.end == End::Fixed("0".to_owned());
    let affected = &mut package.affected;
    let n_before = affected.ranges.len();
    affected.ranges.retain(|it| !never(it));
    if affected.ranges.len() < n_before && *affected == Affected::default() {
        package.status = Status::NotAffected;
    }
}

/// The streams of modules that the record is about, in a field or in the title.
fn module(osv: &Osv, affected: &OsvAffected) -> String {
    let of = |value: &Value| value.get("module").and_then(Value::as_str).map(str::to_owned);
    let field = of(&affected.ecosystem_specific).or_else(|| of(&affected.database_specific));
    let bounds = affected.ranges.iter().flat_map(|it| &it.events).map(Event::version);
    let module = field.or_else(|| modular::streams(&osv.summary, bounds));
    module.filter(|it| it.len() <= 200 && !it.chars().any(breaks_lines)).unwrap_or_default()
}

fn detail(osv: &Osv) -> Detail {
    // There are hundreds of thousands, and all say the same: that the package is one.
    if osv.id.starts_with("MAL-") {
        return Detail { summary: "Malicious package".to_owned(), ..Detail::default() };
    }
    let summary = one_line(if osv.summary.trim().is_empty() { &osv.details } else { &osv.summary });
    let list = osv.database_specific.get("cwe_ids").and_then(Value::as_array);
    let weaknesses = list.into_iter().flatten().filter_map(Value::as_str);
    let is_weakness = |it: &&str| {
        it.strip_prefix("CWE-").is_some_and(|it| it.bytes().all(|it| it.is_ascii_digit()))
    };
    let is_address = |it: &&Reference| {
        it.url.starts_with("https://") && it.url.len() <= 200 && !it.url.chars().any(breaks_lines)
    };
    let mut references: Vec<&Reference> = osv.references.iter().filter(is_address).collect();
    references.sort_by_key(|it| it.kind != "ADVISORY");
    Detail {
        summary,
        published: day(&osv.published),
        weaknesses: weaknesses.filter(is_weakness).map(str::to_owned).collect(),
        references: references.into_iter().take(MAX_REFERENCES).map(|it| it.url.clone()).collect(),
    }
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

fn rating(osv: &Osv, affected: &OsvAffected) -> Rating {
    // Malicious packages carry no vector, and nothing is worse.
    if osv.id.starts_with("MAL-") {
        return Rating { severity: Severity::Critical, by: "OpenSSF".to_owned() };
    }
    judge(
        &osv.id,
        &osv.summary,
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
    let mut texts = once(osv.id.as_str())
        .chain(osv.aliases.iter().chain(&osv.upstream).chain(&osv.related).map(String::as_str))
        .chain(packages.flat_map(|it| [it.ecosystem.as_str(), it.name.as_str()]))
        .chain(versions);
    match texts.find(|it| !is_plain(it)) {
        Some(text) => Err(Malformed::Text(text.chars().take(80).collect())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Affected, Status, parse};
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
                .rows
                .first()
                .and_then(|it| it.advisory.affected.fix_for(Scheme::Pypi, version));
            match fix {
                None => format!("{version} no"),
                Some(Fix::Fixed(fix)) => format!("{version} <{fix}"),
                Some(_) => format!("{version} yes"),
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
        parse(json.as_bytes()).unwrap().rows[0].advisory.flaw.severity.to_string()
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
            "GIT",
        ];
        let json = format!(r#"{{"id":"X-1","affected":[{}]}}"#, all.map(package).join(","));
        let record = parse(json.as_bytes()).unwrap();
        let read: Vec<String> =
            record.rows.iter().map(|it| format!("{} {}", it.ecosystem, it.package)).collect();
        assert_eq!(
            read,
            [
                "AlmaLinux:9 A_b.c",
                "Alpine:v3.20 A_b.c",
                "Debian:12 A_b.c",
                "Go A_b.c",
                "Maven A_b.c",
                "PyPI a-b-c",
                "Ubuntu:Pro:22.04 A_b.c",
                "npm A_b.c"
            ]
        );
        assert_eq!(
            format!("{:?}", record.skipped),
            r#"{"AlmaLinux": 1, "Alpine": 1, "Debian": 1, "GIT": 1}"#
        );
    }

    #[test]
    fn what_was_repaired_before_the_first_version_is_denied() {
        let denied = record(&range(r#"{"introduced":"0"},{"fixed":"0"}"#));
        let row = parse(denied.as_bytes()).unwrap().rows.remove(0);
        assert_eq!(row.advisory.flaw.status, Status::NotAffected);
        assert_eq!(row.advisory.affected, Affected::default());
        let affected = format!(
            r#""ranges":[{},{}]"#,
            events("ECOSYSTEM", r#"{"introduced":"0"},{"fixed":"0"}"#),
            events("ECOSYSTEM", r#"{"introduced":"1.0"},{"fixed":"1.5"}"#),
        );
        assert_eq!(check(&affected, "0.9 1.0 1.5"), "0.9 no, 1.0 <1.5, 1.5 no");
    }

    #[test]
    fn a_malicious_package_is_critical() {
        let json = r#"{"id":"MAL-2024-1","affected":[{"package":{"ecosystem":"npm","name":"p"},"versions":["1.0.0"]}]}"#;
        assert_eq!(
            parse(json.as_bytes()).unwrap().rows[0].advisory.flaw.severity.to_string(),
            "CRITICAL"
        );
    }

    #[test]
    fn texts_stay_on_one_line() {
        let summary = |text: &str| {
            let json = format!(
                r#"{{"id":"X-1","details":"{text}","affected":[{{"package":{{"ecosystem":"npm","name":"p"}},"versions":["1"]}}]}}"#
            );
            parse(json.as_bytes()).unwrap().detail.summary
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
