//! A BuildKit in this process, for what a real one cannot be made to do: it lacks what the test
//! says, fails where the test says, and answers in the order that the test says.
//!
//! The clock of these tests stands still, and moves on only when nobody has anything left to do.
//! So "a moment later" means: after the frontend did all it could.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream::BoxStream;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use layergate_proto::gateway::llb_bridge_server::{LlbBridge, LlbBridgeServer};
use layergate_proto::protobuf::Any;
use layergate_proto::{apicaps, gateway, llb, rpc, types};
use prost::Message as _;
use tokio::sync::watch;
use tonic::{Code, Request, Response, Status, async_trait};

use super::dockerfile;
use crate::scan_op::WITNESS;

/// What BuildKit 0.11 can do of what matters here.
const CAPS: [&str; 17] = [
    "solve.base",
    "readfile",
    "return",
    "returnmap",
    "proto.refarray",
    "reference.output",
    "reference.attestations",
    "frontend.inputs",
    "gateway.solve.evaluate",
    "gateway.solve.metadata",
    "gateway.warnings",
    "exec.meta.base",
    "exec.meta.network",
    "exec.mount.bind",
    "exec.mount.selector",
    "exec.mount.cache.content",
    "importcaches",
];

/// The script of one build, and what came of it.
///
/// Steps go by the text of their instruction, scans by `scan ` and that of their step.
#[derive(Debug)]
pub(super) struct BuildKit {
    pub(super) caps: BTreeSet<&'static str>,
    /// What the stock frontend answers.
    pub(super) stock: Result<gateway::Result, rpc::Status>,
    /// What fails, and with which status; the vertex to blame is added as BuildKit does.
    pub(super) failing: BTreeMap<&'static str, rpc::Status>,
    /// What a scan leaves; any other leaves `inventory of …`.
    pub(super) inventories: BTreeMap<&'static str, Vec<u8>>,
    /// The failures and scans that answer one after the other, each a moment after the one before;
    /// any other answers at once.
    pub(super) order: Vec<&'static str>,
    turn: watch::Sender<usize>,
    seen: Mutex<Seen>,
}

/// What BuildKit saw of the frontend.
#[derive(Debug, Default)]
struct Seen {
    /// Calls in order, but for the answer.
    calls: Vec<String>,
    answers: Vec<gateway::ReturnRequest>,
    failures: Vec<rpc::Status>,
}

impl BuildKit {
    /// Everything goes well with the build of `dockerfile`.
    pub(super) fn building(dockerfile: &str) -> Self {
        Self::answering(single(dockerfile::definition(dockerfile)))
    }

    /// The stock frontend's result is `result`.
    pub(super) fn answering(result: gateway::Result) -> Self {
        Self {
            caps: CAPS.into(),
            stock: Ok(result),
            failing: BTreeMap::new(),
            inventories: BTreeMap::new(),
            order: Vec::new(),
            turn: watch::Sender::new(0),
            seen: Mutex::default(),
        }
    }

    pub(super) fn without(mut self, cap: &str) -> Self {
        assert!(self.caps.remove(cap), "{cap}");
        self
    }

    pub(super) fn failing(mut self, what: &'static str, status: rpc::Status) -> Self {
        self.failing.insert(what, status);
        self
    }

    pub(super) fn scanning(mut self, what: &'static str, inventory: impl Into<Vec<u8>>) -> Self {
        self.inventories.insert(what, inventory.into());
        self
    }

    pub(super) fn in_order(mut self, order: &[&'static str]) -> Self {
        self.order = order.to_vec();
        self
    }

    /// Serves `streams` until they end.
    pub(super) async fn serve(self: &std::sync::Arc<Self>, streams: tokio::io::DuplexStream) {
        let service = TowerToHyperService::new(
            LlbBridgeServer::from_arc(self.clone()).max_decoding_message_size(64 << 20),
        );
        let served = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(streams), service)
            .await;
        // The frontend may hang up with its calls still open.
        served.unwrap_or_default();
    }

    pub(super) fn calls(&self) -> Vec<String> {
        self.seen().calls.clone()
    }

    pub(super) fn answers(&self) -> Vec<gateway::ReturnRequest> {
        self.seen().answers.clone()
    }

