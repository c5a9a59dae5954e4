//! All that is published below an address, as a folder.
//!
//! The folder holds the same files under the same relative paths, and nothing else: what the server no
//! longer has goes. So a database built from it is the one that the server's own folder gives.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::address::Address;
use crate::checks::{Sums, shape};
use crate::client::{Client, Request};
use crate::download::{Outcome, Place, Wanted, download, lock};
use crate::error::{FetchError, Problem};
use crate::known::{self, ARCHIVE, ECOSYSTEMS, FILES, LIST, MODIFIED, OSV};
use crate::{Progress, Watch};

/// What is brought, and where it is kept.
#[derive(Debug)]
pub struct Mirror<'a> {
    pub from: &'a Address,
    /// The folder for all addresses; each has its own below.
    pub cache: &'a Path,
    /// Ecosystems that are left out.
    pub skip: &'a [String],
}

/// What there is now.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Mirrored {
    /// Holds the files.
    pub folder: PathBuf,
    pub n_fetched: usize,
    pub n_unchanged: usize,
    /// What a list names and the server does not have.
    pub missing: Vec<String>,
}

impl Mirror<'_> {
    /// Brings what is new.
    pub fn fetch(&self, client: &Client, watch: Watch<'_>) -> Result<Mirrored, FetchError> {
        let home = self.home();
        let prepare = || -> Result<_, Problem> {
            fs::create_dir_all(&home).map_err(Problem::file(&home))?;
            lock(&home.join("lock"), &home)
        };
        let _lock = prepare().map_err(|it| it.at(self.from))?;
        let mut run = Run {
            client,
            mirror: self,
            watch,
            folder: home.join("files"),
            states: home.join("state"),
            left: client.settings.max_total,
            kept: BTreeSet::new(),
            is_forbidden: false,
            done: Mirrored::default(),
        };
        match self.from.file_name() {
            Some(name) => {
                if !run.file(&name, self.from, false)? {
                    return Err(Problem::Status { code: 404, retry_after: None }.at(self.from));
                }
            }
            None => run.all()?,
        }
        if run.kept.is_empty() {
            let forbidden = Problem::Status { code: 403, retry_after: None };
            return Err(if run.is_forbidden { forbidden } else { Problem::Nothing }.at(self.from));
        }
        run.finish(&self.complete()).map_err(|it| it.at(self.from))
    }

    /// What was brought before, if that was all there is.
    pub fn cached(&self) -> Result<Mirrored, FetchError> {
        let folder = self.home().join("files");
        let text = fs::read_to_string(self.complete()).unwrap_or_default();
        let is_there = text.lines().all(|it| known::is_relative(it) && folder.join(it).is_file());
        if text.is_empty() || !is_there {
            return Err(Problem::Offline.at(self.from));
        }
        let n_unchanged = text.lines().count();
        Ok(Mirrored { folder, n_unchanged, ..Mirrored::default() })
    }

    /// The folder of this address: told by its name, kept apart by its digest.
    fn home(&self) -> PathBuf {
        let url = self.from.url();
        let plain = |it: char| if it.is_ascii_alphanumeric() || it == '.' { it } else { '-' };
        let name: String = url.split("://").nth(1).unwrap_or(&url).chars().map(plain).collect();
        let name: String = name.trim_matches(['-', '.']).chars().take(80).collect();
        let name_of_file = self.from.file_name().unwrap_or_default();
        let sums = Sums::of(&mut format!("{url}#{name_of_file}").as_bytes());
        let digest = sums.map_or(String::new(), |it| it.sha256.chars().take(8).collect());
        self.cache.join(format!("{name}-{digest}"))
    }

    /// The list of all files, written when all are there.
    fn complete(&self) -> PathBuf {
        self.home().join("complete")
    }
}

/// The state of one go.
struct Run<'a> {
    client: &'a Client,
    mirror: &'a Mirror<'a>,
    watch: Watch<'a>,
    folder: PathBuf,
    states: PathBuf,
    /// Bytes that may still be kept.
    left: u64,
    kept: BTreeSet<String>,
    /// Whether a list was.
    is_forbidden: bool,
    done: Mirrored,
}

