//! A transaction within reach: every entry is checked before any is sent, then all are sent as one Bundle.

use ::fhir::bundle::{Bundle, BundleKind, Entry, EntryRequest};
use ::fhir::identifiers::{Reader, systems};
use ::fhir::interaction::transaction::resolved;
use ::fhir::{Interaction, LogicalId, Parameter, Resource, ResourceType, SearchQuery};
use exchange::ports::{Answer, SourceFault};

use super::super::rest::Call;
use super::FhirSource;
use super::reach::{Narrowed, Reach};

impl FhirSource {
    /// Writes all entries or none. Whatever an entry holds, and whatever stands where it writes, must be within
    /// reach; what is replaced must still be what was looked at.
    pub(super) async fn transaction(
        &self,
        call: &Call<'_>,
        reach: Reach<'_>,
        entries: &[Interaction],
        body: Option<&Resource>,
    ) -> Result<Answer, SourceFault> {
        let body = body.ok_or(SourceFault::Rejected)?;
        let bundle = Bundle::read(body).ok().filter(|bundle| bundle.kind == BundleKind::Transaction);
        let mut bundle = bundle.filter(|bundle| bundle.entries.len() == entries.len()).ok_or(SourceFault::Rejected)?;
        for resource in resolved(&bundle).iter().flatten() {
            if !reach.has(self.rest.version, resource) {
                return Err(SourceFault::Rejected);
            }
        }
        let mut guarded = false;
        for (asked, entry) in entries.iter().zip(&mut bundle.entries) {
            guarded |= match asked {
                Interaction::Create { resource_type } => self.guard_create(reach, *resource_type, entry)?,
                Interaction::Update { resource_type, id } => {
                    self.guard_change(call, reach, *resource_type, id, entry, true).await?
                }
                Interaction::Delete { resource_type, id } => {
                    self.guard_change(call, reach, *resource_type, id, entry, false).await?
                }
                _ => return Err(SourceFault::NotSupported),
            };
        }
        let text = if guarded { bundle.write() } else { body.bytes() };
        let transaction = call.transaction(text, entries).await?;
        let writes_patient = |asked: &Interaction| asked.resource_type().is_some_and(|kind| kind.name() == "Patient");
        if let (Reach::One { bsn, .. }, true) = (reach, entries.iter().any(writes_patient)) {
            self.patients.forget(bsn);
        }
        Ok(Answer { transaction, ..Answer::default() })
    }

    /// A conditional create must not find, and be answered with, what is another patient's; and a sender that brings its
    /// Patient along must not make the server know one person twice. True when the entry was changed.
    fn guard_create(&self, reach: Reach<'_>, kind: ResourceType, entry: &mut Entry) -> Result<bool, SourceFault> {
        let request = entry.request.as_mut().ok_or(SourceFault::Rejected)?;
        let Some(condition) = &request.if_none_exist else {
            let Reach::One { bsn, .. } = reach else { return Ok(false) };
            if kind.name() != "Patient" {
                return Ok(false);
            }
            let token = format!("{}|{}", systems::BSN, bsn.reveal_to(Reader::Source));
            let by_bsn = SearchQuery { parameters: vec![Parameter::new("identifier", token)] };
            request.if_none_exist = Some(by_bsn.write());
            return Ok(true);
        };
        let condition = condition.split_once('?').map_or(condition.as_str(), |(_, query)| query);
        let query = SearchQuery::parse(condition).map_err(|_| SourceFault::Rejected)?;
        if kind.name() == "Patient" {
            // A patient is one person by BSN; by any other number it may be found to be someone else.
            let by_bsn = query.parameters.iter().any(|parameter| {
                let system = parameter.value.split('|').next().unwrap_or_default();
                parameter.name == "identifier" && [systems::BSN, systems::BSN_OID].contains(&system)
            });
            return if by_bsn { Ok(false) } else { Err(SourceFault::Rejected) };
        }
        let narrowing: Vec<Parameter> = match reach.narrow(self.rest.version, kind, &query) {
            Ok(Narrowed::By(narrowing)) => narrowing,
            // The server has nothing of a patient that it does not know, so nothing can be found: it is just created.
            Ok(Narrowed::ToNothing) => {
                request.if_none_exist = None;
                return Ok(true);
            }
            // A type that is about nobody.
            Err(_) => return Ok(false),
        };
        let changed = !narrowing.is_empty();
        let narrowed = SearchQuery { parameters: narrowing.into_iter().chain(query.parameters).collect() };
        request.if_none_exist = Some(narrowed.write());
        Ok(changed)
    }

    /// What stands there now must be within reach, and must still be that when it is replaced or deleted. True when
    /// the entry was changed.
    async fn guard_change(
        &self,
        call: &Call<'_>,
        reach: Reach<'_>,
        kind: ResourceType,
        id: &LogicalId,
        entry: &mut Entry,
        may_be_new: bool,
    ) -> Result<bool, SourceFault> {
        let request: &mut EntryRequest = entry.request.as_mut().ok_or(SourceFault::Rejected)?;
        match call.read(&[kind.name(), id.as_str()]).await.map_err(SourceFault::from) {
            Ok(current) if reach.has(self.rest.version, &current) => {
                let version = current.version_id().map(|version| format!("W/\"{version}\""));
                let changes = request.if_match.is_none() && version.is_some();
                request.if_match = request.if_match.take().or(version);
                Ok(changes)
            }
            Ok(_) => Err(SourceFault::NotFound),
            Err(SourceFault::NotFound | SourceFault::Gone) if may_be_new => Ok(false),
            Err(fault) => Err(fault),
        }
    }
}
