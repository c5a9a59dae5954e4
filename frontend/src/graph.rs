//! The build graph: definitions decoded, joined, and cut down again to what one result needs.
//!
//! Vertices are named by the digest of their bytes, so a vertex that goes back to BuildKit inside
//! another definition is still the same vertex there, and its work is shared.

use std::collections::{BTreeMap, BTreeSet};

use layergate_proto::errdefs::Blamed;
use layergate_proto::llb;
use prost::Message as _;
use sha2::{Digest as _, Sha256};

use crate::dockerfile::{self, Instruction};
use crate::error::Error;

/// A filesystem in the graph: one output of one vertex.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct View {
    pub(crate) vertex: String,
    pub(crate) output: i64,
}

impl View {
    fn from_input(input: &llb::Input) -> Self {
        Self { vertex: input.digest.clone(), output: input.index }
    }
}

/// One operation, with what the frontend said about it.
#[derive(Clone, Debug)]
pub(crate) struct Vertex {
    /// As they came: a field this version does not know must survive.
    bytes: Vec<u8>,
    pub(crate) op: llb::Op,
    pub(crate) metadata: llb::OpMetadata,
    /// The file in [`Graph::files`] and the places in it.
    pub(crate) location: Vec<(usize, Vec<llb::Range>)>,
}

impl Vertex {
    /// The view behind the input numbered `input`; `None` for scratch.
    pub(crate) fn input(&self, input: i64) -> Option<View> {
        let at = usize::try_from(input).ok()?;
        self.op.inputs.get(at).map(View::from_input)
    }

    pub(crate) fn inputs(&self) -> impl Iterator<Item = View> {
        self.op.inputs.iter().map(View::from_input)
    }

    /// The name that users see.
    pub(crate) fn name(&self) -> &str {
        self.metadata.description.get("llb.customname").map_or("", String::as_str)
    }
}

/// Every vertex that the build may need, of all platforms.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    vertices: BTreeMap<String, Vertex>,
    /// The source files, normally one Dockerfile.
    pub(crate) files: Vec<llb::SourceInfo>,
}

impl Graph {
    /// Adds `definition`, and returns the view that it defines; `None` for scratch.
    pub(crate) fn add(&mut self, definition: &llb::Definition) -> Result<Option<View>, Error> {
        let Some((last, vertices)) = definition.def.split_last() else { return Ok(None) };
        let files = self.add_files(definition.source.as_ref());
        for bytes in vertices {
            let digest = digest(bytes);
            let location = locations(definition.source.as_ref(), &digest, &files);
            let metadata = definition.metadata.get(&digest).cloned().unwrap_or_default();
            let vertex = Vertex { op: decode(bytes)?, bytes: bytes.clone(), metadata, location };
            self.vertices.insert(digest, vertex);
        }
        let result = decode(last)?;
        let view = result.inputs.first().map(View::from_input);
        let missing = |digest: &&str| !self.vertices.contains_key(*digest);
        let mut named = self.vertices.values().flat_map(|it| &it.op.inputs).chain(&result.inputs);
        match named.by_ref().map(|it| it.digest.as_str()).find(missing) {
            Some(digest) => {
                Err(Error::Protocol(format!("the definition lacks its vertex {digest}")))
            }
            None => view.map(Some).ok_or_else(|| {
                Error::Protocol("the definition does not say what it defines".to_owned())
            }),
        }
    }

    fn add_files(&mut self, source: Option<&llb::Source>) -> Vec<usize> {
        let infos = source.map_or(&[][..], |it| &it.infos);
        let number = |info: &llb::SourceInfo| {
            let mut info = info.clone();
            if let Some(definition) = &mut info.definition {
                drop_empty_values(definition);
            }
            self.files.iter().position(|it| *it == info).unwrap_or_else(|| {
                self.files.push(info);
                self.files.len() - 1
            })
        };
        infos.iter().map(number).collect()
    }

    /// The instructions in the source file numbered `file`; none if it is no Dockerfile.
    pub(crate) fn instructions(&self, file: usize) -> Vec<Instruction> {
        let Some(info) = self.files.get(file) else { return Vec::new() };
        let is_dockerfile = info.language.is_empty() || info.language == "Dockerfile";
        match std::str::from_utf8(&info.data) {
            Ok(text) if is_dockerfile => dockerfile::instructions(file, text),
            _ => Vec::new(),
        }
    }

    /// Shows the source files as `shown` says, wherever they are printed: in our errors, in our
    /// warnings, and in BuildKit's errors about what it is asked to build from here.
    pub(crate) fn show_files(&mut self, shown: impl Fn(&str) -> String) {
        for file in &mut self.files {
            if let Ok(text) = std::str::from_utf8(&file.data) {
                file.data = shown(text).into_bytes();
            }
        }
    }

