//! The provider's own source systems, each for all that it is asked for: answers, whom an id means, what tells of treatment
//! relations and consents, what is registered elsewhere.

use std::sync::Arc;

use connectors::http::HttpClient;
use connectors::registers::ConsentRecords;
use connectors::sources::fhir::{FhirInventory, FhirSource};
use connectors::sources::files::FilesSource;
use connectors::sources::{Inventory, OwnRecords};
use exchange::ports::{BoxFuture, Localisation, PatientIndex, Source, Whereabouts};
use fhir::FhirVersion;
use policy::{DataHolder, Direction, Finding, NotFoundOut, Permit, UseCaseId};

use crate::config::{NodeConfig, SourceConfig};
use crate::handoffs::FILING;

#[derive(Default)]
pub(super) struct OwnSources {
    /// Those for every use case.
    pub(super) sources: Vec<Arc<dyn Source>>,
    /// Those for some use cases alone.
    pub(super) bound: Vec<(Arc<dyn Source>, Vec<UseCaseId>)>,
    pub(super) indexes: Vec<Arc<dyn PatientIndex>>,
    pub(super) witnesses: Vec<Arc<dyn OwnRecords>>,
    /// Those that are asked for Consents of the patient as well.
    pub(super) consents: Vec<Arc<dyn ConsentRecords>>,
    pub(super) inventories: Vec<Arc<dyn Inventory>>,
    pub(super) versions: Vec<FhirVersion>,
    /// Each with its version, and for which use cases alone, if it is.
    pub(super) each: Vec<(Arc<dyn Source>, FhirVersion, Vec<UseCaseId>)>,
}

impl OwnSources {
    /// Those of the configuration, with their number in it where one cannot be used.
    pub(super) fn of(config: &NodeConfig, http: &HttpClient) -> Result<Self, String> {
        let holder = DataHolder(config.provider.ura.clone());
        let mut own = OwnSources::default();
        let consents = |version| config.registers.consents_in_sources && version == FhirVersion::R4;
        for (number, source) in config.sources.iter().enumerate() {
            let trouble = |fault| format!("sources[{number}]: {fault}");
            match source {
                SourceConfig::Fhir(settings) => {
                    own.versions.push(settings.version);
                    let source = FhirSource::new(settings.clone(), holder.clone(), &config.provider.name, http.clone());
                    let source = Arc::new(source.map_err(trouble)?);
                    if !only_takes_in(&settings.use_cases) {
                        own.inventories.push(Arc::new(FhirInventory::new(source.clone(), consents(settings.version))));
                    }
                    own.each.push((source.clone(), settings.version, settings.use_cases.clone()));
                    own.add(source, &settings.use_cases, consents(settings.version));
                }
                SourceConfig::Files(settings) => {
                    own.versions.push(settings.version);
                    let source = FilesSource::open(settings.clone(), holder.clone(), &config.provider.name);
                    let source = Arc::new(source.map_err(trouble)?);
                    own.inventories.push(source.clone());
                    own.each.push((source.clone(), settings.version, settings.use_cases.clone()));
                    own.add(source, &settings.use_cases, consents(settings.version));
                }
            }
        }
        Ok(own)
    }

    /// Those that speak this version and are for this use case.
    pub(super) fn speaking(&self, version: FhirVersion, use_case: &str) -> Vec<Arc<dyn Source>> {
        let for_it = |of: &[UseCaseId]| of.is_empty() || of.iter().any(|one| one.as_str() == use_case);
        let here = self.each.iter().filter(|(_, speaks, of)| *speaks == version && for_it(of));
        here.map(|(source, _, _)| source.clone()).collect()
    }

    /// `consents`: it is asked for Consents of the patient as well.
    fn add<S>(&mut self, source: Arc<S>, use_cases: &[UseCaseId], consents: bool)
    where
        S: Source + PatientIndex + OwnRecords + ConsentRecords + 'static,
    {
        if use_cases.is_empty() {
            self.sources.push(source.clone());
        } else {
            self.bound.push((source.clone(), use_cases.to_vec()));
        }
        self.indexes.push(source.clone());
        if only_takes_in(use_cases) {
            return;
        }
        self.witnesses.push(source.clone());
        if consents {
            self.consents.push(source);
        }
    }
}

/// Whether nothing that is there can be asked of us: so it is registered nowhere, and tells of nothing.
fn only_takes_in(use_cases: &[UseCaseId]) -> bool {
    !use_cases.is_empty() && use_cases.iter().all(|named| named.as_str() == FILING)
}

/// The first source that is for this use case alone, or for this one too.
pub(super) fn of_use_case(bound: &[(Arc<dyn Source>, Vec<UseCaseId>)], use_case: &str) -> Option<Arc<dyn Source>> {
    let is = |named: &UseCaseId| named.as_str() == use_case;
    bound.iter().find(|(_, use_cases)| use_cases.iter().any(is)).map(|(source, _)| source.clone())
}

