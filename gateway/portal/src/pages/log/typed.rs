//! A question to the log as it was typed, and read.

use audit::Class;
use serde::Deserialize;
use time::Date;

use crate::desk::{Period, Question};
use crate::words::moments::{iso_day, typed_day};

/// Longest text of a field that is passed on, in characters.
pub(crate) const LONGEST: usize = 128;

/// The fields of the form. Prints nothing.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    pub patient: String,
    pub person: String,
    pub organisation: String,
    pub from: String,
    pub until: String,
    pub class: String,
    // A box that is not ticked is not sent.
    pub emergency: Option<String>,
    pub refused: Option<String>,
    pub without_relation: Option<String>,
    pub of_the_log: Option<String>,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// The stack found that it is no BSN.
    Patient,
    From,
    Until,
    /// The period ends before it begins.
    Period,
    Class,
}

impl Wrong {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Wrong::Patient => "Dit is geen geldig BSN. Een BSN heeft negen cijfers die aan de elfproef voldoen.",
            Wrong::From => "De eerste dag bestaat niet.",
            Wrong::Until => "De laatste dag bestaat niet.",
            Wrong::Period => "De eerste dag van de periode ligt na de laatste.",
            Wrong::Class => "Kies een uitkomst uit de lijst.",
        }
    }
}

impl Typed {
    /// The question that was typed.
    ///
    /// # Errors
    /// What is wrong with it, field by field.
    pub(crate) fn read(&self) -> Result<Question, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let mut day = |text: &str, fault| {
            typed_day(text).unwrap_or_else(|_| {
                wrong.push(fault);
                None
            })
        };
        let period = Period { from: day(&self.from, Wrong::From), until: day(&self.until, Wrong::Until) };
        if is_backwards(period) {
            wrong.push(Wrong::Period);
        }
        let class = Class::ALL.into_iter().find(|class| class.code() == self.class);
        if class.is_none() && !self.class.is_empty() {
            wrong.push(Wrong::Class);
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(Question {
            patient: some(digits(&self.patient)),
            person: some(short(&self.person)),
            organisation: some(digits(&self.organisation)),
            period,
            class,
            emergency: self.emergency.is_some(),
            refused: self.refused.is_some(),
            without_relation: self.without_relation.is_some(),
            of_the_log: self.of_the_log.is_some(),
        })
    }

    /// The form filled with a question.
    pub(crate) fn of(question: &Question) -> Typed {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let day = |day: Option<Date>| day.map(iso_day).unwrap_or_default();
        let ticked = |ticked: bool| ticked.then(|| "yes".to_owned());
        Typed {
            patient: text(&question.patient),
            person: text(&question.person),
            organisation: text(&question.organisation),
            from: day(question.period.from),
            until: day(question.period.until),
            class: question.class.map_or("", Class::code).to_owned(),
            emergency: ticked(question.emergency),
            refused: ticked(question.refused),
            without_relation: ticked(question.without_relation),
            of_the_log: ticked(question.of_the_log),
        }
    }
}

pub(crate) fn is_backwards(period: Period) -> bool {
    matches!((period.from, period.until), (Some(from), Some(until)) if until < from)
}

/// A number as people write it, without what they put between its digits.
fn digits(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '.' | '-')).take(LONGEST).collect()
}

fn short(text: &str) -> String {
    text.trim().chars().take(LONGEST).collect()
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_read_and_fills_the_form_again() {
        let typed = Typed {
            patient: " 9999.11.120 ".into(),
            person: " uzi-1 ".into(),
            from: "2026-11-01".into(),
            until: "2026-11-30".into(),
            class: "denied".into(),
            emergency: Some("yes".into()),
            ..Typed::default()
        };
        let question = typed.read().unwrap();
        assert_eq!(question.patient.as_deref(), Some("999911120"));
        assert_eq!((question.person.as_deref(), &question.organisation), (Some("uzi-1"), &None));
        assert_eq!((question.class, question.emergency, question.refused), (Some(Class::Denied), true, false));
        assert_eq!(Typed::of(&question).read().unwrap(), question);
        assert_eq!(Typed::default().read().unwrap(), Question::default());
    }

    #[test]
    fn every_field_that_is_wrong_is_named() {
        let typed = |from: &str, until: &str, class: &str| Typed {
            from: from.into(),
            until: until.into(),
            class: class.into(),
            ..Typed::default()
        };
        for (typed, expected) in [
            (typed("gisteren", "", ""), vec![Wrong::From]),
            (typed("2026-02-30", "morgen", "x"), vec![Wrong::From, Wrong::Until, Wrong::Class]),
            (typed("2026-11-02", "2026-11-01", ""), vec![Wrong::Period]),
        ] {
            assert_eq!(typed.read().unwrap_err(), expected);
        }
    }
}
