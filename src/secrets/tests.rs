//! The rules' own examples, and the laws of the engine.

use proptest::prelude::*;

use super::{FileHits, FileScan, MAX_HITS, Rule, all_rules, rule, scan_text};
use crate::model::{LayerPath, Severity};

/// Some examples are secrets only in a file of the right name.
fn path_for(rule: &Rule) -> LayerPath {
    let name = if rule.id == "pypirc-password" { "root/.pypirc" } else { "srv/settings" };
    LayerPath::new(name).unwrap()
}

fn scan(path: &LayerPath, text: &[u8], chunk: usize) -> FileHits {
    let mut scan = FileScan::new(path);
    text.chunks(chunk).for_each(|it| scan.feed(it));
    scan.finish()
}

fn check(text: &str) -> Vec<String> {
    let hits = scan(&LayerPath::new("srv/settings").unwrap(), text.as_bytes(), 4096).hits;
    hits.into_iter().map(|it| format!("{} {}", it.line, it.rule)).collect()
}

/// A token to place in texts.
fn token() -> &'static str {
    rule("npm-token").unwrap().matches[0].strip_prefix("NPM_TOKEN=").unwrap()
}

#[test]
fn every_rule_finds_its_examples_and_only_once() {
    for rule in all_rules() {
        assert!(!rule.matches.is_empty() && !rule.rejects.is_empty(), "{}", rule.id);
        for (number, example) in rule.matches.iter().enumerate() {
            let hits = scan(&path_for(rule), example.as_bytes(), 4096).hits;
            let rules: Vec<_> = hits.iter().map(|it| it.rule.as_str()).collect();
            assert_eq!(rules, [rule.id], "example {number} of {}", rule.id);
        }
    }
}

#[test]
fn no_rule_finds_its_near_misses() {
    for rule in all_rules() {
        for (number, text) in rule.rejects.iter().enumerate() {
            let hits = scan(&path_for(rule), text.as_bytes(), 4096).hits;
            assert!(hits.iter().all(|it| it.rule != rule.id), "near-miss {number} of {}", rule.id);
        }
    }
}

#[test]
fn rules_have_distinct_ids_and_say_what_to_do() {
    let mut ids: Vec<_> = all_rules().map(|it| it.id).collect();
    ids.sort_unstable();
    let before = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), before);
    for it in all_rules() {
        assert!(it.remedy.len() > 10 && it.severity > Severity::Unknown, "{}", it.id);
        assert_eq!(rule(it.id).map(|found| found.title), Some(it.title));
    }
}

#[test]
fn chunks_of_any_size_give_the_same_hits() {
    for rule in all_rules() {
        for example in rule.matches {
            let text = format!("one\r\ntwo\n{example}\nthree");
            let whole = scan(&path_for(rule), text.as_bytes(), usize::MAX);
            assert_eq!(whole.hits.len(), 1, "{}", rule.id);
            for chunk in [1, 7, 4096] {
                assert_eq!(scan(&path_for(rule), text.as_bytes(), chunk), whole, "{}", rule.id);
            }
            for cut in 0..text.len() {
                let mut scan = FileScan::new(&path_for(rule));
                scan.feed(&text.as_bytes()[..cut]);
                scan.feed(&text.as_bytes()[cut..]);
                assert_eq!(scan.finish(), whole, "{} cut at {cut}", rule.id);
            }
        }
    }
}

#[test]
fn a_secret_is_found_once_at_every_place_around_the_edge_of_a_block() {
    let path = LayerPath::new("srv/settings").unwrap();
    let edge = 256 * 1024 - 16 * 1024;
    for rule in all_rules().filter(|it| it.id != "pypirc-password") {
        let example = rule.matches[0];
        for before in
            [edge - example.len(), edge - example.len() / 2, edge - 7, edge - 1, edge, edge + 1023]
        {
            let text = format!("{}\n{example}\n{}", "\n".repeat(before), "x\n".repeat(200_000));
            let hits = scan(&path, text.as_bytes(), 100_000).hits;
            let lines: Vec<_> = hits.iter().map(|it| it.line).collect();
            let line =
                example.lines().position(|it| it.contains(first_line_of_secret(rule))).unwrap_or(0);
            assert_eq!(lines, [before as u64 + 2 + line as u64], "{} at {before}", rule.id);
        }
    }
}

