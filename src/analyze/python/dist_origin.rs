//! Where a Python distribution came from, in the small files beside its metadata.
//!
//! <https://packaging.python.org/en/latest/specifications/recording-installed-packages/>
//! - `INSTALLER`: the tool that installed it.
//! - `REQUESTED`: somebody asked for it; no other distribution brought it. It is empty.
//! - `direct_url.json`: it came from this URL and not from an index,
//!   <https://packaging.python.org/en/latest/specifications/direct-url/>.
//! - `top_level.txt`: what it is called in an `import`, told where that is another name.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{canonical, metadata_beside, named_by};
use crate::analyze::{Analyzer, Found, Want, text, url};
use crate::model::LayerPath;

/// Names of one distribution that are told.
const MAX_IMPORTS: usize = 8;

pub(in crate::analyze) const ANALYZER: Analyzer = Analyzer {
    id: "python-origin",
    wants: &[
        Want::Name("INSTALLER"),
        Want::Name("REQUESTED"),
        Want::Name("direct_url.json"),
        Want::Name("top_level.txt"),
    ],
    accepts: |path| metadata_beside(path).is_some(),
    read: |input| Ok(read(input.path, &input.whole()?)),
    ..Analyzer::BASE
};

fn read(path: &LayerPath, bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let Some(metadata) = metadata_beside(path) else { return found };
    let mut about = |key: &str, value: &str| found.about(metadata.as_str(), key, value);
    match path.file_name() {
        "REQUESTED" => about("requested", "true"),
        "direct_url.json" => direct_url(bytes, metadata.as_str(), &mut found),
        "INSTALLER" => {
            let first = text::lines(bytes).next().and_then(|(_, it)| text::value(it));
            if let Some(installer) = first {
                about("installer", installer);
            }
        }
        _ => {
            if let Some(imports) = imports(path.parent(), bytes) {
                about("imports", &imports);
            }
        }
    }
    found
}

/// The names to import, if they are not the distribution's own.
fn imports(record: &str, bytes: &[u8]) -> Option<String> {
    let own = canonical(named_by(record)?.0);
    let names: BTreeSet<&str> = text::lines(bytes).filter_map(|(_, it)| text::value(it)).collect();
    if names.iter().all(|it| canonical(it) == own) {
        return None;
    }
    let names: Vec<&str> = names.into_iter().take(MAX_IMPORTS).collect();
    text::phrase(names.join(" ").as_bytes()).map(str::to_owned)
}

/// As the specification has it; a field of another type makes it another document.
#[derive(Deserialize)]
struct DirectUrl {
    url: Option<String>,
    vcs_info: Option<VcsInfo>,
    archive_info: Option<ArchiveInfo>,
    dir_info: Option<DirInfo>,
}

#[derive(Deserialize)]
struct VcsInfo {
    vcs: Option<String>,
    commit_id: Option<String>,
    requested_revision: Option<String>,
}

#[derive(Deserialize)]
struct ArchiveInfo {
    /// As older tools write it: `sha256=…`.
    hash: Option<String>,
    hashes: Option<Hashes>,
}

#[derive(Deserialize)]
struct Hashes {
    sha256: Option<String>,
}

#[derive(Deserialize)]
struct DirInfo {
    #[serde(default)]
    editable: bool,
}

