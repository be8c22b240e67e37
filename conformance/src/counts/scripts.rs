//! The scripts of a set counted apart: how many of them come out whole, each with all the forms in which it asks. What a
//! table of questions does not say: whether a named script of the national tests passes.

use std::collections::BTreeMap;

use super::questions::{Basis, Set};
use super::table::{Explanation, Outcome, Report, Way};

/// How many scripts of a set pass.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Passing {
    /// How many scripts the set has.
    pub all: usize,
    /// How many pass, per way of asking.
    pub by_way: BTreeMap<Way, usize>,
    /// How many pass in every way.
    pub everywhere: usize,
}

impl Report {
    /// Counts the scripts of a set. One passes where every question of it was asked and brought exactly what it expects; a
    /// difference that somebody explained is none that passes.
    pub fn passing(&self, set: Set, explanations: &[Explanation]) -> Passing {
        let mut ways: Vec<Way> = self.rows.iter().flat_map(|row| row.got.keys().copied()).collect();
        ways.sort();
        ways.dedup();
        let mut scripts: BTreeMap<&str, Vec<bool>> = BTreeMap::new();
        let of_set = |row: &&super::table::Row| row.question.set == set && row.question.basis == Basis::Script;
        for row in self.rows.iter().filter(of_set) {
            let passes = scripts.entry(&row.question.script).or_insert_with(|| vec![true; ways.len()]);
            for (way, passes) in ways.iter().zip(passes) {
                let outcome = row.got.get(way).map(|got| row.outcome(got, explanations));
                *passes &= outcome == Some(Outcome::AsExpected);
            }
        }
        let passing = |at: usize| scripts.values().filter(|passes| passes.get(at) == Some(&true)).count();
        Passing {
            all: scripts.len(),
            by_way: ways.iter().enumerate().map(|(at, way)| (*way, passing(at))).collect(),
            everywhere: scripts.values().filter(|passes| !passes.is_empty() && passes.iter().all(|pass| *pass)).count(),
        }
    }
}

impl Passing {
    /// In words.
    pub fn told(&self, set: Set) -> String {
        let ways: Vec<String> = self
            .by_way
            .iter()
            .map(|((kind, format), passing)| format!("{} {} {passing}", kind.name(), format.name()))
            .collect();
        let Passing { all, everywhere, .. } = self;
        format!("{}: {everywhere} of {all} scripts pass in every way asked ({})", set.name(), ways.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::asking::{Format, Got};
    use crate::counts::questions::{Form, Question};
    use crate::counts::table::Row;
    use crate::holder::SourceKind;

    fn row(script: &str, basis: Basis, got: &[(Format, usize)]) -> Row {
        let question = Question {
            set: Set::Mp9,
            basis,
            group: "MA".into(),
            script: script.into(),
            form: Form::Named,
            path: "MedicationRequest".into(),
            parameters: Vec::new(),
            patient: "1".into(),
            expected: BTreeMap::from([("MedicationRequest".to_owned(), 2)]),
            not_comparable: None,
        };
        let counts = |count| BTreeMap::from([("MedicationRequest".to_owned(), count)]);
        let got = got.iter().map(|(format, count)| {
            ((SourceKind::Fhir, *format), Got { status: 200, counts: counts(*count), ..Got::default() })
        });
        Row { question, got: got.collect() }
    }

    #[test]
    fn a_script_passes_when_every_form_of_it_brings_what_it_expects() {
        let (json, xml) = (Format::Json, Format::Xml);
        let rows = vec![
            row("a", Basis::Script, &[(json, 2), (xml, 2)]),
            row("a", Basis::Script, &[(json, 2), (xml, 3)]),
            row("b", Basis::Script, &[(json, 2), (xml, 2)]),
            // Not asked in one way: it does not pass there.
            row("c", Basis::Script, &[(json, 2)]),
            row("d", Basis::Evaluated, &[(json, 2), (xml, 2)]),
        ];
        let report = Report { rows, ..Report::default() };
        let passing = report.passing(Set::Mp9, &[]);
        let by_way = BTreeMap::from([((SourceKind::Fhir, json), 3), ((SourceKind::Fhir, xml), 1)]);
        assert_eq!(passing, Passing { all: 3, by_way, everywhere: 1 });
        let told = passing.told(Set::Mp9);
        assert_eq!(told, "MP9 3.0.0-beta: 1 of 3 scripts pass in every way asked (fhir JSON 3, fhir XML 1)");
        // What somebody explained passes as little.
        let known = [Explanation { script: "a", question: "MedicationRequest", why: "so" }];
        assert_eq!(report.passing(Set::Mp9, &known).everywhere, 1);
        assert_eq!(
            report.passing(Set::Bgz20, &known),
            Passing { by_way: report.passing(Set::Bgz20, &[]).by_way, ..Passing::default() }
        );
    }
}
