//! What the fuzz targets share: let an analyzer read any bytes, and hold it to what it promises.

mod archives;

pub use archives::{read_archive, read_compressed, scan_image, with_checksums};

use layergate::analyze::{self, ANALYZERS, Found, Input};
use layergate::model::{Component, LayerPath};

/// Lets the analyzer `id` read `bytes` as the file at `path`.
///
/// # Panics
///
/// If the analyzer does, or if what it found is not fit to be kept.
pub fn analyze(id: &str, path: &str, bytes: &[u8]) {
    let path = LayerPath::new(path).expect("the target's path is one");
    let analyzer = ANALYZERS.iter().find(|it| it.id == id).expect("the target's analyzer is there");
    if let Ok(found) = analyze::analyze(analyzer, &Input { path: &path, content: &bytes }) {
        check(&found);
    }
}

/// Facts are printable and bounded, and notes are few.
fn check(found: &Found) {
    assert!(found.notes.len() < 30, "many notes");
    assert!(found.notes.iter().all(|it| is_plain(it)), "a note that is not plain");
    for component in &found.components {
        assert!(texts(component).all(is_plain), "a fact that is not plain");
        assert!(!component.name.is_empty(), "a component without a name");
    }
    assert!(found.hazards.len() <= 100, "many hazards");
    for hazard in &found.hazards {
        let mut texts = hazard.within.iter().chain([&hazard.what]);
        assert!(texts.all(|it| is_plain(it)), "a hazard that is not plain");
    }
}

/// All that a component says.
fn texts(it: &Component) -> impl Iterator<Item = &str> {
    let source = it.source.iter().flat_map(|it| [&it.name, &it.version]);
    let pairs = it.qualifiers.iter().chain(&it.properties).flat_map(|it| [it.0, it.1]);
    let places = it.arch.iter().chain(&it.within).chain(&it.licenses);
    [&it.name, &it.version].into_iter().chain(source).chain(pairs).chain(places).map(String::as_str)
}

/// No longer than a list of licences may be, and nothing that a terminal would obey.
fn is_plain(text: &str) -> bool {
    text.len() <= 4096 && !text.contains(char::is_control)
}
