//! CISA's catalogue of known exploited vulnerabilities.
//!
//! Format: <https://www.cisa.gov/known-exploited-vulnerabilities-catalog>, the JSON and its schema there.

use serde::Deserialize;

use crate::advisory::gather::Gathered;
use crate::advisory::text::day;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Catalogue {
    #[serde(default)]
    date_released: String,
    vulnerabilities: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(rename = "cveID")]
    cve: String,
    #[serde(default)]
    date_added: String,
}

pub(super) fn read(bytes: &[u8], into: &mut Gathered) -> Result<(), String> {
    let catalogue: Catalogue =
        serde_json::from_slice(bytes).map_err(|it| format!("not CISA's catalogue: {it}"))?;
    for entry in &catalogue.vulnerabilities {
        into.exploited(&entry.cve, &day(&entry.date_added));
    }
    into.source("CISA KEV", &day(&catalogue.date_released), catalogue.vulnerabilities.len());
    Ok(())
}
