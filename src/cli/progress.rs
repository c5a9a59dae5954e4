//! One line on a terminal that says how far something is.

use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::scan::Progress;

/// Often enough to be seen to move.
const PAUSE: Duration = Duration::from_millis(100);

/// Writes the line, over and over, if there is a terminal.
pub(super) struct Meter {
    /// When the line was written last.
    shown: Option<Mutex<Option<Instant>>>,
}

impl Meter {
    pub(super) fn new(is_terminal: bool) -> Self {
        Self { shown: is_terminal.then(Mutex::default) }
    }

    pub(super) fn show(&self, progress: Progress) {
        self.write(|| line(progress));
    }

    /// Writes what `line` says, if it is time to.
    pub(super) fn write(&self, line: impl FnOnce() -> String) {
        let Some(shown) = &self.shown else { return };
        let mut last = shown.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|it| it.elapsed() < PAUSE) {
            return;
        }
        *last = Some(Instant::now());
        // The line is taken back to its beginning, and what was there before is wiped out.
        write!(io::stderr(), "\r{}\x1b[K", line()).unwrap_or_default();
    }

    /// Leaves the line empty.
    pub(super) fn clear(&self) {
        let was_shown = self
            .shown
            .as_ref()
            .is_some_and(|it| it.lock().unwrap_or_else(PoisonError::into_inner).is_some());
        if was_shown {
            write!(io::stderr(), "\r\x1b[K").unwrap_or_default();
        }
    }
}

fn line(progress: Progress) -> String {
    let Progress { n_files, n_bytes, total, layer } = progress;
    let layer = layer.map_or(String::new(), |it| format!("layer {it}, "));
    let of = match total {
        Some(total @ 1..) => {
            format!(" of {} ({}%)", size(total), n_bytes.saturating_mul(100) / total)
        }
        _ => String::new(),
    };
    format!("scanning: {layer}{n_files} files, {}{of}", size(n_bytes))
}

/// In decimal units, as file managers count.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes / 1000),
        1_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{}.{} GB", bytes / 1_000_000_000, bytes / 100_000_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::line;
    use crate::scan::Progress;

    #[test]
    fn it_says_how_far_the_scan_is() {
        let directory = Progress { n_files: 12, n_bytes: 3_400_000, ..Progress::default() };
        assert_eq!(line(directory), "scanning: 12 files, 3 MB");
        let image = Progress {
            n_files: 12,
            n_bytes: 1_250_000_000,
            total: Some(5_000_000_000),
            layer: Some(2),
        };
        assert_eq!(line(image), "scanning: layer 2, 12 files, 1.2 GB of 5.0 GB (25%)");
    }
}
