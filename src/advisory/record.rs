//! Advisories as bytes, while a database is being built: there are millions of them.

use super::affected::{Affected, End, Range};
use super::wire::{Reader, put_number, put_text};
use super::{Advisory, Flaw, Status, ids};
use crate::model::Severity;

const SEVERITIES: [Severity; 5] =
    [Severity::Unknown, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

const STATUSES: [Status; 5] =
    [Status::Affected, Status::NotAffected, Status::Deferred, Status::WontFix, Status::EndOfLife];

/// Severity and status in one byte.
pub(super) fn grade(severity: Severity, status: Status) -> u8 {
    let severity = SEVERITIES.iter().position(|it| *it == severity).unwrap_or_default();
    let status = STATUSES.iter().position(|it| *it == status).unwrap_or_default();
    (severity * STATUSES.len() + status).to_le_bytes()[0]
}

pub(super) fn graded(byte: u8) -> Option<(Severity, Status)> {
    let byte = usize::from(byte);
    let severity = *SEVERITIES.get(byte / STATUSES.len())?;
    Some((severity, *STATUSES.get(byte % STATUSES.len())?))
}

/// The kinds of [`End`], as numbers.
pub(super) fn end_parts(end: &End) -> (u8, Option<&str>) {
    match end {
        End::Open => (0, None),
        End::Fixed(bound) => (1, Some(bound)),
        End::LastAffected(bound) => (2, Some(bound)),
        End::Limit(bound) => (3, Some(bound)),
    }
}

pub(super) fn end_of<S>(kind: u8, bound: Option<S>) -> Option<End<S>> {
    match (kind, bound) {
        (0, None) => Some(End::Open),
        (1, Some(bound)) => Some(End::Fixed(bound)),
        (2, Some(bound)) => Some(End::LastAffected(bound)),
        (3, Some(bound)) => Some(End::Limit(bound)),
        _ => None,
    }
}

/// Appends `advisory` to `out`.
pub(super) fn encode(advisory: &Advisory, out: &mut Vec<u8>) {
    let Advisory { flaw, affected } = advisory;
    ids::put(out, &flaw.id);
    put_number(out, flaw.aliases.len());
    for alias in &flaw.aliases {
        ids::put(out, alias);
    }
    out.push(grade(flaw.severity, flaw.status));
    put_text(out, &flaw.rated_by);
    put_text(out, &flaw.module);
    put_number(out, affected.versions.len());
    for version in &affected.versions {
        put_text(out, version);
    }
    put_number(out, affected.ranges.len());
    for range in &affected.ranges {
        // Nothing is introduced in the empty version, so it says "from the beginning".
        put_text(out, range.introduced.as_deref().unwrap_or_default());
        let (kind, bound) = end_parts(&range.end);
        out.push(kind);
        if let Some(bound) = bound {
            put_text(out, bound);
        }
    }
}

/// Reads what [`encode`] wrote; nothing if the bytes are anything else.
pub(super) fn decode(bytes: &[u8]) -> Option<Advisory> {
    let mut reader = Reader(bytes);
    let (id, aliases) = (ids::read(&mut reader)?, reader.list(ids::read)?);
    let (severity, status) = graded(reader.byte()?)?;
    let (rated_by, module) = (reader.owned()?, reader.owned()?);
    let versions = reader.list(Reader::owned)?;
    let ranges = reader.list(range)?;
    let flaw = Flaw { id, aliases, severity, rated_by, status, module };
    reader.is_at_end().then_some(Advisory { flaw, affected: Affected { versions, ranges } })
}

fn range(reader: &mut Reader<'_>) -> Option<Range> {
    let introduced = Some(reader.owned()?).filter(|it| !it.is_empty());
    let kind = reader.byte()?;
    let bound = if kind == 0 { None } else { Some(reader.owned()?) };
    Some(Range { introduced, end: end_of(kind, bound)? })
}
