//! The patient's page (mijn inzage): who saw my data and why (NEN 7513, chapter 9). In Dutch and in English; persons go by
//! organisation and profession, and are named on request.

mod entry;
mod says;

use audit::{Class, Language, Numbered, Story, Voice, fold};
use maud::{Markup, html};
use time::Date;

use super::period::{self, WrongPeriod};
use super::{Frame, foot, frame, icons};
use crate::desk::{OwnLog, Period};
use crate::words::moments::{iso_day, local, long_day};
use entry::Entry;
use says::Says;

/// `found` is none when the period that was asked for is none.
pub(crate) fn own_log(
    around: &Frame<'_>,
    found: Result<&OwnLog, (Period, WrongPeriod)>,
    request_id: Option<&str>,
) -> Markup {
    let language = around.language;
    let says = Says::of(language);
    let (asked, wrong) = match found {
        Ok(found) => (found.period, None),
        Err((asked, wrong)) => (asked, Some(wrong)),
    };
    let body = html! {
        div.page.mine {
            (languages(language, asked))
            h1 { (says.title) }
            p.lead { (says.lead) }
            (period::form("/portal/my-log", asked, wrong, language))
            @if let Ok(found) = found { (days(found, language)) }
            section.section.about aria-labelledby="uitleg" {
                h2 id="uitleg" { (says.about) }
                @for paragraph in says.explained { p { (paragraph) } }
            }
            @if let Some(request_id) = request_id { (foot(request_id, language)) }
        }
    };
    frame(around, says.title, &body)
}

/// To the other language, with the same period. Each is named in its own language.
fn languages(language: Language, asked: Period) -> Markup {
    let day = |name: &str, day: Option<Date>| day.map(|day| format!("&{name}={}", iso_day(day))).unwrap_or_default();
    let rest = format!("{}{}", day("from", asked.from), day("until", asked.until));
    let link = |code: &str, name: &str, current: bool| {
        html! {
            a href={ "/portal/my-log?lang=" (code) (rest) } lang=(code) hreflang=(code) aria-current=[current.then_some("true")] { (name) }
        }
    };
    html! {
        nav.languages aria-label=(Says::of(language).languages) {
            (link("nl", "Nederlands", language == Language::Dutch))
            (link("en", "English", language == Language::English))
        }
    }
}

fn days(found: &OwnLog, language: Language) -> Markup {
    let says = Says::of(language);
    let stories = fold(&found.records);
    let mut days: Vec<(Option<Date>, Vec<Entry<'_>>)> = Vec::new();
    // Newest first; what happened again on the same day joins what it repeats.
    for story in stories.iter().rev() {
        let day = local(&story.from).map(time::OffsetDateTime::date);
        let entries = match days.iter().position(|(known, _)| *known == day).and_then(|at| days.get_mut(at)) {
            Some((_, entries)) => entries,
            None => {
                days.push((day, Vec::new()));
                let Some((_, entries)) = days.last_mut() else { continue };
                entries
            }
        };
        entry::take_in(entries, story, language);
    }
    html! {
        (summary(found, &stories, language))
        @for (day, entries) in &days {
            section.section.day {
                h2 { @match day { Some(day) => (long_day(*day, language)), None => (says.no_day) } }
                ul.entries { @for one in entries { (one.show(&found.records, language)) } }
            }
        }
    }
}

/// What there is at a glance.
fn summary(found: &OwnLog, stories: &[Story], language: Language) -> Markup {
    let says = Says::of(language);
    let organisation = |(_, record): &Numbered| record.caller.as_ref().map(|caller| caller.organisation.clone());
    let mut organisations: Vec<String> = found.records.iter().filter_map(organisation).collect();
    organisations.sort_unstable();
    organisations.dedup();
    let emergencies = stories.iter().filter(|story| story.emergency).count();
    let refused = stories.iter().filter(|story| matches!(story.class(), Class::Denied | Class::Unidentified)).count();
    html! {
        p.summary role="status" {
            @if stories.is_empty() { (says.nothing) } @else {
                (says.looks(stories.len(), organisations.len())) ", " (period::told(found.period, language)) "."
            }
            @if emergencies > 0 { " " strong.emergency { (icons::warning()) (says.emergencies(emergencies)) } }
            @if refused > 0 { " " (says.refused(refused)) }
            @if found.cut_off { " " strong { (says.cut_off) } }
        }
    }
}

/// The voice of this page.
const VOICE: Voice = Voice::Patient;
