//! An HTTP server on the loopback interface that does what a test tells it, however wrong that is.

use std::fmt::{Display, Write as _};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    /// With names in lower case.
    headers: Vec<(String, String)>,
    /// How many requests came before.
    pub(crate) number: usize,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|it| it.0 == name).map(|it| it.1.as_str())
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// Only so much of the body is sent, and the connection closed.
    cut: Option<usize>,
    /// Between one byte and the next.
    pause: Duration,
}

pub(crate) fn reply(status: u16, body: impl AsRef<[u8]>) -> Reply {
    let body = body.as_ref().to_vec();
    Reply { status, headers: Vec::new(), body, cut: None, pause: Duration::ZERO }
}

impl Reply {
    pub(crate) fn header(mut self, name: &str, value: impl Display) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    pub(crate) fn cut(self, at: usize) -> Self {
        Self { cut: Some(at), ..self }
    }

    pub(crate) fn pause(self, pause: Duration) -> Self {
        Self { pause, ..self }
    }
}

/// A file as a good server gives it: with a tag, in parts, and not at all if it is known.
pub(crate) fn file(asked: &Asked, content: &[u8], tag: &str) -> Reply {
    let tag = format!("\"{tag}\"");
    if asked.header("if-none-match") == Some(&tag) {
        return reply(304, "").header("etag", tag);
    }
    let range = asked.header("range").and_then(|it| it.strip_prefix("bytes=")?.strip_suffix('-'));
    match range.map(|it| it.parse::<usize>().unwrap()) {
        Some(start) if asked.header("if-range") == Some(&tag) => {
            let (last, total) = (content.len() - 1, content.len());
            let place = format!("bytes {start}-{last}/{total}");
            reply(206, &content[start..]).header("etag", tag).header("content-range", place)
        }
        _ => reply(200, content).header("etag", tag),
    }
}

pub(crate) struct Server {
    pub(crate) host: String,
    seen: Arc<Mutex<Vec<Asked>>>,
    sent: Arc<Mutex<usize>>,
}

impl Server {
    pub(crate) fn new(answer: impl Fn(&Asked) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let (seen, sent) = (Arc::<Mutex<Vec<Asked>>>::default(), Arc::<Mutex<usize>>::default());
        let server = Self { host, seen: Arc::clone(&seen), sent: Arc::clone(&sent) };
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(mut asked) = read(&mut stream) else { continue };
                asked.number = seen.lock().unwrap().len();
                seen.lock().unwrap().push(asked.clone());
                let n_sent = write(&mut stream, &asked, &answer(&asked));
                *sent.lock().unwrap() += n_sent;
            }
        });
        server
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host)
    }

    /// Requests so far, as method, path and range.
    pub(crate) fn asked(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        let line = |it: &Asked| {
            let range = it.header("range").map_or(String::new(), |it| format!(" {it}"));
            format!("{} {}{range}", it.method, it.path)
        };
        seen.iter().map(line).collect()
    }

    /// Values of a header in all requests.
    pub(crate) fn headers(&self, name: &str) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter_map(|it| it.header(name)).map(str::to_owned).collect()
    }

    /// Bytes of all bodies so far.
    pub(crate) fn n_sent(&self) -> usize {
        *self.sent.lock().unwrap()
    }
}

fn read(stream: &mut TcpStream) -> Option<Asked> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let (mut bytes, mut byte) = (Vec::new(), [0]);
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        bytes.push(byte[0]);
    }
    let text = String::from_utf8(bytes).unwrap();
    let mut lines = text.lines();
    let mut first = lines.next()?.split(' ');
    let headers: Vec<_> = lines
        .filter_map(|it| it.split_once(": "))
        .map(|it| (it.0.to_ascii_lowercase(), it.1.to_owned()))
        .collect();
    let asked = Asked {
        method: first.next()?.to_owned(),
        path: first.next()?.to_owned(),
        headers,
        number: 0,
    };
    let length = asked.header("content-length").map_or(0, |it| it.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(asked)
}

/// Gives how many bytes of the body went out.
fn write(stream: &mut TcpStream, asked: &Asked, reply: &Reply) -> usize {
    let mut head = format!("HTTP/1.1 {} Some\r\nconnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    if !reply.headers.iter().any(|it| it.0 == "content-length") && reply.status != 304 {
        write!(head, "content-length: {}\r\n", reply.body.len()).unwrap();
    }
    // A client that went away is what some tests are about.
    if stream.write_all(format!("{head}\r\n").as_bytes()).is_err() || asked.method == "HEAD" {
        return 0;
    }
    let body = &reply.body[..reply.cut.unwrap_or(reply.body.len())];
    if reply.pause.is_zero() {
        return stream.write_all(body).map_or(0, |()| body.len());
    }
    let mut n_sent = 0;
    for byte in body {
        if stream.write_all(&[*byte]).is_err() {
            break;
        }
        n_sent += 1;
        thread::sleep(reply.pause);
    }
    n_sent
}
