//! Hard links of a layer: their bytes have gone by when they come.
//!
//! A link can take over what was found in its target where that does not depend on the path. For the
//! others the archive is read once more, their targets only.

use std::collections::BTreeMap;

use super::log::{Left, Resolved};
use super::name::Name;
use super::read::{MAX_ANALYZED, MAX_LINKED, Pending, TOO_LARGE, take, zeros};
use super::shared::Shared;
use super::{LayerFacts, log};
use crate::analyze;
use crate::format::FormatError;
use crate::format::compression::Plain;
use crate::format::tar::{Archive, Kind};
use crate::model::{FileFacts, LayerPath, SecretHit};
use crate::scan::plan::DIRECTORY;
use crate::scan::read::Reading;
use crate::source::image::Part;

/// The targets that must be read again, by the numbers of their entries.
pub(crate) type Needs = BTreeMap<u32, Vec<Need>>;

/// A link whose target must be read again.
#[derive(Debug)]
pub(crate) struct Need {
    path: LayerPath,
    /// What the target had, for where it cannot be read.
    secrets: Vec<SecretHit>,
}

impl Pending {
    /// Puts together what was found, when all threads are done.
    pub(crate) fn finish(
        mut self,
        shared: &Shared<'_>,
    ) -> Result<(LayerFacts, Needs), FormatError> {
        let found = self.found.take()?;
        let closed = std::mem::take(&mut self.log).close();
        let mut facts = LayerFacts::default();
        let mut needs = Needs::new();
        for (link, to) in closed.links() {
            let (number, left) = match to {
                Resolved::To(number, left) => (number, left),
                Resolved::Foreign => {
                    facts.foreign.push((link.path.clone(), link.target.clone()));
                    continue;
                }
                Resolved::Nowhere => continue,
            };
            let target = found.get(&number);
            if must_read(shared, link, left, target) {
                let secrets = target.map(|it| it.1.secrets.clone()).unwrap_or_default();
                needs.entry(number).or_default().push(Need { path: link.path.clone(), secrets });
            } else if let Some((_, of_target)) = target.filter(|it| !it.1.secrets.is_empty()) {
                let secrets = of_target.secrets.clone();
                let of_link = FileFacts { secrets, ..FileFacts::default() };
                shared.takes_facts(&link.path, &of_link)?;
                facts.files.insert(link.path.clone(), of_link);
            }
        }
        for (number, (path, of_file)) in found {
            let is_directory = of_file.notes.first().is_some_and(|it| it.starts_with(DIRECTORY));
            if is_directory || closed.stays(path.as_str(), number) {
                facts.files.insert(path, of_file);
            }
        }
        [facts.replaced, facts.directories, facts.opaque] = closed.into_names();
        Ok((facts, needs))
    }
}

/// Whether what the link says may be anything else than the secrets of its target.
fn must_read(
    shared: &Shared<'_>,
    link: &log::Link,
    left: Left,
    target: Option<&(LayerPath, FileFacts)>,
) -> bool {
    let Left::File { was_read, has_magic } = left else {
        return left == Left::Symlink && !analyze::wanting_link(&link.path).is_empty();
    };
    if !analyze::wanting(&link.path).is_empty() {
        return true;
    }
    let has_scanner = shared.workers.look_for_secrets();
    if !has_scanner && !analyze::may_sniff(&link.path, link.is_executable) {
        return false;
    }
    // Some rules know files by their names.
    let is_renamed = link.path.file_name() != link.target.file_name();
    let only_secrets = |it: &FileFacts| {
        let secrets = FileFacts { secrets: it.secrets.clone(), ..FileFacts::default() };
        *it == secrets
    };
    has_magic
        || !was_read
        || (has_scanner && is_renamed)
        || target.is_some_and(|it| !only_secrets(&it.1))
}

/// Reads the targets in `needs`, and adds what their links say. The archive may lie in `part` as it is.
pub(crate) fn read_links(
    archive: &mut Archive<Plain<'_>>,
    part: Option<&Part>,
    shared: &Shared<'_>,
    needs: &Needs,
    into: &mut LayerFacts,
) -> Result<(), FormatError> {
    let mut number = 0;
    let mut left = MAX_LINKED;
    let last = needs.last_key_value().map(|it| *it.0);
    while let Some(entry) = archive.entry()?.filter(|_| last.is_some_and(|it| number <= it)) {
        if !Name::of(&entry.name, entry.kind == Kind::Directory).is_logged() {
            continue;
        }
        let links = needs.get(&number);
        number += 1;
        let Some(links) = links else { continue };
        let of_links: Vec<FileFacts> = match &entry.kind {
            Kind::Symlink(target) => {
                links.iter().map(|it| Reading::of_target(&it.path, target).facts).collect()
            }
            _ if entry.size > MAX_ANALYZED => {
                let content = part.zip(entry.at).map(|(it, at)| it.part(at, entry.size));
                let what = format!("{TOO_LARGE}: {} bytes, limit {MAX_ANALYZED}", entry.size);
                let read = |it: &Need| match &content {
                    Some(content) => FileFacts {
                        secrets: it.secrets.clone(),
                        ..Reading::of_content(&it.path, content).facts
                    },
                    None => it.unread(&what),
                };
                links.iter().map(read).collect()
            }
            _ => shared.with_room_for(entry.size, || {
                let mut bytes = Vec::new();
                loop {
                    let rest = entry.size - bytes.len() as u64;
                    let hole = take(archive, &mut bytes, rest)?;
                    if hole == 0 {
                        break;
                    }
                    zeros(&mut bytes, hole, 0, entry.size);
                }
                let facts = links.iter().map(|it| match left.checked_sub(entry.size) {
                    Some(rest) => {
                        left = rest;
                        shared.workers.lend(|worker| worker.read_whole(&it.path, &bytes)).facts
                    }
                    None => it.unread("one of too many hard links to be analyzed"),
                });
                Ok::<_, FormatError>(facts.collect())
            })?,
        };
        for (link, facts) in links.iter().zip(of_links).filter(|it| !it.1.is_empty()) {
            shared.takes_facts(&link.path, &facts)?;
            into.files.insert(link.path.clone(), facts);
        }
    }
    Ok(())
}

/// What the links say if their targets cannot be read again.
pub(crate) fn give_up(needs: Needs, into: &mut LayerFacts) {
    for need in needs.into_values().flatten() {
        let facts =
            need.unread("a hard link in an archive that is read only once; it was not analyzed");
        if !facts.is_empty() {
            into.files.insert(need.path, facts);
        }
    }
}

impl Need {
    fn unread(&self, what: &str) -> FileFacts {
        let mut notes = Vec::new();
        // For what nobody asked for by name, the target speaks.
        if !analyze::wanting(&self.path).is_empty() {
            notes.push(what.to_owned());
        }
        FileFacts { secrets: self.secrets.clone(), notes, ..FileFacts::default() }
    }
}
