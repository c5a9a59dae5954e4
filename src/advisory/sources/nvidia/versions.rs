//! Versions as NVIDIA's bulletins tell them: in words.
//!
//! A small strict grammar; a text outside of it is refused, and the reason is told. What a bulletin
//! leaves open, whether `0.0 to 2.0` has 2.0 in it, its list of repaired versions decides: 2.0 there
//! means that it ends before. Versions are those of the part, so an image's release is turned into
//! one where that is known, and refused elsewhere.

use std::fmt;

use crate::advisory::{End, Range};
use crate::model::nvidia::triton;

/// Parts whose branches are maintained beside each other: what is said of one says nothing of those
/// below it.
const BRANCHED: &[&str] = &["driver", "jetson-linux"];

/// Parts that are themselves numbered by year and month.
const BY_MONTH: &[&str] = &["cudf", "cuml"];

/// Remarks in brackets that narrow what is affected in ways that an image does not tell.
const REMARKS: &[&str] = &["cdi mode only for versions prior to 1.17.5"];

/// Words before a version that only name what it is of, beside those of the product's name.
const NOISE: &[&str] = &["curator", "cuda", "jp5.x:", "jp6.x:", "nvjpeg", "nvjpeg2000", "nvtiff"];

/// Words that are never the product's.
const GRAMMAR: &[&str] =
    &["all", "and", "before", "driver", "earlier", "including", "prior", "through", "versions"];

/// A version as a text has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    numbers: Vec<u64>,
    /// As it is written, without what only decorates it.
    text: String,
    /// `1.3.0 rc12`: before the release of these numbers.
    is_candidate: bool,
}

/// What a text says.
#[derive(Debug, PartialEq, Eq)]
enum Stated {
    Before(Vec<Version>),
    UpToAndIncluding(Option<Version>, Version),
    /// Without a word on whether the last one is in it.
    UpTo(Option<Version>, Version),
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// The versions of `part` that a text calls affected; `fixed` are the texts on repaired ones, and
/// `platform` may name a branch. Else why the text is refused.
pub(super) fn ranges(
    part: &str,
    product: &str,
    platform: &str,
    text: &str,
    fixed: &[&str],
) -> Result<Vec<Range>, &'static str> {
    let stated = stated(product, text).ok_or("versions in words that are not understood")?;
    let fixed = fixed.iter().filter_map(|it| repaired(product, it));
    let fixed: Vec<Version> = fixed.filter_map(|it| of_part(part, it).ok()).collect();
    match stated {
        Stated::Before(bounds) => before(part, platform, bounds),
        Stated::UpToAndIncluding(from, to) => through(part, platform, from, to, &fixed),
        Stated::UpTo(from, to) => {
            let to = of_part(part, to)?;
            let next = fixed.iter().filter(|it| it.numbers >= to.numbers).min();
            match next {
                _ if to.is_candidate => through(part, platform, from, to, &[]),
                None => Err("no word on whether the last version is affected"),
                Some(it) if it.numbers == to.numbers => span(part, platform, from, End::Fixed(to)),
                Some(_) => through(part, platform, from, to, &fixed),
            }
        }
    }
}

/// Everything below a version; of several, each is of its own line of releases.
fn before(part: &str, platform: &str, bounds: Vec<Version>) -> Result<Vec<Range>, &'static str> {
    let bounds: Result<Vec<_>, _> = bounds.into_iter().map(|it| of_part(part, it)).collect();
    let mut bounds = bounds?;
    bounds.sort();
    let line = |it: &Version| it.numbers.get(..2).map(<[u64]>::to_vec);
    let mut ranges = Vec::new();
    let mut below: Option<Vec<u64>> = None;
    let n_bounds = bounds.len();
    for bound in bounds {
        let line = line(&bound);
        let from = match (&below, &line) {
            (Some(below), Some(line)) if below != line && bound.numbers.len() > 2 => {
                Some(Version::of(line.clone()))
            }
            (None, _) => None,
            _ => return Err("several versions of one line of releases"),
        };
        if n_bounds > 1 {
            below = Some(line.ok_or("several versions of one line of releases")?);
        }
        let end = if bound.is_candidate { End::Limit(bound) } else { End::Fixed(bound) };
        ranges.extend(span(part, platform, from, end)?);
    }
    Ok(ranges)
}

