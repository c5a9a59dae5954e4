//! BuildKit mechanics: how a build is planned, scanned step by step and answered.
//!
//! This crate knows nothing of packages or secrets. It hands each step's inventory, as bytes, to
//! the [`Gate`] and does what that decides. Stdin and stdout belong to the protocol.

mod answer;
mod bridge;
mod config_file;
mod dockerfile;
mod error;
mod gate;
mod graph;
mod plan;
mod request;
mod scan_op;
mod schedule;
mod settings;
mod stdio;
mod used;
mod warning;

use std::collections::BTreeMap;
use std::path::Path;

use layergate_proto::{gateway, llb};
use prost::Message as _;
use tonic::transport;

use crate::bridge::Bridge;
use crate::graph::Graph;
use crate::scan_op::Scanner;
use crate::schedule::{Outcome, Schedule};

pub use crate::dockerfile::Instruction;
pub use crate::error::Error;
pub use crate::gate::{
    Attach, Build, Channel, Conduct, Gate, Ruling, Setting, Settings, Stop, Trial, Warning,
};
pub use crate::plan::{Lines, Plan, Step, StepKind};
pub use crate::request::Request;

/// Where BuildKit says what image this frontend was started from.
const OWN_IMAGE: &str = "/run/config/buildkit/metadata/frontend.bin";

/// Gates the build that BuildKit started this process for, and tells it the outcome.
///
/// An error means that BuildKit could not be told.
pub fn run<G: Gate>(gate: &G, request: &Request) -> Result<(), Error> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Error::Protocol(format!("no runtime: {error}")))?;
    runtime.block_on(async {
        let channel = stdio::connect().await?;
        answer(channel, gate, request, Path::new(OWN_IMAGE)).await
    })
}

/// Gates the build that BuildKit, at the other end of `channel`, asks for. Whatever happens, it is
/// told once.
async fn answer<G: Gate>(
    channel: transport::Channel,
    gate: &G,
    request: &Request,
    own_image: &Path,
) -> Result<(), Error> {
    let mut bridge = Bridge::new(channel);
    let met = bridge.meet(request).await;
    let mut session = Session {
        bridge: &bridge,
        request,
        own_image,
        graph: Graph::default(),
        plan: Plan::default(),
    };
    let answer = match met {
        Ok(()) => session.build(gate).await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(Answer::Result(mut result)) => {
            answer::slim(&mut result);
            bridge.finish(result).await
        }
        Ok(Answer::Stop(stop)) => bridge.fail(answer::stopped(stop, &session.graph)).await,
        Err(error) => bridge.fail(answer::failed(error, &session.graph, &session.plan)).await,
    }
}

enum Answer {
    Result(gateway::Result),
    Stop(Stop),
}

/// What is known of the build so far; an error is told with its lines from here.
struct Session<'a> {
    bridge: &'a Bridge,
    request: &'a Request,
    own_image: &'a Path,
    graph: Graph,
    plan: Plan,
}

