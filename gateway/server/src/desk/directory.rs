//! What the page on directories shows.

use std::sync::Arc;

use audit::Language;
use fhir::Ura;
use portal::{DirectoryShown, Looked};

use crate::directory::{self, AddressBook, Asked};

/// Reads the copy, so it is not for a thread that serves others.
pub(super) fn of(book: Option<&Arc<AddressBook>>, ura: &str, language: Language) -> DirectoryShown {
    let Some(book) = book else { return DirectoryShown::default() };
    let states = book.states().unwrap_or_default();
    let sources = states.iter().map(|state| {
        let well = state.complete && state.fault.is_none() && state.refused == 0;
        (well, directory::source(state, language))
    });
    let found = (!ura.is_empty()).then(|| look(book, ura, language));
    DirectoryShown { configured: true, sources: sources.collect(), asked: ura.to_owned(), found }
}

fn look(book: &AddressBook, ura: &str, language: Language) -> Looked {
    let Ok(ura) = Ura::parse(ura) else { return Looked::NoUra };
    match book.explain(&Asked { english: language == Language::English, ..Asked::about(ura) }) {
        Ok(told) => Looked::Told { steps: told.steps, conclusion: told.conclusion },
        Err(_) => Looked::Failed,
    }
}
