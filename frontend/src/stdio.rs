//! HTTP/2 over this process's stdin and stdout, on the other end of which BuildKit is the server.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::unix::pipe;
use tonic::transport::{Channel, Endpoint, Uri};
use tower::service_fn;

/// Error details travel in trailers, and a detail holds the whole Dockerfile: far more than the
/// few kilobytes of headers that HTTP/2 clients take by default.
const MAX_HEADERS: u32 = 32 << 20;

/// Flow-control windows large enough for an inventory to come in one go.
const WINDOW: u32 = 8 << 20;

/// Opens the connection. It is made once; there is nothing to reconnect to.
pub(crate) async fn connect() -> Result<Channel, tonic::transport::Error> {
    Endpoint::from_static("http://buildkit")
        .http2_max_header_list_size(MAX_HEADERS)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .connect_with_connector(service_fn(|_: Uri| async { open().map(TokioIo::new) }))
        .await
}

/// Pipes are read without a helper thread; anything else (a socket, a file) goes through tokio's
/// blocking standard streams.
fn open() -> io::Result<tokio::io::Join<Reader, Writer>> {
    let reader: Reader = match pipe::Receiver::from_owned_fd(duplicate(io::stdin())?) {
        Ok(pipe) => Box::new(pipe),
        Err(_) => Box::new(tokio::io::stdin()),
    };
    let writer: Writer = match pipe::Sender::from_owned_fd(duplicate(io::stdout())?) {
        Ok(pipe) => Box::new(pipe),
        Err(_) => Box::new(tokio::io::stdout()),
    };
    Ok(tokio::io::join(reader, writer))
}

type Reader = Box<dyn AsyncRead + Send + Unpin>;
type Writer = Box<dyn AsyncWrite + Send + Unpin>;

fn duplicate(stream: impl AsFd) -> io::Result<OwnedFd> {
    stream.as_fd().try_clone_to_owned()
}
