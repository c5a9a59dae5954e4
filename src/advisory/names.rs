//! The names of a flaw.
//!
//! One flaw has a CVE, an id of GitHub's, one of each ecosystem's database. It goes by its CVE
//! where it has one. `aliases` are names of the same flaw; `upstream` says what a distribution's
//! record is derived from; `related` is looser than either, and read only of those distributions whose
//! errata name their flaws nowhere else.

/// The names of the flaw or flaws that the record is about.
///
/// A notice such as DSA or USN bundles several CVEs: it stands for each of them, and is a name of
/// none, or all of them would count as one flaw.
pub(super) fn names(
    id: &str,
    aliases: &[String],
    upstream: &[String],
    related: &[String],
) -> Vec<(String, Vec<String>)> {
    let own_cve = cve(id);
    let related = if is_erratum(id) && upstream.is_empty() { related } else { &[] };
    let upstream_cves: Vec<&str> =
        upstream.iter().chain(related).filter_map(|it| cve(it)).collect();
    let is_bundle =
        own_cve.is_none() && !aliases.iter().any(|it| cve(it).is_some()) && upstream_cves.len() > 1;
    if is_bundle {
        let mut cves = upstream_cves;
        cves.sort_unstable();
        cves.dedup();
        return cves.into_iter().map(|it| (it.to_owned(), Vec::new())).collect();
    }
    let mut names = vec![own_cve.unwrap_or(id)];
    names.extend(aliases.iter().map(|it| cve(it).unwrap_or(it)));
    if own_cve.is_none() {
        names.extend(upstream_cves);
    }
    let id = primary(names.iter().copied()).unwrap_or(id);
    let mut others: Vec<String> =
        names.iter().filter(|it| **it != id).map(|it| (*it).to_owned()).collect();
    others.retain(|it| !is_counted(it));
    others.sort_unstable();
    others.dedup();
    vec![(id.to_owned(), others)]
}

/// Whether the id is of an erratum of `AlmaLinux`, Rocky Linux or Red Hat.
fn is_erratum(id: &str) -> bool {
    let letters = id.split('-').next().unwrap_or_default();
    matches!(
        letters,
        "ALSA" | "ALBA" | "ALEA" | "RLSA" | "RLBA" | "RLEA" | "RXSA" | "RHSA" | "RHBA" | "RHEA"
    )
}

/// Whether it is an erratum that repairs bugs or adds features, and no flaw.
pub(super) fn is_erratum_of_bugs(id: &str, related: &[String]) -> bool {
    let is_security = id.split('-').next().is_some_and(|it| it.ends_with("SA"));
    is_erratum(id) && !is_security && !related.iter().any(|it| cve(it).is_some())
}

/// Whether it is one of a million ids that some distributions give to each flaw in each package.
fn is_counted(id: &str) -> bool {
    id.starts_with("CGA-") || id.starts_with("MINI-")
}

/// Returns the name that a flaw goes by: its CVE, else GitHub's id, else the first of the rest.
pub fn primary<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names.min_by_key(|it| (rank(it), *it))
}

fn rank(name: &str) -> u8 {
    match name.split('-').next() {
        Some("CVE") => 0,
        Some("GHSA") => 1,
        _ => 2,
    }
}

/// The CVE in a name, also behind a distribution's prefix: `DEBIAN-CVE-2024-1234`.
fn cve(name: &str) -> Option<&str> {
    let at = if name.starts_with("CVE-") { 0 } else { name.find("-CVE-")? + 1 };
    let cve = name.get(at..)?;
    let (year, number) = cve.strip_prefix("CVE-")?.split_once('-')?;
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    (is_number(year) && is_number(number)).then_some(cve)
}

#[cfg(test)]
mod tests {
    use super::names;

    fn check(id: &str, aliases: &[&str], upstream: &[&str]) -> String {
        let owned = |of: &[&str]| of.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let names = names(id, &owned(aliases), &owned(upstream), &[]);
        names.iter().map(|(id, aliases)| format!("{id} {aliases:?}")).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn a_cve_goes_before_a_ghsa_and_that_before_the_rest() {
        assert_eq!(
            check("PYSEC-1", &["GHSA-x", "CVE-2019-1"], &[]),
            r#"CVE-2019-1 ["GHSA-x", "PYSEC-1"]"#
        );
        assert_eq!(check("PYSEC-1", &["GHSA-x"], &[]), r#"GHSA-x ["PYSEC-1"]"#);
        assert_eq!(check("PYSEC-1", &[], &[]), "PYSEC-1 []");
    }

    #[test]
    fn a_distribution_s_spelling_of_a_cve_is_the_cve() {
        assert_eq!(check("DEBIAN-CVE-2024-1", &[], &["CVE-2024-1"]), "CVE-2024-1 []");
        assert_eq!(check("UBUNTU-CVE-2024-1", &[], &["CVE-2024-1", "CVE-2024-2"]), "CVE-2024-1 []");
        assert_eq!(check("ALPINE-CVE-x", &[], &[]), "ALPINE-CVE-x []");
    }

    #[test]
    fn a_notice_on_one_cve_is_a_name_of_it() {
        assert_eq!(check("DSA-1-1", &[], &["CVE-2024-1"]), r#"CVE-2024-1 ["DSA-1-1"]"#);
    }

    #[test]
    fn a_notice_on_several_cves_stands_for_each() {
        assert_eq!(
            check("DSA-1-1", &[], &["CVE-2024-2", "CVE-2024-1"]),
            "CVE-2024-1 []; CVE-2024-2 []"
        );
    }
}
