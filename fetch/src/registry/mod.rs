//! One file as an artifact in a registry.
//!
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md>. What is
//! pulled is checked against its digest while it is read, and handed over beside its place, so that
//! the caller can look at it before it takes that place.

mod auth;
mod credentials;
mod manifest;
mod reference;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use ureq::http::Method;

use self::auth::Challenge;
use self::manifest::{Descriptor, EMPTY_BYTES, EMPTY_DIGEST, MANIFEST, Manifest};
use crate::address::Address;
use crate::checks::{Sums, hex};
use crate::client::{Answer, Client, Request, Sent};
use crate::error::{FetchError, Problem};
use crate::patience::Patience;
use crate::{Progress, Watch};

pub use self::credentials::{Credentials, find as find_credentials};
pub use self::reference::Reference;

/// One repository in a registry.
#[derive(Debug)]
pub struct Registry<'a> {
    client: &'a Client,
    reference: &'a Reference,
    base: Address,
    credentials: Option<Credentials>,
    /// What was told last: a token is good for many requests.
    authorization: RefCell<Option<String>>,
}

/// How an artifact is told from others.
#[derive(Clone, Debug)]
pub struct Artifact<'a> {
    /// Also that of its layer.
    pub media_type: &'a str,
    pub annotations: BTreeMap<String, String>,
}

/// A file that is not at its place yet; it goes away unless it is kept.
#[derive(Debug)]
pub struct Pulled {
    path: PathBuf,
    target: PathBuf,
    /// Of the manifest: names the artifact and no other.
    pub digest: String,
    pub annotations: BTreeMap<String, String>,
}

impl Pulled {
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts it at its place, in one step.
    pub fn keep(self) -> Result<(), FetchError> {
        let target = &self.target;
        fs::rename(&self.path, target).map_err(|it| Problem::file(target)(it).at(&target.display()))
    }
}

impl Drop for Pulled {
    fn drop(&mut self) {
        // Once kept it is not there.
        fs::remove_file(&self.path).unwrap_or_default();
    }
}

impl<'a> Registry<'a> {
    /// `config` is the folder of docker's configuration.
    pub fn new(
        client: &'a Client,
        reference: &'a Reference,
        is_plain: bool,
        config: Option<&Path>,
    ) -> Result<Self, FetchError> {
        let found = config.map(|it| credentials::find(it, &reference.host)).transpose();
        let credentials = found.map_err(|it| it.at(reference))?.flatten();
        let base = reference.base(is_plain)?;
        Ok(Self { client, reference, base, credentials, authorization: RefCell::default() })
    }

    /// Puts the file there, under each of the tags; gives the digest of the manifest.
    pub fn push(
        &self,
        file: &Path,
        artifact: &Artifact<'_>,
        tags: &[String],
        watch: Watch<'_>,
    ) -> Result<String, FetchError> {
        if let Some(tag) = tags.iter().find(|it| !reference::is_tag(it)) {
            return Err(Problem::Address("this is no tag").at(tag));
        }
        self.push_all(file, artifact, tags, watch).map_err(|it| it.at(self.reference))
    }

    fn push_all(
        &self,
        file: &Path,
        artifact: &Artifact<'_>,
        tags: &[String],
        watch: Watch<'_>,
    ) -> Result<String, Problem> {
        let opened = File::open(file).map_err(Problem::file(file))?;
        let sums = Sums::of(&mut &opened).map_err(Problem::file(file))?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let title = "org.opencontainers.image.title".to_owned();
        let layer = Descriptor {
            media_type: artifact.media_type.to_owned(),
            digest: format!("sha256:{}", sums.sha256),
            size: sums.length,
            annotations: BTreeMap::from([(title, name.clone())]),
        };
        watch(Progress { name: &name, n_bytes: 0, total: Some(sums.length) });
        self.put_blob(&layer.digest, Sent::File(&opened, sums.length))?;
        self.put_blob(EMPTY_DIGEST, Sent::Bytes(EMPTY_BYTES))?;
        let manifest = Manifest::new(artifact.media_type, layer, artifact.annotations.clone());
        let bytes =
            serde_json::to_vec(&manifest).map_err(|it| Problem::Protocol(it.to_string()))?;
        let digest = format!("sha256:{}", hex(&Sha256::digest(&bytes)));
        for tag in tags {
            let address = self.address("manifests", tag);
            let request = Request {
                method: Method::PUT,
                headers: vec![("content-type", MANIFEST.to_owned())],
                sent: Sent::Bytes(&bytes),
                ..Request::get(&address)
            };
            let answer = self.ask(&request, true)?;
            if !matches!(answer.status(), 200..=202) {
                return Err(answer.problem());
            }
        }
        Ok(digest)
    }

