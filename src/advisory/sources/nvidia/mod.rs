//! NVIDIA's security bulletins.
//!
//! Format: CSAF documents as in <https://github.com/NVIDIA/product-security>, and one JSON file with the
//! facts of many: `bulletins`, each with `bulletin_id`, `vulnerabilities`, and for these lists of
//! `product`, `platform` and `version_text`. A row is on a part of NVIDIA's software, under the name
//! that the analyzers give it. Products that are in no image, and platforms other than Linux, are
//! passed over; [versions] in words that are not understood are counted and named.

mod versions;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::csaf::{Branch, Csaf, nullable};
use super::{Parsed, short};
use crate::advisory::detail::Detail;
use crate::advisory::gather::{Record, Row};
use crate::advisory::severity::from_vector;
use crate::advisory::text::{breaks_lines, day, is_date, is_plain, one_line};
use crate::advisory::{Advisory, Affected, Flaw, Range};
use crate::model::Severity;
use crate::model::nvidia::parts_of;
use crate::version::Scheme;

/// The file with the facts of many bulletins.
#[derive(Deserialize)]
struct Bulletins {
    bulletins: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Bulletin {
    #[serde(rename = "bulletin_id")]
    id: String,
    #[serde(default, deserialize_with = "nullable")]
    title: String,
    #[serde(default, deserialize_with = "nullable")]
    released: String,
    #[serde(default, deserialize_with = "nullable")]
    updated: String,
    #[serde(default, deserialize_with = "nullable")]
    links: Vec<String>,
    vulnerabilities: Vec<Told>,
}

/// One flaw, as a bulletin tells it.
#[derive(Deserialize)]
struct Told {
    cve: String,
    #[serde(default, deserialize_with = "nullable")]
    cwe: String,
    #[serde(default, deserialize_with = "nullable")]
    cvss: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    affected: Vec<Listed>,
    #[serde(default, deserialize_with = "nullable")]
    fixed: Vec<Listed>,
    #[serde(skip)]
    detail: Option<Detail>,
}

/// A product on a platform, with versions in words.
#[derive(Clone, Default, Deserialize)]
struct Listed {
    product: String,
    #[serde(default, deserialize_with = "nullable")]
    platform: String,
    #[serde(default, deserialize_with = "nullable")]
    version_text: String,
}

pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, String> {
    let all: Bulletins =
        serde_json::from_slice(bytes).map_err(|it| format!("not NVIDIA's bulletins: {it}"))?;
    let mut parsed = Parsed { source: "NVIDIA bulletins", ..Parsed::default() };
    for bulletin in all.bulletins {
        match Bulletin::deserialize(bulletin) {
            Ok(bulletin) => read(bulletin, &mut parsed),
            Err(error) => parsed.bad.push(("a bulletin".to_owned(), error.to_string())),
        }
    }
    Ok(parsed)
}

/// Reads a bulletin that is a CSAF document.
pub(super) fn of_csaf(csaf: &Csaf) -> Parsed {
    let mut parsed = Parsed { source: "NVIDIA bulletins", ..Parsed::default() };
    let mut listed = BTreeMap::new();
    let mut open: Vec<(&Branch, &str)> =
        csaf.product_tree.branches.iter().map(|it| (it, "")).collect();
    while let Some((branch, platform)) = open.pop() {
        let platform = if branch.category == "architecture" { &*branch.name } else { platform };
        if let Some(product) =
            branch.product.as_ref().filter(|_| branch.category == "product_version")
        {
            let it = Listed {
                product: branch.name.clone(),
                platform: platform.to_owned(),
                version_text: product.name.clone(),
            };
            listed.insert(product.id.as_str(), it);
        }
        open.extend(branch.branches.iter().map(|it| (it, platform)));
    }
    let vulnerabilities = csaf.vulnerabilities.iter().filter_map(|it| {
        let of = |status| it.products(status).filter_map(|it| listed.get(it).cloned()).collect();
        Some(Told {
            cve: it.cve.clone()?,
            cwe: String::new(),
            cvss: it.vectors().map(str::to_owned).collect(),
            affected: of("known_affected"),
            fixed: of("fixed"),
            detail: Some(it.detail(&csaf.document)),
        })
    });
    let bulletin = Bulletin {
        id: csaf.document.tracking.id.clone(),
        title: csaf.document.title.clone(),
        released: String::new(),
        updated: csaf.document.modified(),
        links: Vec::new(),
        vulnerabilities: vulnerabilities.collect(),
    };
    read(bulletin, &mut parsed);
    parsed
}

fn read(bulletin: Bulletin, parsed: &mut Parsed) {
    if !is_plain(&bulletin.id) {
        parsed.bad.push((bulletin.id, "not a plain name".to_owned()));
        return;
    }
    let modified =
        if is_date(&bulletin.updated) { bulletin.updated.clone() } else { day(&bulletin.updated) };
    parsed.date = modified.clone().max(std::mem::take(&mut parsed.date));
    // A flaw may be in several lists of one bulletin.
    let mut flaws: BTreeMap<String, (Vec<Row>, Detail)> = BTreeMap::new();
    let mut refused: BTreeMap<(String, String, &str), BTreeSet<String>> = BTreeMap::new();
    let mut n_elsewhere = 0;
    for told in &bulletin.vulnerabilities {
        if !(is_plain(&told.cve) && told.cve.starts_with("CVE-")) {
            parsed.bad.push((told.cve.clone(), "not a CVE".to_owned()));
            continue;
        }
        let mut parts: BTreeMap<&str, Vec<Range>> = BTreeMap::new();
        for listed in &told.affected {
            n_elsewhere += u64::from(parts_of(&listed.product).next().is_none());
            for part in parts_of(&listed.product).filter(|_| is_linux(&listed.platform)) {
                match listed.ranges(part, &told.fixed) {
                    Ok(ranges) => parts.entry(part).or_default().extend(ranges),
                    Err(why) => {
                        let text = (listed.product.clone(), listed.version_text.clone(), why);
                        refused.entry(text).or_default().insert(told.cve.clone());
                    }
                }
            }
        }
        let severity = told.severity();
        let entry = flaws.entry(told.cve.clone()).or_insert_with(|| {
            let detail = told.detail.clone().unwrap_or_else(|| told.detail_in(&bulletin));
            (Vec::new(), detail)
        });
        entry.0.extend(parts.into_iter().map(|(part, ranges)| row(part, told, severity, ranges)));
    }
    for ((product, text, why), cves) in refused {
        let what =
            format!("{why}, in {} flaws of {}: {:?}", cves.len(), short(&product), short(&text));
        parsed.bad.push((format!("bulletin {}", bulletin.id), what));
    }
    if n_elsewhere > 0 {
        parsed.skipped.push(("NVIDIA's products that are in no image", n_elsewhere));
    }
    for (cve, (rows, detail)) in flaws {
        let id = format!("NVIDIA-{}:{cve}", bulletin.id);
        let modified = modified.clone();
        parsed.records.push(Record { id, modified, rows, detail, ..Record::default() });
    }
}

fn row(part: &str, told: &Told, severity: Severity, ranges: Vec<Range>) -> Row {
    let rated_by = if severity == Severity::Unknown { "" } else { "NVIDIA" };
    let flaw =
        Flaw { id: told.cve.clone(), severity, rated_by: rated_by.to_owned(), ..Flaw::default() };
    let mut affected = Affected::default();
    affected.extend(Scheme::Numbers, Affected { versions: Vec::new(), ranges });
    let advisory = Advisory { flaw, affected };
    Row { ecosystem: "NVIDIA".to_owned(), package: part.to_owned(), advisory }
}

impl Listed {
    fn ranges(&self, part: &str, fixed: &[Self]) -> Result<Vec<Range>, &'static str> {
        let is_same = |it: &&Self| it.product == self.product && it.platform == self.platform;
        let fixed = fixed.iter().filter(is_same).map(|it| it.version_text.as_str());
        let fixed: Vec<&str> = fixed.collect();
        versions::ranges(part, &self.product, &self.platform, &self.version_text, &fixed)
    }
}

