//! What is told of a flaw that was found: read for those alone.

use super::wire::{Reader, put_number, put_text};
use crate::model::Epss;

/// The most references that are kept of a flaw.
pub(super) const MAX_REFERENCES: usize = 5;

/// What a reader wants to know of a flaw.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Detail {
    /// One line, free of control characters.
    pub summary: String,
    /// `YYYY-MM-DD`; empty where nobody says.
    pub published: String,
    /// Kinds of weakness: `CWE-79`.
    pub weaknesses: Vec<String>,
    /// Addresses, the advisory's own first.
    pub references: Vec<String>,
}

impl Detail {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_text(&mut out, &self.summary);
        put_text(&mut out, &self.published);
        for list in [&self.weaknesses, &self.references] {
            put_number(&mut out, list.len());
            for it in list {
                put_text(&mut out, it);
            }
        }
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let detail = Self {
            summary: reader.owned()?,
            published: reader.owned()?,
            weaknesses: reader.list(Reader::owned)?,
            references: reader.list(Reader::owned)?,
        };
        reader.is_at_end().then_some(detail)
    }
}

/// What is known of a flaw's use, from CISA's KEV and FIRST's EPSS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exploitation {
    /// When it came into the catalogue of those that are known to be used: `YYYY-MM-DD`.
    pub known_since: Option<String>,
    pub epss: Option<Epss>,
}

impl Exploitation {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_text(&mut out, self.known_since.as_deref().unwrap_or_default());
        if let Some(Epss { score, percentile }) = self.epss {
            put_number(&mut out, score as usize);
            put_number(&mut out, percentile as usize);
        }
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let known_since = Some(reader.owned()?).filter(|it| !it.is_empty());
        if reader.is_at_end() {
            return Some(Self { known_since, epss: None });
        }
        let mut number = || u32::try_from(reader.number()?).ok();
        let epss = Some(Epss { score: number()?, percentile: number()? });
        reader.is_at_end().then_some(Self { known_since, epss })
    }
}
