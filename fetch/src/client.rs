//! One request and its answer: redirects, time limits, and what goes wrong in words.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ureq::http::{self, Method};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};
use ureq::{Agent, Body, SendBody};

use crate::address::Address;
use crate::error::{FetchError, Problem};
use crate::patience::{Patience, retry_after};

/// How many redirects are followed for one request.
const MAX_REDIRECTS: usize = 8;
/// The longest answer that is taken into memory: lists, manifests, tokens.
const MAX_TEXT: u64 = 16 << 20;
/// How long a transfer may take to become fast enough.
const GRACE: Duration = Duration::from_secs(30);

/// How long is waited, how often is tried, and how much is taken.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Tries in a row that bring nothing, until it is given up.
    pub tries: u32,
    /// The pause after the first of them; it doubles.
    pub pause: Duration,
    /// The longest wait that a server may ask for.
    pub longest_wait: Duration,
    /// For a connection, and for the beginning of an answer.
    pub connect: Duration,
    /// For the next bytes of an answer.
    pub read: Duration,
    /// Bytes a second, on average, below which a transfer is ended.
    pub least_speed: u64,
    /// Bytes of one file.
    pub max_file: u64,
    /// Bytes of all files of one address.
    pub max_total: u64,
    /// Certificates in PEM form to trust instead of the public ones.
    pub certificates: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tries: 5,
            pause: Duration::from_secs(1),
            longest_wait: Duration::from_secs(120),
            connect: Duration::from_secs(30),
            read: Duration::from_secs(30),
            least_speed: 200,
            max_file: 4 << 30,
            max_total: 16 << 30,
            certificates: None,
        }
    }
}

/// Asks servers.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    pub(crate) settings: Settings,
}

/// What is sent with a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sent<'a> {
    Nothing,
    Bytes(&'a [u8]),
    /// The whole file, and its length.
    File(&'a File, u64),
}

/// A request. The authorization is told to the host that was asked, and to no other.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) address: &'a Address,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) authorization: Option<&'a str>,
    pub(crate) sent: Sent<'a>,
}

impl<'a> Request<'a> {
    pub(crate) fn get(address: &'a Address) -> Self {
        let method = Method::GET;
        Self { method, address, headers: Vec::new(), authorization: None, sent: Sent::Nothing }
    }
}

/// An answer, before its body is read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) response: http::Response<Body>,
}

impl Client {
    pub fn new(settings: Settings) -> Result<Self, FetchError> {
        let mut tls = TlsConfig::builder();
        if let Some(path) = &settings.certificates {
            let failed = |it: Problem| it.at(&path.display());
            tls = tls.root_certs(certificates(path).map_err(failed)?);
        }
        let config = Agent::config_builder()
            .tls_config(tls.build())
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("layergate/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(settings.connect))
            .timeout_connect(Some(settings.connect))
            .timeout_recv_response(Some(settings.connect.max(settings.read)))
            .timeout_per_read(Some(settings.read))
            .timeout_per_write(Some(settings.read))
            .build();
        Ok(Self { agent: config.new_agent(), settings })
    }

    /// Asks once, and follows where the server leads, if it may lead there.
    pub(crate) fn send(&self, request: &Request<'_>) -> Result<Answer, Problem> {
        let mut address = request.address.clone();
        for _ in 0..=MAX_REDIRECTS {
            let answer = self.ask(request, &address)?;
            let is_redirect = matches!(answer.status(), 301 | 302 | 303 | 307 | 308);
            let may_follow = matches!(request.method, Method::GET | Method::HEAD);
            let Some(location) = answer.header("location").filter(|_| is_redirect && may_follow)
            else {
                return Ok(answer);
            };
            let next = address.resolve(location)?;
            if !address.may_lead_to(&next) {
                return Err(Problem::Redirect(next.to_string()));
            }
            address = next;
        }
        Err(Problem::Redirects)
    }

    fn ask(&self, request: &Request<'_>, address: &Address) -> Result<Answer, Problem> {
        let mut builder = http::Request::builder()
            .method(request.method.clone())
            .uri(address.url())
            .header("accept-encoding", "identity");
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        if let Some(value) = request.authorization.filter(|_| request.address.is_same_host(address))
        {
            builder = builder.header("authorization", value);
        }
        let broken = |it: http::Error| Problem::Protocol(it.to_string());
        let response = match request.sent {
            Sent::Nothing => self.agent.run(builder.body(()).map_err(broken)?),
            Sent::Bytes(bytes) => self.agent.run(builder.body(bytes).map_err(broken)?),
            Sent::File(file, length) => {
                let mut reader = Positioned { file, at: 0 };
                let body = SendBody::from_reader(&mut reader);
                let builder = builder.header("content-length", length);
                self.agent.run(builder.body(body).map_err(broken)?)
            }
        };
        let answer = Answer { response: response.map_err(|it| problem(&it))? };
        let encoding = answer.header("content-encoding").unwrap_or("identity");
        if !encoding.eq_ignore_ascii_case("identity") {
            return Err(Problem::Protocol(format!("it is encoded as {encoding}")));
        }
        Ok(answer)
    }

    /// A short answer as a whole; nothing if there is no such thing.
    pub(crate) fn text(&self, request: &Request<'_>) -> Result<Option<Vec<u8>>, Problem> {
        self.patiently(|| {
            let mut answer = self.send(request)?;
            match answer.status() {
                200 => answer.bytes(self).map(Some),
                404 | 410 => Ok(None),
                _ => Err(answer.problem()),
            }
        })
    }

    pub(crate) fn patiently<T>(
        &self,
        mut attempt: impl FnMut() -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let mut patience = Patience::new(&self.settings);
        loop {
            match attempt() {
                Ok(done) => return Ok(done),
                Err(problem) => patience.wait(problem, false)?,
            }
        }
    }
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        self.response.headers().get_all(name).iter().filter_map(|it| it.to_str().ok()).collect()
    }