fn direct_url(bytes: &[u8], metadata: &str, found: &mut Found) {
    // The error's text could repeat what the file says; its place cannot.
    let origin: DirectUrl = match serde_json::from_slice(bytes) {
        Ok(origin) => origin,
        Err(error) => return found.note(error.line(), "not an origin of a distribution"),
    };
    let mut about = |key: &str, value: Option<String>| {
        if let Some(value) = value.as_deref().and_then(|it| text::value(it.as_bytes())) {
            found.about(metadata, key, value);
        }
    };
    about("direct-url", origin.url.as_deref().and_then(url::public));
    if let Some(it) = origin.vcs_info {
        about("vcs", it.vcs);
        about("commit", it.commit_id);
        about("revision", it.requested_revision);
    }
    if let Some(it) = origin.archive_info {
        let hash = it.hash.as_deref().and_then(|it| it.strip_prefix("sha256=")).map(str::to_owned);
        about("sha256", it.hashes.and_then(|it| it.sha256).or(hash));
    }
    if origin.dir_info.is_some_and(|it| it.editable) {
        about("editable", Some("true".to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::ANALYZER;
    use crate::analyze::tests::{find, shown, wants};

    fn check(file: &str, bytes: &[u8]) -> String {
        shown(&find(&ANALYZER, &format!("s/opencv_python-4.9.dist-info/{file}"), bytes))
            .replace("/s/opencv_python-4.9.dist-info/METADATA ", "")
    }

    #[test]
    fn who_installed_it_and_whether_it_was_asked_for() {
        assert_eq!(check("INSTALLER", b"uv\n"), "installer=uv\n");
        assert_eq!(check("INSTALLER", b"\x1b[2J"), "");
        assert_eq!(check("REQUESTED", b""), "requested=true\n");
    }

    #[test]
    fn names_to_import_are_told_where_they_are_others() {
        assert_eq!(check("top_level.txt", b"_cv2\r\ncv2\n\n"), "imports=_cv2 cv2\n");
        assert_eq!(check("top_level.txt", b"opencv_python\n"), "");
        assert_eq!(check("top_level.txt", b""), "");
        let egg = find(&ANALYZER, "s/PyYAML-5-py3.8.egg-info/top_level.txt", b"yaml\n");
        assert_eq!(shown(&egg), "/s/PyYAML-5-py3.8.egg-info/PKG-INFO imports=yaml\n");
        for record in ["src/a_b.egg-info", "s/a_b-1.0-py3.8.egg/EGG-INFO", "dist-info"] {
            let own = find(&ANALYZER, &format!("{record}/top_level.txt"), b"a_b\n");
            assert_eq!(shown(&own), "", "{record}");
        }
    }

    #[test]
    fn an_origin_is_told_without_secrets() {
        let vcs = br#"{"url": "https://user:t0ken@git.example.org/a/b.git", "vcs_info":
            {"vcs": "git", "commit_id": "7921be1537eac1e97bc40179a57f0349c2aee67d",
             "requested_revision": "main"}}"#;
        insta::assert_snapshot!(check("direct_url.json", vcs), @r"
        commit=7921be1537eac1e97bc40179a57f0349c2aee67d
        direct-url=https://git.example.org/a/b.git
        revision=main
        vcs=git
        ");
        let directory = br#"{"url": "file:///app", "dir_info": {"editable": true}}"#;
        assert_eq!(check("direct_url.json", directory), "direct-url=file:///app\neditable=true\n");
        let fixed = br#"{"url": "file:///app", "dir_info": {}}"#;
        assert_eq!(check("direct_url.json", fixed), "direct-url=file:///app\n");
    }

    #[test]
    fn an_archive_is_told_by_its_digest() {
        for info in
            [r#"{"hash": "sha256=00ff"}"#, r#"{"hash": "md5=1", "hashes": {"sha256": "00ff"}}"#]
        {
            let text = format!(r#"{{"url": "https://h/a.whl?X-Sig=1", "archive_info": {info}}}"#);
            let expected = "direct-url=https://h/a.whl\nsha256=00ff\n";
            assert_eq!(check("direct_url.json", text.as_bytes()), expected);
        }
        let empty = br#"{"url": "https://h/a.whl", "archive_info": {}}"#;
        assert_eq!(check("direct_url.json", empty), "direct-url=https://h/a.whl\n");
        assert_eq!(
            check("direct_url.json", b"{\n\"url\": 7}"),
            "note python-origin: line 2: not an origin of a distribution\n"
        );
    }

    #[test]
    fn only_what_lies_beside_metadata_is_read() {
        assert!(!wants(&ANALYZER, "s/INSTALLER"));
        assert!(!wants(&ANALYZER, "s/~a-1.dist-info/INSTALLER"));
    }
}
