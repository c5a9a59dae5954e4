//! The part of `layergate db` that uses a network. Nothing else in this package may.

use std::collections::BTreeMap;
use std::env;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::Args;
use layergate_fetch::registry::{Artifact, Reference, Registry};
use layergate_fetch::{Address, Client, FetchError, Mirror, Problem, Progress, Settings};

use super::keys;
use crate::advisory::{Database, SCHEMA};
use crate::cli::Failure;
use crate::cli::progress::{Meter, size};

/// What an artifact that holds a database is called. It changes with the schema.
const MEDIA_TYPE: &str = "application/vnd.layergate.advisories.v2";

/// How what lies at addresses is brought.
#[derive(Debug, Args)]
pub(in crate::cli) struct Fetching {
    /// Where what is fetched is kept [default: layergate/advisories in the user's cache directory]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Take what was fetched last, without asking whether there is anything newer
    #[arg(long)]
    offline: bool,
    /// Leave an ecosystem of an OSV bucket out; may be given several times
    #[arg(long, value_name = "ECOSYSTEM")]
    skip: Vec<String>,
}

/// Puts a database into a registry
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n    layergate db push registry.example/team/advisories:2 layergate.db --tag latest"
)]
pub(in crate::cli) struct Push {
    #[arg(value_name = "REF", help = reference_help("to put it"))]
    reference: String,
    /// The database
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Another tag for the same; may be given several times
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Without encryption; so is a registry on this machine
    #[arg(long)]
    plain_http: bool,
}

/// Takes a database out of a registry
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n    layergate db pull registry.example/team/advisories -o layergate.db --key PUB.pem"
)]
pub(in crate::cli) struct Pull {
    #[arg(value_name = "REF", help = reference_help("it is"))]
    reference: String,
    /// The file to write; the old one stays until the new one is complete and checked
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Take it only if it is signed by this public key: a file as PEM or base64, or the base64 itself
    #[arg(long, value_name = "PUB")]
    key: Option<String>,
    /// Without encryption; so is a registry on this machine
    #[arg(long)]
    plain_http: bool,
}

fn reference_help(what: &str) -> String {
    format!("Where {what}: registry/repository:tag; the tag is {SCHEMA} if none is given")
}

/// Brings what lies at several addresses.
pub(super) struct Fetch<'a> {
    options: &'a Fetching,
    client: Option<Client>,
    meter: Meter,
}

impl Fetching {
    pub(super) fn start(&self) -> Fetch<'_> {
        Fetch { options: self, client: None, meter: meter() }
    }

    fn cache(&self) -> Result<PathBuf, Failure> {
        let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|it| it.is_absolute());
        let default = || {
            let caches = absolute("XDG_CACHE_HOME");
            let caches = caches.or_else(|| Some(absolute("HOME")?.join(".cache")));
            caches.map(|it| it.join("layergate/advisories"))
        };
        self.cache.clone().or_else(default).ok_or_else(|| {
            Failure::of("there is no place to keep what is fetched".to_owned())
                .hint("give a folder with --cache")
        })
    }
}

impl Fetch<'_> {
    /// The folder with all that lies at this address.
    pub(super) fn folder(&mut self, from: &str) -> Result<PathBuf, Failure> {
        let address = Address::parse(from).map_err(|it| failure(&it))?;
        let cache = self.options.cache()?;
        let mirror = Mirror { from: &address, cache: &cache, skip: &self.options.skip };
        if self.options.offline {
            return mirror.cached().map(|it| it.folder).map_err(|it| failure(&it));
        }
        let client = match self.client.take() {
            Some(client) => client,
            None => client()?,
        };
        let fetched = mirror.fetch(&client, &|it| show(&self.meter, "fetching", it));
        self.client = Some(client);
        self.meter.clear();
        let done = fetched.map_err(|it| failure(&it))?;
        let mut lines = vec![format!(
            "{address}: {} files fetched, {} unchanged",
            done.n_fetched, done.n_unchanged
        )];
        lines.extend(done.missing.iter().map(|it| format!("not there, though it is listed: {it}")));
        io::stderr().write_all((lines.join("\n") + "\n").as_bytes()).unwrap_or_default();
        Ok(done.folder)
    }
}

