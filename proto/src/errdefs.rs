//! Error details that BuildKit understands (`solver/errdefs`).
//!
//! They travel as JSON inside a protobuf `Any`, not as protobuf. Field names are those of
//! BuildKit's JSON; zero values are left out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::protobuf::Any;
use crate::{llb, rpc};

const SOURCE: &str = "github.com/moby/buildkit/errdefs.Source+json";
const VERTEX: &str = "github.com/moby/buildkit/errdefs.Vertex+json";

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

/// The digests of the vertices that a status blames.
pub fn vertices(status: &rpc::Status) -> Vec<String> {
    #[derive(Deserialize)]
    struct Vertex {
        digest: String,
    }
    let details = status.details.iter().filter(|it| it.type_url == VERTEX);
    details
        .filter_map(|it| serde_json::from_slice::<Vertex>(&it.value).ok())
        .map(|it| it.digest)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{VERTEX, source, vertices};
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
                detail("other", r#"{"digest":"sha256:cd"}"#),
            ],
            ..Default::default()
        };
        assert_eq!(vertices(&status), ["sha256:ab"]);
    }
}
