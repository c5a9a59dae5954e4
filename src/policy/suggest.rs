//! The word that was probably meant.

/// Returns the candidate nearest to `given`, if one is near: a slip or two, never a different word.
pub(super) fn nearest<'a>(given: &str, candidates: &[&'a str]) -> Option<&'a str> {
    // Options are short; a longer text is none of them.
    if given.len() > 32 {
        return None;
    }
    let given = given.to_ascii_lowercase().replace('_', "-");
    let near = |it: &&str| distance(&given, it) <= 1 + it.len() / 4;
    candidates.iter().copied().filter(near).min_by_key(|it| distance(&given, it))
}

/// Edits from `a` to `b`: a letter more, less or other, or two neighbours exchanged.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let mut cost = (at(&row, j) + usize::from(from != to))
                .min(at(&row, j + 1) + 1)
                .min(at(&next, j) + 1);
            let is_swap = i > 0 && j > 0 && a.get(i - 1) == Some(to) && b.get(j - 1) == Some(from);
            if is_swap {
                cost = cost.min(at(&before, j - 1) + 1);
            }
            next.push(cost);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_understood_and_another_word_is_not() {
        let words = ["critical", "high", "medium", "low", "none"];
        for (given, meant) in [
            ("HIGH", Some("high")),
            ("hihg", Some("high")),
            ("crtical", Some("critical")),
            ("mediun", Some("medium")),
            ("severe", None),
            ("", None),
        ] {
            assert_eq!(nearest(given, &words), meant, "{given}");
        }
        assert_eq!(nearest("fail_on", &["fail-on"]), Some("fail-on"));
        assert_eq!(nearest(&"high".repeat(100), &words), None);
    }
}
