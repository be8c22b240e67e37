//! The outcome as a table: what was expected and what came, per group of questions, and every difference.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::asking::{Format, Got};
use super::questions::{Basis, Form, Question, Set};
use super::sending::Sending;
use crate::holder::SourceKind;

/// A column of the table.
pub type Way = (SourceKind, Format);

/// A question with what came of it in every way that it was asked.
pub struct Row {
    pub question: Question,
    pub got: BTreeMap<Way, Got>,
}

/// How a question came out in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    AsExpected,
    /// The counts differ, and it is known why; or they cannot be compared at all.
    Explained(String),
    Different(String),
}

/// All questions and answers.
#[derive(Default)]
pub struct Report {
    pub rows: Vec<Row>,
    /// How the plain evaluation, that some counts come from, does on the counts of the scripts.
    pub evaluation: Evaluation,
    /// What became of the transactions among the fixtures.
    pub sending: Sending,
}

/// Counts of scripts that a plain evaluation of the fixtures gives as well.
#[derive(Default)]
pub struct Evaluation {
    pub same: usize,
    /// Where it gives another count.
    pub other: Vec<String>,
}

/// Differences that were looked into: where, and why the answer and not the expectation is right.
pub struct Explanation {
    /// Part of the script's name.
    pub script: &'static str,
    /// Part of the question.
    pub question: &'static str,
    pub why: &'static str,
}

impl Row {
    /// The verdict on one way of asking.
    pub fn outcome(&self, got: &Got, explanations: &[Explanation]) -> Outcome {
        if !got.flaws.is_empty() {
            return Outcome::Different(got.flaws.iter().cloned().collect::<Vec<_>>().join("; "));
        }
        if let Some(why) = self.question.not_comparable {
            return Outcome::Explained(why.to_owned());
        }
        let question = &self.question;
        let found = |kind: &String| got.counts.get(kind).copied().unwrap_or_default();
        // A script asserts some types; the other expectations are the whole answer.
        let beyond = got
            .counts
            .iter()
            .filter(|(kind, _)| question.basis != Basis::Script && !question.expected.contains_key(*kind));
        let expected =
            question.expected.iter().map(|(kind, count)| (kind, *count)).chain(beyond.map(|(kind, _)| (kind, 0)));
        let differing: Vec<String> = expected
            .filter(|(kind, count)| found(kind) != *count)
            .map(|(kind, count)| format!("{kind}: expected {count}, got {}", found(kind)))
            .collect();
        if differing.is_empty() {
            return Outcome::AsExpected;
        }
        let told = question.told();
        let known =
            explanations.iter().find(|known| question.script.contains(known.script) && told.contains(known.question));
        match known {
            Some(known) => Outcome::Explained(format!("{}: {}", differing.join(", "), known.why)),
            None => Outcome::Different(differing.join(", ")),
        }
    }

    fn key(&self) -> (String, Form) {
        let Question { set, basis, group, form, .. } = &self.question;
        match basis {
            Basis::Script => (format!("{}: {group}", set.name()), *form),
            of => (format!("handbook lists: {}, {group}, counts {}", set.name(), of.name()), *form),
        }
    }
}

impl Report {
    /// How many answers differ without an explanation.
    pub fn unexplained(&self, explanations: &[Explanation]) -> usize {
        self.outcomes(explanations).filter(|(_, _, outcome)| matches!(outcome, Outcome::Different(_))).count()
    }

