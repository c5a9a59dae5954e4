//! BuildKit mechanics: how a build is planned, scanned step by step and answered.
//!
//! This crate knows nothing of packages or secrets. It hands each step's inventory, as bytes, to
//! the [`Gate`] and does what that decides. Stdin and stdout belong to the protocol.

mod answer;
mod bridge;
mod config_file;
mod context;
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
mod witness;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use futures_util::future::join;
use layergate_proto::{gateway, llb};
use prost::Message as _;
use tonic::transport;

use crate::bridge::Bridge;
use crate::config_file::ConfigFile;
use crate::graph::{Graph, View};
use crate::scan_op::Scanner;
use crate::schedule::{Outcome, Schedule};

pub use crate::dockerfile::Instruction;
pub use crate::error::Error;
pub use crate::gate::{
    Attach, Build, Channel, Conduct, Data, Gate, Ruling, Setting, Settings, Stop, Trial, Warning,
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

/// What the frontend below us made, and how it is to be gated.
struct Stock {
    settings: Settings,
    conduct: Conduct,
    /// The options without ours.
    opts: BTreeMap<String, String>,
    result: gateway::Result,
    /// The images in the result that hold anything, with their platforms.
    images: Vec<(String, View)>,
}

impl Session<'_> {
    /// The build, from top to bottom.
    async fn build<G: Gate>(&mut self, gate: &G) -> Result<Answer, Error> {
        let mut stock = self.stock(gate).await?;
        // A frontend that does not know the sub-request may answer with an image; that is gated.
        if self.request.opt("requestid").is_some() && stock.images.is_empty() {
            return Ok(Answer::Result(stock.result));
        }
        let data = match &stock.conduct.data {
            Some(data) => context::read(self.bridge, self.request, data).await?,
            None => None,
        };
        let mut trial = gate.open(&stock.settings, data).map_err(Error::Refused)?;
        let views: Vec<View> = stock.images.iter().map(|(_, view)| view.clone()).collect();
        self.plan = Plan::new(&self.graph, &views)?;
        let instructions = used::instructions(&self.graph, &self.plan, self.request.opt("target"));
        self.graph.show_files(|text| gate.shown(text));
        self.plan.show_names(|text| gate.shown(text));
        let texts = trial.hear_texts(&Build {
            plan: &self.plan,
            instructions: &instructions,
            arguments: &settings::arguments(&stock.opts),
            configs: &answer::configs(&stock.result),
        });
        if let Some(stop) = self.obey(texts).await {
            return Ok(Answer::Stop(stop));
        }
        let outputs = match self.scan(&mut trial, &stock).await? {
            Outcome::Stop(stop) => return Ok(Answer::Stop(stop)),
            Outcome::Pass(outputs) => outputs,
        };
        if let Some(stop) = self.obey(trial.close(&self.plan)).await {
            return Ok(Answer::Stop(stop));
        }
        if self.attaches(stock.conduct.attach) {
            for (platform, view) in &stock.images {
                let step = self.plan.step_of(view);
                if let Some(reference) = step.and_then(|it| outputs.get(&it)) {
                    let key = answer::platform_key(&stock.result, platform);
                    answer::attach(&mut stock.result, &key, reference.clone());
                }
            }
        }
        answer::add_metadata(&mut stock.result, trial.metadata());
        Ok(Answer::Result(stock.result))
    }

    /// Reads the settings and lets the frontend below us make the result, without building it.
    ///
    /// Both at once: hardly any configuration file names another frontend, which would then be
    /// asked instead.
    async fn stock<G: Gate>(&mut self, gate: &G) -> Result<Stock, Error> {
        let (named, opts) = settings::split(self.request, &gate.setting_names());
        let mut settings = Settings { file: None, named };
        let unread = gate.conduct(&settings).map_err(Error::Refused)?;
        let file = config_file::read(self.bridge, self.request);
        let (file, solved) = join(file, self.solve(&unread, &opts)).await;
        settings.file = match (file?, &solved) {
            (ConfigFile::Text(text), _) => text,
            (ConfigFile::Remote, Ok(result)) => self.remote_file(result).await?,
            (ConfigFile::Remote, Err(_)) => None,
        };
        let conduct = gate.conduct(&settings).map_err(Error::Refused)?;
        let result = if conduct.frontend == unread.frontend {
            solved?
        } else {
            self.solve(&conduct, &opts).await?
        };
        let images = answer::views(&answer::references(&result)?, &mut self.graph)?;
        Ok(Stock { settings, conduct, opts, result, images })
    }

    /// Reads the configuration file from where the Dockerfile of `result` came from.
    async fn remote_file(
        &self,
        result: &gateway::Result,
    ) -> Result<Option<(String, String)>, Error> {
        let mut graph = Graph::default();
        answer::views(&answer::references(result)?, &mut graph)?;
        match graph.files.into_iter().next().and_then(|it| it.definition) {
            Some(origin) => config_file::read_from(self.bridge, self.request, origin).await,
            None => Ok(None),
        }
    }

    /// Shows the warnings of a ruling, and returns what stops the build.
    async fn obey(&self, ruling: Ruling) -> Option<Stop> {
        for warning in ruling.warnings {
            warning::send(self.bridge, &self.graph, &self.plan, warning).await;
        }
        ruling.stop
    }

    async fn scan<T: Trial>(&mut self, trial: &mut T, stock: &Stock) -> Result<Outcome, Error> {
        let scanner = self.scanner(stock.images.len() > 1)?;
        let scans = scan_op::add(&mut self.graph, &self.plan, &scanner);
        let schedule = Schedule {
            bridge: self.bridge,
            graph: &mut self.graph,
            plan: &self.plan,
            scans: &scans,
            trial,
            strict: stock.conduct.strict,
            distrusted: BTreeSet::new(),
        };
        schedule.run().await
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
