//! A file out of a named context: an image, an OCI layout, a directory, whatever the builder can name.
//!
//! The Dockerfile frontend knows how each kind is got at, so it is asked for an image that is nothing but
//! the context.

use std::collections::BTreeMap;

use layergate_proto::llb;

use crate::bridge::{Bridge, is_absent};
use crate::error::Error;
use crate::gate::Data;
use crate::graph::{Graph, View};
use crate::request::Request;

/// The option by which a builder says what a context is.
const CONTEXT: &str = "context:";

/// The name under which the Dockerfile frontend takes a Dockerfile as an input.
const DOCKERFILE: &str = "dockerfile";

/// Reads the file from the context of that name, or else from the image that is named; nothing where
/// neither is.
pub(crate) async fn read(
    bridge: &Bridge,
    request: &Request,
    data: &Data,
) -> Result<Option<Vec<u8>>, Error> {
    let option = format!("{CONTEXT}{}", data.context);
    let Some(place) = request.opt(&option).map(str::to_owned).or_else(|| image(data)) else {
        return Ok(None);
    };
    let opts = options(request, option, place.clone());
    let definition = bridge.solve_input(opts, DOCKERFILE, dockerfile(&data.context)).await?;
    let reference = bridge.build(definition).await?;
    match bridge.read_file(&reference, &data.file).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(Error::BuildKit(status)) if is_absent(&status.message) => Err(Error::Refused(format!(
            "{place} holds no {}: it is looked for at the top of the context {}",
            data.file, data.context
        ))),
        Err(error) => Err(error),
    }
}

fn image(data: &Data) -> Option<String> {
    let image = data.image.as_ref()?;
    Some(if image.contains("://") { image.clone() } else { format!("docker-image://{image}") })
}

/// What the Dockerfile frontend must know to find the context, and nothing that is about the build.
fn options(request: &Request, option: String, place: String) -> BTreeMap<String, String> {
    let is_needed = |key: &str| key.starts_with("local-sessionid:") || key == "image-resolve-mode";
    let mut opts: BTreeMap<String, String> = request
        .opts
        .iter()
        .filter(|(key, _)| is_needed(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    opts.insert(option, place);
    // So that nothing follows a `# syntax` line.
    opts.insert("cmdline".to_owned(), "layergate".to_owned());
    opts
}

/// A file system with a Dockerfile that is nothing but the context `name`.
fn dockerfile(name: &str) -> llb::Definition {
    let file = llb::FileActionMkFile {
        path: "/Dockerfile".to_owned(),
        mode: 0o644,
        data: format!("FROM {name}\n").into_bytes(),
        timestamp: -1,
        ..Default::default()
    };
    let action = llb::FileAction {
        input: -1,
        secondary_input: -1,
        output: 0,
        action: Some(llb::file_action::Action::Mkfile(file)),
    };
    let op = llb::Op {
        op: Some(llb::op::Op::File(llb::FileOp { actions: vec![action] })),
        ..Default::default()
    };
    let metadata = llb::OpMetadata {
        description: BTreeMap::from([(
            "llb.customname".to_owned(),
            format!("[layergate] name {name}"),
        )]),
        ..Default::default()
    };
    let mut graph = Graph::default();
    let vertex = graph.insert(op, metadata);
    graph.definition(&View { vertex, output: 0 })
}
