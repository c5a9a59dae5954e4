//! An image in, the facts of its layers out.
//!
//! Where layers can be read in any order they are read side by side, each one once, and a second time
//! if hard links need it. An archive that passes by is read once, layers as they come.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};

use rayon::Scope;

use super::layers::{LayerFacts, Needs, Pending, Shared, give_up, read, read_links};
use super::progress::Meter;
use super::read::{Workers, lock};
use super::{Listener, ScanError, ScannerFactory, Summary};
use crate::format::{FormatError, tar};
use crate::source::image::{
    self, Hashes, Image, ImageError, ImageFacts, LayerStream, Once, Opened, Wanted,
};

/// An image that was scanned.
#[derive(Debug)]
pub struct ScannedImage {
    pub facts: ImageFacts,
    /// One for each of its layers; a layer that occurs twice was scanned once.
    pub layers: Vec<Arc<LayerFacts>>,
    pub summary: Summary,
}

/// A layer whose archive was read.
struct Layered {
    pending: Pending,
    hashes: Hashes,
}

type Outcome = Result<Layered, FormatError>;

/// Scans the image at `path`; `-` is standard input. Without a factory no secrets are looked for.
pub fn image(
    path: &Path,
    wanted: &Wanted,
    factory: Option<&ScannerFactory<'_>>,
    listener: &Listener<'_>,
) -> Result<ScannedImage, ScanError> {
    let workers = Workers::new(factory);
    match image::open(path, wanted)? {
        Opened::Image(image) => in_place(*image, workers, listener),
        Opened::Once(once) => as_it_comes(&once, wanted, workers, listener),
    }
}

fn in_place<'w>(
    image: Image,
    workers: Workers<'w>,
    listener: &'w Listener<'w>,
) -> Result<ScannedImage, ScanError> {
    // Of equal layers, the first one is read.
    let mut firsts: BTreeMap<&str, usize> = BTreeMap::new();
    for (number, layer) in image.facts.layers.iter().enumerate() {
        if let Some(place) = layer.place() {
            firsts.entry(place).or_insert(number);
        }
    }
    let mut numbers: Vec<usize> = firsts.values().copied().collect();
    // What is spawned last is begun first: the largest.
    let size = |it: &usize| image.facts.layers.get(*it).map_or(0, |it| it.size);
    numbers.sort_by_key(size);
    let total = numbers.iter().map(size).sum();
    let shared = Shared::new(workers, Meter::new(listener, Some(total)), numbers.len(), true);
    let read: Mutex<BTreeMap<usize, Result<Outcome, ImageError>>> = Mutex::default();
    rayon::scope(|scope| {
        for number in &numbers {
            let (image, shared, read) = (&image, &shared, &read);
            scope.spawn(move |scope| {
                let stream = image.layer(*number, true).transpose();
                if let Some(stream) = stream {
                    let outcome = stream.map(|it| {
                        let counter = it.counter();
                        let mut told = Told::new(*number + 1, &shared.meter);
                        read_layer(it, shared, scope, &mut |n| told.add(n, counter.n_bytes()))
                    });
                    lock(read).insert(*number, outcome);
                }
                shared.n_layers.fetch_sub(1, Relaxed);
            });
        }
    });
    let mut scanned = BTreeMap::new();
    let mut needs = BTreeMap::new();
    for (number, outcome) in std::mem::take(&mut *lock(&read)) {
        let (facts, need) = finish(&image.facts, number, outcome?, &shared)?;
        scanned.insert(number, Mutex::new(facts));
        needs.insert(number, need);
    }
    let again: Mutex<BTreeMap<usize, ScanError>> = Mutex::default();
    rayon::scope(|scope| {
        for (number, need) in needs.iter().filter(|it| !it.1.is_empty()) {
            let (image, shared, scanned, again) = (&image, &shared, &scanned, &again);
            scope.spawn(move |_| {
                let Some(facts) = scanned.get(number) else { return };
                let result = image.layer(*number, false).map_err(ScanError::from).and_then(|it| {
                    let Some(mut stream) = it else { return Ok(()) };
                    let part = stream.part();
                    let archive = &mut stream.archive;
                    let read = read_links(archive, part.as_ref(), shared, need, &mut lock(facts));
                    read.map_err(|source| ScanError::Layer { number: number + 1, source })
                });
                if let Err(error) = result {
                    lock(again).insert(*number, error);
                }
            });
        }
    });
    if let Some((_, error)) = std::mem::take(&mut *lock(&again)).pop_first() {
        return Err(error);
    }
    let scanned: BTreeMap<usize, Arc<LayerFacts>> = scanned
        .into_iter()
        .map(|(number, facts)| (number, Arc::new(std::mem::take(&mut *lock(&facts)))))
        .collect();
    let layers = image.facts.layers.iter().map(|layer| {
        let first = layer.place().and_then(|it| firsts.get(it));
        first.and_then(|it| scanned.get(it)).cloned().unwrap_or_default()
    });
    let layers = layers.collect();
    let summary = summary(&shared);
    Ok(ScannedImage { facts: image.facts, layers, summary })
}