impl Told {
    fn severity(&self) -> Severity {
        let rated = self.cvss.iter().filter_map(|it| from_vector(it));
        rated.max().unwrap_or_default()
    }

    fn detail_in(&self, bulletin: &Bulletin) -> Detail {
        let is_address = |it: &&String| {
            it.starts_with("https://") && it.len() <= 200 && !it.chars().any(breaks_lines)
        };
        let is_weakness = |it: &String| {
            it.strip_prefix("CWE-").is_some_and(|it| it.bytes().all(|it| it.is_ascii_digit()))
        };
        Detail {
            summary: one_line(bulletin.title.trim_start_matches("Security Bulletin: ")),
            published: day(&bulletin.released),
            weaknesses: Some(self.cwe.clone()).filter(is_weakness).into_iter().collect(),
            references: bulletin.links.iter().filter(is_address).take(2).cloned().collect(),
        }
    }
}

/// Whether a platform is one that an image may be of: `Linux(R535)`, `Windows, Linux`, `All`. Triton's
/// backend for DALI, which is listed as one, comes in Triton's image.
fn is_linux(platform: &str) -> bool {
    const OPENINGS: &[&str] =
        &["all", "any", "dali backend", "jetson", "linux", "n/a", "rhel", "ubuntu", "x86_64"];
    let platform = platform.to_lowercase().replace(" and ", ",").replace("linux/", "linux,");
    let mut each = platform.split(',').map(str::trim);
    platform.is_empty() || each.any(|it| OPENINGS.iter().any(|opening| it.starts_with(opening)))
}
