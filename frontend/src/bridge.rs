//! The calls of BuildKit's gateway that Layergate makes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use layergate_proto::gateway::llb_bridge_client::LlbBridgeClient;
use layergate_proto::{gateway, llb, rpc};
use tonic::transport::Channel;

use crate::error::Error;
use crate::request::Request;

/// BuildKit allows messages of 16 MiB; a client takes 4 MiB unless told otherwise.
const MAX_MESSAGE: usize = 32 << 20;

/// How much of a file one call asks for, well below what a message may hold.
const READ_AT_ONCE: i64 = 8 << 20;

/// The largest file that is taken into memory. Inventories and databases are far below it.
const MAX_FILE: usize = 1 << 30;

/// A connection to BuildKit, with what it said it can do.
#[derive(Clone, Debug)]
pub(crate) struct Bridge {
    client: LlbBridgeClient<Channel>,
    can: BTreeSet<String>,
    cache_imports: Vec<gateway::CacheOptionsEntry>,
    inputs: HashMap<String, llb::Definition>,
    /// Where an exec op runs natively, whatever platform is being built.
    pub(crate) platform: Option<llb::Platform>,
}

impl Bridge {
    pub(crate) fn new(channel: Channel) -> Self {
        let client = LlbBridgeClient::new(channel)
            .max_decoding_message_size(MAX_MESSAGE)
            .max_encoding_message_size(MAX_MESSAGE);
        Self {
            client,
            can: BTreeSet::new(),
            cache_imports: Vec::new(),
            inputs: HashMap::new(),
            platform: None,
        }
    }

    /// Asks for capabilities and inputs. Before it nothing but [`Bridge::fail`] makes sense.
    pub(crate) async fn meet(&mut self, request: &Request) -> Result<(), Error> {
        self.cache_imports = request.cache_imports()?;
        let pong = self.client.ping(gateway::PingRequest {}).await?.into_inner();
        let caps = pong.frontend_api_caps.into_iter().chain(pong.llb_caps);
        self.can = caps.filter(|it| it.enabled).map(|it| it.id).collect();
        self.platform = pong.workers.into_iter().flat_map(|it| it.platforms).next();
        self.require(&[
            ("solve.base", "solving"),
            ("readfile", "reading files"),
            ("return", "returning results"),
            ("returnmap", "returning several platforms"),
            ("proto.refarray", "references with definitions"),
            ("reference.output", "definitions in results"),
            ("gateway.solve.evaluate", "evaluating a step"),
            ("gateway.solve.metadata", "naming a step"),
            ("exec.meta.base", "exec steps"),
            ("exec.meta.network", "steps without network"),
            ("exec.mount.bind", "mounts"),
            ("exec.mount.selector", "mounts of a single file"),
        ])?;
        if self.can("frontend.inputs") {
            self.inputs =
                self.client.inputs(gateway::InputsRequest {}).await?.into_inner().definitions;
        }
        Ok(())
    }

    /// Whether BuildKit has the capability `id` (`util/apicaps`).
    pub(crate) fn can(&self, id: &str) -> bool {
        self.can.contains(id)
    }

    fn require(&self, needed: &[(&str, &str)]) -> Result<(), Error> {
        match needed.iter().find(|(id, _)| !self.can(id)) {
            None => Ok(()),
            Some((id, what)) => Err(Error::Refused(format!(
                "this BuildKit is too old for layergate: it lacks {what} (capability {id}); \
                 BuildKit 0.11 or Docker Engine 24 and later have it"
            ))),
        }
    }

    /// The definition that was given as the input `name` of this frontend.
    pub(crate) fn input(&self, name: &str) -> Option<&llb::Definition> {
        self.inputs.get(name)
    }

    /// Lets another frontend make the result, without building it.
    pub(crate) async fn solve_frontend(
        &self,
        frontend: &str,
        opts: BTreeMap<String, String>,
    ) -> Result<gateway::Result, Error> {
        self.solve(gateway::SolveRequest {
            frontend: frontend.to_owned(),
            frontend_opt: opts.into_iter().collect(),
            frontend_inputs: self.inputs.clone(),
            ..Default::default()
        })
        .await
    }

