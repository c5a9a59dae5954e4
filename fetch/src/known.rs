//! Where things lie below an address.
//!
//! OSV's bucket has `ecosystems.txt` and an archive for each, `PyPI/all.zip`; a mirror may keep them
//! below `osv/`. What other sources publish lies under the names below. Whatever else there is stands in
//! a list.

/// Relative paths, one a line, of files that have none of the names below.
pub const LIST: &str = "files.txt";

/// The names under which files of other sources are looked for.
pub const FILES: &[&str] = &[
    // CISA's catalogue of exploited flaws.
    "kev.json",
    "known_exploited_vulnerabilities.json",
    // FIRST's scores.
    "epss.csv",
    "epss.csv.gz",
    "epss_scores-current.csv",
    "epss_scores-current.csv.gz",
    "epss-sample.csv",
    // NVIDIA's bulletins.
    "nvidia/nvidia-bulletins.json",
    // Debian's security tracker.
    "debian/tracker.json",
    // Databases of Alpine and its kin.
    "secdb/alpine.json",
    "secdb/wolfi.json",
    "secdb/chainguard.json",
    // Update lists of Amazon and Oracle.
    "updateinfo/amazon.xml.gz",
    "updateinfo/oracle.xml.gz",
    // When releases are no longer maintained.
    "end-of-life.json",
    "malicious-packages.zip",
];

/// Where OSV's own layout may begin.
pub(crate) const OSV: [&str; 2] = ["", "osv/"];
/// The list of its ecosystems.
pub(crate) const ECOSYSTEMS: &str = "ecosystems.txt";
/// What lies in the folder of an ecosystem: all its records, and when each was changed.
pub(crate) const ARCHIVE: &str = "all.zip";
pub(crate) const MODIFIED: &str = "modified_id.csv";

/// The most entries that a list may have.
const MAX_LISTED: usize = 10_000;

/// The entries of a list; nothing if it is none, or leads out of its folder.
pub(crate) fn listed(text: &[u8]) -> Option<Vec<String>> {
    let text = std::str::from_utf8(text).ok()?;
    let lines = text.lines().map(str::trim).filter(|it| !it.is_empty() && !it.starts_with('#'));
    let entries: Vec<String> = lines.map(str::to_owned).collect();
    let is_list = entries.len() <= MAX_LISTED && entries.iter().all(|it| is_relative(it));
    is_list.then_some(entries)
}

/// Whether a path stays where it begins, and can be a path of ours.
pub(crate) fn is_relative(path: &str) -> bool {
    let is_plain = |it: char| !it.is_control() && !matches!(it, '\\' | '<' | '>' | '?' | '#' | '%');
    let is_part = |it: &str| !it.is_empty() && it.len() <= 200 && !it.starts_with('.');
    path.len() <= 1000 && path.chars().all(is_plain) && path.split('/').all(is_part)
}

/// Of ecosystems and their releases only the former: there are no archives of the latter.
pub(crate) fn archived(ecosystems: &[String]) -> impl Iterator<Item = &String> {
    ecosystems.iter().filter(|it| {
        let family = it.split_once(':').map(|it| it.0);
        family.is_none_or(|family| !ecosystems.iter().any(|it| it == family))
    })
}

#[cfg(test)]
mod tests {
    use super::{archived, is_relative, listed};

    #[test]
    fn a_list_cannot_lead_out_of_its_folder() {
        for path in ["../a", "a/../b", "/a", "a//b", "a/", "", ".a", "a\\b", "a\nb", "<html>"] {
            assert!(!is_relative(path), "{path:?}");
        }
        assert!(is_relative("Rocky Linux/all.zip"));
        assert_eq!(listed(b"# list\na\r\n\nb/c\n"), Some(vec!["a".to_owned(), "b/c".to_owned()]));
        assert_eq!(listed(b"a\n../b\n"), None);
        assert_eq!(listed(b"\xff"), None);
    }

    #[test]
    fn releases_have_no_archives_of_their_own() {
        let names = ["Debian", "Debian:12", "Other:1"].map(str::to_owned);
        assert_eq!(archived(&names).collect::<Vec<_>>(), ["Debian", "Other:1"]);
    }
}
