//! Ids of flaws in few bytes: `CVE-2024-12345` in four, `GHSA-xxxx-xxxx-xxxx` in eight.
//!
//! Only spellings that come back as they were are packed; any other is kept as text.

use super::wire::{Reader, put_number, put_text};

const TEXT: u8 = 0;
const CVE: u8 = 1;
const GHSA: u8 = 2;

/// Years of CVEs count from here.
const FIRST_YEAR: usize = 1990;

/// The letters of GitHub's ids.
const LETTERS: &[u8; 20] = b"23456789cfghjmpqrvwx";

/// Letters in an id of GitHub's, in three groups of four.
const N_LETTERS: usize = 12;

/// 20 letters to the power of 12 fit in seven bytes.
const GHSA_BYTES: usize = 7;

pub(super) fn put(out: &mut Vec<u8>, id: &str) {
    if let Some((year, number)) = cve(id) {
        out.push(CVE);
        put_number(out, year);
        put_number(out, number);
    } else if let Some(number) = ghsa(id) {
        out.push(GHSA);
        out.extend(number.to_le_bytes().into_iter().take(GHSA_BYTES));
    } else {
        out.push(TEXT);
        put_text(out, id);
    }
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<String> {
    match reader.byte()? {
        TEXT => reader.owned(),
        CVE => {
            let (year, number) = (reader.number()?, reader.number()?);
            Some(cve_text(year.checked_add(FIRST_YEAR)?, number))
        }
        GHSA => {
            let mut bytes = [0; 8];
            bytes.get_mut(..GHSA_BYTES)?.copy_from_slice(reader.bytes(GHSA_BYTES)?);
            ghsa_text(u64::from_le_bytes(bytes))
        }
        _ => None,
    }
}

fn cve(id: &str) -> Option<(usize, usize)> {
    let (year, number) = id.strip_prefix("CVE-")?.split_once('-')?;
    let (year, number): (usize, usize) = (year.parse().ok()?, number.parse().ok()?);
    let packed = (year.checked_sub(FIRST_YEAR)?, number);
    (cve_text(year, number) == id).then_some(packed)
}

fn cve_text(year: usize, number: usize) -> String {
    format!("CVE-{year}-{number:04}")
}

fn ghsa(id: &str) -> Option<u64> {
    let letters = id.strip_prefix("GHSA-")?.bytes().filter(|it| *it != b'-');
    let mut number = 0u64;
    let mut n_letters = 0;
    for letter in letters {
        let digit = LETTERS.iter().position(|it| *it == letter)? as u64;
        number = number.checked_mul(LETTERS.len() as u64)?.checked_add(digit)?;
        n_letters += 1;
    }
    (n_letters == N_LETTERS && ghsa_text(number)? == id).then_some(number)
}

fn ghsa_text(mut number: u64) -> Option<String> {
    let mut letters = [0u8; N_LETTERS];
    for letter in letters.iter_mut().rev() {
        let base = LETTERS.len() as u64;
        *letter = *LETTERS.get(usize::try_from(number % base).ok()?)?;
        number /= base;
    }
    let groups: Vec<&str> = letters.chunks(4).filter_map(|it| str::from_utf8(it).ok()).collect();
    (number == 0).then(|| format!("GHSA-{}", groups.join("-")))
}

#[cfg(test)]
mod tests {
    use super::{Reader, put, read};

    #[test]
    fn an_id_comes_back_as_it_was() {
        for (id, size) in [
            ("CVE-2024-12345", 4),
            ("CVE-2024-0001", 3),
            ("CVE-1999-0001", 3),
            ("CVE-2024-1", 12),
            ("CVE-2024-00012", 16),
            ("CVE-1889-0001", 15),
            ("GHSA-35jh-r3h4-6jhm", 8),
            ("GHSA-xxxx-xxxx-xxxx", 8),
            ("GHSA-35JH-r3h4-6jhm", 21),
            ("GHSA-35jhr-3h4-6jhm", 21),
            ("GHSA-35jh-r3h4", 16),
            ("PYSEC-2019-217", 16),
            ("", 2),
        ] {
            let mut out = Vec::new();
            put(&mut out, id);
            assert_eq!(out.len(), size, "{id}");
            let mut reader = Reader(&out);
            assert_eq!(read(&mut reader).as_deref(), Some(id));
            assert!(reader.is_at_end());
            for len in 0..out.len() {
                assert_eq!(read(&mut Reader(&out[..len])), None, "{id} cut at {len}");
            }
        }
    }

    #[test]
    fn bytes_that_are_no_id_are_refused() {
        assert_eq!(read(&mut Reader(&[2, 255, 255, 255, 255, 255, 255, 255])), None);
        assert_eq!(read(&mut Reader(&[3])), None);
    }
}