    /// The statuses that were sent, each once.
    pub(super) fn failures(&self) -> Vec<rpc::Status> {
        self.seen().failures.clone()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(&self, call: String) {
        self.seen().calls.push(call);
    }

    fn fail<T>(&self, status: rpc::Status) -> Result<T, Status> {
        let mut seen = self.seen();
        if !seen.failures.contains(&status) {
            seen.failures.push(status.clone());
        }
        let details = status.encode_to_vec().into();
        Err(Status::with_details(Code::from_i32(status.code), status.message, details))
    }

    /// Waits until it is the turn of `what`.
    async fn wait(&self, what: &str) {
        if let Some(turn) = self.order.iter().position(|it| *it == what) {
            self.turn.subscribe().wait_for(|it| *it >= turn).await.unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
            self.turn.send_if_modified(|it| {
                let is_first = *it == turn;
                *it = (*it).max(turn + 1);
                is_first
            });
        }
    }

    async fn build(&self, definition: &llb::Definition) -> Result<gateway::Result, Status> {
        let names: BTreeMap<String, &String> =
            definition.metadata.iter().map(|(digest, it)| (name(it), digest)).collect();
        let asked = dockerfile::result(definition).map(|it| name(&definition.metadata[&it]));
        let asked = asked.unwrap_or_default();
        self.call(format!("build {asked}"));
        for (what, status) in &self.failing {
            if let Some(digest) = names.get(*what) {
                self.wait(what).await;
                let blame = Any {
                    type_url: "github.com/moby/buildkit/errdefs.Vertex+json".to_owned(),
                    value: serde_json::json!({ "digest": digest }).to_string().into_bytes(),
                };
                let mut status = status.clone();
                status.details.insert(0, blame);
                return self.fail(status);
            }
        }
        let reference = gateway::Ref { id: asked, def: None };
        Ok(gateway::Result {
            result: Some(gateway::result::Result::Ref(reference)),
            ..Default::default()
        })
    }
}

/// The name without the number of the step.
fn name(metadata: &llb::OpMetadata) -> String {
    let name = metadata.description.get("llb.customname").map_or("", String::as_str);
    let (bracket, rest) = name.split_once("] ").unwrap_or(("", name));
    match rest.strip_prefix("scan ").and_then(|it| it.split_once(' ')) {
        Some((_, step)) if bracket == "[layergate" => format!("scan {step}"),
        _ => rest.to_owned(),
    }
}

/// The result of a build for one platform.
pub(super) fn single(definition: llb::Definition) -> gateway::Result {
    let id = if definition.def.is_empty() { String::new() } else { "stock".to_owned() };
    let reference = gateway::Ref { id, def: Some(definition) };
    gateway::Result { result: Some(gateway::result::Result::Ref(reference)), ..Default::default() }
}

#[async_trait]
impl LlbBridge for BuildKit {
    async fn ping(
        &self,
        _: Request<gateway::PingRequest>,
    ) -> Result<Response<gateway::PongResponse>, Status> {
        self.call("ping".to_owned());
        let (ops, api): (Vec<_>, Vec<_>) = self.caps.iter().partition(|it| it.starts_with("exec."));
        let cap =
            |id: &str| apicaps::ApiCap { id: id.to_owned(), enabled: true, ..Default::default() };
        let platform = llb::Platform {
            os: "linux".to_owned(),
            architecture: "amd64".to_owned(),
            ..Default::default()
        };
        Ok(Response::new(gateway::PongResponse {
            frontend_api_caps: api.into_iter().map(cap).collect(),
            llb_caps: ops.into_iter().map(cap).collect(),
            workers: vec![types::WorkerRecord { platforms: vec![platform], ..Default::default() }],
        }))
    }

    async fn inputs(
        &self,
        _: Request<gateway::InputsRequest>,
    ) -> Result<Response<gateway::InputsResponse>, Status> {
        self.call("inputs".to_owned());
        Ok(Response::new(gateway::InputsResponse { definitions: HashMap::new() }))
    }

    async fn solve(
        &self,
        request: Request<gateway::SolveRequest>,
    ) -> Result<Response<gateway::SolveResponse>, Status> {
        let request = request.into_inner();
        let result = if let Some(definition) = &request.definition {
            self.build(definition).await?
        } else {
            self.call(format!("solve {}", request.frontend));
            match self.stock.clone() {
                Ok(result) => result,
                Err(status) => return self.fail(status),
            }
        };
        Ok(Response::new(gateway::SolveResponse { result: Some(result), ..Default::default() }))
    }