    /// The vertex of `view`. Every view comes out of this graph, so it is there.
    pub(crate) fn vertex(&self, view: &View) -> Option<&Vertex> {
        self.vertices.get(&view.vertex)
    }

    /// Whether the vertex with this digest is one that an error blames.
    pub(crate) fn is_among(&self, digest: &str, blamed: &Blamed) -> bool {
        let name = self.vertices.get(digest).map_or("", Vertex::name);
        blamed.digests.iter().any(|it| it == digest)
            || (!name.is_empty() && blamed.names.iter().any(|it| it == name))
    }

    /// Adds an operation of our own and returns its digest.
    pub(crate) fn insert(&mut self, op: llb::Op, metadata: llb::OpMetadata) -> String {
        let bytes = op.encode_to_vec();
        let digest = digest(&bytes);
        self.vertices.insert(digest.clone(), Vertex { bytes, op, metadata, location: Vec::new() });
        digest
    }

    /// Lets a vertex of our own run whatever is cached.
    pub(crate) fn ignore_cache(&mut self, view: &View) {
        if let Some(vertex) = self.vertices.get_mut(&view.vertex) {
            vertex.metadata.ignore_cache = true;
        }
    }

    /// The definition of `view` alone: the vertices that it needs and a last one that names it.
    pub(crate) fn definition(&self, view: &View) -> llb::Definition {
        let needed = self.needed(view);
        let mut definition = llb::Definition::default();
        let mut source = llb::Source { infos: self.files.clone(), ..Default::default() };
        for (digest, vertex) in
            self.vertices.iter().filter(|(digest, _)| needed.contains(digest.as_str()))
        {
            definition.def.push(vertex.bytes.clone());
            definition.metadata.insert(digest.clone(), vertex.metadata.clone());
            if !vertex.location.is_empty() {
                source.locations.insert(digest.clone(), wire_locations(&vertex.location));
            }
        }
        let last = llb::Op {
            inputs: vec![llb::Input { digest: view.vertex.clone(), index: view.output }],
            ..Default::default()
        };
        definition.def.push(last.encode_to_vec());
        definition.source = Some(source);
        drop_empty_values(&mut definition);
        definition
    }

    /// Whether `view` cannot be made without one of the vertices that an error blames.
    pub(crate) fn needs(&self, view: &View, blamed: &Blamed) -> bool {
        self.needed(view).into_iter().any(|it| self.is_among(it, blamed))
    }

    fn needed(&self, view: &View) -> BTreeSet<&str> {
        let mut needed = BTreeSet::new();
        let mut open: Vec<&str> = self
            .vertices
            .get_key_value(&view.vertex)
            .map(|(it, _)| it.as_str())
            .into_iter()
            .collect();
        while let Some(digest) = open.pop() {
            if needed.insert(digest)
                && let Some(vertex) = self.vertices.get(digest)
            {
                open.extend(vertex.op.inputs.iter().map(|it| it.digest.as_str()));
            }
        }
        needed
    }
}

/// Drops the map entries that say nothing. prost writes such an entry without its value, which Go
/// programs then read as a nil pointer, and buildx 0.13 follows it.
fn drop_empty_values(definition: &mut llb::Definition) {
    definition.metadata.retain(|_, it| *it != llb::OpMetadata::default());
    if let Some(source) = &mut definition.source {
        source.locations.retain(|_, it| *it != llb::Locations::default());
        for nested in source.infos.iter_mut().filter_map(|it| it.definition.as_mut()) {
            drop_empty_values(nested);
        }
    }
}

fn decode(bytes: &[u8]) -> Result<llb::Op, Error> {
    llb::Op::decode(bytes)
        .map_err(|error| Error::Protocol(format!("a vertex of the build graph: {error}")))
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(bytes))
}

fn locations(
    source: Option<&llb::Source>,
    digest: &str,
    files: &[usize],
) -> Vec<(usize, Vec<llb::Range>)> {
    let locations =
        source.and_then(|it| it.locations.get(digest)).map_or(&[][..], |it| &it.locations);
    let place = |it: &llb::Location| {
        let file = files.get(usize::try_from(it.source_index).ok()?)?;
        Some((*file, it.ranges.clone()))
    };
    locations.iter().filter_map(place).collect()
}

fn wire_locations(location: &[(usize, Vec<llb::Range>)]) -> llb::Locations {
    let wire = |(file, ranges): &(usize, Vec<llb::Range>)| llb::Location {
        source_index: i32::try_from(*file).unwrap_or_default(),
        ranges: ranges.clone(),
    };
    llb::Locations { locations: location.iter().map(wire).collect() }
}
