//! `layergate db compare`: checks the order of versions against a list of what it should be.

use std::cmp::Ordering;
use std::io::{self, BufRead as _, BufWriter, Write as _};

use clap::Args;

use crate::cli::Failure;
use crate::report::plain;
use crate::version::{Scheme, compare};

/// How one version is said to relate to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Claim<'a> {
    a: &'a str,
    sign: &'a str,
    b: &'a str,
}

/// Checks comparisons of versions, one a line, against how they are ordered here
///
/// A comparison is two versions with <, = or > between them. Those that do not hold are named, then
/// how many do. Exit code: 0 if all of them hold, 1 if not. Empty lines and those that begin with #
/// or // are passed over.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n    \
                        printf '1.0rc1 < 1.0\\n1.0 = 1.0.0\\n' | layergate db compare PyPI")]
pub(in crate::cli) struct Compare {
    /// The ecosystem, as OSV names it; a release after a colon says nothing
    #[arg(value_parser = ecosystem)]
    ecosystem: Scheme,
}

impl Compare {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let mut out = BufWriter::new(io::stdout().lock());
        let (mut n_claims, mut n_held) = (0_u64, 0_u64);
        for (line, number) in io::stdin().lock().lines().zip(1_u64..) {
            let line = line.map_err(|it| unreadable(&it))?;
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') || line.starts_with("//") {
                continue;
            }
            let claim = Claim::parse(line).ok_or_else(|| bad_line(number, line))?;
            n_claims += 1;
            match claim.objection(self.ecosystem) {
                None => n_held += 1,
                // Nowhere is left to say that standard output is closed.
                Some(it) => writeln!(out, "line {number}: {}", plain(&it)).unwrap_or_default(),
            }
        }
        writeln!(out, "{n_held} of {n_claims} lines hold").unwrap_or_default();
        if n_held == n_claims {
            return Ok(());
        }
        Err(Failure::of("some comparisons do not hold".to_owned()).code(1))
    }
}

fn ecosystem(name: &str) -> Result<Scheme, String> {
    let names: Vec<&str> = Scheme::names().collect();
    Scheme::named(name).ok_or_else(|| {
        format!("the versions of no such ecosystem are ordered; known are {}", names.join(", "))
    })
}

fn unreadable(error: &io::Error) -> Failure {
    let message = format!("cannot read standard input: {error}");
    Failure::of(message).hint("it takes text in UTF-8")
}

fn bad_line(number: u64, line: &str) -> Failure {
    let shown: String = line.chars().take(80).collect();
    let message = format!("line {number} is not a comparison: {}", plain(&shown));
    Failure::of(message).hint("a comparison is two versions with <, = or > between them: 1.0 < 1.1")
}

impl<'a> Claim<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let (a, sign, b) = (words.next()?, words.next()?, words.next()?);
        let is_whole = words.next().is_none() && matches!(sign, "<" | "=" | ">");
        is_whole.then_some(Self { a, sign, b })
    }

    /// What speaks against it.
    fn objection(self, scheme: Scheme) -> Option<String> {
        let Self { a, sign, b } = self;
        let Some(order) = compare(scheme, a, b) else {
            let is_version = |it| compare(scheme, it, it).is_some();
            let not_one = if is_version(a) { b } else { a };
            return Some(format!("{a} {sign} {b}, but {not_one} is not a version"));
        };
        let found = match order {
            Ordering::Less => "<",
            Ordering::Equal => "=",
            Ordering::Greater => ">",
        };
        (sign != found).then(|| format!("{a} {sign} {b}, but found {a} {found} {b}"))
    }
}