    fn outcomes<'r>(&'r self, explanations: &'r [Explanation]) -> impl Iterator<Item = (&'r Row, Way, Outcome)> + 'r {
        self.rows
            .iter()
            .flat_map(move |row| row.got.iter().map(move |(way, got)| (row, *way, row.outcome(got, explanations))))
    }

    /// The whole report as text.
    pub fn text(&self, explanations: &[Explanation]) -> String {
        let mut ways: Vec<Way> = self.rows.iter().flat_map(|row| row.got.keys().copied()).collect();
        ways.sort();
        ways.dedup();
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut out, &ways, explanations);
        out
    }

    fn write(&self, out: &mut String, ways: &[Way], explanations: &[Explanation]) -> std::fmt::Result {
        let mut groups: BTreeMap<(String, Form), Vec<&Row>> = BTreeMap::new();
        for row in &self.rows {
            groups.entry(row.key()).or_default().push(row);
        }
        write!(out, "{:<90} {:>9} {:>8}", "resources per group of questions", "questions", "expected")?;
        for (kind, format) in ways {
            write!(out, " {:>11}", format!("{} {}", kind.name(), format.name()))?;
        }
        writeln!(out)?;
        let mut last = String::new();
        for ((group, form), rows) in &groups {
            let set = group.split(':').next().unwrap_or_default().to_owned();
            if set != last {
                writeln!(out)?;
                last = set;
            }
            let comparable: Vec<&&Row> = rows.iter().filter(|row| row.question.not_comparable.is_none()).collect();
            let expected: usize = comparable.iter().flat_map(|row| row.question.expected.values()).sum();
            write!(out, "{:<90} {:>9} {:>8}", format!("{group} ({})", form.name()), rows.len(), expected)?;
            for way in ways {
                let got: usize = comparable.iter().filter_map(|row| Some(asserted(row, row.got.get(way)?))).sum();
                let well = rows.iter().filter_map(|row| Some(row.outcome(row.got.get(way)?, explanations)));
                let amiss = well.filter(|outcome| matches!(outcome, Outcome::Different(_))).count();
                let mark = if amiss > 0 { format!("{got} !{amiss}") } else { got.to_string() };
                write!(out, " {mark:>11}")?;
            }
            writeln!(out)?;
        }
        self.write_totals(out, ways, explanations)?;
        writeln!(out)?;
        for set in Set::ALL.into_iter().filter(|set| self.rows.iter().any(|row| row.question.set == *set)) {
            writeln!(out, "{}", self.passing(set, explanations).told(set))?;
        }
        let Evaluation { same, other } = &self.evaluation;
        writeln!(out, "\nthe plain evaluation gives {same} of {} counts of the scripts", same + other.len())?;
        for differing in other {
            writeln!(out, "  {differing}")?;
        }
        writeln!(out, "\n{}", self.sending)?;
        self.write_differences(out, explanations)
    }

    fn write_totals(&self, out: &mut String, ways: &[Way], explanations: &[Explanation]) -> std::fmt::Result {
        writeln!(out)?;
        for way in ways {
            let mut tally = [0_usize; 3];
            for (_, _, outcome) in self.outcomes(explanations).filter(|(_, asked, _)| asked == way) {
                tally[match outcome {
                    Outcome::AsExpected => 0,
                    Outcome::Explained(_) => 1,
                    Outcome::Different(_) => 2,
                }] += 1;
            }
            let [good, explained, different] = tally;
            let name = format!("{} {}", way.0.name(), way.1.name());
            let asked = good + explained + different;
            writeln!(
                out,
                "{name:<11} {asked} asked: {good} as expected, {explained} explained, {different} different"
            )?;
        }
        Ok(())
    }

    /// Every difference once, with the ways in which it was seen.
    fn write_differences(&self, out: &mut String, explanations: &[Explanation]) -> std::fmt::Result {
        let mut explained: BTreeMap<String, usize> = BTreeMap::new();
        let mut different: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for (row, (kind, format), outcome) in self.outcomes(explanations) {
            match outcome {
                Outcome::AsExpected => {}
                Outcome::Explained(why) => *explained.entry(why).or_default() += 1,
                Outcome::Different(what) => {
                    let question = format!("{}, {}", row.question.script, row.question.told());
                    let seen = different.entry((what, question)).or_default();
                    seen.push(format!("{} {}", kind.name(), format.name()));
                }
            }
        }
        writeln!(out, "\nexplained:")?;
        for (why, count) in explained {
            writeln!(out, "  {count} × {why}")?;
        }
        writeln!(out, "\ndifferent:")?;
        for ((what, question), ways) in different {
            writeln!(out, "  {what}\n      {question}\n      in {}", ways.join(", "))?;
        }
        Ok(())
    }
}

/// How many resources came of the types that something is expected of.
fn asserted(row: &Row, got: &Got) -> usize {
    row.question.expected.keys().filter_map(|kind| got.counts.get(kind)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(expected: usize, got: usize, flaw: Option<&str>) -> Row {
        let question = Question {
            set: Set::Bgz20,
            basis: Basis::Script,
            group: "Problem".into(),
            script: "a.xml".into(),
            form: Form::Named,
            path: "Condition".into(),
            parameters: Vec::new(),
            patient: "1".into(),
            expected: BTreeMap::from([("Condition".to_owned(), expected)]),
            not_comparable: None,
        };
        let flaws = flaw.map(str::to_owned).into_iter().collect();
        let got = Got { status: 200, counts: BTreeMap::from([("Condition".to_owned(), got)]), flaws };
        Row { question, got: BTreeMap::from([((SourceKind::Fhir, Format::Json), got)]) }
    }

    #[test]
    fn a_difference_is_counted_unless_somebody_explained_it() {
        let known = [Explanation { script: "a.xml", question: "Condition", why: "the script is wrong" }];
        let report = |row| Report { rows: vec![row], ..Report::default() };
        assert_eq!(report(row(2, 2, None)).unexplained(&[]), 0);
        assert_eq!(report(row(2, 3, None)).unexplained(&[]), 1);
        assert_eq!(report(row(2, 3, None)).unexplained(&known), 0);
        // A flaw of the answer is never explained away.
        assert_eq!(report(row(2, 2, Some("the BSN is in a URL"))).unexplained(&known), 1);
        let text = report(row(2, 3, None)).text(&[]);
        assert!(text.contains("3 !1") && text.contains("Condition: expected 2, got 3"), "{text}");
    }
}
