//! Debian's security tracker: what it knows of each flaw in each source package and release.
//!
//! Format: <https://security-tracker.debian.org/tracker/data/json>, package → flaw → release. It is
//! read one package at a time. A release is named by its codename; `fixed_version` `0` says that the
//! flaw was never in it; `nodsa_reason` is there where Debian issues no advisory of its own.

use std::collections::BTreeMap;
use std::fmt;
use std::io::BufRead;

use serde::Deserialize;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Intake, short};
use crate::advisory::detail::Detail;
use crate::advisory::gather::{Record, Row};
use crate::advisory::severity::distro_word;
use crate::advisory::text::{is_plain, one_line};
use crate::advisory::{Advisory, Affected, End, Flaw, Range, Status};
use crate::model::Severity;
use crate::version::{Scheme, compare};

/// Releases and their numbers. `sid` has none, as an image of it says none.
const RELEASES: &[(&str, &str)] = &[
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
    ("duke", "15"),
];

/// What has no number and is left out on purpose.
const UNNUMBERED: &[&str] = &["sid", "experimental"];

/// What the tracker says of one flaw in one package.
#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    releases: Option<BTreeMap<String, Release>>,
}

#[derive(Deserialize)]
struct Release {
    status: Option<String>,
    fixed_version: Option<String>,
    urgency: Option<String>,
    nodsa: Option<String>,
    nodsa_reason: Option<String>,
}

/// Whether a file begins like the tracker: a name, and below it the id of a flaw.
pub(super) fn is(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head);
    let mut parts = head.split('"').map(str::trim);
    let mut next = || parts.next().unwrap_or_default();
    let (open, _name, colon, id) = (next(), next(), next(), next());
    let colon: String = colon.split_whitespace().collect();
    open == "{" && colon == ":{" && (id.starts_with("CVE-") || id.starts_with("TEMP-"))
}

pub(super) fn read(from: impl BufRead, intake: &mut Intake<'_>) -> Result<(), String> {
    let mut packages = Packages { intake, n_records: 0 };
    let mut json = serde_json::Deserializer::from_reader(from);
    let done = json.deserialize_map(&mut packages).and_then(|()| json.end());
    let Packages { intake, n_records } = packages;
    intake.gathered.source("Debian security tracker", "", n_records);
    done.map_err(|it| format!("not Debian's tracker, or not all of it: {it}"))
}

struct Packages<'a, 'b> {
    intake: &'a mut Intake<'b>,
    n_records: usize,
}

impl<'de> Visitor<'de> for &mut Packages<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("packages by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut packages: A) -> Result<(), A::Error> {
        while let Some(name) = packages.next_key::<String>()? {
            let flaws = packages.next_value::<Box<RawValue>>()?;
            self.package(&name, flaws.get());
        }
        Ok(())
    }
}

impl Packages<'_, '_> {
    fn package(&mut self, package: &str, json: &str) {
        let flaws: BTreeMap<String, Box<RawValue>> = match serde_json::from_str(json) {
            Ok(flaws) if is_plain(package) => flaws,
            Ok(_) => return self.intake.bad.name(package, "not a plain name"),
            Err(error) => return self.intake.bad.name(package, &error.to_string()),
        };
        for (id, entry) in &flaws {
            match serde_json::from_str::<Entry>(entry.get()) {
                Ok(entry) if is_plain(id) => self.flaw(package, id, entry),
                Ok(_) => self.intake.bad.name(id, "not a plain name"),
                Err(error) => {
                    self.intake.bad.name(&format!("{id} in {package}"), &error.to_string());
                }
            }
        }
    }

    fn flaw(&mut self, package: &str, id: &str, entry: Entry) {
        let mut record = Record {
            id: format!("DEBIAN-TRACKER:{package}:{id}"),
            detail: Detail {
                summary: one_line(&entry.description.unwrap_or_default()),
                ..Detail::default()
            },
            ..Record::default()
        };
        for (codename, release) in entry.releases.unwrap_or_default() {
            let Some((_, number)) = RELEASES.iter().find(|it| it.0 == codename) else {
                if !UNNUMBERED.contains(&codename.as_str()) {
                    let ecosystem = format!("Debian {}", short(&codename));
                    *record.skipped.entry(ecosystem).or_default() += 1;
                }
                continue;
            };
            match said(id, &release) {
                Ok(Some(advisory)) => record.rows.push(Row {
                    ecosystem: format!("Debian:{number}"),
                    package: package.to_owned(),
                    advisory,
                }),
                Ok(None) => {}
                Err(problem) => {
                    self.intake.bad.name(&format!("{id} in {package} of {codename}"), &problem);
                }
            }
        }
        self.n_records += usize::from(!record.rows.is_empty());
        self.intake.gathered.record(record);
    }
}

/// What is said of one release; nothing where Debian has not found out yet.
fn said(id: &str, release: &Release) -> Result<Option<Advisory>, String> {
    let fixed = release.fixed_version.as_deref();
    let urgency = release.urgency.as_deref().unwrap_or_default();
    let severity = distro_word(urgency).unwrap_or_default();
    let is_denied = fixed == Some("0");
    let severity = if is_denied { Severity::Unknown } else { severity };
    let rated_by = if severity == Severity::Unknown { "" } else { "Debian" }.to_owned();
    let flaw = |status| Flaw { id: id.to_owned(), severity, rated_by, status, ..Flaw::default() };
    let until =
        |end| Affected { ranges: vec![Range { introduced: None, end }], ..Affected::default() };
    let (status, affected) = match (release.status.as_deref(), fixed) {
        (Some("undetermined"), _) => return Ok(None),
        _ if is_denied => (Status::NotAffected, Affected::default()),
        (Some("resolved"), Some(version)) => {
            if compare(Scheme::Deb, version, version).is_none() || !is_plain(version) {
                return Err(format!("not a version: {}", short(version)));
            }
            (Status::Affected, until(End::Fixed(version.to_owned())))
        }
        (Some("open"), _) => (status(urgency, release), until(End::Open)),
        (Some("resolved"), None) => return Err("resolved in no version".to_owned()),
        (status, _) => return Err(format!("unknown status {}", short(status.unwrap_or("none")))),
    };
    Ok(Some(Advisory { flaw: flaw(status), affected }))
}

/// What becomes of a flaw that nothing repairs yet.
fn status(urgency: &str, release: &Release) -> Status {
    let reason = release.nodsa_reason.as_deref();
    match (urgency, reason, &release.nodsa) {
        ("end-of-life", _, _) => Status::EndOfLife,
        (_, Some("postponed"), _) => Status::Deferred,
        ("unimportant", _, _) | (_, Some(_), _) | (_, None, Some(_)) => Status::WontFix,
        _ => Status::Affected,
    }
}
