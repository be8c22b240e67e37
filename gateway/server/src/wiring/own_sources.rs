//! The provider's own source systems, each for all that it is asked for: answers, whom an id means, what tells of treatment
//! relations and consents, what is registered elsewhere.

use std::sync::Arc;

use connectors::http::HttpClient;
use connectors::registers::ConsentRecords;
use connectors::sources::fhir::{FhirInventory, FhirSource};
use connectors::sources::files::FilesSource;
use connectors::sources::{Inventory, OwnRecords};
use exchange::ports::{PatientIndex, Source};
use fhir::FhirVersion;
use policy::DataHolder;

use crate::config::{NodeConfig, SourceConfig};

#[derive(Default)]
pub(super) struct OwnSources {
    pub(super) sources: Vec<Arc<dyn Source>>,
    pub(super) indexes: Vec<Arc<dyn PatientIndex>>,
    pub(super) witnesses: Vec<Arc<dyn OwnRecords>>,
    /// Those that are asked for Consents of the patient as well.
    pub(super) consents: Vec<Arc<dyn ConsentRecords>>,
    pub(super) inventories: Vec<Arc<dyn Inventory>>,
    pub(super) versions: Vec<FhirVersion>,
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
                    own.inventories.push(Arc::new(FhirInventory::new(source.clone(), consents(settings.version))));
                    own.add(source, consents(settings.version));
                }
                SourceConfig::Files(settings) => {
                    own.versions.push(settings.version);
                    let source = FilesSource::open(settings.clone(), holder.clone(), &config.provider.name);
                    let source = Arc::new(source.map_err(trouble)?);
                    own.inventories.push(source.clone());
                    own.add(source, consents(settings.version));
                }
            }
        }
        Ok(own)
    }

    /// `consents`: it is asked for Consents of the patient as well.
    fn add<S>(&mut self, source: Arc<S>, consents: bool)
    where
        S: Source + PatientIndex + OwnRecords + ConsentRecords + 'static,
    {
        self.sources.push(source.clone());
        self.indexes.push(source.clone());
        self.witnesses.push(source.clone());
        if consents {
            self.consents.push(source);
        }
    }
}
