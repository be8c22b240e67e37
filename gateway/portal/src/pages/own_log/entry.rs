//! One entry: a story in plain words, with how often it was repeated that day, and its single records behind it.

use audit::{Class, Language, Numbered, Story, sentence};
use exchange::record::AccessRecord;
use maud::{Markup, html};
use policy::Direction;

use super::VOICE;
use super::says::Says;
use crate::pages::log::marks;
use crate::words::moments::{clock, local};

/// Stories of one day that read the same.
pub(super) struct Entry<'s> {
    sentence: String,
    /// Newest first; never empty.
    stories: Vec<&'s Story>,
}

/// Adds a story to those of its day. Only what reads the same is folded, so nothing is lost; a refusal and an emergency stand
/// alone.
pub(super) fn take_in<'s>(entries: &mut Vec<Entry<'s>>, story: &'s Story, language: Language) {
    let sentence = story.sentence(language, VOICE);
    let folds = story.class().is_granted() && !story.emergency;
    match entries.iter_mut().find(|entry| folds && entry.sentence == sentence) {
        Some(entry) => entry.stories.push(story),
        None => entries.push(Entry { sentence, stories: vec![story] }),
    }
}

impl Entry<'_> {
    pub(super) fn show(&self, records: &[Numbered], language: Language) -> Markup {
        let says = Says::of(language);
        let newest = self.stories.first().copied();
        let of_story = |index: &u64| {
            let at = records.binary_search_by_key(index, |(known, _)| *known).ok()?;
            records.get(at)
        };
        let singles: Vec<&Numbered> =
            self.stories.iter().rev().flat_map(|story| story.records.iter()).filter_map(of_story).collect();
        html! {
            li.entry.emergency[newest.is_some_and(|story| story.emergency)] {
                p.when {
                    @if let Some(story) = newest { (span(story)) }
                    @if self.stories.len() > 1 { span.index { (says.times(self.stories.len())) } }
                }
                div.told {
                    p { (self.sentence) }
                    @if self.stories.len() > 1 {
                        p.hint {
                            (says.again) " "
                            (self.stories.iter().skip(1).map(|story| at(&story.from)).collect::<Vec<_>>().join(", ")) "."
                        }
                    }
                    p.hint {
                        @if let Some(place) = place(&singles, says) { (place) " " }
                        @if let [(index, record)] = singles.as_slice() { span.mark-of { (says.reference) " " (mark(*index, record)) "." } }
                    }
                    @if singles.len() > 1 {
                        details {
                            summary { (says.single(singles.len())) }
                            ol.singles { @for (index, record) in &singles { (single(*index, record, says, language)) } }
                        }
                    }
                }
                p.marks {
                    @if let Some(story) = newest { (marks(story.class(), story.emergency, language)) }
                }
            }
        }
    }
}

/// When a story happened: its first moment, and its last when that is another minute.
fn span(story: &Story) -> Markup {
    let (from, until) = (at(&story.from), at(&story.until));
    html! {
        time datetime=(story.from) { (from) }
        @if until != from { " – " time datetime=(story.until) { (until) } }
    }
}

fn at(recorded: &str) -> String {
    local(recorded).map_or_else(|| recorded.to_owned(), |at| clock(at, false))
}

fn single(index: u64, record: &AccessRecord, says: &Says, language: Language) -> Markup {
    let class = Class::of(record);
    html! {
        li {
            time datetime=(record.recorded) {
                (local(&record.recorded).map_or_else(|| record.recorded.clone(), |at| clock(at, true)))
            }
            " " (sentence::parts(record, language))
            @if class != Class::Released { " (" (sentence::label(class, language)) ")" }
            span.index { " " (says.reference) " " (mark(index, record)) }
        }
    }
}

/// By which we find a record again when a patient asks about it.
fn mark(index: u64, record: &AccessRecord) -> String {
    format!("{}-{index}", record.node)
}

/// Whose data it was: ours, or what was asked of others; nothing where nobody came to ask a source.
fn place(records: &[&Numbered], says: &Says) -> Option<String> {
    let mut own = false;
    let mut others: Vec<String> = Vec::new();
    for (_, record) in records {
        for source in &record.sources {
            if source.holder == record.node || record.direction == Some(Direction::Holder) {
                own = true;
            } else {
                let name = match source.name.as_str() {
                    "" => format!("{} {}", says.provider, source.holder),
                    name => name.to_owned(),
                };
                if !others.contains(&name) {
                    others.push(name);
                }
            }
        }
    }
    let elsewhere = (!others.is_empty()).then(|| format!("{} {}.", says.from_others, others.join(", ")));
    match (own, elsewhere) {
        (false, elsewhere) => elsewhere,
        (true, None) => Some(says.from_us.to_owned()),
        (true, Some(elsewhere)) => Some(format!("{} {elsewhere}", says.from_us)),
    }
}
