//! One peer, asked about one patient.

use std::collections::BTreeMap;
use std::sync::Arc;

use exchange::inbound::Conditions;
use exchange::ports::{Answer, BoxFuture, Item, Question, Source, SourceFault};
use fhir::identifiers::{Reader, systems};
use fhir::interaction::{Level, SearchTarget};
use fhir::search::split;
use fhir::{Bsn, FhirVersion, Interaction, ResourceType, SearchMode, SearchQuery};
use policy::{DataHolder, PatientScope, Permit, UseCaseId};
use reqwest::header::HeaderMap;

use super::{PeerConfig, Token, TokenSupplier};
use crate::http::HttpClient;
use crate::sources::SourceSetupFault;
use crate::sources::document::composition;
use crate::sources::narrow::{names_ids, patient_parameter, with};
use crate::sources::patients::{Ids, PatientIds, ids_among};
use crate::sources::rest::{Call, Failure, Pages, Rest, Write, prefer};

/// Another provider's node.
pub struct PeerSource {
    config: PeerConfig,
    holder: DataHolder,
    rests: BTreeMap<FhirVersion, Rest>,
    tokens: Arc<dyn TokenSupplier>,
    /// By version: what is behind the one need not know a patient by the id that what is behind the other does.
    patients: BTreeMap<FhirVersion, PatientIds>,
}

impl PeerSource {
    /// Sets the peer up; calls nobody yet.
    pub fn new(config: PeerConfig, http: HttpClient, tokens: Arc<dyn TokenSupplier>) -> Result<Self, SourceSetupFault> {
        config.bounds.check()?;
        let rest = |(version, base): (&FhirVersion, &crate::http::WebAddress)| {
            let rest = Rest {
                http: http.clone(),
                base: base.clone(),
                version: *version,
                bounds: config.bounds,
                headers: HeaderMap::new(),
                post_search: true,
            };
            (*version, rest)
        };
        Ok(PeerSource {
            rests: config.bases.iter().map(rest).collect(),
            holder: DataHolder(config.ura.clone()),
            patients: config.bases.keys().map(|version| (*version, PatientIds::new(&config.patient_cache))).collect(),
            config,
            tokens,
        })
    }

    pub fn config(&self) -> &PeerConfig {
        &self.config
    }

    async fn answer(&self, question: &Question<'_>) -> Result<Answer, SourceFault> {
        let permit = question.permit();
        let rest = self.rests.get(&permit.version()).ok_or(SourceFault::NotSupported)?;
        let patient = match permit.patient() {
            PatientScope::One(bsn) => Some(bsn),
            PatientScope::Nobody | PatientScope::Told | PatientScope::Unnamed => None,
            // A token speaks for one patient or for none.
            PatientScope::Any => return Err(SourceFault::NotSupported),
        };
        let token = self.token(rest, permit).await?;
        match self.attempt(rest, question, patient, &token).await {
            Err(Failure::TokenNotAccepted) => {
                self.tokens.drop_token(&self.config, permit, &token);
                let fresh = self.token(rest, permit).await?;
                Ok(self.attempt(rest, question, patient, &fresh).await?)
            }
            other => Ok(other?),
        }
    }

    /// A token. A request that was signed with one certificate and sent with the next, because ours was renewed in
    /// between, is refused like any other that does not fit, and made again.
    async fn token(&self, rest: &Rest, permit: &Permit) -> Result<Arc<Token>, SourceFault> {
        let before = rest.http.generation();
        match self.tokens.token(&self.config, permit).await {
            Err(SourceFault::Refused) if rest.http.generation() != before => {
                self.tokens.token(&self.config, permit).await
            }
            other => other,
        }
    }

    async fn attempt(
        &self,
        rest: &Rest,
        question: &Question<'_>,
        patient: Option<&Bsn>,
        token: &Token,
    ) -> Result<Answer, Failure> {
        let permit = question.permit();
        let call = rest.call(question.correlation_id(), question.patience()).bearing(token)?;
        let Some(bsn) = patient else {
            let mut answer = ask(&call, question, None).await?;
            if matches!(permit.patient(), PatientScope::Told | PatientScope::Unnamed) {
                // What a sender gives for a transfer is of that transfer: it alone can tell whose a Binary is, or a Device or
                // Specimen that is read by itself. In a document these are referred to by what is the patient's.
                let read = matches!(question.interaction(), Interaction::Read { .. });
                let theirs = |kind: &str| kind == "Binary" || (read && matches!(kind, "Device" | "Specimen"));
                let named = answer.items.iter().filter_map(|item| {
                    let kind = item.resource.resource_type();
                    theirs(&kind).then(|| Some(format!("{kind}/{}", item.resource.id()?)))?
                });
                answer.vouched = named.collect();
            }
            return Ok(answer);
        };
        if asks_for_the_patient(question.interaction()) {
            let mut answer = ask(&call, question, Some(bsn)).await?;
            let ids = ids_among(rest.version, &answer.items, bsn)?;
            if !answer.cut_short {
                self.patients(rest.version)?.learn(bsn, &ids);
            }
            answer.patients = texts(&ids);
            return Ok(answer);
        }
        let (answer, ids) = tokio::join!(ask(&call, question, Some(bsn)), self.ids(&call, bsn, rest.version));
        let mut answer = answer?;
        answer.patients = match ids {
            Ok(ids) => texts(&ids),
            // A peer need not offer Patient in every use case. Then only what names the patient by BSN, or comes
            // with its Patient, can be told to be this patient's.
            Err(Failure::Fault(SourceFault::Refused | SourceFault::NotFound | SourceFault::NotSupported)) => {
                texts(&ids_among(rest.version, &answer.items, bsn)?)
            }
            Err(failure) => return Err(failure),
        };
        Ok(answer)
    }