/// Where an example has several lines, something of the line that holds the secret.
fn first_line_of_secret(rule: &Rule) -> &'static str {
    if rule.id == "netrc-password" { "password" } else { "" }
}

#[test]
fn no_raw_secret_leaves() {
    for rule in all_rules() {
        for example in rule.matches {
            let out = serde_json::to_string(&scan(&path_for(rule), example.as_bytes(), 4096).hits)
                .unwrap();
            for piece in example.as_bytes().windows(8).filter(|it| {
                it.iter().all(u8::is_ascii_alphanumeric) && it.iter().any(u8::is_ascii_digit)
            }) {
                let piece = std::str::from_utf8(piece).unwrap();
                assert!(!out.contains(piece), "{}", rule.id);
            }
        }
    }
}

#[test]
fn lines_are_counted_through_all_line_ends() {
    assert_eq!(check(&format!("a\r\nb\r\n{}\r\n", token())), ["3 npm-token"]);
    assert_eq!(check(&format!("{}\n\n{}", token(), token())), ["1 npm-token", "3 npm-token"]);
}

#[test]
fn utf16_and_stray_nuls_hide_nothing() {
    let path = LayerPath::new("srv/settings").unwrap();
    let text = format!("first\r\nsecond {}\r\n{}", token(), "more lines\r\n".repeat(2000));
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [little, big] {
        for chunk in [1, 4095, 1_000_000] {
            let hits = scan(&path, &bytes, chunk).hits;
            assert_eq!(hits.iter().map(|it| it.line).collect::<Vec<_>>(), [2]);
        }
    }
    assert_eq!(check(&format!("A=b\0NPM_TOKEN={}\0C=d", token())), ["1 npm-token"]);
}

#[test]
fn a_minified_file_is_one_long_line() {
    let text = format!("{}\"{}\"{}", "a=1;".repeat(500_000), token(), "b=2;".repeat(500_000));
    assert_eq!(check(&text), ["1 npm-token"]);
}

#[test]
fn a_binary_is_searched_for_tokens_and_not_for_assignments() {
    let path = LayerPath::new("usr/bin/tool").unwrap();
    let context = rule("aws-secret-access-key").unwrap().matches[0];
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(5000, 0);
    bytes.extend(format!("\0{}\0{context}\0", token()).bytes());
    let rules: Vec<_> = scan(&path, &bytes, 4096).hits.into_iter().map(|it| it.rule).collect();
    assert_eq!(rules, ["npm-token"]);
}

#[test]
fn a_sample_from_a_manual_is_no_secret_although_its_checksum_is_right() {
    assert!(check(concat!("ghp", "_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ", "0mLq17")).is_empty());
}

#[test]
fn the_rule_that_knows_more_tells_the_place() {
    let github = rule("github-token").unwrap().matches[0].strip_prefix("GITHUB_TOKEN=").unwrap();
    assert_eq!(check(&format!("https://ci:{github}@github.com/a/b")), ["1 github-token"]);
}

#[test]
fn hits_are_bounded_and_the_rest_is_counted() {
    let text = format!("{}\n", token()).repeat(MAX_HITS + 12);
    let found = scan(&LayerPath::new("srv/dump").unwrap(), text.as_bytes(), 4096);
    assert_eq!(found.hits.len(), MAX_HITS);
    assert_eq!(found.notes, ["12 more secrets are not listed; the limit is 1000 for each file"]);
}

#[test]
fn a_scanner_remembers_nothing_of_the_file_before() {
    let path = LayerPath::new("srv/settings").unwrap();
    let mut scan = FileScan::new(&path);
    scan.feed(format!("\n\n{}", token()).as_bytes());
    assert_eq!(scan.take().hits.len(), 1);
    scan.reset(&path);
    scan.feed(format!("\n{}", token()).as_bytes());
    assert_eq!(scan.take().hits[0].line, 2);
    scan.reset(&path);
    assert_eq!(scan.take(), FileHits::default());
}

