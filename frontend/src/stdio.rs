//! HTTP/2 over this process's stdin and stdout, on the other end of which BuildKit is the server.

use std::future::ready;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::unix::pipe;
use tonic::transport::{Channel, Endpoint, Uri};
use tower::service_fn;

use crate::error::Error;

/// Error details travel in trailers, and a detail holds the whole Dockerfile: far more than the
/// few kilobytes of headers that HTTP/2 clients take by default.
const MAX_HEADERS: u32 = 32 << 20;

/// Flow-control windows large enough for an inventory to come in one go.
const WINDOW: u32 = 8 << 20;

/// Opens the connection to BuildKit.
pub(crate) async fn connect() -> Result<Channel, Error> {
    let lost = |error: &dyn std::error::Error| {
        Error::Protocol(format!("no connection over stdin and stdout: {error}"))
    };
    let streams = open().map_err(|error| lost(&error))?;
    over(streams).await.map_err(|error| lost(&error))
}

/// Speaks HTTP/2 over `streams`, once: when they end there is nothing to reconnect to.
pub(crate) async fn over<T>(streams: T) -> Result<Channel, tonic::transport::Error>
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut streams = Some(TokioIo::new(streams));
    let take = move |_: Uri| {
        ready(streams.take().ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected)))
    };
    Endpoint::from_static("http://buildkit")
        .http2_max_header_list_size(MAX_HEADERS)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .connect_with_connector(service_fn(take))
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
