//! One file, from an address into a folder, by as few bytes as it takes.
//!
//! What was begun is gone on with, if the server still has the same file (RFC 9110, section 13.1.5,
//! `If-Range`); what has not changed is not asked for again. The file stands under its name only
//! when it is complete, has the stated length and digest, and looks as its name says.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::checks::{self, Stated, Sums};
use crate::client::{Answer, Client, Request};
use crate::error::Problem;
use crate::patience::Patience;
use crate::{Progress, Watch};

/// Where a file is kept, and what is known of it.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) file: PathBuf,
    /// What has come of the next one.
    part: PathBuf,
    /// What is known of that.
    part_state: PathBuf,
    state: PathBuf,
}

/// What is wanted.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) name: &'a str,
    pub(crate) address: &'a Address,
    /// The most bytes that it may have.
    pub(crate) limit: u64,
    /// Whether nobody said that it is there. Some buckets forbid what they do not have.
    pub(crate) is_guess: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Fetched,
    Unchanged,
    Absent,
}

/// What a server said of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    url: String,
    etag: Option<String>,
    last_modified: Option<String>,
    /// How long the whole is.
    total: Option<u64>,
    stated: Stated,
    /// What the complete file is.
    #[serde(default)]
    sha256: Option<String>,
    /// What its folder's list of changes was before it was fetched.
    #[serde(default)]
    changes: Option<String>,
}

impl Place {
    /// In `folder`, where only whole files are, with the rest in a folder of its own.
    pub(crate) fn new(folder: &Path, states: &Path, name: &str) -> Result<Self, Problem> {
        let with = |ending: &str| states.join(format!("{name}{ending}"));
        let place = Self {
            file: folder.join(name),
            part: with(".part"),
            part_state: with(".part.json"),
            state: with(".json"),
        };
        for path in [&place.file, &place.part] {
            let parent = path.parent().unwrap_or(path);
            fs::create_dir_all(parent).map_err(Problem::file(parent))?;
        }
        Ok(place)
    }

    /// What was fetched last, if it is still there, and is still what it was.
    fn complete(&self, address: &Address) -> Option<State> {
        let state = State::load(&self.state).filter(|it| it.url == address.url())?;
        let sums = Sums::of_file(&self.file).ok()?;
        (state.sha256.as_ref() == Some(&sums.sha256)).then_some(state)
    }

    /// Whether the file is known and stated no way to ask whether it changed.
    pub(crate) fn needs_changes(&self, address: &Address) -> bool {
        self.complete(address).is_some_and(|it| it.etag.is_none() && it.last_modified.is_none())
    }

    /// Whether the folder's list of changes is as it was.
    pub(crate) fn has_changes(&self, changes: &str) -> bool {
        State::load(&self.state).is_some_and(|it| it.changes.as_deref() == Some(changes))
    }

    pub(crate) fn note_changes(&self, changes: &str) -> Result<(), Problem> {
        let Some(state) = State::load(&self.state) else { return Ok(()) };
        State { changes: Some(changes.to_owned()), ..state }.store(&self.state)
    }

    /// What has come, and what was said of it; nothing if it cannot be gone on with.
    fn begun(&self, address: &Address) -> Option<(State, u64)> {
        let state = State::load(&self.part_state).filter(|it| it.url == address.url())?;
        let length = fs::metadata(&self.part).ok()?.len();
        let may_go_on = length > 0 && state.total.is_none_or(|it| length <= it);
        (may_go_on && state.validator().is_some()).then_some((state, length))
    }

    fn forget_part(&self) {
        for path in [&self.part, &self.part_state] {
            // What is not there need not be removed; what stays is told apart by its state.
            fs::remove_file(path).unwrap_or_default();
        }
    }
}

impl State {
    fn load(path: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }

    fn store(&self, path: &Path) -> Result<(), Problem> {
        let bytes = serde_json::to_vec(self).map_err(|it| Problem::Protocol(it.to_string()))?;
        fs::write(path, bytes).map_err(Problem::file(path))
    }

