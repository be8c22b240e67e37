//! How a source fared, and why an index could not say.

use exchange::SourceStatus;
use flows::overview::Source;
use policy::NotFoundOut;

pub(crate) fn source_status(source: &Source) -> &'static str {
    match source.status {
        SourceStatus::Answered | SourceStatus::NothingThere if !source.is_complete() => "deels geantwoord",
        SourceStatus::Answered => "geantwoord",
        SourceStatus::NothingThere => "geantwoord: geen gegevens",
        SourceStatus::Partly => "deels geantwoord",
        SourceStatus::Refused => "geweigerd",
        SourceStatus::TimedOut => "niet op tijd",
        SourceStatus::Unreachable => "niet bereikbaar",
        SourceStatus::Failed => "onbruikbaar antwoord",
        SourceStatus::NotAsked => "niet bevraagd",
    }
}

/// A sign beside the words: shape, so that colour is never alone.
pub(crate) fn status_symbol(source: &Source) -> &'static str {
    match source.status {
        SourceStatus::Answered | SourceStatus::NothingThere if !source.is_complete() => "◐",
        SourceStatus::Answered => "✓",
        SourceStatus::NothingThere => "○",
        SourceStatus::Partly => "◐",
        SourceStatus::Refused
        | SourceStatus::TimedOut
        | SourceStatus::Unreachable
        | SourceStatus::Failed
        | SourceStatus::NotAsked => "✕",
    }
}

pub(crate) fn index_failure(why: NotFoundOut) -> &'static str {
    match why {
        NotFoundOut::TimedOut => "het landelijke register antwoordde niet op tijd",
        NotFoundOut::Unreachable => "het landelijke register is niet bereikbaar",
        NotFoundOut::Unusable => "het landelijke register gaf een onbruikbaar antwoord",
        NotFoundOut::NobodyToAsk => "er is geen register ingesteld om dat na te gaan",
        NotFoundOut::Incomplete => "het landelijke register kon niet worden bevraagd",
        NotFoundOut::NotAsked => "het landelijke register is niet bevraagd",
    }
}
