//! One record as a line: when, in plain words, how it ended, and what is unusual about it.

use audit::{Class, Hint, Language, Numbered, Voice, sentence};
use maud::{Markup, html};

use crate::pages::icons;
use crate::words::grounds::{pattern, tone};
use crate::words::moments::moment;

/// A line that leads to its record, unless it stands on that record's own page.
pub(super) fn line(numbered: &Numbered, hints: &[Hint], current: bool) -> Markup {
    let (index, record) = numbered;
    let time = html! { time datetime=(record.recorded) { (moment(&record.recorded)) } };
    html! {
        li.entry aria-current=[current.then_some("true")] {
            p.when {
                @if current { (time) } @else {
                    a href={ "/portal/log/record/" (index) } { (time) span.unseen { ", record " (index) } }
                }
                span.index aria-hidden="true" { "record " (index) }
            }
            div.told {
                p { (sentence(record, Language::Dutch, Voice::Auditor)) }
                @for hint in hints.iter().filter(|hint| hint.records.contains(index)) { (note(hint)) }
            }
            p.marks { (marks(Class::of(record), record.emergency.is_some(), Language::Dutch)) }
        }
    }
}

/// How it ended, and whether the normal procedure was passed over: in words, with a colour.
pub(in crate::pages) fn marks(class: Class, emergency: bool, language: Language) -> Markup {
    html! {
        @if emergency {
            span.badge.emergency { (icons::warning()) (sentence::emergency(language)) }
            " "
        }
        span.badge.(tone(class)) { (sentence::label(class, language)) }
    }
}

/// Why something is worth a look. It accuses nobody.
pub(super) fn note(hint: &Hint) -> Markup {
    html! {
        p.note { strong { "Opvallend: " (pattern(hint.pattern).to_lowercase()) ". " } (hint.reason(Language::Dutch)) }
    }
}
