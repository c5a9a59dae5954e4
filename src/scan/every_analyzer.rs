//! Files of every analyzer in random steps, good ones and such as break off: what is found in them
//! is the same from the parent's inventory, from nothing, and out of the layers of an image.
//!
//! The files are those of the analyzers' own tests, which nothing outside the crate can reach. So
//! the steps come here, which the tests in `tests/overlay` take as well.

#[path = "../../tests/overlay/chain.rs"]
mod chain;
#[path = "../../tests/overlay/changes.rs"]
mod changes;
#[path = "../../tests/overlay/layers.rs"]
mod layers;

use proptest::collection::vec;

use crate::analyze::tests::GOOD;
use crate::analyze::{ANALYZERS, Analyzer};
use chain::{Chain, in_namespace};
use changes::{Change, Ground, Step, Text, try_random};

/// The steps of one chain are about files of so many analyzers. With all of them, hardly any file
/// would be changed more than once.
const TOGETHER: usize = 4;

/// Files of this size are read in several pieces, and once more for a hard link in a layer.
const LONG: usize = 1_100_000;

/// A file that an analyzer wants.
struct Row {
    analyzer: &'static Analyzer,
    path: &'static str,
    good: Text,
    /// The first half of it.
    cut: Text,
    /// With more behind it than is read at once, or kept in memory.
    long: Text,
}

impl Row {
    /// Brings about what the analyzer reads: a file, a link that leads to the text, or a directory.
    /// A link may lead out of the tree, where nothing is that a later change could follow it to.
    fn write(&self, text: &Text) -> Change {
        match self.analyzer {
            Analyzer { links: true, .. } => Change::Symlink(text.clone(), self.path),
            Analyzer { directories: true, .. } => Change::Directory(self.path),
            _ => Change::Write(self.path, text.clone()),
        }
    }

    /// The path, and those of the directories above.
    fn paths(&self) -> impl Iterator<Item = &'static str> + use<> {
        let path = self.path;
        path.match_indices('/').filter_map(|(at, _)| path.get(..at)).chain([path])
    }
}

/// One for each analyzer.
fn rows() -> Vec<Row> {
    let ids = |it: &[Row]| it.iter().map(|it| it.analyzer.id).collect::<Vec<_>>();
    let mut rows = Vec::new();
    for (id, path, good) in GOOD {
        let analyzer = ANALYZERS.iter().find(|it| it.id == *id).unwrap();
        let bytes = good();
        let text = |how, bytes: &[u8]| Text::new(&format!("{how} {id}"), bytes);
        let good = text("good", &bytes);
        let cut = text("cut", &bytes[..bytes.len() / 2]);
        let long = text("long", &[&bytes[..], &vec![b'\n'; LONG]].concat());
        rows.push(Row { analyzer, path, good, cut, long });
    }
    assert_eq!(ids(&rows), ANALYZERS.iter().map(|it| it.id).collect::<Vec<_>>());
    rows
}

/// A good file of each analyzer.
fn base(rows: &[Row]) -> Vec<Change> {
    rows.iter().map(|it| it.write(&it.good)).collect()
}

/// What chains choose from. Every row is in one of them.
fn grounds(rows: &[Row]) -> Vec<Ground> {
    let n_grounds = rows.len().div_ceil(TOGETHER);
    // Neighbours in the table have much in common, and other things are to take each other's place.
    let ground = |first| {
        let rows: Vec<_> = rows.iter().skip(first).step_by(n_grounds).collect();
        let others = rows.iter().cycle().skip(1);
        let foreign = rows.iter().zip(others).map(|(row, other)| row.write(&other.good));
        let own =
            rows.iter().flat_map(|it| [&it.good, &it.cut, &it.long].map(|text| it.write(text)));
        let texts = rows.iter().flat_map(|it| [it.good.clone(), it.cut.clone()]);
        Ground {
            paths: rows.iter().flat_map(|it| it.paths()).collect(),
            writes: own.chain(foreign).collect(),
            texts: texts.chain(["SECRET5".into()]).collect(),
        }
    };
    (0..n_grounds).map(ground).collect()
}

#[test]
fn from_the_parent_and_whole_are_the_same_bytes() {
    let name = "scan::every_analyzer::from_the_parent_and_whole_are_the_same_bytes";
    in_namespace(name, |root| {
        let rows = rows();
        for ground in grounds(&rows) {
            let chains = (vec(ground.steps(), 1..6), proptest::bool::ANY);
            try_random(4, &chains, &root, |root, (steps, live)| {
                let mut chain = Chain::new(root, live);
                chain.step(&Step::Run(base(&rows)));
                for row in &rows {
                    let line = format!("\n{{\"path\":{:?},", row.path);
                    assert!(chain.inventory().contains(&line), "nothing of {}", row.analyzer.id);
                }
                for step in &steps {
                    chain.step(step);
                }
            });
        }
    });
}

#[test]
fn layers_laid_over_each_other_are_the_tree_that_they_make() {
    let rows = rows();
    let root = tempfile::tempdir().unwrap();
    for ground in grounds(&rows) {
        let chains = (vec(ground.steps(), 1..5), proptest::num::u64::ANY);
        try_random(3, &chains, root.path(), |root, (steps, choices)| {
            let steps = steps.into_iter().map(Step::into_changes);
            let steps: Vec<_> = std::iter::once(base(&rows)).chain(steps).collect();
            layers::check(&root, &steps, choices);
        });
    }
}