    pub(crate) fn length(&self) -> Option<u64> {
        self.header("content-length")?.trim().parse().ok()
    }

    /// The status as a problem, whether it is one or not.
    pub(crate) fn problem(&self) -> Problem {
        let retry_after = retry_after(self.header("retry-after"), self.header("date"));
        Problem::Status { code: self.status(), retry_after }
    }

    /// The body, which may be as long as a text.
    pub(crate) fn bytes(&mut self, client: &Client) -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::new();
        self.copy(client, MAX_TEXT, &mut |it| {
            bytes.extend_from_slice(it);
            Ok(())
        })?;
        Ok(bytes)
    }

    /// Hands the body over, piece by piece. Of more than `limit` bytes nothing behind it is read.
    pub(crate) fn copy(
        &mut self,
        client: &Client,
        limit: u64,
        take: &mut dyn FnMut(&[u8]) -> Result<(), Problem>,
    ) -> Result<u64, Problem> {
        let total = self.length();
        if total.is_some_and(|it| it > limit) {
            return Err(Problem::TooLarge(limit));
        }
        let mut reader = self.response.body_mut().with_config().limit(u64::MAX).reader();
        let (begin, mut buffer, mut n_bytes) = (Instant::now(), vec![0; 64 << 10], 0);
        loop {
            let n_read = match reader.read(&mut buffer) {
                Ok(n_read) => n_read,
                Err(error) => {
                    return Err(Problem::Cut { n_bytes, total, cause: error.to_string() });
                }
            };
            let Some(bytes) = buffer.get(..n_read).filter(|it| !it.is_empty()) else { break };
            n_bytes += n_read as u64;
            if n_bytes > limit {
                return Err(Problem::TooLarge(limit));
            }
            take(bytes)?;
            let elapsed = begin.elapsed();
            let least = client.settings.least_speed.saturating_mul(elapsed.as_secs());
            if elapsed > GRACE.min(client.settings.read) && n_bytes < least {
                return Err(Problem::Slow);
            }
        }
        match total {
            Some(total) if total != n_bytes => {
                Err(Problem::Cut { n_bytes, total: Some(total), cause: "it ended".to_owned() })
            }
            _ => Ok(n_bytes),
        }
    }
}

/// A file read from its beginning, whatever else reads it.
struct Positioned<'a> {
    file: &'a File,
    at: u64,
}

impl Read for Positioned<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_read = std::os::unix::fs::FileExt::read_at(self.file, buffer, self.at)?;
        self.at += n_read as u64;
        Ok(n_read)
    }
}

fn certificates(path: &std::path::Path) -> Result<RootCerts, Problem> {
    let pem = std::fs::read(path).map_err(Problem::file(path))?;
    let items: Result<Vec<PemItem<'_>>, _> = ureq::tls::parse_pem(&pem).collect();
    let items = items.map_err(|it| Problem::Protocol(it.to_string()))?;
    let found: Vec<Certificate<'static>> = items
        .into_iter()
        .filter_map(|it| if let PemItem::Certificate(it) = it { Some(it) } else { None })
        .collect();
    if found.is_empty() {
        return Err(Problem::Credentials("there is no certificate in it".to_owned()));
    }
    Ok(RootCerts::new_with_certs(&found))
}

/// What the client's library says, by whether it may pass.
fn problem(error: &ureq::Error) -> Problem {
    use ureq::Error;
    match error {
        Error::Timeout(_) | Error::Io(_) | Error::HostNotFound | Error::ConnectionFailed => {
            Problem::Connection(error.to_string())
        }
        _ => Problem::Protocol(error.to_string()),
    }
}
