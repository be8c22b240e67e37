//! Which evidence establishes a treatment relation (behandelrelatie), and how old it may be. The national agreements leave that
//! to the provider (handbook: generic functions, 1.4.3).

use std::collections::BTreeSet;

use fhir::identifiers::systems;
use policy::Direction;
use serde::{Deserialize, Serialize};

/// Evidence of treatment relations besides the provider's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvidenceConfig {
    /// Whether a relation that another provider asserts, signed, when it asks for a token counts at the data holder's gate.
    pub assertions: bool,
    /// How long all questions to the own sources may take together, in milliseconds.
    pub deadline_ms: u64,
    /// In which identifier systems a person's number is looked for among the source's Practitioners.
    pub person_systems: Vec<String>,
    /// What is looked for in the own sources. Nothing by default.
    pub kinds: Vec<KindConfig>,
}

/// One kind of record in the own sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindConfig {
    #[serde(rename = "type")]
    pub kind: EvidenceKind,
    /// At which gates it counts: `user` for the provider's own people, `holder` for other providers that it names.
    #[serde(default = "KindConfig::own_people")]
    pub gates: Vec<Direction>,
    /// How many days after its end it still counts.
    pub most_days: u32,
    /// How many days after its beginning something that was never closed counts.
    #[serde(default = "KindConfig::a_year")]
    pub open_days: u32,
    /// How many days before its beginning it counts.
    #[serde(default = "KindConfig::a_month")]
    pub ahead_days: u32,
    /// Whose relation it establishes.
    #[serde(default)]
    pub persons: Persons,
}

/// The records that tell of a treatment relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EvidenceKind {
    Appointment,
    Encounter,
    EpisodeOfCare,
    CareTeam,
}

/// Whose relation a record establishes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Persons {
    /// That of the professionals whom it names, and of who acts for them under a mandate.
    #[default]
    Named,
    /// That of everyone in the organisation.
    Anyone,
}

impl EvidenceKind {
    /// The resource type.
    pub const fn resource_type(self) -> &'static str {
        match self {
            EvidenceKind::Appointment => "Appointment",
            EvidenceKind::Encounter => "Encounter",
            EvidenceKind::EpisodeOfCare => "EpisodeOfCare",
            EvidenceKind::CareTeam => "CareTeam",
        }
    }

    /// The kind of a relation that rests on it, as the record has it.
    pub const fn word(self) -> &'static str {
        match self {
            EvidenceKind::Appointment => "appointment",
            EvidenceKind::Encounter => "encounter",
            EvidenceKind::EpisodeOfCare => "episode-of-care",
            EvidenceKind::CareTeam => "care-team",
        }
    }
}

impl KindConfig {
    /// Ten years: what is longer ago tells of no relation now.
    const MOST: u32 = 3_650;

    fn own_people() -> Vec<Direction> {
        vec![Direction::User]
    }
    const fn a_year() -> u32 {
        365
    }
    const fn a_month() -> u32 {
        30
    }
}

impl Default for EvidenceConfig {
    fn default() -> Self {
        EvidenceConfig {
            assertions: true,
            deadline_ms: 1_500,
            person_systems: vec![systems::UZI_PERSON.to_owned()],
            kinds: Vec::new(),
        }
    }
}

impl EvidenceConfig {
    /// Whether it fits together, and into the time that a finding may take (milliseconds).
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn check(&self, finding_ms: u64) -> Result<(), String> {
        if self.deadline_ms == 0 || self.deadline_ms >= finding_ms {
            return Err("registers.evidence.deadline_ms must be more than 0 and less than bounds.finding_ms".into());
        }
        if self.person_systems.is_empty() || self.person_systems.iter().any(|system| system.trim().is_empty()) {
            return Err("registers.evidence.person_systems names no identifier system".into());
        }
        let mut seen = BTreeSet::new();
        for kind in &self.kinds {
            let name = kind.kind.resource_type();
            if !seen.insert(kind.kind) {
                return Err(format!("registers.evidence.kinds has {name} twice"));
            }
            if kind.gates.is_empty() {
                return Err(format!("registers.evidence.kinds: {name} counts at no gate; leave it out"));
            }
            if [kind.most_days, kind.open_days, kind.ahead_days].iter().any(|days| *days > KindConfig::MOST) {
                return Err(format!("registers.evidence.kinds: {name} counts for more than {} days", KindConfig::MOST));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(kind: EvidenceKind) -> KindConfig {
        KindConfig {
            kind,
            gates: KindConfig::own_people(),
            most_days: 90,
            open_days: 365,
            ahead_days: 30,
            persons: Persons::Named,
        }
    }

    #[test]
    fn what_does_not_fit_together_is_said() {
        let with = |change: &dyn Fn(&mut EvidenceConfig)| {
            let mut config = EvidenceConfig { kinds: vec![kind(EvidenceKind::Encounter)], ..EvidenceConfig::default() };
            change(&mut config);
            config.check(2_000)
        };
        assert_eq!(with(&|_| ()), Ok(()));
        type Change = fn(&mut EvidenceConfig);
        let faults: [(Change, &str); 8] = [
            (|config| config.deadline_ms = 0, "deadline_ms"),
            (|config| config.deadline_ms = 2_000, "deadline_ms"),
            (|config| config.person_systems = vec![], "person_systems"),
            (|config| config.person_systems = vec![" ".into()], "person_systems"),
            (|config| config.kinds.push(kind(EvidenceKind::Encounter)), "twice"),
            (|config| config.kinds[0].gates.clear(), "no gate"),
            (|config| config.kinds[0].most_days = 3_651, "3650"),
            (|config| config.kinds[0].open_days = 3_651, "3650"),
        ];
        for (change, says) in faults {
            let fault = with(&change).unwrap_err();
            assert!(fault.contains(says), "{fault}");
        }
    }
}