/// Everything up to a version, and what follows its numbers: builds have more of them than a
/// bulletin tells. Nothing that is called repaired is in it.
fn through(
    part: &str,
    platform: &str,
    from: Option<Version>,
    to: Version,
    fixed: &[Version],
) -> Result<Vec<Range>, &'static str> {
    let to = of_part(part, to)?;
    if to.is_candidate {
        // Candidates have no order here; all releases below theirs are affected.
        return span(part, platform, from, End::Limit(to));
    }
    let mut next = to.numbers.clone();
    if let Some(last) = next.last_mut() {
        *last = last.saturating_add(1);
    }
    let next = Version::of(next);
    let repaired = fixed.iter().filter(|it| !it.is_candidate && it.numbers > to.numbers).min();
    match repaired {
        Some(it) if it.numbers <= next.numbers => {
            span(part, platform, from, End::Fixed(it.clone()))
        }
        Some(it) => {
            let mut ranges = span(part, platform, from, End::Limit(next))?;
            // An empty range: it names the repair and calls nothing affected.
            let text = it.to_string();
            ranges.push(Range { introduced: Some(text.clone()), end: End::Fixed(text) });
            Ok(ranges)
        }
        None => span(part, platform, from, End::Limit(next)),
    }
}

/// One range, which begins at its branch where the part has such.
fn span(
    part: &str,
    platform: &str,
    from: Option<Version>,
    end: End<Version>,
) -> Result<Vec<Range>, &'static str> {
    let (End::Fixed(bound) | End::Limit(bound) | End::LastAffected(bound)) = &end else {
        return Err("versions without an end");
    };
    let mut from = from.map(|it| of_part(part, it)).transpose()?;
    from.take_if(|it| it.numbers.iter().all(|it| *it == 0));
    if from.is_none() && BRANCHED.contains(&part) {
        let major = *bound.numbers.first().ok_or("a version without numbers")?;
        if branch(platform).is_some_and(|it| it != major) {
            return Err("a version of another branch than its platform");
        }
        from = Some(Version::of(vec![major]));
    }
    if from.as_ref().is_some_and(|it| it.numbers >= bound.numbers) {
        return Err("a span that ends before it begins");
    }
    let introduced = from.map(|it| it.text);
    let end = match end {
        End::Fixed(it) => End::Fixed(it.text),
        End::Limit(it) | End::LastAffected(it) => End::Limit(it.text),
        End::Open => End::Open,
    };
    Ok(vec![Range { introduced, end }])
}

/// The driver's branch in a platform: `Linux(R535 vGPU 16)`.
fn branch(platform: &str) -> Option<u64> {
    let inside = platform.split_once('(')?.1.strip_prefix('R')?;
    inside.split(|it: char| !it.is_ascii_digit()).next()?.parse().ok()
}

/// The version of the part itself.
fn of_part(part: &str, version: Version) -> Result<Version, &'static str> {
    let [year @ 19..=30, month @ 1..=12] = version.numbers[..] else { return Ok(version) };
    if part == "tritonserver" {
        let parts = u32::try_from(year).ok().zip(u32::try_from(month).ok());
        let server = parts.and_then(|(year, month)| triton::version(year, month));
        let server = server.as_deref().and_then(self::version);
        return server.ok_or("a release of an image that is not known yet");
    }
    let is_padded = version.text.split('.').nth(1).is_some_and(|it| it.len() == 2);
    if is_padded && !BY_MONTH.contains(&part) {
        return Err("a release of an image, and not a version");
    }
    Ok(version)
}

/// What a text on repaired versions names, if it is one version.
fn repaired(product: &str, text: &str) -> Option<Version> {
    let text = text.split_once('(').map_or(text, |it| it.0);
    version(&words(product, text).join(" "))
}

/// The words of a text in lower case, without those that only name the product; `12.0 Update 1` is
/// one word, `12.0u1`, and `1.3.0 rc12` is `1.3.0rc12`.
fn words(product: &str, text: &str) -> Vec<String> {
    let product = product.to_lowercase();
    let is_word = |it: &&str| it.len() > 2 && !GRAMMAR.contains(it);
    let names: Vec<&str> = product.split([' ', ',']).filter(is_word).collect();
    let text = text.to_lowercase();
    let mut words: Vec<String> = Vec::new();
    let mut is_update = false;
    for word in text.split_whitespace() {
        let is_name = names.contains(&word) || NOISE.contains(&word) || word == "toolkit";
        let is_number = word.bytes().all(|it| it.is_ascii_digit());
        match words.last_mut() {
            _ if is_name && version(word).is_none() => {}
            Some(_) if word == "update" => is_update = true,
            Some(last) if is_update && is_number => {
                last.push('u');
                last.push_str(word);
                is_update = false;
            }
            Some(last) if word.starts_with("rc") && version(last).is_some() => last.push_str(word),
            _ if is_update => return Vec::new(),
            _ => words.push(word.to_owned()),
        }
    }
    if is_update { Vec::new() } else { words }
}