    fn of(answer: &Answer, address: &Address, total: Option<u64>) -> Self {
        Self {
            url: address.url(),
            etag: answer.header("etag").map(str::to_owned),
            last_modified: answer.header("last-modified").map(str::to_owned),
            total,
            stated: Stated::read(|name| answer.headers(name)),
            ..Self::default()
        }
    }

    /// By what the server knows this very content: a strong entity tag, else the date.
    fn validator(&self) -> Option<&str> {
        match &self.etag {
            Some(etag) if etag.starts_with('"') => Some(etag),
            Some(_) => None,
            None => self.last_modified.as_deref(),
        }
    }
}

/// Brings the file, unless it is there already.
pub(crate) fn download(
    client: &Client,
    wanted: &Wanted<'_>,
    place: &Place,
    watch: Watch<'_>,
) -> Result<Outcome, Problem> {
    let complete = place.complete(wanted.address);
    let mut patience = Patience::new(&client.settings);
    loop {
        let before = place.begun(wanted.address).map_or(0, |it| it.1);
        let problem = match attempt(client, wanted, place, complete.as_ref(), watch) {
            Ok(outcome) => return Ok(outcome),
            Err(problem) => problem,
        };
        // A part that is no good would be no better the next time.
        if matches!(
            problem,
            Problem::Changed
                | Problem::Digest(_)
                | Problem::Length { .. }
                | Problem::Nonsense { .. }
                | Problem::TooLarge(_)
                | Problem::Status { code: 416, .. }
        ) {
            place.forget_part();
        }
        let after = place.begun(wanted.address).map_or(0, |it| it.1);
        let problem = match problem {
            // Only a part that is gone on with is answered so; now there is none.
            Problem::Status { code: 416, .. } if before > 0 => Problem::Changed,
            problem => problem,
        };
        patience.wait(problem, after > before)?;
    }
}

fn attempt(
    client: &Client,
    wanted: &Wanted<'_>,
    place: &Place,
    complete: Option<&State>,
    watch: Watch<'_>,
) -> Result<Outcome, Problem> {
    let begun = place.begun(wanted.address);
    if let Some((state, length)) = &begun
        && state.total == Some(*length)
    {
        // It was complete, and the process ended before it said so.
        return finish(client, wanted, place, state.clone());
    }
    let mut request = Request::get(wanted.address);
    if let Some((state, length)) = &begun {
        request.headers.push(("range", format!("bytes={length}-")));
        request.headers.extend(state.validator().map(|it| ("if-range", it.to_owned())));
    } else if let Some(state) = complete {
        // Either alone is enough, and the tag is exact.
        if let Some(etag) = &state.etag {
            request.headers.push(("if-none-match", etag.clone()));
        } else if let Some(date) = &state.last_modified {
            request.headers.push(("if-modified-since", date.clone()));
        }
    }
    let mut answer = client.send(&request)?;
    let (state, start) = match (answer.status(), begun, complete) {
        (304, None, Some(_)) => return Ok(Outcome::Unchanged),
        (404 | 410, ..) => {
            place.forget_part();
            return Ok(Outcome::Absent);
        }
        (403, None, None) if wanted.is_guess => return Ok(Outcome::Absent),
        (200, ..) => (State::of(&answer, wanted.address, answer.length()), 0),
        (206, Some((state, length)), _) => {
            (continued(&answer, wanted.address, state, length)?, length)
        }
        (206, ..) => {
            return Err(Problem::Protocol("a part came where the whole was asked for".into()));
        }
        _ => return Err(answer.problem()),
    };
    if state.total.is_some_and(|it| it > wanted.limit) {
        return Err(Problem::TooLarge(wanted.limit));
    }
    receive(client, &mut answer, wanted, place, &state, start, watch)?;
    finish(client, wanted, place, state)
}

