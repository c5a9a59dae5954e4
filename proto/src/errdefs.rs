//! Error details that BuildKit understands (`solver/errdefs`).
//!
//! They travel as JSON inside a protobuf `Any`, not as protobuf. Field names are those of
//! BuildKit's JSON; zero values are left out.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::protobuf::Any;
use crate::{llb, rpc};

const SOURCE: &str = "github.com/moby/buildkit/errdefs.Source+json";
const VERTEX: &str = "github.com/moby/buildkit/errdefs.Vertex+json";
const SOLVE: &str = "github.com/moby/buildkit/errdefs.Solve+json";

/// A place in a source file. The client prints the lines with `>>>` before them.
#[derive(Debug, Serialize)]
struct Source {
    info: Info,
    ranges: Vec<Range>,
}

#[derive(Debug, Serialize)]
struct Info {
    filename: String,
    /// The whole file, base64: the excerpt is cut from it.
    data: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    language: String,
}

#[derive(Debug, Serialize)]
struct Range {
    start: Position,
    end: Position,
}

#[derive(Debug, Serialize)]
struct Position {
    line: i32,
    #[serde(skip_serializing_if = "is_zero")]
    character: i32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &i32) -> bool {
    *number == 0
}

/// The detail that makes the client print `ranges` of the file in `info`.
pub fn source(info: &llb::SourceInfo, ranges: &[llb::Range]) -> serde_json::Result<Any> {
    let position = |it: &Option<llb::Position>| {
        let it = it.unwrap_or_default();
        Position { line: it.line, character: it.character }
    };
    let detail = Source {
        info: Info {
            filename: info.filename.clone(),
            data: STANDARD.encode(&info.data),
            language: info.language.clone(),
        },
        ranges: ranges
            .iter()
            .map(|it| Range { start: position(&it.start), end: position(&it.end) })
            .collect(),
    };
    Ok(Any { type_url: SOURCE.to_owned(), value: serde_json::to_vec(&detail)? })
}

/// Whom a status blames.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Blamed {
    pub digests: Vec<String>,
    /// Vertex names. Newer versions of BuildKit encode a vertex anew before they name its digest.
    pub names: Vec<String>,
}

/// The vertices that a status blames.
pub fn blamed(status: &rpc::Status) -> Blamed {
    #[derive(Deserialize)]
    struct Vertex {
        digest: String,
    }
    #[derive(Deserialize)]
    struct Solve {
        #[serde(default)]
        description: BTreeMap<String, String>,
    }
    let mut blamed = Blamed::default();
    for detail in &status.details {
        match detail.type_url.as_str() {
            VERTEX => blamed.digests.extend(json::<Vertex>(&detail.value).map(|it| it.digest)),
            SOLVE => {
                let description = json::<Solve>(&detail.value).map(|it| it.description);
                blamed.names.extend(description.and_then(|mut it| it.remove("llb.customname")));
            }
            _ => {}
        }
    }
    blamed
}

/// A detail of another shape is from another version, and tells us nothing.
fn json<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::{SOLVE, VERTEX, blamed, source};
    use crate::protobuf::Any;
    use crate::{llb, rpc};

    #[test]
    fn a_source_is_json_with_the_file_in_base64() {
        let info = llb::SourceInfo {
            filename: "Dockerfile".into(),
            data: b"FROM scratch\n".to_vec(),
            ..Default::default()
        };
        let at = |line| Some(llb::Position { line, character: 0 });
        let any = source(&info, &[llb::Range { start: at(3), end: at(4) }]).unwrap();
        assert_eq!(any.type_url, "github.com/moby/buildkit/errdefs.Source+json");
        assert_eq!(
            String::from_utf8(any.value).unwrap(),
            r#"{"info":{"filename":"Dockerfile","data":"RlJPTSBzY3JhdGNoCg=="},"ranges":[{"start":{"line":3},"end":{"line":4}}]}"#
        );
    }

    #[test]
    fn the_blamed_vertices_are_read_and_anything_else_is_passed_over() {
        let detail = |url: &str, json: &str| Any { type_url: url.into(), value: json.into() };
        let status = rpc::Status {
            details: vec![
                detail(VERTEX, r#"{"digest":"sha256:ab"}"#),
                detail(VERTEX, "not json"),
                detail(SOLVE, r#"{"op":{},"description":{"llb.customname":"[1/2] RUN x"}}"#),
                detail(SOLVE, r#"{"inputIDs":["x"]}"#),
                detail("other", r#"{"digest":"sha256:cd"}"#),
            ],
            ..Default::default()
        };
        let blamed = blamed(&status);
        assert_eq!(blamed.digests, ["sha256:ab"]);
        assert_eq!(blamed.names, ["[1/2] RUN x"]);
    }
}