    /// Puts bytes there, unless they are there already.
    fn put_blob(&self, digest: &str, sent: Sent<'_>) -> Result<(), Problem> {
        let address = self.address("blobs", digest);
        let request = Request { method: Method::HEAD, ..Request::get(&address) };
        if self.ask(&request, true)?.status() == 200 {
            return Ok(());
        }
        // An upload that breaks off is begun anew, with a place of its own.
        self.client.patiently(|| {
            let uploads =
                self.base.join(&format!("v2/{}/blobs/uploads", self.reference.repository));
            let uploads = uploads.with_suffix("/");
            let begin =
                Request { method: Method::POST, sent: Sent::Bytes(b""), ..Request::get(&uploads) };
            let answer = self.ask(&begin, true)?;
            let location = answer.header("location").filter(|_| answer.status() == 202);
            let Some(location) = location else { return Err(answer.problem()) };
            let place = uploads.resolve(location)?;
            if !uploads.may_lead_to(&place) {
                return Err(Problem::Redirect(place.to_string()));
            }
            let place = place.with_query(&[("digest", digest)]);
            let kind = "application/octet-stream".to_owned();
            let put = Request {
                method: Method::PUT,
                headers: vec![("content-type", kind)],
                sent,
                ..Request::get(&place)
            };
            let answer = self.ask_once(&put, true)?;
            match answer.status() {
                201 => Ok(()),
                _ => Err(answer.problem()),
            }
        })
    }

    /// Brings the file beside `target`. `tag` is taken where the reference names neither tag nor digest.
    pub fn pull(
        &self,
        media_type: &str,
        tag: &str,
        target: &Path,
        watch: Watch<'_>,
    ) -> Result<Pulled, FetchError> {
        self.pull_all(media_type, tag, target, watch).map_err(|it| it.at(self.reference))
    }

    fn pull_all(
        &self,
        media_type: &str,
        tag: &str,
        target: &Path,
        watch: Watch<'_>,
    ) -> Result<Pulled, Problem> {
        let Reference { tag: named, digest: wanted, .. } = self.reference;
        let name = wanted.as_deref().or(named.as_deref()).unwrap_or(tag);
        let address = self.address("manifests", name);
        let request =
            Request { headers: vec![("accept", MANIFEST.to_owned())], ..Request::get(&address) };
        let mut answer = self.ask(&request, false)?;
        if answer.status() != 200 {
            return Err(answer.problem());
        }
        let stated = answer.header("docker-content-digest").map(str::to_owned);
        let bytes = answer.bytes(self.client)?;
        let digest = format!("sha256:{}", hex(&Sha256::digest(&bytes)));
        let is_another = |it: &String| it.starts_with("sha256:") && *it != digest;
        if wanted.as_ref().is_some_and(is_another) || stated.as_ref().is_some_and(is_another) {
            return Err(Problem::Digest("manifest's digest"));
        }
        let mut manifest = Manifest::only_layer(&bytes, media_type)?;
        let Some(layer) = manifest.layers.pop() else { return Err(Problem::Changed) };
        if layer.size > self.client.settings.max_file {
            return Err(Problem::TooLarge(self.client.settings.max_file));
        }
        let mut file = target.file_name().unwrap_or_default().to_owned();
        file.push(format!(".{}.pulled", std::process::id()));
        let path = target.with_file_name(file);
        let annotations = manifest.annotations;
        // From here on the file goes away with the value.
        let pulled = Pulled { path, target: target.to_owned(), digest, annotations };
        self.blob(&layer, &pulled.path, watch)?;
        Ok(pulled)
    }

