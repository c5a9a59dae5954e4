//! What BuildKit is told at the end: the stock result with our metadata, or an error at its lines.

use std::collections::BTreeMap;

use layergate_proto::{errdefs, gateway, llb, rpc};

use crate::error::Error;
use crate::gate::Stop;
use crate::graph::{Graph, View};
use crate::plan::{Lines, Plan};
use crate::scan_op::NO_ATTESTATIONS;
use crate::warning::range;

/// `UNKNOWN`, the code of a failing instruction: clients put any other one before the message, once
/// for each process that it passes through.
const CODE: i32 = 2;

/// The images in a result, by the platform's name where there are several.
pub(crate) fn references(result: &gateway::Result) -> Result<Vec<(String, gateway::Ref)>, Error> {
    match &result.result {
        None => Ok(Vec::new()),
        Some(gateway::result::Result::Ref(it)) => Ok(vec![(String::new(), it.clone())]),
        Some(gateway::result::Result::Refs(map)) => {
            let sorted: BTreeMap<_, _> = map.refs.iter().collect();
            Ok(sorted.into_iter().map(|(name, it)| (name.clone(), it.clone())).collect())
        }
        Some(_) => Err(Error::Protocol("a result without definitions".to_owned())),
    }
}

/// The image configurations in a result.
pub(crate) fn configs(result: &gateway::Result) -> Vec<Vec<u8>> {
    let is_config =
        |key: &str| key == "containerimage.config" || key.starts_with("containerimage.config/");
    let sorted: BTreeMap<_, _> = result.metadata.iter().filter(|(key, _)| is_config(key)).collect();
    sorted.into_values().cloned().collect()
}

/// Makes the scan that `reference` names part of the result, so that a cache export holds it and
/// every scan before it. It adds no attestation: the bundle it names is empty.
pub(crate) fn attach(result: &mut gateway::Result, platform: &str, reference: String) {
    let bundle = gateway::Attestation {
        kind: gateway::AttestationKind::Bundle.into(),
        r#ref: Some(gateway::Ref { id: reference, def: None }),
        path: NO_ATTESTATIONS.to_owned(),
        ..Default::default()
    };
    result.attestations.entry(platform.to_owned()).or_default().attestation.push(bundle);
}

/// Adds metadata that the client writes to `--metadata-file`.
pub(crate) fn add_metadata(result: &mut gateway::Result, metadata: BTreeMap<String, String>) {
    for (key, value) in metadata {
        result.metadata.insert(format!("frontend.layergate.{key}"), value.into_bytes());
    }
}

/// The error of a build that was stopped, with the lines that the client prints.
pub(crate) fn stopped(stop: Stop, graph: &Graph) -> rpc::Status {
    status(stop.message, &stop.lines, graph)
}

/// The error of a build that could not be gated.
pub(crate) fn failed(error: Error, graph: &Graph, plan: &Plan) -> rpc::Status {
    match error {
        Error::BuildKit(status) => *status,
        Error::Refused(text) => status(format!("layergate: {text}"), &[], graph),
        Error::Scan { step, .. } => {
            let lines: Vec<Lines> =
                plan.steps.get(step).and_then(|it| it.lines).into_iter().collect();
            status(format!("layergate: {error}"), &lines, graph)
        }
        Error::Protocol(_) => status(format!("layergate: {error}"), &[], graph),
    }
}

fn status(message: String, lines: &[Lines], graph: &Graph) -> rpc::Status {
    let source = |it: &Lines| {
        let info: &llb::SourceInfo = graph.files.get(it.file)?;
        errdefs::source(info, &[range(*it)]).ok()
    };
    rpc::Status { code: CODE, message, details: lines.iter().filter_map(source).collect() }
}

/// Takes out of `result` what BuildKit does not need back: it knows a reference by its id.
///
/// An image from scratch with nothing in it has no id either. prost would leave such a map value
/// out, which a Go server then reads as a nil pointer; an empty definition keeps it there.
pub(crate) fn slim(result: &mut gateway::Result) {
    match &mut result.result {
        Some(gateway::result::Result::Ref(it)) => it.def = None,
        Some(gateway::result::Result::Refs(map)) => {
            map.refs.values_mut().for_each(|it| {
                it.def = it.id.is_empty().then(llb::Definition::default);
            });
        }
        _ => {}
    }
}

/// The views that a result's references name, with their platforms. A reference without an id is
/// an image with nothing in it; any other must say what it is, or it would go unscanned.
pub(crate) fn views(
    references: &[(String, gateway::Ref)],
    graph: &mut Graph,
) -> Result<Vec<(String, View)>, Error> {
    let mut views = Vec::new();
    for (platform, reference) in references {
        if reference.def.is_none() && !reference.id.is_empty() {
            return Err(Error::Protocol("a reference without a definition".to_owned()));
        }
        let view = reference.def.as_ref().map(|it| graph.add(it)).transpose()?.flatten();
        views.extend(view.map(|it| (platform.clone(), it)));
    }
    Ok(views)
}

/// The name below which the attestations of `platform` belong. In a result for one platform only
/// the image's configuration tells it.
pub(crate) fn platform_key(result: &gateway::Result, platform: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Platforms {
        #[serde(rename = "Platforms")]
        platforms: Vec<Named>,
    }
    #[derive(serde::Deserialize)]
    struct Named {
        #[serde(rename = "ID")]
        id: String,
    }
    #[derive(serde::Deserialize)]
    struct Config {
        architecture: String,
        os: String,
        #[serde(default)]
        variant: String,
    }
    if !platform.is_empty() {
        return platform.to_owned();
    }
    let listed = result.metadata.get("refs.platforms");
    if let Some(Ok(listed)) = listed.map(|it| serde_json::from_slice::<Platforms>(it))
        && let Some(first) = listed.platforms.into_iter().next()
    {
        return first.id;
    }
    let config = result.metadata.get("containerimage.config");
    match config.map(|it| serde_json::from_slice::<Config>(it)) {
        Some(Ok(it)) if it.variant.is_empty() => format!("{}/{}", it.os, it.architecture),
        Some(Ok(it)) => format!("{}/{}/{}", it.os, it.architecture, it.variant),
        _ => String::new(),
    }
}