fn as_it_comes<'w>(
    once: &Once,
    wanted: &Wanted,
    workers: Workers<'w>,
    listener: &'w Listener<'w>,
) -> Result<ScannedImage, ScanError> {
    let shared = Shared::new(workers, Meter::new(listener, once.size), 1, once.can_repeat);
    let mut passing = once.begin()?;
    let counter = passing.n_bytes();
    let mut told = Told::new(0, &shared.meter);
    let mut read: BTreeMap<String, Outcome> = BTreeMap::new();
    let came: Result<(), ImageError> = rayon::scope(|scope| {
        while let Some(coming) = passing.layer()? {
            told.layer += 1;
            let name = coming.name;
            let outcome = coming.stream.and_then(|it| {
                read_layer(it, &shared, scope, &mut |n| told.add(n, counter.load(Relaxed)))
            });
            read.insert(name, outcome);
        }
        Ok(())
    });
    came?;
    let facts = passing.finish(wanted)?;
    let mut scanned: BTreeMap<&str, (LayerFacts, Needs)> = BTreeMap::new();
    for (number, layer) in facts.layers.iter().enumerate() {
        let Some(place) = layer.place().filter(|it| !scanned.contains_key(it)) else { continue };
        let no_archive = FormatError::At { offset: 0, what: tar::NO_HEADER };
        let outcome = read.remove(place).unwrap_or(Err(no_archive));
        scanned.insert(place, finish(&facts, number, outcome, &shared)?);
    }
    drop(read);
    let again: BTreeSet<&str> =
        scanned.iter().filter(|it| !it.1.1.is_empty()).map(|it| *it.0).collect();
    if once.can_repeat && !again.is_empty() {
        let mut passing = once.begin()?;
        let mut number = 0;
        let mut left = again.len();
        while let Some(coming) = passing.layer()?.filter(|_| left > 0) {
            number += 1;
            let Some((facts, needs)) = scanned.get_mut(coming.name.as_str()) else { continue };
            let needs = std::mem::take(needs);
            if needs.is_empty() {
                continue;
            }
            left -= 1;
            let result = coming
                .stream
                .and_then(|mut it| read_links(&mut it.archive, None, &shared, &needs, facts));
            result.map_err(|source| ScanError::Layer { number, source })?;
        }
    }
    let mut done: BTreeMap<&str, Arc<LayerFacts>> = BTreeMap::new();
    for (place, (mut facts, needs)) in scanned {
        give_up(needs, &mut facts);
        done.insert(place, Arc::new(facts));
    }
    let layers = facts.layers.iter();
    let layers = layers.map(|it| it.place().and_then(|it| done.get(it)).cloned());
    let layers = layers.map(Option::unwrap_or_default).collect();
    Ok(ScannedImage { layers, summary: summary(&shared), facts })
}

/// What the meter was told of one stream.
struct Told<'m> {
    /// Counted from 1.
    layer: usize,
    n_bytes: u64,
    meter: &'m Meter<'m>,
}

impl<'m> Told<'m> {
    fn new(layer: usize, meter: &'m Meter<'_>) -> Self {
        Self { layer, n_bytes: 0, meter }
    }

    fn add(&mut self, n_files: u64, n_bytes: u64) {
        self.meter.add(Some(self.layer), n_files, n_bytes - self.n_bytes);
        self.n_bytes = n_bytes;
    }
}

/// Reads the archive of one layer, and what follows it.
fn read_layer<'s, 'w: 's>(
    mut stream: LayerStream<'_>,
    shared: &'s Shared<'w>,
    scope: &Scope<'s>,
    on_entry: &mut dyn FnMut(u64),
) -> Outcome {
    let part = stream.part();
    let pending = read(&mut stream.archive, part, shared, scope, on_entry)?;
    Ok(Layered { pending, hashes: stream.finish()? })
}

/// Checks a layer and puts its facts together.
fn finish(
    facts: &ImageFacts,
    number: usize,
    outcome: Outcome,
    shared: &Shared<'_>,
) -> Result<(LayerFacts, Needs), ScanError> {
    let failed = |source| ScanError::Layer { number: number + 1, source };
    let Layered { pending, hashes } = outcome.map_err(failed)?;
    if let Some(layer) = facts.layers.get(number) {
        hashes.check(number + 1, layer.digest.as_ref(), layer.diff_id.as_ref())?;
    }
    pending.finish(shared).map_err(failed)
}

fn summary(shared: &Shared<'_>) -> Summary {
    Summary { n_files: shared.meter.n_files(), n_bytes: shared.workers.n_bytes() }
}
