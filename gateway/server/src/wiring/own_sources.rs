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

/// Where a use case is asked that sources of ours are for: at our own gate these alone. Everything else is where it was.
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
        if permit.direction() == Direction::Holder {
            let index = Finding::NotFoundOut(NotFoundOut::NotAsked);
            return Box::pin(std::future::ready(Whereabouts { places: here, index }));
        }
        Box::pin(async move {
            let elsewhere = self.otherwise.locate(permit).await;
            here.extend(elsewhere.places);
            Whereabouts { places: here, ..elsewhere }
        })
    }
}