/// Where a use case is asked that sources of ours are for: at our own gate these alone, for the FHIR versions that they speak.
/// Everything else is where it was.
pub(super) struct BoundPlaces {
    pub(super) otherwise: Arc<dyn Localisation>,
    pub(super) bound: Vec<(Arc<dyn Source>, Vec<UseCaseId>)>,
}

impl Localisation for BoundPlaces {
    fn locate<'a>(&'a self, permit: &'a Permit) -> BoxFuture<'a, Whereabouts> {
        let here = self.bound.iter().filter(|(_, use_cases)| use_cases.contains(permit.use_case()));
        let mut here: Vec<Arc<dyn Source>> = here.map(|(source, _)| source.clone()).collect();
        if here.is_empty() {
            return self.otherwise.locate(permit);
        }
        Box::pin(async move {
            let mut elsewhere = self.otherwise.locate(permit).await;
            if permit.direction() == Direction::Holder {
                elsewhere.index = Finding::NotFoundOut(NotFoundOut::NotAsked);
                // They stand in the place of those that speak their version: what others speak is not in them.
                let spoken: Vec<FhirVersion> =
                    here.iter().flat_map(|source| source.asked_in(permit.use_case())).copied().collect();
                let of_another = |version: &FhirVersion| permit.offers(*version) && !spoken.contains(version);
                elsewhere.places.retain(|source| source.asked_in(permit.use_case()).iter().any(of_another));
            }
            here.extend(elsewhere.places);
            Whereabouts { places: here, ..elsewhere }
        })
    }
}

#[cfg(test)]
mod tests {
    use exchange::ports::{Answer, Question, SourceFault};
    use exchange::{BodyKind, Inbound};
    use fhir::{Method, Ura};

    use super::*;
    use crate::http::testing::{World, answer, inbound, of_versions};

    /// A source of ours that nobody asks here.
    struct Speaks(FhirVersion, &'static str, DataHolder);

    impl Source for Speaks {
        fn holder(&self) -> &DataHolder {
            &self.2
        }
        fn name(&self) -> &str {
            self.1
        }
        fn asked_in(&self, _: &UseCaseId) -> &[FhirVersion] {
            std::slice::from_ref(&self.0)
        }
        fn ask<'a>(&'a self, _: Question<'a>) -> BoxFuture<'a, Result<Answer, SourceFault>> {
            Box::pin(std::future::ready(Err(SourceFault::NotSupported)))
        }
    }

    struct Everywhere(Vec<Arc<dyn Source>>);

    impl Localisation for Everywhere {
        fn locate<'a>(&'a self, _: &'a Permit) -> BoxFuture<'a, Whereabouts> {
            let places = self.0.clone();
            Box::pin(std::future::ready(Whereabouts { places, index: Finding::Found(1) }))
        }
    }

    fn source(version: FhirVersion, name: &'static str) -> Arc<dyn Source> {
        Arc::new(Speaks(version, name, DataHolder(Ura::parse("90010001").unwrap())))
    }

    const OFFERED: &str = r#"{ "interactions": [{ "type": "Patient", "codes": ["search-type"] }] }"#;

    #[tokio::test]
    async fn sources_for_a_use_case_stand_in_the_place_of_those_that_speak_their_version() {
        use FhirVersion::{R4, Stu3};
        let both = format!(r#"{{ "stu3": {OFFERED}, "r4": {OFFERED} }}"#);
        let older = format!(r#"{{ "stu3": {OFFERED} }}"#);
        for (offered, use_case, gate, expected) in [
            (&both, "made-up", Direction::Holder, vec!["own stu3", "r4"]),
            // What speaks a version that the use case does not offer has nothing for it.
            (&older, "made-up", Direction::Holder, vec!["own stu3"]),
            (&both, "made-up", Direction::User, vec!["own stu3", "stu3", "r4"]),
            (&both, "another", Direction::Holder, vec!["stu3", "r4"]),
        ] {
            let permit = permit(use_case, offered, gate).await;
            let places = BoundPlaces {
                otherwise: Arc::new(Everywhere(vec![source(Stu3, "stu3"), source(R4, "r4")])),
                bound: vec![(source(Stu3, "own stu3"), vec![UseCaseId::parse("made-up").unwrap()])],
            };
            let found = places.locate(&permit).await;
            let names: Vec<&str> = found.places.iter().map(|place| place.name()).collect();
            assert_eq!(names, expected, "{use_case} {offered}");
            let asked = use_case == "another" || gate == Direction::User;
            assert_eq!(matches!(found.index, Finding::Found(1)), asked, "at our own gate nobody else was asked");
        }
    }

    async fn permit(use_case: &str, offered: &str, gate: Direction) -> Permit {
        let about = Inbound {
            gate: if gate == Direction::Holder { exchange::Gate::Outer } else { exchange::Gate::Inner },
            body_kind: BodyKind::None,
            ..inbound(FhirVersion::Stu3, Method::Get, "Patient", "", "")
        };
        let world = World { use_cases: of_versions(use_case, offered), answer: Ok(answer(&[])) };
        world.ask(about).await.unwrap().released().permit().clone()
    }
}
