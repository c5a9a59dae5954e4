//! zstd streams: frame after frame, with frames between them that are not for the decoder.
//!
//! Format: RFC 8878. The window, which is all that is held, is at most [`MAX_WINDOW`].

use std::io::{self, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::compression::is_at_end;
use super::tar::Source as _;

/// What `zstd -d` takes without being asked to.
const MAX_WINDOW: u64 = 128 << 20;

/// Reads the content of all frames.
pub(super) struct Decoder<R: Read> {
    from: io::BufReader<R>,
    frame: FrameDecoder,
    is_within_frame: bool,
}

impl<R: Read> Decoder<R> {
    pub(super) fn new(from: io::BufReader<R>) -> Self {
        let mut frame = FrameDecoder::new();
        frame.set_max_window_size(MAX_WINDOW);
        Self { from, frame, is_within_frame: false }
    }

    /// Begins the next frame; `false` if there is none.
    fn begin(&mut self) -> io::Result<bool> {
        while !is_at_end(&mut self.from)? {
            match self.frame.reset(&mut self.from) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => self.from.skip(u64::from(length))?,
                Err(FrameDecoderError::WindowSizeTooBig { .. }) => {
                    let limit = MAX_WINDOW >> 20;
                    return Err(io::Error::other(format!(
                        "zstd: the window is too large, limit {limit} MiB"
                    )));
                }
                Err(error) => return Err(broken(&error)),
            }
        }
        Ok(false)
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.is_within_frame {
                self.is_within_frame = self.begin()?;
                if !self.is_within_frame {
                    return Ok(0);
                }
            }
            while self.frame.can_collect() == 0 && !self.frame.is_finished() {
                let blocks = BlockDecodingStrategy::UptoBlocks(1);
                self.frame.decode_blocks(&mut self.from, blocks).map_err(|it| broken(&it))?;
            }
            match self.frame.read(buffer)? {
                0 => self.is_within_frame = false,
                n => return Ok(n),
            }
        }
    }
}

/// The decoder's errors hold numbers, never content.
fn broken(error: &FrameDecoderError) -> io::Error {
    io::Error::other(format!("zstd: {error}"))
}