    /// The peer's ids of this patient.
    async fn ids(&self, call: &Call<'_>, bsn: &Bsn, version: FhirVersion) -> Result<Ids, Failure> {
        let look_up = || async {
            let kind = ResourceType::parse(version, "Patient").ok_or(SourceFault::NotSupported)?;
            let target = SearchTarget::Type(kind);
            let query = with(&SearchQuery::default(), "identifier", token_of(bsn));
            let strict = prefer(&Conditions::default(), "handling=strict");
            let pages = call.search(&target, &query, strict, Some(bsn)).await.map_err(|failure| match failure {
                Failure::SearchRejected => SourceFault::NotSupported.into(),
                failure @ (Failure::TokenNotAccepted | Failure::Fault(_)) => failure,
            })?;
            Ok(ids_among(version, &pages.items, bsn)?)
        };
        self.patients(version)?.of(bsn, look_up).await
    }

    fn patients(&self, version: FhirVersion) -> Result<&PatientIds, SourceFault> {
        self.patients.get(&version).ok_or(SourceFault::NotSupported)
    }
}

impl Source for PeerSource {
    fn holder(&self) -> &DataHolder {
        &self.holder
    }

    fn name(&self) -> &str {
        &self.config.name
    }

    fn asked_in(&self, use_case: &UseCaseId) -> &[FhirVersion] {
        self.config.ask_in.get(use_case).map_or(&[], Vec::as_slice)
    }

    fn ask<'a>(&'a self, question: Question<'a>) -> BoxFuture<'a, Result<Answer, SourceFault>> {
        Box::pin(async move {
            tokio::time::timeout(question.patience(), self.answer(&question))
                .await
                .unwrap_or(Err(SourceFault::TimedOut))
        })
    }
}

/// The question itself, without the patients that its answer is about.
async fn ask(call: &Call<'_>, question: &Question<'_>, patient: Option<&Bsn>) -> Result<Answer, Failure> {
    match question.interaction() {
        Interaction::Read { resource_type, id } => one(call.read(&[resource_type.name(), id.as_str()]).await?),
        Interaction::Vread { resource_type, id, version } => {
            one(call.read(&[resource_type.name(), id.as_str(), "_history", version.as_str()]).await?)
        }
        Interaction::Search { target: SearchTarget::Type(kind), query } => {
            // How the answer looks is the node's own work, over the answers of all sources. The order is passed on,
            // so that what is cut short is cut at the right end.
            let (mut asked, presentation) = split(query);
            asked.parameters.extend(presentation.named("_sort").cloned());
            let query = match patient {
                Some(bsn) => narrowed(call.rest.version, *kind, &asked, bsn)?,
                None => asked,
            };
            let strict = prefer(&Conditions::default(), "handling=strict");
            let pages = call.search_in_version(&SearchTarget::Type(*kind), &query, strict, patient).await?;
            let Pages { items, cut_short, elsewhere } = pages;
            Ok(Answer { items, cut_short, elsewhere, ..Answer::default() })
        }
        Interaction::History { level: level @ Level::Instance(..), query } => {
            let strict = prefer(&Conditions::default(), "handling=strict");
            let pages = call.history(level, &split(query).0, strict).await?;
            Ok(Answer { items: pages.items, cut_short: pages.cut_short, ..Answer::default() })
        }
        Interaction::Operation { level, name, query } => {
            composition(level, name, query)?;
            call.document(level, query).await
        }
        Interaction::Update { resource_type, id } => {
            call.write(Write::Update(*resource_type, id), question.body(), question.conditions()).await
        }
        Interaction::Search { .. }
        | Interaction::Capabilities
        | Interaction::History { .. }
        | Interaction::Create { .. }
        | Interaction::ConditionalUpdate { .. }
        | Interaction::Patch { .. }
        | Interaction::Delete { .. }
        | Interaction::ConditionalDelete { .. }
        | Interaction::Bundle
        | Interaction::Transaction { .. } => Err(SourceFault::NotSupported.into()),
    }
}

/// The search with the patient by BSN, in whatever way the type names its patient.
fn narrowed(
    version: FhirVersion,
    kind: ResourceType,
    query: &SearchQuery,
    bsn: &Bsn,
) -> Result<SearchQuery, SourceFault> {
    if kind.name() == "Patient" {
        return Ok(with(query, "identifier", token_of(bsn)));
    }
    match patient_parameter(version, kind) {
        Some(parameter) => Ok(with(query, &format!("{parameter}.identifier"), token_of(bsn))),
        None if names_ids(query) => Ok(query.clone()),
        None => Err(SourceFault::NotSupported),
    }
}

/// A search for the patient's own Patient resources, all of them.
fn asks_for_the_patient(interaction: &Interaction) -> bool {
    matches!(interaction, Interaction::Search { target: SearchTarget::Type(kind), query }
        if kind.name() == "Patient" && split(query).0.parameters.is_empty())
}

fn token_of(bsn: &Bsn) -> String {
    format!("{}|{}", systems::BSN, bsn.reveal_to(Reader::Peer))
}

fn texts(ids: &Ids) -> Vec<String> {
    ids.iter().map(|id| id.as_str().to_owned()).collect()
}

fn one(resource: fhir::Resource) -> Result<Answer, Failure> {
    Ok(Answer { items: vec![Item { resource, mode: SearchMode::Match }], ..Answer::default() })
}