impl Run<'_> {
    fn all(&mut self) -> Result<(), FetchError> {
        for prefix in OSV {
            let Some(ecosystems) = self.list(&format!("{prefix}{ECOSYSTEMS}"))? else { continue };
            for ecosystem in known::archived(&ecosystems) {
                if !self.mirror.skip.contains(ecosystem) {
                    self.archive(&format!("{prefix}{ecosystem}"))?;
                }
            }
        }
        for name in FILES {
            self.file(name, &self.mirror.from.join(name), true)?;
        }
        for name in self.list(LIST)?.unwrap_or_default() {
            if !self.kept.contains(&name)
                && !self.file(&name, &self.mirror.from.join(&name), false)?
            {
                self.done.missing.push(name);
            }
        }
        Ok(())
    }

    /// The entries of a list; nothing if it is not there.
    fn list(&mut self, name: &str) -> Result<Option<Vec<String>>, FetchError> {
        let address = self.mirror.from.join(name);
        (self.watch)(Progress { name, n_bytes: 0, total: None });
        let read = || -> Result<_, Problem> {
            let Some(text) = self.client.text(&Request::get(&address))? else { return Ok(None) };
            let entries = known::listed(&text);
            let nonsense = Problem::Nonsense {
                expected: "a list of relative paths",
                found: "is something else",
            };
            entries.map(Some).ok_or(nonsense)
        };
        match read() {
            Err(Problem::Status { code: 403, .. }) => {
                self.is_forbidden = true;
                Ok(None)
            }
            read => read.map_err(|it| it.at(&address)),
        }
    }

    /// All records of an ecosystem.
    fn archive(&mut self, ecosystem: &str) -> Result<(), FetchError> {
        let name = format!("{ecosystem}/{ARCHIVE}");
        let address = self.mirror.from.join(&name);
        let place = self.place(&name).map_err(|it| it.at(&address))?;
        // A server that states neither tag nor date is asked for its list of changes instead. That is
        // read before the archive: should both change meanwhile, the archive is fetched once too often.
        let mut changes = None;
        if place.needs_changes(&address) {
            let list = self.mirror.from.join(&format!("{ecosystem}/{MODIFIED}"));
            let text = self.client.text(&Request::get(&list)).map_err(|it| it.at(&list))?;
            let sums = text.and_then(|it| Sums::of(&mut it.as_slice()).ok());
            changes = sums.map(|it| it.sha256);
            if changes.as_ref().is_some_and(|it| place.has_changes(it)) {
                self.keep(&name, &place, Outcome::Unchanged).map_err(|it| it.at(&address))?;
                return Ok(());
            }
        }
        if !self.file(&name, &address, false)? {
            self.done.missing.push(name);
        } else if let Some(changes) = changes {
            place.note_changes(&changes).map_err(|it| it.at(&address))?;
        }
        Ok(())
    }

    /// Brings one file; false if there is none.
    fn file(&mut self, name: &str, address: &Address, is_guess: bool) -> Result<bool, FetchError> {
        let bring = || -> Result<_, Problem> {
            let place = self.place(name)?;
            let limit = self.left.min(self.client.settings.max_file);
            let wanted = Wanted { name, address, limit, is_guess };
            let outcome = download(self.client, &wanted, &place, self.watch)?;
            Ok((place, outcome))
        };
        let (place, outcome) = bring().map_err(|it| it.at(address))?;
        self.keep(name, &place, outcome).map_err(|it| it.at(address))
    }

    fn keep(&mut self, name: &str, place: &Place, outcome: Outcome) -> Result<bool, Problem> {
        match outcome {
            Outcome::Absent => return Ok(false),
            Outcome::Fetched => self.done.n_fetched += 1,
            Outcome::Unchanged => {
                shape(name, &place.file)?;
                self.done.n_unchanged += 1;
            }
        }
        let length = fs::metadata(&place.file).map_err(Problem::file(&place.file))?.len();
        if length > self.left {
            return Err(Problem::TooLarge(self.client.settings.max_total));
        }
        self.left -= length;
        self.kept.insert(name.to_owned());
        Ok(true)
    }

    fn place(&self, name: &str) -> Result<Place, Problem> {
        Place::new(&self.folder, &self.states, name)
    }

    /// Removes what is not there any more, and says that all is.
    fn finish(self, complete: &Path) -> Result<Mirrored, Problem> {
        prune(&self.folder, "", &self.kept)?;
        let lines: Vec<&str> = self.kept.iter().map(String::as_str).collect();
        fs::write(complete, lines.join("\n") + "\n").map_err(Problem::file(complete))?;
        Ok(Mirrored { folder: self.folder, ..self.done })
    }
}

fn prune(folder: &Path, below: &str, kept: &BTreeSet<String>) -> Result<(), Problem> {
    for entry in fs::read_dir(folder).map_err(Problem::file(folder))? {
        let entry = entry.map_err(Problem::file(folder))?;
        let (path, name) = (entry.path(), entry.file_name());
        let name = format!("{below}{}", name.to_string_lossy());
        if entry.file_type().map_err(Problem::file(&path))?.is_dir() {
            prune(&path, &format!("{name}/"), kept)?;
        } else if !kept.contains(&name) {
            fs::remove_file(&path).map_err(Problem::file(&path))?;
        }
    }
    Ok(())
}