#[test]
fn instructions_and_their_values_are_searched() {
    let aws = rule("aws-secret-access-key").unwrap().matches[0];
    let (name, value) = aws.split_once('=').unwrap();
    assert_eq!(scan_text(name, value)[0].rule, "aws-secret-access-key");
    assert!(scan_text("CHECKSUM", value).is_empty());
    assert_eq!(scan_text("", &format!("RUN set -e; \\\n  export {aws}"))[0].line, 2);
    assert_eq!(scan_text("", &format!("ARG NPM_TOKEN={}", token()))[0].rule, "npm-token");
    assert!(scan_text("NPM_TOKEN", "${TOKEN}").is_empty());
}

/// Each must take time in proportion to its size. The bound is generous: these tests also run
/// unoptimised on busy machines.
#[test]
fn hostile_input_costs_no_more_than_its_size() {
    let path = LayerPath::new("srv/hostile").unwrap();
    let size = if cfg!(debug_assertions) { 2_000_000 } else { 50_000_000 };
    let pem = concat!("-----BEGIN ", "PRIVATE KEY-----");
    for unit in [
        "a",
        "-----BEGIN",
        pem,
        "eyJ",
        "eyJhbGci",
        "-eyJhbGci",
        "eyJhbGciOi.",
        "://",
        "a://b:c@",
        "://u:",
        "\"'\"'",
        "auth\":\"",
        "\"auth\":\"QUFB",
        "hf_",
        "-glpat-",
        "-xoxb-",
        "-T3BlbkFJ-",
        "sk-T3BlbkFJ-",
        "1:AA",
        "aws_secret",
        "AccountKey=",
        "machine ",
        "default login ",
        "_authToken=",
        "_auth=",
        "pypi-AgEIcHlwaS5vcmc-",
        "SG.",
        "-nvapi-",
        "\0",
        "\n",
    ] {
        let text = unit.repeat(size / unit.len());
        let begun = std::time::Instant::now();
        let found = scan(&path, text.as_bytes(), 1 << 20);
        let per_second = size as u128 * 1000 / begun.elapsed().as_millis().max(1);
        assert!(found.hits.len() <= MAX_HITS, "{unit}");
        let least = if cfg!(debug_assertions) { 100_000 } else { 5_000_000 };
        assert!(per_second > least, "{per_second} bytes/s of {unit}");
    }
}

proptest! {
    #[test]
    fn any_bytes_in_any_chunks_give_the_same_hits(
        bytes in proptest::collection::vec(any::<u8>(), 0..3000),
        number in 0..1000usize, at in 0..3000usize, cuts in proptest::collection::vec(1..600usize, 1..20),
    ) {
        let examples: Vec<_> = all_rules().flat_map(|it| it.matches.iter().map(move |text| (it, text))).collect();
        let (rule, example) = examples[number % examples.len()];
        let mut text = bytes;
        let at = at.min(text.len());
        text.splice(at..at, format!("\n{example}\n").bytes());
        let whole = scan(&path_for(rule), &text, usize::MAX);
        let mut scan = FileScan::new(&path_for(rule));
        let mut rest = text.as_slice();
        for cut in cuts.iter().cycle() {
            let (now, later) = rest.split_at(rest.len().min(*cut));
            scan.feed(now);
            rest = later;
            if rest.is_empty() { break; }
        }
        prop_assert_eq!(scan.finish(), whole);
    }
}

#[test]
fn a_text_is_shown_with_previews_and_as_many_lines() {
    let token = ["hf_", "QzXwVbNmKjHg", "FdSaPoIuYtRe", "WqLkJhGfDs"].concat();
    let key = rule("private-key").unwrap().matches.first().unwrap();
    let text = format!("FROM größe\nENV T={token} U={token}\nRUN echo '{key}' > /k\nRUN x\n");
    let shown = super::redact(&text);
    assert!(!shown.contains(&token), "{shown}");
    assert!(!shown.contains(&key[40..60]), "{shown}");
    assert!(shown.starts_with("FROM größe\nENV T=hf_Q… U=hf_Q…\n"), "{shown}");
    assert_eq!(shown.lines().count(), text.lines().count());
    assert_eq!(super::redact("FROM a\n"), "FROM a\n");
}