impl Session<'_> {
    /// The build, from top to bottom.
    async fn build<G: Gate>(&mut self, gate: &G) -> Result<Answer, Error> {
        let (named, opts) = settings::split(self.request, &gate.setting_names());
        let mut settings = Settings { file: None, named };
        let is_remote = config_file::is_remote(self.bridge, self.request);
        if !is_remote {
            settings.file = config_file::read(self.bridge, self.request).await?;
        }
        let mut conduct = gate.conduct(&settings).map_err(Error::Refused)?;
        let mut result = self.solve(&conduct, &opts).await?;
        let mut references = answer::references(&result)?;
        let mut results = answer::views(&references, &mut self.graph)?;
        // A frontend that does not know the sub-request may answer with an image; that is gated.
        if self.request.opt("requestid").is_some() && results.is_empty() {
            return Ok(Answer::Result(result));
        }
        let origin = self.graph.files.first().and_then(|it| it.definition.clone());
        if let Some(origin) = origin.filter(|_| is_remote) {
            settings.file = config_file::read_from(self.bridge, self.request, origin).await?;
            let before = conduct.frontend;
            conduct = gate.conduct(&settings).map_err(Error::Refused)?;
            if conduct.frontend != before {
                self.graph = Graph::default();
                result = self.solve(&conduct, &opts).await?;
                references = answer::references(&result)?;
                results = answer::views(&references, &mut self.graph)?;
            }
        }
        let mut trial = gate.open(&settings).map_err(Error::Refused)?;

        let views: Vec<_> = results.iter().map(|(_, view)| view.clone()).collect();
        self.plan = Plan::new(&self.graph, &views)?;
        let texts = trial.hear_texts(&Build {
            plan: &self.plan,
            instructions: &used::instructions(&self.graph, &self.plan, self.request.opt("target")),
            arguments: &settings::arguments(&opts),
            configs: &answer::configs(&result),
        });
        for warning in texts.warnings {
            warning::send(self.bridge, &self.graph, &self.plan, warning).await;
        }
        if let Some(stop) = texts.stop {
            return Ok(Answer::Stop(stop));
        }

        let scanner = self.scanner(references.len() > 1)?;
        let scans = scan_op::add(&mut self.graph, &self.plan, &scanner);
        let schedule = Schedule {
            bridge: self.bridge,
            graph: &self.graph,
            plan: &self.plan,
            scans: &scans,
            trial: &mut trial,
            strict: conduct.strict,
        };
        let outputs = match schedule.run().await? {
            Outcome::Stop(stop) => return Ok(Answer::Stop(stop)),
            Outcome::Pass(outputs) => outputs,
        };
        let ruling = trial.close(&self.plan);
        for warning in ruling.warnings {
            warning::send(self.bridge, &self.graph, &self.plan, warning).await;
        }
        if let Some(stop) = ruling.stop {
            return Ok(Answer::Stop(stop));
        }
        if self.attaches(conduct.attach) {
            for (platform, view) in &results {
                let step = self.plan.steps.iter().position(|it| it.view == *view);
                if let Some(reference) = step.and_then(|it| outputs.get(&it)) {
                    let key = answer::platform_key(&result, platform);
                    answer::attach(&mut result, &key, reference.clone());
                }
            }
        }
        answer::add_metadata(&mut result, trial.metadata());
        Ok(Answer::Result(result))
    }

    /// Lets the stock Dockerfile frontend, or the one that is named, make the result.
    async fn solve(
        &self,
        conduct: &Conduct,
        opts: &BTreeMap<String, String>,
    ) -> Result<gateway::Result, Error> {
        let mut opts = opts.clone();
        // Without it the Dockerfile frontend would follow the `# syntax` line back to us, for ever.
        opts.entry("cmdline".to_owned()).or_insert_with(|| "layergate".to_owned());
        match &conduct.frontend {
            None => self.bridge.solve_frontend("dockerfile.v0", opts).await,
            Some(image) => {
                opts.insert("source".to_owned(), image.clone());
                self.bridge.solve_frontend("gateway.v0", opts).await
            }
        }
    }

    fn scanner(&mut self, names_platforms: bool) -> Result<Scanner, Error> {
        let own_image = self.own_image;
        let unknown = |what: &str| {
            Error::Refused(format!(
                "{} {what}, so the scanner's own image cannot be found",
                own_image.display()
            ))
        };
        let bytes = std::fs::read(own_image).map_err(|error| unknown(&error.to_string()))?;
        let definition = llb::Definition::decode(bytes.as_slice())
            .map_err(|error| unknown(&error.to_string()))?;
        let image = self.graph.add(&definition)?.ok_or_else(|| unknown("is empty"))?;
        Ok(Scanner {
            image,
            platform: self.bridge.platform.clone(),
            can_skip_checksums: self.bridge.can("exec.mount.cache.content"),
            names_platforms,
        })
    }

    fn attaches(&self, attach: Attach) -> bool {
        let is_attested = || self.request.opts.keys().any(|it| it.starts_with("attest:"));
        match attach {
            Attach::Auto => is_attested() && self.bridge.can("reference.attestations"),
            Attach::Always => true,
            Attach::Never => false,
        }
    }
}

#[cfg(test)]
mod tests;
