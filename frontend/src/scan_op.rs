//! The exec op that scans a step: our own binary, no network, read-only views, and an output.
//!
//! Its arguments and mounts are part of BuildKit's cache key, so nothing here may depend on policy
//! or database: only on the filesystem that is scanned.

use std::collections::BTreeMap;

use layergate_proto::llb;

use crate::graph::{Graph, View};
use crate::plan::{Plan, Step};

/// The file, in a scan's output, that holds the inventory.
pub(crate) const INVENTORY: &str = "/inventory.jsonl";

/// The file, in a scan's output, that names a trace of the instruction's own run.
pub(crate) const WITNESS: &str = "/witness.json";

/// A directory in a scan's output that is always empty: a bundle of no attestations.
pub(crate) const NO_ATTESTATIONS: &str = "/attestations";

const BINARY: &str = "/layergate";

/// Where and how scans run.
#[derive(Debug)]
pub(crate) struct Scanner {
    /// The frontend's own image.
    pub(crate) image: View,
    /// The machine's platform, whatever is built.
    pub(crate) platform: Option<llb::Platform>,
    /// BuildKit can leave the content of a mount out of the cache key.
    pub(crate) can_skip_checksums: bool,
    /// More than one platform is built, so that steps of the same name must be told apart.
    pub(crate) names_platforms: bool,
}

/// Adds a scan for every step of the plan; the views of their outputs come in the same order.
pub(crate) fn add(graph: &mut Graph, plan: &Plan, scanner: &Scanner) -> Vec<View> {
    let mut outputs: Vec<View> = Vec::with_capacity(plan.steps.len());
    for (number, step) in plan.steps.iter().enumerate() {
        let parent = step.parent.and_then(|it| outputs.get(it));
        let (op, metadata) = scan(scanner, step, parent, &title(scanner, plan, number));
        outputs.push(View { vertex: graph.insert(op, metadata), output: 0 });
    }
    outputs
}

fn title(scanner: &Scanner, plan: &Plan, number: usize) -> String {
    let Some(step) = plan.steps.get(number) else { return String::new() };
    let platform = match step.platform.as_str() {
        platform if scanner.names_platforms && !platform.is_empty() => format!("{platform} "),
        _ => String::new(),
    };
    format!("[layergate] scan {}/{} {platform}{}", number + 1, plan.steps.len(), step.name)
}

fn scan(
    scanner: &Scanner,
    step: &Step,
    parent: Option<&View>,
    title: &str,
) -> (llb::Op, llb::OpMetadata) {
    let mut op = Mounts::default();
    op.output("/");
    // Checksummed, so that a frontend image with the same binary and another database has the
    // same key.
    op.view(&scanner.image, BINARY, BINARY, llb::MountContentCache::Default);
    // BuildKit would otherwise read every file of the layer before the scan may start.
    let unchecked = if scanner.can_skip_checksums {
        llb::MountContentCache::Off
    } else {
        llb::MountContentCache::Default
    };
    let mut args = vec![
        BINARY.to_owned(),
        "scan-step".to_owned(),
        "--attachable".to_owned(),
        "--out".to_owned(),
        "/".to_owned(),
    ];
    if step.insecure {
        args.push("--whole".to_owned());
    }
    let mut mount = |op: &mut Mounts, flag: &str, dest: &str, view: &View| {
        op.view(view, "", dest, unchecked);
        args.extend([flag.to_owned(), dest.to_owned()]);
    };
    if let Some(parent) = parent {
        mount(&mut op, "--parent", "/parent", parent);
    }
    if step.overlays.is_empty() {
        mount(&mut op, "--view", "/view", &step.view);
    }
    for (number, overlay) in step.overlays.iter().enumerate() {
        mount(&mut op, "--over", &format!("/over{number}"), overlay);
    }
    let exec = llb::ExecOp {
        meta: Some(llb::Meta { args, cwd: "/".to_owned(), ..Default::default() }),
        mounts: op.mounts,
        network: llb::NetMode::None.into(),
        ..Default::default()
    };
    let op = llb::Op {
        inputs: op.inputs,
        platform: scanner.platform.clone(),
        op: Some(llb::op::Op::Exec(exec)),
        ..Default::default()
    };
    let metadata = llb::OpMetadata {
        ignore_cache: step.uncached,
        description: BTreeMap::from([("llb.customname".to_owned(), title.to_owned())]),
        ..Default::default()
    };
    (op, metadata)
}

#[derive(Default)]
struct Mounts {
    inputs: Vec<llb::Input>,
    mounts: Vec<llb::Mount>,
}

impl Mounts {
    /// An empty directory that becomes the output. It is the root as well: BuildKit wants a root
    /// that is either somebody's output or somebody's input, and one snapshot is less than two.
    fn output(&mut self, dest: &str) {
        self.mounts.push(llb::Mount { input: -1, dest: dest.to_owned(), ..Default::default() });
    }

    fn view(&mut self, view: &View, selector: &str, dest: &str, checksum: llb::MountContentCache) {
        let input = llb::Input { digest: view.vertex.clone(), index: view.output };
        let number = self.inputs.iter().position(|it| *it == input).unwrap_or_else(|| {
            self.inputs.push(input);
            self.inputs.len() - 1
        });
        self.mounts.push(llb::Mount {
            input: i64::try_from(number).unwrap_or_default(),
            selector: selector.to_owned(),
            dest: dest.to_owned(),
            output: -1,
            readonly: true,
            content_cache: checksum.into(),
            ..Default::default()
        });
    }
}