/// Checks that what follows is the rest of what is there.
fn continued(
    answer: &Answer,
    address: &Address,
    before: State,
    length: u64,
) -> Result<State, Problem> {
    let range = answer.header("content-range").and_then(content_range);
    let Some((start, total)) = range else {
        return Err(Problem::Protocol("a part came without its place".to_owned()));
    };
    let now = State::of(answer, address, total.or(before.total));
    // Whoever states a tag with the whole must state it with a part, too (RFC 9110, section 15.3.7).
    let is_same = match &before.etag {
        Some(etag) => now.etag.as_ref() == Some(etag),
        None => now.last_modified.is_none() || now.last_modified == before.last_modified,
    };
    let is_as_long = before.total.is_none_or(|it| total.is_none_or(|now| now == it));
    if start != length || !is_same || !is_as_long {
        return Err(Problem::Changed);
    }
    let stated = if now.stated.is_empty() { before.stated } else { now.stated };
    Ok(State { total: now.total, stated, ..before })
}

/// The first byte and the length of the whole, of `bytes 10-19/20`.
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let start = range.split_once('-')?.0.trim().parse().ok()?;
    match total.trim() {
        "*" => Some((start, None)),
        total => Some((start, Some(total.parse().ok()?))),
    }
}

/// Adds what comes to the part.
fn receive(
    client: &Client,
    answer: &mut Answer,
    wanted: &Wanted<'_>,
    place: &Place,
    state: &State,
    start: u64,
    watch: Watch<'_>,
) -> Result<(), Problem> {
    let failed = || Problem::file(&place.part);
    let mut options = OpenOptions::new();
    let mut part =
        options.create(true).write(true).truncate(false).open(&place.part).map_err(failed())?;
    // The bytes first: what is told of them must not outlive them.
    part.set_len(start).map_err(failed())?;
    part.seek(SeekFrom::Start(start)).map_err(failed())?;
    state.store(&place.part_state)?;
    let mut n_bytes = start;
    answer.copy(client, wanted.limit.saturating_sub(start), &mut |bytes| {
        part.write_all(bytes).map_err(Problem::file(&place.part))?;
        n_bytes += bytes.len() as u64;
        watch(Progress { name: wanted.name, n_bytes, total: state.total });
        Ok(())
    })?;
    match state.total {
        Some(expected) if expected != n_bytes => {
            Err(Problem::Cut { n_bytes, total: Some(expected), cause: "it ended".to_owned() })
        }
        _ => part.sync_all().map_err(failed()),
    }
}

/// Checks what came, and gives it its name.
fn finish(
    client: &Client,
    wanted: &Wanted<'_>,
    place: &Place,
    mut state: State,
) -> Result<Outcome, Problem> {
    let sums = Sums::of_file(&place.part).map_err(Problem::file(&place.part))?;
    if let Some(expected) = state.total.filter(|it| *it != sums.length) {
        return Err(Problem::Length { found: sums.length, expected });
    }
    if state.stated.is_empty() {
        let beside = wanted.address.with_suffix(".sha256");
        let text = match client.text(&Request::get(&beside)) {
            Err(Problem::Status { code: 403, .. }) => Vec::new(),
            text => text?.unwrap_or_default(),
        };
        state.stated.sha256 = checks::beside(&String::from_utf8_lossy(&text));
    }
    state.stated.check(&sums)?;
    checks::shape(wanted.name, &place.part)?;
    // Between the two steps the file has no state, so that it is fetched again rather than trusted.
    fs::remove_file(&place.state).unwrap_or_default();
    fs::rename(&place.part, &place.file).map_err(Problem::file(&place.file))?;
    State { sha256: Some(sums.sha256), ..state }.store(&place.state)?;
    place.forget_part();
    Ok(Outcome::Fetched)
}

/// A file that nothing else may use while it is open.
pub(crate) fn lock(path: &Path, cache: &Path) -> Result<File, Problem> {
    use rustix::fs::{FlockOperation, flock};
    let file = File::create(path).map_err(Problem::file(path))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(Problem::InUse(cache.to_owned())),
        Err(error) => Err(Problem::File { path: path.to_owned(), source: error.into() }),
    }
}
