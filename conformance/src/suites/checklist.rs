//! The checks of the roles of eOverdracht and of notified pull, and of what all have in common, by number: which checks of the suite show
//! each, and how they came out.
//!
//! A check says in front of its name which numbers it shows (`ES8, ES10: …`). A number that no check shows, or one of whose
//! checks does not hold, does not hold; a test of this module sees to it that none falls out silently.

use super::{Finding, Verdict};

/// The roles, each with its last number: sender and receiver of a handoff, common, sender and receiver of a referral.
pub const ROLES: [(&str, u16); 5] = [("ES", 13), ("ER", 11), ("CO", 5), ("BS", 11), ("BR", 7)];

/// How one number came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'f> {
    /// `ES1` and so on.
    pub number: String,
    /// What shows it, in the order of the suite.
    pub findings: Vec<&'f Finding>,
}

impl Line<'_> {
    /// Whether something shows it, and all of that holds.
    pub fn passes(&self) -> bool {
        !self.findings.is_empty() && self.findings.iter().all(|finding| finding.verdict == Verdict::Holds)
    }

    /// For people: the number, how it came out, and by which checks.
    pub fn text(&self) -> String {
        let verdict = if self.passes() { "pass" } else { "FAIL" };
        let by: Vec<String> = self.findings.iter().map(|finding| told(finding)).collect();
        let by = if by.is_empty() { "no check shows it".to_owned() } else { by.join("; ") };
        format!("{:<5} {verdict}  {by}", self.number)
    }
}

fn told(finding: &Finding) -> String {
    let name = finding.check.split_once(": ").map_or(finding.check, |(_, says)| says);
    match &finding.verdict {
        Verdict::Holds => name.to_owned(),
        Verdict::Broken(why) => format!("{name} (broken: {why})"),
        Verdict::NotRun(why) => format!("{name} (not run: {why})"),
    }
}

/// Every number of the roles, in order, with what came out.
pub fn lines(findings: &[Finding]) -> Vec<Line<'_>> {
    numbers()
        .map(|number| {
            let findings = findings.iter().filter(|finding| shows(finding.check, &number)).collect();
            Line { number, findings }
        })
        .collect()
}

/// Whether a check shows any of the numbers.
pub fn is_of_it(check: &str) -> bool {
    numbers().any(|number| shows(check, &number))
}

fn numbers() -> impl Iterator<Item = String> {
    ROLES.into_iter().flat_map(|(role, last)| (1..=last).map(move |number| format!("{role}{number}")))
}

fn shows(check: &str, number: &str) -> bool {
    check.split_once(": ").is_some_and(|(head, _)| head.split(", ").any(|one| one == number))
}

#[cfg(test)]
mod tests {
    use super::super::region;
    use super::*;

    #[test]
    fn every_number_of_the_roles_is_shown_by_a_check_of_the_region() {
        let checks = region();
        let missing: Vec<String> =
            numbers().filter(|number| !checks.iter().any(|check| shows(check.name, number))).collect();
        assert!(missing.is_empty(), "no check shows {missing:?}");
    }

    #[test]
    fn a_number_passes_when_all_that_shows_it_holds() {
        let finding = |check, verdict| Finding { check, verdict };
        let broken = || Verdict::Broken("it is not".to_owned());
        let findings = [
            finding("ES1, ES2: told", Verdict::Holds),
            finding("ES2: told again", broken()),
            finding("ES11: strangers", Verdict::NotRun("no".to_owned())),
            finding("ES3", Verdict::Holds),
        ];
        let lines = lines(&findings);
        assert_eq!(lines.len(), 47);
        let of = |number: &str| lines.iter().find(|line| line.number == number).unwrap();
        assert_eq!(
            ["ES1", "ES2", "ES3", "ES11", "CO5"].map(|one| of(one).passes()),
            [true, false, false, false, false]
        );
        assert_eq!(of("ES2").text(), "ES2   FAIL  told; told again (broken: it is not)");
        assert_eq!(of("ES3").text(), "ES3   FAIL  no check shows it");
        assert!(is_of_it("CO3: quiet") && !is_of_it("ATT-1: no") && !is_of_it("ES14: no"));
    }
}
