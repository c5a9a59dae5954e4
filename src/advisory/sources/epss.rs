//! FIRST's Exploit Prediction Scoring System: the scores of one day.
//!
//! Format: <https://www.first.org/epss/data_stats>: CSV after a comment line with the day. Scores are
//! shares of one with five places.

use crate::advisory::gather::Gathered;
use crate::advisory::text::day;
use crate::model::Epss;

pub(super) fn read(bytes: &[u8], into: &mut Gathered) -> Result<(), String> {
    let text = str::from_utf8(bytes).map_err(|it| it.to_string())?;
    let (mut date, mut n_scores, mut n_bad) = (String::new(), 0, 0);
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix('#') {
            date = comment.split("score_date:").nth(1).map(day).unwrap_or_default();
        } else if line.starts_with("CVE-") {
            match score(line) {
                Some((cve, epss)) => {
                    into.epss(cve, epss);
                    n_scores += 1;
                }
                None => n_bad += 1,
            }
        }
    }
    into.source("FIRST EPSS", &date, n_scores);
    if n_bad > 0 { Err(format!("{n_bad} lines without a score")) } else { Ok(()) }
}

fn score(line: &str) -> Option<(&str, Epss)> {
    let mut fields = line.split(',');
    let cve = fields.next()?;
    let mut share = || {
        let share: f64 = fields.next()?.trim().parse().ok()?;
        // In whole hundred-thousandths, so that the same file gives the same bytes everywhere.
        (0.0..=1.0).contains(&share).then(|| format!("{:.0}", share * 1e5).parse().ok())?
    };
    Some((cve, Epss { score: share()?, percentile: share()? }))
}