/// What a text on affected versions says.
fn stated(product: &str, text: &str) -> Option<Stated> {
    let (text, remark) = match text.split_once('(') {
        Some((text, remark)) => (text, remark.strip_suffix(')')?.trim().to_lowercase()),
        None => (text, String::new()),
    };
    let words = words(product, text);
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    if !(remark.is_empty() || REMARKS.contains(&remark.as_str())) {
        return with_release(&words, &remark);
    }
    for opening in ["all", "driver", "drivers", "versions", "version", "from"] {
        if words.first() == Some(&opening) {
            words.remove(0);
        }
    }
    if let [it] = words[..]
        && !it.contains('-')
    {
        let only = version(it)?;
        return Some(Stated::UpToAndIncluding(Some(only.clone()), only));
    }
    match words[..] {
        ["prior" | "up", "to", "and", "including", it] | [it, "and", "earlier"] => {
            Some(Stated::UpToAndIncluding(None, version(it)?))
        }
        ["prior", "to", it] | ["before", it] => Some(Stated::Before(vec![version(it)?])),
        ["prior", "to", a, "and", b] => Some(Stated::Before(vec![version(a)?, version(b)?])),
        ["up", "to", it] => Some(Stated::UpTo(None, version(it)?)),
        [a, "through", b] => Some(Stated::UpToAndIncluding(Some(version(a)?), version(b)?)),
        [a, "to" | "-" | "–", b] => between(a, b),
        [it] => it.split_once('-').and_then(|(a, b)| between(a, b)),
        _ => None,
    }
}

/// From one version to another; `0.9.x` is all of 0.9.
fn between(a: &str, b: &str) -> Option<Stated> {
    let (from, to) = (Some(version(a)?), version(b)?);
    let is_whole = b.strip_suffix(".x").is_some();
    Some(if is_whole { Stated::UpToAndIncluding(from, to) } else { Stated::UpTo(from, to) })
}

/// A driver with the release of vGPU software or of a month that it is in:
/// `535.154.05(All versions up to and including vGPU 16.3)`.
fn with_release(words: &[&str], remark: &str) -> Option<Stated> {
    let is_release = |it: &str| it.contains("vgpu") || it.ends_with(" release");
    match words {
        [it] => {
            let rest = remark.strip_prefix("all versions ")?;
            let rest = rest.strip_prefix("prior to").or_else(|| rest.strip_prefix("up to"))?;
            let release = rest.trim_start().strip_prefix("and including ")?;
            is_release(release).then_some(())?;
            Some(Stated::UpToAndIncluding(None, version(it)?))
        }
        ["all", "versions", "prior", "to", it] => {
            let release = remark.strip_prefix("all versions prior to ")?;
            // Two statements that contradict each other are none.
            let is_same = is_release(release) && !release.contains("including");
            is_same.then_some(())?;
            Some(Stated::Before(vec![version(it)?]))
        }
        _ => None,
    }
}

impl Version {
    fn of(numbers: Vec<u64>) -> Self {
        let text: Vec<String> = numbers.iter().map(u64::to_string).collect();
        Self { numbers, text: text.join("."), is_candidate: false }
    }
}

/// `v1.16.2`, `r26.02`, `12.6u2`, `0.9.x`, `1.3.0rc12`.
fn version(word: &str) -> Option<Version> {
    let bare = word.strip_prefix(['v', 'r']).unwrap_or(word);
    let bare = bare.strip_suffix(".x").unwrap_or(bare);
    let (bare, is_candidate) = match bare.split_once("rc") {
        Some((bare, number)) => {
            (number.bytes().all(|it| it.is_ascii_digit())).then_some(())?;
            (bare, true)
        }
        None => (bare, false),
    };
    let text = match bare.split_once('u') {
        Some((release, update)) if release.matches('.').count() == 1 => {
            format!("{release}.{update}")
        }
        Some(_) => return None,
        None => bare.to_owned(),
    };
    let number = |it: &str| {
        let is_number = !it.is_empty() && it.len() <= 9 && it.bytes().all(|it| it.is_ascii_digit());
        is_number.then(|| it.parse().ok()).flatten()
    };
    let numbers: Option<Vec<u64>> = text.split('.').map(number).collect();
    let numbers = numbers.filter(|it| it.len() <= 6)?;
    Some(Version { numbers, text, is_candidate })
}
