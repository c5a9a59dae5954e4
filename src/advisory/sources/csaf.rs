//! Documents of the Common Security Advisory Framework, as Red Hat and NVIDIA publish them.
//!
//! Format: <https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html>. Here is what both have in
//! common; what a product or a version is, each publisher says in its own way.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::{Parsed, nvidia, redhat};
use crate::advisory::detail::Detail;
use crate::advisory::text::{breaks_lines, day, is_date, one_line};

#[derive(Deserialize)]
pub(super) struct Csaf {
    pub(super) document: About,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) product_tree: ProductTree,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) vulnerabilities: Vec<Vulnerability>,
}

#[derive(Deserialize)]
pub(super) struct About {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) category: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) title: String,
    pub(super) publisher: Publisher,
    pub(super) tracking: Tracking,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) aggregate_severity: Text,
}

#[derive(Deserialize)]
pub(super) struct Publisher {
    #[serde(default, deserialize_with = "nullable")]
    name: String,
    #[serde(default, deserialize_with = "nullable")]
    namespace: String,
}

#[derive(Deserialize)]
pub(super) struct Tracking {
    pub(super) id: String,
    #[serde(default, deserialize_with = "nullable")]
    current_release_date: String,
    #[serde(default, deserialize_with = "nullable")]
    initial_release_date: String,
    #[serde(default, deserialize_with = "nullable")]
    status: String,
}

/// A word in a place of its own, or a note of some category.
#[derive(Default, Deserialize)]
pub(super) struct Text {
    #[serde(default, deserialize_with = "nullable")]
    category: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) text: String,
}

#[derive(Default, Deserialize)]
pub(super) struct ProductTree {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) branches: Vec<Branch>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) relationships: Vec<Relationship>,
}

#[derive(Deserialize)]
pub(super) struct Branch {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) category: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) name: String,
    pub(super) product: Option<Product>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) branches: Vec<Branch>,
}

#[derive(Deserialize)]
pub(super) struct Product {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) name: String,
    #[serde(rename = "product_id")]
    pub(super) id: String,
    #[serde(default, deserialize_with = "nullable", rename = "product_identification_helper")]
    pub(super) identification: Identification,
}

#[derive(Default, Deserialize)]
pub(super) struct Identification {
    pub(super) cpe: Option<String>,
    pub(super) purl: Option<String>,
}

/// A component in a product, which is a product itself.
#[derive(Deserialize)]
pub(super) struct Relationship {
    pub(super) full_product_name: Product,
    pub(super) product_reference: String,
    pub(super) relates_to_product_reference: String,
}

#[derive(Deserialize)]
pub(super) struct Vulnerability {
    pub(super) cve: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    title: String,
    cwe: Option<Weakness>,
    #[serde(default, deserialize_with = "nullable")]
    notes: Vec<Text>,
    /// Ids of products by their status.
    #[serde(default, deserialize_with = "nullable")]
    product_status: BTreeMap<String, Option<Vec<String>>>,
    #[serde(default, deserialize_with = "nullable")]
    references: Vec<Reference>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) remediations: Vec<Word>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) threats: Vec<Word>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) scores: Vec<Score>,
}

#[derive(Deserialize)]
struct Weakness {
    id: String,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default, deserialize_with = "nullable")]
    category: String,
    #[serde(default, deserialize_with = "nullable")]
    url: String,
}

/// A remediation or a threat: a word on some products.
#[derive(Deserialize)]
pub(super) struct Word {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) category: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) details: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) product_ids: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Score {
    cvss_v3: Option<Vector>,
    cvss_v4: Option<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    #[serde(rename = "vectorString")]
    vector: Option<String>,
}

pub(super) fn nullable<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// Reads one document, whoever published it. Pure, as archives are read on all cores.
pub(in crate::advisory) fn parse(bytes: &[u8]) -> Result<Parsed, String> {
    let csaf: Csaf =
        serde_json::from_slice(bytes).map_err(|it| format!("not a CSAF document: {it}"))?;
    let of = |domain: &str| csaf.document.publisher.namespace.contains(domain);
    if csaf.document.tracking.status == "draft" {
        return Ok(Parsed { skipped: vec![("drafts of CSAF documents", 1)], ..Parsed::default() });
    }
    if of("//www.redhat.com") {
        Ok(redhat::parsed(&csaf))
    } else if of("//www.nvidia.com") || csaf.document.publisher.name.starts_with("NVIDIA") {
        Ok(nvidia::of_csaf(&csaf))
    } else {
        Ok(Parsed { skipped: vec![("CSAF documents of other publishers", 1)], ..Parsed::default() })
    }
}

impl About {
    pub(super) fn modified(&self) -> String {
        let date = &self.tracking.current_release_date;
        if is_date(date) { date.clone() } else { day(date) }
    }
}

impl Vulnerability {
    /// The ids of products that have this status.
    pub(super) fn products(&self, status: &str) -> impl Iterator<Item = &str> {
        self.product_status.get(status).into_iter().flatten().flatten().map(String::as_str)
    }

    pub(super) fn vectors(&self) -> impl Iterator<Item = &str> {
        let vectors = self.scores.iter().flat_map(|it| [&it.cvss_v4, &it.cvss_v3]);
        vectors.flatten().filter_map(|it| it.vector.as_deref())
    }

    pub(super) fn detail(&self, about: &About) -> Detail {
        let note = |category: &str| self.notes.iter().find(|it| it.category == category);
        let described = note("summary").or_else(|| note("description"));
        let summary = [self.title.as_str(), described.map_or("", |it| &it.text), &about.title]
            .into_iter()
            .find(|it| !it.trim().is_empty());
        let is_address = |it: &&str| {
            it.starts_with("https://") && it.len() <= 200 && !it.chars().any(breaks_lines)
        };
        let own = self.references.iter().filter(|it| it.category == "self");
        let weakness = self.cwe.as_ref().map(|it| it.id.clone());
        let is_weakness = |it: &String| {
            it.strip_prefix("CWE-").is_some_and(|it| it.bytes().all(|it| it.is_ascii_digit()))
        };
        Detail {
            summary: one_line(summary.unwrap_or_default()),
            published: day(&about.tracking.initial_release_date),
            weaknesses: weakness.into_iter().filter(is_weakness).collect(),
            references: own
                .map(|it| it.url.as_str())
                .filter(is_address)
                .take(2)
                .map(str::to_owned)
                .collect(),
        }
    }
}