    async fn read_file(
        &self,
        request: Request<gateway::ReadFileRequest>,
    ) -> Result<Response<gateway::ReadFileResponse>, Status> {
        let gateway::ReadFileRequest { r#ref, file_path, range, .. } = request.into_inner();
        let gateway::FileRange { offset, length } = range.unwrap_or_default();
        let (offset, length) = (usize::try_from(offset).unwrap(), usize::try_from(length).unwrap());
        if file_path != WITNESS {
            self.call(format!("read {ref}{file_path} from {} MiB", offset >> 20));
        }
        // No instruction here leaves a trace of its run.
        if !r#ref.starts_with("scan ") || file_path == WITNESS {
            return Err(Status::unknown(format!("open {file_path}: no such file or directory")));
        }
        self.wait(&r#ref).await;
        let usual = || format!("inventory of {ref}").into_bytes();
        let file = self.inventories.get(r#ref.as_str()).cloned().unwrap_or_else(usual);
        let rest = file.get(offset..).unwrap_or_default();
        let data = rest.get(..length).unwrap_or(rest).to_vec();
        Ok(Response::new(gateway::ReadFileResponse { data }))
    }

    async fn r#return(
        &self,
        request: Request<gateway::ReturnRequest>,
    ) -> Result<Response<gateway::ReturnResponse>, Status> {
        self.seen().answers.push(request.into_inner());
        Ok(Response::new(gateway::ReturnResponse {}))
    }

    async fn warn(
        &self,
        request: Request<gateway::WarnRequest>,
    ) -> Result<Response<gateway::WarnResponse>, Status> {
        self.call(format!("warn {}", String::from_utf8_lossy(&request.into_inner().short)));
        Ok(Response::new(gateway::WarnResponse {}))
    }

    async fn resolve_image_config(
        &self,
        _: Request<gateway::ResolveImageConfigRequest>,
    ) -> Result<Response<gateway::ResolveImageConfigResponse>, Status> {
        unexpected("resolve_image_config")
    }

    async fn resolve_source_meta(
        &self,
        _: Request<gateway::ResolveSourceMetaRequest>,
    ) -> Result<Response<gateway::ResolveSourceMetaResponse>, Status> {
        unexpected("resolve_source_meta")
    }

    async fn read_dir(
        &self,
        _: Request<gateway::ReadDirRequest>,
    ) -> Result<Response<gateway::ReadDirResponse>, Status> {
        unexpected("read_dir")
    }

    async fn stat_file(
        &self,
        _: Request<gateway::StatFileRequest>,
    ) -> Result<Response<gateway::StatFileResponse>, Status> {
        unexpected("stat_file")
    }

    async fn evaluate(
        &self,
        _: Request<gateway::EvaluateRequest>,
    ) -> Result<Response<gateway::EvaluateResponse>, Status> {
        unexpected("evaluate")
    }

    async fn new_container(
        &self,
        _: Request<gateway::NewContainerRequest>,
    ) -> Result<Response<gateway::NewContainerResponse>, Status> {
        unexpected("new_container")
    }

    async fn release_container(
        &self,
        _: Request<gateway::ReleaseContainerRequest>,
    ) -> Result<Response<gateway::ReleaseContainerResponse>, Status> {
        unexpected("release_container")
    }

    type ExecProcessStream = BoxStream<'static, Result<gateway::ExecMessage, Status>>;

    async fn exec_process(
        &self,
        _: Request<tonic::Streaming<gateway::ExecMessage>>,
    ) -> Result<Response<Self::ExecProcessStream>, Status> {
        unexpected("exec_process")
    }

    async fn read_file_container(
        &self,
        _: Request<gateway::ReadFileRequest>,
    ) -> Result<Response<gateway::ReadFileResponse>, Status> {
        unexpected("read_file_container")
    }

    async fn read_dir_container(
        &self,
        _: Request<gateway::ReadDirRequest>,
    ) -> Result<Response<gateway::ReadDirResponse>, Status> {
        unexpected("read_dir_container")
    }

    async fn stat_file_container(
        &self,
        _: Request<gateway::StatFileRequest>,
    ) -> Result<Response<gateway::StatFileResponse>, Status> {
        unexpected("stat_file_container")
    }
}

fn unexpected<T>(call: &str) -> Result<T, Status> {
    Err(Status::unimplemented(format!("the frontend has no use for {call}")))
}
