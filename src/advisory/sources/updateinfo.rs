//! The errata of a repository of Amazon Linux or Oracle Linux.
//!
//! Format: `updateinfo.xml` as `createrepo_c` writes it,
//! <https://docs.fedoraproject.org/en-US/infra/sysadmin_guide/bodhi/>; for example
//! <https://yum.oracle.com/repo/OracleLinux/OL9/baseos/latest/x86_64/repodata/>. It is read one update
//! at a time. The release that a package is for stands in its own release: `1.amzn2023`, `4.el9_2`.
//!
//! Left out are updates without a flaw, and Oracle's builds for live patching and for FIPS, whose
//! versions are above those of the builds that everybody has.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{Intake, short};
use crate::advisory::detail::Detail;
use crate::advisory::gather::{Record, Row};
use crate::advisory::names::names;
use crate::advisory::severity::impact;
use crate::advisory::text::{day, is_plain, one_line};
use crate::advisory::{Advisory, Affected, End, Flaw, Range};
use crate::version::{Scheme, compare};

/// The longest text of an element that is kept.
const MAX_TEXT: usize = 4096;
/// The most packages of one update. The largest have a few thousand.
const MAX_PACKAGES: usize = 100_000;

/// One update, as far as it was read.
#[derive(Default)]
struct Update {
    is_security: bool,
    id: String,
    title: String,
    severity: String,
    issued: String,
    updated: String,
    cves: BTreeSet<String>,
    collection: String,
    /// Of the collection that is being read: `nodejs:18`.
    module: String,
    packages: Vec<Package>,
}

struct Package {
    name: String,
    epoch: String,
    version: String,
    release: String,
    arch: String,
    module: String,
}

pub(super) fn read(from: impl BufRead, intake: &mut Intake<'_>) -> Result<(), String> {
    let mut reader = Reader::from_reader(from);
    let (mut buffer, mut text, mut update) = (Vec::new(), String::new(), Update::default());
    let (mut is_within, mut n_open, mut is_begun) = (false, 0usize, false);
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer);
        let event = event.map_err(|it| format!("not a list of updates, or not all of it: {it}"))?;
        is_begun |= matches!(event, Event::Start(_));
        match event {
            Event::Start(tag) if tag.name().as_ref() == "update" => {
                update = Update::default();
                update.is_security = attribute(&tag, "type").as_deref() == Some("security");
                is_within = true;
                n_open += 1;
            }
            Event::Start(tag) => {
                n_open += 1;
                text.clear();
                update.open(&tag);
            }
            Event::Empty(tag) => update.open(&tag),
            Event::Text(it) if text.len() < MAX_TEXT => {
                text.push_str(&it);
            }
            Event::GeneralRef(it) if text.len() < MAX_TEXT => {
                text.push_str(entity(&it));
            }
            Event::End(tag) if tag.name().as_ref() == "update" && is_within => {
                (is_within, n_open) = (false, n_open.saturating_sub(1));
                std::mem::take(&mut update).take(intake);
            }
            Event::End(tag) => {
                n_open = n_open.saturating_sub(1);
                update.close(tag.name().as_ref(), text.trim());
                text.clear();
            }
            Event::Eof if n_open > 0 || !is_begun => {
                return Err("the list of updates is cut off".to_owned());
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// The text behind a reference to one of the entities that every document has.
fn entity(name: &str) -> &'static str {
    match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => " ",
    }
}

/// An attribute's value. None that matters here has a reference in it.
fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut all = tag.attributes().filter_map(Result::ok);
    let found = all.find(|it| it.key.as_ref() == name)?;
    Some(found.value.into_owned())
}

impl Update {
    fn open(&mut self, tag: &BytesStart<'_>) {
        let get = |name: &str| attribute(tag, name).unwrap_or_default();
        match tag.name().as_ref() {
            "issued" => self.issued = day(&get("date")),
            "updated" => self.updated = day(&get("date")),
            "reference" => {
                let id = get("id");
                if get("type") == "cve" && id.starts_with("CVE-") && is_plain(&id) {
                    self.cves.insert(id);
                }
            }
            "collection" => (self.collection, self.module) = (get("short"), String::new()),
            "module" => self.module = format!("{}:{}", get("name"), get("stream")),
            "package" if self.packages.len() < MAX_PACKAGES => self.packages.push(Package {
                name: get("name"),
                epoch: get("epoch"),
                version: get("version"),
                release: get("release"),
                arch: get("arch"),
                module: self.module.clone(),
            }),
            _ => {}
        }
    }

    fn close(&mut self, name: &str, text: &str) {
        let field = match name {
            "id" => &mut self.id,
            "title" => &mut self.title,
            "severity" => &mut self.severity,
            _ => return,
        };
        if field.is_empty() {
            text.clone_into(field);
        }
    }