    /// Lets the Dockerfile frontend plan what `input` says, and returns the definition of it.
    pub(crate) async fn solve_input(
        &self,
        opts: BTreeMap<String, String>,
        name: &str,
        input: llb::Definition,
    ) -> Result<llb::Definition, Error> {
        let mut inputs = self.inputs.clone();
        inputs.insert(name.to_owned(), input);
        let result = self.solve(gateway::SolveRequest {
            frontend: "dockerfile.v0".to_owned(),
            frontend_opt: opts.into_iter().collect(),
            frontend_inputs: inputs,
            ..Default::default()
        });
        match result.await?.result {
            Some(gateway::result::Result::Ref(it)) if it.def.is_some() => {
                Ok(it.def.unwrap_or_default())
            }
            other => Err(Error::Protocol(format!("a plan gave {other:?} for a definition"))),
        }
    }

    /// Builds `definition` and returns the reference to what came out.
    pub(crate) async fn build(&self, definition: llb::Definition) -> Result<String, Error> {
        let request = gateway::SolveRequest {
            definition: Some(definition),
            evaluate: true,
            ..Default::default()
        };
        match self.solve(request).await?.result {
            Some(gateway::result::Result::Ref(it)) => Ok(it.id),
            other => Err(Error::Protocol(format!("a build gave {other:?} for a reference"))),
        }
    }

    async fn solve(&self, request: gateway::SolveRequest) -> Result<gateway::Result, Error> {
        let request = gateway::SolveRequest {
            allow_result_return: true,
            allow_result_array_ref: true,
            cache_imports: self.cache_imports.clone(),
            ..request
        };
        let reply = self.client.clone().solve(request).await?.into_inner();
        reply.result.ok_or_else(|| Error::Protocol("a solve without a result".to_owned()))
    }

    /// Reads a whole file of `reference`, in pieces.
    pub(crate) async fn read_file(&self, reference: &str, path: &str) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        loop {
            let offset = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
            let request = gateway::ReadFileRequest {
                r#ref: reference.to_owned(),
                file_path: path.to_owned(),
                range: Some(gateway::FileRange { offset, length: READ_AT_ONCE }),
                mount_index: 0,
            };
            let piece = self.client.clone().read_file(request).await?.into_inner().data;
            let got = i64::try_from(piece.len()).unwrap_or(i64::MAX);
            bytes.extend(piece);
            if bytes.len() > MAX_FILE {
                let limit = MAX_FILE >> 20;
                return Err(Error::Refused(format!("{path} is larger than {limit} MiB")));
            }
            if got < READ_AT_ONCE {
                return Ok(bytes);
            }
        }
    }

    /// When the file or directory was last written, in nanoseconds since 1970; `None` if there is
    /// none of this name.
    pub(crate) async fn mtime(&self, reference: &str, path: &str) -> Result<Option<i64>, Error> {
        let request = gateway::StatFileRequest {
            r#ref: reference.to_owned(),
            path: path.to_owned(),
            mount_index: 0,
        };
        match self.client.clone().stat_file(request).await {
            Ok(reply) => Ok(reply.into_inner().stat.map(|it| it.mod_time)),
            Err(status) if is_absent(status.message()) => Ok(None),
            Err(status) => Err(status.into()),
        }
    }

    /// Whether a remote cache is looked at.
    pub(crate) fn imports_caches(&self) -> bool {
        !self.cache_imports.is_empty()
    }

    /// Shows a warning. A warning that cannot be shown must not fail a build.
    pub(crate) async fn warn(&self, warning: gateway::WarnRequest) {
        if self.can("gateway.warnings") {
            let answer = self.client.clone().warn(warning).await;
            drop(answer);
        }
    }

    /// Ends the build with a result. Called once, as is [`Bridge::fail`] instead of it.
    pub(crate) async fn finish(&self, result: gateway::Result) -> Result<(), Error> {
        self.return_(gateway::ReturnRequest { result: Some(result), error: None }).await
    }

    /// Ends the build with an error.
    pub(crate) async fn fail(&self, status: rpc::Status) -> Result<(), Error> {
        self.return_(gateway::ReturnRequest { result: None, error: Some(status) }).await
    }

    async fn return_(&self, request: gateway::ReturnRequest) -> Result<(), Error> {
        self.client.clone().r#return(request).await?;
        Ok(())
    }
}

/// Whether an error says that a file is not there. The gateway has no code of its own for that.
pub(crate) fn is_absent(message: &str) -> bool {
    message.contains("no such file or directory") || message.contains("not found")
}
