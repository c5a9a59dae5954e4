//! `layergate.toml` beside the Dockerfile, read from wherever the Dockerfile itself comes from.

use std::collections::BTreeMap;

use layergate_proto::llb;

use crate::bridge::{Bridge, is_absent};
use crate::error::Error;
use crate::graph::{Graph, View};
use crate::request::Request;

const NAME: &str = "layergate.toml";

/// Where the file was looked for, and what was found.
#[derive(Debug)]
pub(crate) enum ConfigFile {
    /// Its name and text, if there is one.
    Text(Option<(String, String)>),
    /// The Dockerfile comes from a repository or an archive. Only the Dockerfile frontend knows how
    /// to get at it, and [`read_from`] takes what that found.
    Remote,
}

/// Reads the file from the directory (or the input) that holds the Dockerfile.
pub(crate) async fn read(bridge: &Bridge, request: &Request) -> Result<ConfigFile, Error> {
    let name = request.opt("dockerfilekey").unwrap_or("dockerfile");
    let definition = match bridge.input(name) {
        Some(input) => input.clone(),
        None if is_remote(request) => return Ok(ConfigFile::Remote),
        None => local(request, name, &path(request)),
    };
    read_from(bridge, request, definition).await.map(ConfigFile::Text)
}

fn is_remote(request: &Request) -> bool {
    let context = request.opt(request.opt("contextkey").unwrap_or("context")).unwrap_or_default();
    let is_address = context.contains("://")
        || context.starts_with("git@")
        || context.starts_with("github.com/");
    is_address && request.opt("dockerfilekey").is_none()
}

/// Reads the file from the tree that `definition` makes.
pub(crate) async fn read_from(
    bridge: &Bridge,
    request: &Request,
    definition: llb::Definition,
) -> Result<Option<(String, String)>, Error> {
    let path = path(request);
    let reference = bridge.build(definition).await?;
    match bridge.read_file(&reference, &path).await {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Some((path, text))),
            Err(_) => Err(Error::Refused(format!("{path} is not UTF-8 text"))),
        },
        Err(Error::BuildKit(status)) if is_absent(&status.message) => Ok(None),
        Err(error) => Err(error),
    }
}

fn path(request: &Request) -> String {
    match request.opt("filename").and_then(|it| it.rsplit_once('/')) {
        Some((directory, _)) => format!("{directory}/{NAME}"),
        None => NAME.to_owned(),
    }
}

fn local(request: &Request, name: &str, path: &str) -> llb::Definition {
    let session = request.opt(&format!("local-sessionid:{name}")).unwrap_or(&request.session);
    let attrs = BTreeMap::from([
        ("local.session".to_owned(), session.to_owned()),
        ("local.followpaths".to_owned(), serde_json::json!([path]).to_string()),
        ("local.sharedkeyhint".to_owned(), format!("{name}-{NAME}")),
        ("local.differ".to_owned(), "none".to_owned()),
    ]);
    let source = llb::SourceOp { identifier: format!("local://{name}"), attrs };
    let op = llb::Op { op: Some(llb::op::Op::Source(source)), ..Default::default() };
    let metadata = llb::OpMetadata {
        description: BTreeMap::from([(
            "llb.customname".to_owned(),
            format!("[layergate] load {NAME}"),
        )]),
        ..Default::default()
    };
    let mut graph = Graph::default();
    let vertex = graph.insert(op, metadata);
    graph.definition(&View { vertex, output: 0 })
}