    /// Reads the blob into a file, by as many answers as it takes.
    fn blob(&self, layer: &Descriptor, path: &Path, watch: Watch<'_>) -> Result<(), Problem> {
        let address = self.address("blobs", &layer.digest);
        let mut options = OpenOptions::new();
        let options = options.create(true).truncate(true).write(true);
        let mut file = options.open(path).map_err(Problem::file(path))?;
        let (mut hasher, mut n_bytes) = (Sha256::new(), 0);
        let mut patience = Patience::new(&self.client.settings);
        while n_bytes < layer.size {
            let before = n_bytes;
            let mut request = Request::get(&address);
            if n_bytes > 0 {
                request.headers.push(("range", format!("bytes={n_bytes}-")));
            }
            let mut go_on = || -> Result<(), Problem> {
                let mut answer = self.ask_once(&request, false)?;
                match answer.status() {
                    206 if n_bytes > 0 => {}
                    // All of it once more.
                    200 => {
                        file.set_len(0).map_err(Problem::file(path))?;
                        file.seek(SeekFrom::Start(0)).map_err(Problem::file(path))?;
                        (hasher, n_bytes) = (Sha256::new(), 0);
                    }
                    _ => return Err(answer.problem()),
                }
                answer.copy(self.client, layer.size - n_bytes, &mut |bytes| {
                    file.write_all(bytes).map_err(Problem::file(path))?;
                    hasher.update(bytes);
                    n_bytes += bytes.len() as u64;
                    let (name, total) = (self.reference.repository.as_str(), Some(layer.size));
                    watch(Progress { name, n_bytes, total });
                    Ok(())
                })?;
                if n_bytes < layer.size {
                    let (total, cause) = (Some(layer.size), "it ended".to_owned());
                    return Err(Problem::Cut { n_bytes, total, cause });
                }
                Ok(())
            };
            if let Err(problem) = go_on() {
                patience.wait(problem, n_bytes > before)?;
            }
        }
        if format!("sha256:{}", hex(&hasher.finalize())) != layer.digest {
            return Err(Problem::Digest("SHA-256"));
        }
        file.sync_all().map_err(Problem::file(path))
    }

    /// `kind` is `manifests` or `blobs`.
    fn address(&self, kind: &str, name: &str) -> Address {
        self.base.join(&format!("v2/{}/{kind}/{name}", self.reference.repository))
    }

    fn ask(&self, request: &Request<'_>, writes: bool) -> Result<Answer, Problem> {
        self.client.patiently(|| {
            let answer = self.ask_once(request, writes)?;
            match answer.problem() {
                problem if problem.is_passing() => Err(problem),
                _ => Ok(answer),
            }
        })
    }

    /// Asks, and once more if the registry first wants to know who asks.
    fn ask_once(&self, request: &Request<'_>, writes: bool) -> Result<Answer, Problem> {
        let known = self.authorization.borrow().clone();
        let answer = self.client.send(&self.signed(request, known.as_deref()))?;
        if answer.status() != 401 {
            return Ok(answer);
        }
        let Some(challenge) = Challenge::of(&answer.headers("www-authenticate")) else {
            return Ok(answer);
        };
        let rights = if writes { "pull,push" } else { "pull" };
        let scope = format!("repository:{}:{rights}", self.reference.repository);
        let credentials = self.credentials.as_ref();
        let told = auth::answer(self.client, &self.base, &challenge, credentials, &scope)?;
        let Some(told) = told else { return Ok(answer) };
        let answer = self.client.send(&self.signed(request, Some(&told)))?;
        *self.authorization.borrow_mut() = Some(told);
        Ok(answer)
    }

    /// Uploads may go to another host, which is not told.
    fn signed<'b>(&self, request: &Request<'b>, authorization: Option<&'b str>) -> Request<'b> {
        Request {
            method: request.method.clone(),
            address: request.address,
            headers: request.headers.clone(),
            authorization: authorization.filter(|_| self.base.is_same_host(request.address)),
            sent: request.sent,
        }
    }
}