impl Push {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let broken = |it: &dyn std::error::Error| {
            Failure::new(it).hint("only a whole database is pushed; build it again")
        };
        let database = Database::open(&self.file).map_err(|it| broken(&it))?;
        database.verify().map_err(|it| broken(&it))?;
        let it = database.provenance();
        let annotations = [
            ("org.opencontainers.image.created", date_and_time(&it.source_date)),
            ("vnd.layergate.advisories.date", it.source_date),
            ("vnd.layergate.advisories.digest", it.digest),
            ("vnd.layergate.advisories.schema", SCHEMA.to_string()),
        ];
        let annotations: BTreeMap<String, String> =
            annotations.into_iter().map(|it| (it.0.to_owned(), it.1)).collect();
        let reference = Reference::parse(&self.reference).map_err(|it| failure(&it))?;
        let mut tags = vec![reference.tag().map_or(SCHEMA.to_string(), str::to_owned)];
        tags.extend(self.tag.iter().cloned());
        let (client, meter) = (client()?, meter());
        let config = docker_config();
        let registry = Registry::new(&client, &reference, self.plain_http, config.as_deref())
            .map_err(|it| failure(&it))?;
        let artifact = Artifact { media_type: MEDIA_TYPE, annotations };
        let watch = |it: Progress<'_>| show(&meter, "pushing", it);
        let pushed = registry.push(&self.file, &artifact, &tags, &watch);
        meter.clear();
        let digest = pushed.map_err(|it| failure(&it))?;
        io::stdout().write_all(format!("{digest}\n").as_bytes()).unwrap_or_default();
        Ok(())
    }
}

impl Pull {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let key = self.key.as_deref().map(keys::public).transpose()?;
        let reference = Reference::parse(&self.reference).map_err(|it| failure(&it))?;
        let (client, meter) = (client()?, meter());
        let config = docker_config();
        let registry = Registry::new(&client, &reference, self.plain_http, config.as_deref())
            .map_err(|it| failure(&it))?;
        let watch = |it: Progress<'_>| show(&meter, "pulling", it);
        let pulled = registry.pull(MEDIA_TYPE, &SCHEMA.to_string(), &self.output, &watch);
        meter.clear();
        let pulled = pulled.map_err(|it| failure(&it))?;
        let told = keys::verified(pulled.path(), key.as_ref())?;
        let digest = pulled.digest.clone();
        pulled.keep().map_err(|it| failure(&it))?;
        let text = format!("{told}artifact {digest}\n");
        io::stderr().write_all(text.as_bytes()).unwrap_or_default();
        Ok(())
    }
}

fn client() -> Result<Client, Failure> {
    let certificates = env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    Client::new(Settings { certificates, ..Settings::default() }).map_err(|it| failure(&it))
}

/// The folder in which docker keeps who we are.
fn docker_config() -> Option<PathBuf> {
    let named = env::var_os("DOCKER_CONFIG").filter(|it| !it.is_empty()).map(PathBuf::from);
    named.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".docker")))
}

fn failure(error: &FetchError) -> Failure {
    let failure = Failure::new(error);
    match &error.source {
        Problem::Status { code: 401 | 403, .. } => {
            failure.hint("log in with `docker login`, or ask for the right to do this")
        }
        Problem::Offline => failure.hint("leave --offline out once"),
        Problem::Connection(_) => {
            failure.hint("proxies are taken from HTTPS_PROXY, HTTP_PROXY and NO_PROXY, certificates from SSL_CERT_FILE")
        }
        _ => failure,
    }
}

/// A day becomes its first second, which is what the annotation wants.
fn date_and_time(date: &str) -> String {
    if date.contains('T') { date.to_owned() } else { format!("{date}T00:00:00Z") }
}

fn meter() -> Meter {
    Meter::new(io::stderr().is_terminal())
}

fn show(meter: &Meter, act: &str, progress: Progress<'_>) {
    let Progress { name, n_bytes, total } = progress;
    let of = total.map_or(String::new(), |it| format!(" of {}", size(it)));
    meter.write(|| format!("{act}: {}, {}{of}", crate::report::plain(name), size(n_bytes)));
}

#[cfg(test)]
mod tests {
    use super::{MEDIA_TYPE, SCHEMA};

    #[test]
    fn the_artifacts_type_names_the_schema() {
        assert!(MEDIA_TYPE.ends_with(&format!(".v{SCHEMA}")));
    }
}