    fn take(self, intake: &mut Intake<'_>) {
        let family = match self.id.get(..4) {
            Some("ALAS") => "Amazon Linux",
            Some("ELSA") => "Oracle Linux",
            Some("ELBA" | "ELEA") => return,
            _ => return intake.gathered.skip("updates of other distributions", 1),
        };
        if !is_plain(&self.id) {
            return intake.bad.name(&self.id, "not a plain name");
        }
        if self.cves.is_empty() && !self.is_security {
            return;
        }
        let rows = self.rows(family, intake);
        if rows.is_empty() {
            return;
        }
        let date = self.updated.clone().max(self.issued.clone());
        // The same update is in several repositories, with the packages that each has.
        let arch = self.packages.iter().map(|it| it.arch.as_str()).max().unwrap_or_default();
        let place = format!("{} {arch}", self.collection);
        intake.gathered.source(family, &date, 1);
        intake.gathered.record(Record {
            id: format!("UPDATEINFO:{}:{}", self.id, short(&place)),
            modified: date,
            rows,
            detail: Detail {
                summary: one_line(&self.title),
                published: self.issued.clone(),
                ..Detail::default()
            },
            ..Record::default()
        });
    }

    /// The repairs, for each flaw; a package may have come in several versions.
    fn rows(&self, family: &str, intake: &mut Intake<'_>) -> Vec<Row> {
        let mut repaired: BTreeMap<(String, &str, &str), Vec<Range>> = BTreeMap::new();
        let is_wanted = |it: &&Package| {
            let is_special = ["ksplice", "_fips"].iter().any(|mark| it.release.contains(mark));
            it.arch != "src" && !(is_special && family == "Oracle Linux")
        };
        for package in self.packages.iter().filter(is_wanted) {
            let Some(number) = package.number(family) else {
                intake.bad.name(&self.id, "a package that names no release");
                continue;
            };
            match package.range(&self.id) {
                Some(range) => {
                    let key = (format!("{family}:{number}"), &*package.name, &*package.module);
                    repaired.entry(key).or_default().push(range);
                }
                None => intake.bad.name(&self.id, "not a plain name or version"),
            }
        }
        let cves: Vec<String> = self.cves.iter().cloned().collect();
        let severity = impact(&self.severity).unwrap_or_default();
        let rated_by = if impact(&self.severity).is_some() { family } else { "" };
        let flaws: Vec<_> = names(&self.id, &[], &cves, &[]);
        let mut rows = Vec::new();
        for ((ecosystem, package, module), mut ranges) in repaired {
            ranges.sort();
            ranges.dedup();
            for (id, aliases) in flaws.clone() {
                let flaw = Flaw {
                    id,
                    aliases,
                    severity,
                    rated_by: rated_by.to_owned(),
                    module: module.to_owned(),
                    ..Flaw::default()
                };
                let affected = Affected { versions: Vec::new(), ranges: ranges.clone() };
                rows.push(Row {
                    ecosystem: ecosystem.clone(),
                    package: package.to_owned(),
                    advisory: Advisory { flaw, affected },
                });
            }
        }
        rows
    }
}

impl Package {
    /// The release of the distribution that it is for, as its `os-release` has it.
    fn number(&self, family: &str) -> Option<String> {
        let mark = if family == "Amazon Linux" { "amzn" } else { "el" };
        // `1.module+el8.9.0+90032`, `4.el9_2`, `1.amzn2.0.1`.
        let parts = self.release.split(['.', '+']);
        let number = parts.filter_map(|it| it.strip_prefix(mark)).find_map(|rest| {
            let digits = rest.split(|it: char| !it.is_ascii_digit()).next().unwrap_or_default();
            digits.parse::<u16>().ok()
        })?;
        // What is released as amzn1 calls itself 2018.03.
        Some(if (mark, number) == ("amzn", 1) { "2018.03".to_owned() } else { number.to_string() })
    }

    /// What it repairs: all before it. Amazon's extras have several versions of a package beside each
    /// other; an update of one, `ALASPHP8.0-2022-001`, says nothing of those below it.
    fn range(&self, id: &str) -> Option<Range> {
        let with_epoch = |version: &str| match self.epoch.as_str() {
            "" | "0" => version.to_owned(),
            epoch => format!("{epoch}:{version}"),
        };
        let fixed = with_epoch(&format!("{}-{}", self.version, self.release));
        let is_version = |it: &str| compare(Scheme::Rpm, it, it).is_some() && is_plain(it);
        let is_epoch = self.epoch.bytes().all(|it| it.is_ascii_digit()) && self.epoch.len() <= 9;
        let is_good = is_version(&fixed) && is_epoch && is_plain(&self.name);
        let is_module = self.module.is_empty() || is_plain(&self.module);
        let topic = topic(id).filter(|topic| {
            let rest = self.version.strip_prefix(topic);
            rest.is_some_and(|it| it.is_empty() || it.starts_with('.'))
        });
        let introduced = topic.map(with_epoch);
        (is_good && is_module).then_some(Range { introduced, end: End::Fixed(fixed) })
    }
}

/// The version that one of Amazon's extras is named for: `5.10` of `ALASKERNEL-5.10-2022-001`.
fn topic(id: &str) -> Option<&str> {
    let rest = id.strip_prefix("ALAS")?;
    let topic = rest.rsplitn(3, '-').nth(2)?;
    let topic = topic.get(topic.find(|it: char| it.is_ascii_alphabetic())?..)?;
    let at = topic.find(|it: char| it.is_ascii_digit())?;
    topic.get(at..).filter(|it| it.bytes().all(|it| it.is_ascii_digit() || it == b'.'))
}
