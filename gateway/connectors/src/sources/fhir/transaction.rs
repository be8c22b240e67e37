//! A transaction within reach: every entry is checked before any is sent, then all are sent as one Bundle.

use std::borrow::Cow;

use ::fhir::bundle::{Bundle, BundleKind, Entry, EntryRequest};
use ::fhir::compartment::{Whose, whose};
use ::fhir::identifiers::{Reader, systems};
use ::fhir::interaction::transaction::resolved;
use ::fhir::{Interaction, LogicalId, Parameter, Resource, ResourceType, SearchQuery};
use exchange::ports::{Answer, SourceFault, Written};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::super::rest::Call;
use super::FhirSource;
use super::about_one::Patient;
use super::conditional::Held;
use super::reach::{Narrowed, Reach};

/// How many resources of a transaction are looked for at once.
const AT_ONCE: usize = 8;

impl FhirSource {
    /// Writes all entries or none. Whatever an entry holds, and whatever stands where it writes, must be within
    /// reach; what is replaced must still be what was looked at. `once`: the patient of whom a resource with an identifier of
    /// its own is created once, however often it is sent.
    pub(super) async fn transaction(
        &self,
        call: &Call<'_>,
        reach: Reach<'_>,
        once: Option<Patient<'_>>,
        entries: &[Interaction],
        body: Option<&Resource>,
    ) -> Result<Answer, SourceFault> {
        let body = body.ok_or(SourceFault::Rejected)?;
        let bundle = Bundle::read(body).ok().filter(|bundle| bundle.kind == BundleKind::Transaction);
        let mut bundle = bundle.filter(|bundle| bundle.entries.len() == entries.len()).ok_or(SourceFault::Rejected)?;
        let resources = resolved(&bundle);
        for resource in resources.iter().flatten() {
            if !reach.has(self.rest.version, resource) {
                return Err(SourceFault::Rejected);
            }
        }
        if let Some(patient) = once
            && let Some(transaction) = self.taken_before(call, patient, entries, &resources).await?
        {
            return Ok(Answer { transaction, ..Answer::default() });
        }
        let mut guarded = false;
        for ((asked, entry), resource) in entries.iter().zip(&mut bundle.entries).zip(&resources) {
            if once.is_some() {
                guarded |= self.name_what_is_created(asked, entry, resource.as_ref());
            }
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

    /// What is there of a transaction that was taken before: when each resource of the patient's in it is to be created and is
    /// there under its own identifier. What it brought along (a product, a practitioner) is then not made again either. None,
    /// when something is not there, or is not known by an identifier.
    async fn taken_before(
        &self,
        call: &Call<'_>,
        patient: Patient<'_>,
        entries: &[Interaction],
        resources: &[Option<Resource>],
    ) -> Result<Option<Vec<Written>>, SourceFault> {
        let mut there = vec![Written { created: false, id: None, version_id: None }; entries.len()];
        let mut blocks = Vec::new();
        for (at, (asked, resource)) in entries.iter().zip(resources).enumerate() {
            let Interaction::Create { resource_type } = asked else { return Ok(None) };
            let Some(resource) = resource.as_ref().filter(|resource| self.is_about_a_patient(resource)) else {
                continue;
            };
            let Some(token) = own_identifier(resource) else { return Ok(None) };
            blocks.push((at, *resource_type, SearchQuery { parameters: vec![Parameter::new("identifier", token)] }));
        }
        let look_up = async |(at, kind, by_identifier): (usize, ResourceType, SearchQuery)| {
            let Held::One(found) = self.held(call, patient, kind, &by_identifier).await? else { return Ok(None) };
            let text = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
            let written = Written { created: false, id: text(found.id()), version_id: text(found.version_id()) };
            Ok::<_, SourceFault>(Some((at, written)))
        };
        // What is sent for the first time is so by its first resource already.
        let mut blocks = blocks.into_iter();
        let Some(first) = blocks.next() else { return Ok(None) };
        let Some((at, written)) = look_up(first).await? else { return Ok(None) };
        there[at] = written;
        let found: Vec<_> = stream::iter(blocks).map(look_up).buffered(AT_ONCE).try_collect().await?;
        for found in found {
            let Some((at, written)) = found else { return Ok(None) };
            there[at] = written;
        }
        Ok(Some(there))
    }

    /// Makes the create of a patient's resource one on condition that nothing has its identifier, so that two who send the same
    /// at once do not both create. True when the entry was changed.
    fn name_what_is_created(&self, asked: &Interaction, entry: &mut Entry, resource: Option<&Resource>) -> bool {
        let created = resource.filter(|_| matches!(asked, Interaction::Create { .. }));
        let token = created.filter(|resource| self.is_about_a_patient(resource)).and_then(own_identifier);
        let request = entry.request.as_mut().filter(|request| request.if_none_exist.is_none());
        let Some((request, token)) = request.zip(token) else { return false };
        let by_identifier = SearchQuery { parameters: vec![Parameter::new("identifier", token)] };
        request.if_none_exist = Some(by_identifier.write());
        true
    }

    /// Data of a patient's, and not the Patient or what came along.
    fn is_about_a_patient(&self, resource: &Resource) -> bool {
        matches!(whose(self.rest.version, resource), Whose::About(_))
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

/// An identifier that the resource carries, as a search for it says it. None: it has none that such a search can say.
fn own_identifier(resource: &Resource) -> Option<String> {
    resource.root().all("identifier").iter().find_map(|identifier| {
        let text = |name| identifier.get(name).and_then(|text| text.as_text());
        let (system, value) = text("system").zip(text("value"))?;
        let plain = |text: &str| !text.is_empty() && !text.contains([',', '|', '$', '\\']);
        (plain(&system) && plain(&value)).then(|| format!("{system}|{value}"))
    })
}
