//! Reads the request as one FHIR interaction about a known patient, and refuses what could never be allowed
//! before anyone else is told a BSN.

mod body;
mod page;
mod parameters;
mod patient;

use std::collections::HashSet;
use std::sync::Arc;

use fhir::interaction::InteractionFault;
use fhir::interaction::transaction::is_own_identifier;
use fhir::json::Limits;
use fhir::{Bsn, Interaction, Resource};
use policy::{
    Admitted, Caller, Data, DataHolder, Denial, DenialCode, Direction, Finding, InForce, PatientBinding, PatientScope,
    Purpose, Request, StandardOperation, UseCaseId,
};

use super::identification::Identified;
use crate::handle::Handle;
use crate::inbound::{BodyKind, Conditions, Gate, Inbound, Unreadable};
use crate::middleware::paging::{Asker, Pages, Presented, Turned, Wanted};
use crate::ports::PatientIndex;
use crate::record::{AskedFacts, DecisionFacts, EmergencyFacts, resource_asked_for};
use crate::refusal::Refusal;
use crate::trail::Notes;
use body::Read;
use patient::Named;

/// A request that is understood, about a known patient, and that its use case could allow.
pub struct Asked {
    admitted: Admitted,
    body: Option<Resource>,
    conditions: Conditions,
    correlation_id: String,
    notes: Notes,
    asker: Asker,
    wanted: Wanted,
}

impl Asked {
    pub fn admitted(&self) -> &Admitted {
        &self.admitted
    }
    pub(super) fn notes(&self) -> &Notes {
        &self.notes
    }
    pub(super) fn body(&self) -> Option<&Resource> {
        self.body.as_ref()
    }
    pub(super) fn conditions(&self) -> &Conditions {
        &self.conditions
    }
    pub(super) fn correlation_id(&self) -> &str {
        &self.correlation_id
    }
    /// Who may turn the pages of the answer.
    pub(super) fn asker(&self) -> &Asker {
        &self.asker
    }
    pub(super) fn wanted(&self) -> &Wanted {
        &self.wanted
    }
}

/// What this node is, for the decisions.
#[derive(Clone, Debug)]
pub struct NodeFacts {
    pub holder: DataHolder,
    /// Care provider type code.
    pub kind: Option<String>,
    /// Bounds on a body.
    pub limits: Limits,
}

/// Reads and admits.
pub struct ReadInteraction<N> {
    use_cases: Arc<InForce>,
    index: Arc<dyn PatientIndex>,
    pages: Arc<Pages>,
    node: NodeFacts,
    data: Data,
    next: N,
}

impl<N> ReadInteraction<N> {
    /// For what source systems hold.
    pub fn new(
        use_cases: Arc<InForce>,
        index: Arc<dyn PatientIndex>,
        pages: Arc<Pages>,
        node: NodeFacts,
        next: N,
    ) -> Self {
        ReadInteraction { use_cases, index, pages, node, data: Data::Sources, next }
    }

    /// For the node's own access log, which only its own use cases open.
    pub fn of_the_log(
        use_cases: Arc<InForce>,
        index: Arc<dyn PatientIndex>,
        pages: Arc<Pages>,
        node: NodeFacts,
        next: N,
    ) -> Self {
        ReadInteraction { use_cases, index, pages, node, data: Data::AccessLog, next }
    }
}

impl<N: Handle<Asked>> Handle<Identified> for ReadInteraction<N> {
    type Out = N::Out;

    async fn handle(&self, identified: Identified) -> Result<N::Out, Refusal> {
        let (inbound, caller, notes) = identified.into_parts();
        let direction = match inbound.gate {
            Gate::Outer => Direction::Holder,
            Gate::Inner => Direction::User,
        };
        notes.note(|record| record.direction = Some(direction));
        let interaction = read(&inbound)?;
        // Until it is known which parameters name a patient, the record says what is asked without them.
        notes.note(|record| record.asked = Some(AskedFacts { query: None, ..facts(&inbound, &interaction) }));
        let use_case = match (&inbound.emergency, inbound.gate) {
            (Some(_), Gate::Inner) => Some(self.for_emergencies(&caller)?),
            _ => named_use_case(&inbound)?,
        };
        let asker = Asker::of(inbound.gate, inbound.version, &caller);
        let understood = match page::named(&interaction)? {
            Some(token) => self.turned(&token, &interaction, use_case, &asker)?,
            None => self.understood(interaction, use_case, &caller, &inbound, &notes).await?,
        };
        let Understood { interaction, patient, use_case, body, turned } = understood;
        notes.note(|record| {
            let page = turned.as_ref().map(Turned::number);
            record.asked = Some(AskedFacts { page, ..facts(&inbound, &interaction) });
            record.patient = match &patient {
                PatientScope::One(bsn) => Some(bsn.clone()),
                PatientScope::Nobody | PatientScope::Any | PatientScope::Told | PatientScope::Unnamed => None,
            };
        });
        let request = Request {
            caller,
            direction,
            holder: self.node.holder.clone(),
            holder_kind: self.node.kind.clone(),
            version: inbound.version,
            interaction,
            patient,
            data: self.data,
            use_case,
        };
        let admitted = self.use_cases.current().admissible(request).map_err(|denial| {
            notes.note(|record| record.decision = Some(DecisionFacts::from(&denial)));
            Refusal::Denied(denial)
        })?;
        if admitted.use_case().capability().purpose == Purpose::BreakTheGlass {
            let reason = admitted.request().caller.emergency.as_ref();
            let facts = reason.map(|reason| EmergencyFacts { reason: reason.as_str().to_owned() });
            notes.note(|record| record.emergency = facts);
        }
        let wanted = match turned {
            Some(turned) => Wanted::Turned(turned),
            None => {
                let presented =
                    Presented::read(inbound.version, &admitted.request().interaction, admitted.operation())?;
                presented.map_or(Wanted::Whole, |presented| Wanted::First(Arc::new(presented)))
            }
        };
        let Inbound { conditions, correlation_id, .. } = inbound;
        self.next.handle(Asked { admitted, body, conditions, correlation_id, notes, asker, wanted }).await
    }
}

/// What a request asks for, about whom.
struct Understood {
    interaction: Interaction,
    patient: PatientScope,
    use_case: Option<UseCaseId>,
    body: Option<Resource>,
    turned: Option<Turned>,
}

impl<N> ReadInteraction<N> {
    /// A page of an answer that was asked for before: what was asked then, about whom, in the same use case.
    fn turned(
        &self,
        token: &str,
        asked: &Interaction,
        use_case: Option<UseCaseId>,
        asker: &Asker,
    ) -> Result<Understood, Refusal> {
        let Some(turned) = self.pages.open(token, asker, asked.resource_type(), use_case.as_ref()) else {
            return Err(Refusal::PageGone);
        };
        Ok(Understood {
            interaction: turned.answer.interaction().clone(),
            patient: turned.answer.patient().clone(),
            use_case: Some(turned.answer.use_case().clone()),
            body: None,
            turned: Some(turned),
        })
    }

    async fn understood(
        &self,
        interaction: Interaction,
        use_case: Option<UseCaseId>,
        caller: &Caller,
        inbound: &Inbound,
        notes: &Notes,
    ) -> Result<Understood, Refusal> {
        let Read { interaction, body, about } = body::read(interaction, inbound, &self.node.limits)?;
        let (interaction, patient) =
            self.patient(interaction, &about, caller, use_case.as_ref(), inbound, notes).await?;
        // Asked of anything else, a conditional create would tell whether someone else's resource exists.
        if let (Some(condition), Some(body), Interaction::Create { .. }) =
            (&inbound.conditions.if_none_exist, &body, &interaction)
            && patient != PatientScope::Any
            && !is_own_identifier(condition, body)
        {
            return Err(Refusal::CreateCondition);
        }
        Ok(Understood { interaction, patient, use_case, body, turned: None })
    }
}

impl<N> ReadInteraction<N> {
    /// The patient that the request is about, and the interaction without the parameters that named them.
    async fn patient(
        &self,
        interaction: Interaction,
        about: &[Resource],
        caller: &Caller,
        use_case: Option<&UseCaseId>,
        inbound: &Inbound,
        notes: &Notes,
    ) -> Result<(Interaction, PatientScope), Refusal> {
        if let Some(scope) = self.unnamed(caller, use_case) {
            return Ok((interaction, scope));
        }
        let (interaction, mut named) = patient::take(interaction, inbound.version)?;
        let whole = matches!(interaction, Interaction::Transaction { .. });
        for resource in about {
            named.extend(patient::in_body(inbound.version, resource, whole)?);
        }
        let mut known: Option<Bsn> = None;
        let mut looked_up = HashSet::new();
        for name in named {
            if matches!(&name, Named::Id(id) if !looked_up.insert(id.clone())) {
                continue;
            }
            let bsn = match name {
                Named::Bsn(bsn) => bsn,
                Named::Id(id) => match self.index.patient(&id).await {
                    Finding::Found(bsn) => bsn,
                    // An id that we do not know reads like one that is not for this caller.
                    Finding::Absent | Finding::NotFoundOut(_) => return Err(other_patient()),
                },
            };
            match &known {
                Some(first) if *first != bsn => return Err(Refusal::SeveralPatients),
                Some(_) | None => known = Some(bsn),
            }
        }
        let scope = match (known, &caller.patient) {
            (Some(asked), Some(bound)) if asked != *bound => {
                // Whose data was tried is what the record is for.
                notes.note(|record| record.patient = Some(asked));
                return Err(other_patient());
            }
            (Some(asked), _) => PatientScope::One(asked),
            (None, Some(bound)) => PatientScope::One(bound.clone()),
            // A log is about all who are in it; whether that may be is the use case's.
            (None, None) if self.data == Data::AccessLog => PatientScope::Any,
            (None, None) => PatientScope::Nobody,
        };
        Ok((interaction, scope))
    }

    /// The use case for emergencies that this caller holds. Who holds none is told no more than who asks for something
    /// else that is not offered.
    fn for_emergencies(&self, caller: &Caller) -> Result<UseCaseId, Refusal> {
        let in_force = self.use_cases.current();
        let is_one = |id: &&UseCaseId| {
            let found = in_force.get(id);
            found.is_some_and(|found| {
                found.capability().data == self.data && found.capability().purpose == Purpose::BreakTheGlass
            })
        };
        let found = caller.use_cases.iter().find(is_one).cloned();
        found.ok_or_else(|| Refusal::Denied(denial(DenialCode::NotInUseCase)))
    }

    /// The scope of a use case whose requests name no patient: a development one about any patient, or, when it is the only
    /// one that is meant, one whose patient the answer tells, or does not name.
    fn unnamed(&self, caller: &Caller, use_case: Option<&UseCaseId>) -> Option<PatientScope> {
        let in_force = self.use_cases.current();
        let meant = caller.use_cases.iter().filter(|id| use_case.is_none_or(|named| named == *id));
        let meant: Vec<PatientBinding> = meant
            .filter_map(|id| in_force.get(id))
            .map(|found| found.capability())
            .filter(|capability| capability.data == Data::Sources)
            .map(|capability| capability.patient)
            .collect();
        match meant.as_slice() {
            [PatientBinding::Told] => Some(PatientScope::Told),
            [PatientBinding::Unnamed] => Some(PatientScope::Unnamed),
            some if some.contains(&PatientBinding::Any) => Some(PatientScope::Any),
            _ => None,
        }
    }
}

fn read(inbound: &Inbound) -> Result<Interaction, Refusal> {
    match inbound.unreadable {
        Some(Unreadable::BodyTooLarge) => return Err(Refusal::BodyTooLarge),
        Some(Unreadable::BodyBroken) => return Err(Refusal::BodyBroken),
        Some(Unreadable::NotServed) => return Err(Refusal::NotServed),
        Some(Unreadable::NotAcceptable) => return Err(Refusal::NotAcceptable),
        None => {}
    }
    let method = inbound.method.ok_or(Refusal::NotAnInteraction(InteractionFault::Method))?;
    let form = match inbound.body_kind {
        BodyKind::Form => Some(std::str::from_utf8(&inbound.body).map_err(|_| Refusal::BodyBroken)?),
        BodyKind::None | BodyKind::Json | BodyKind::Xml | BodyKind::Other => None,
    };
    Interaction::read(inbound.version, method, &inbound.path, &inbound.query, form).map_err(Refusal::NotAnInteraction)
}

fn named_use_case(inbound: &Inbound) -> Result<Option<UseCaseId>, Refusal> {
    match &inbound.use_case {
        None => Ok(None),
        Some(text) => UseCaseId::parse(text).map(Some).ok_or(Refusal::UseCaseName),
    }
}

fn facts(inbound: &Inbound, interaction: &Interaction) -> AskedFacts {
    AskedFacts {
        fhir_version: inbound.version.segment().into(),
        interaction: interaction.code().into(),
        resource_type: interaction.resource_type().map(|kind| kind.name().into()),
        resource: resource_asked_for(interaction),
        operation: match interaction {
            Interaction::Operation { name, .. } => Some(name.clone()),
            _ => None,
        },
        // A verdict and its note have a place of their own in the record.
        query: interaction
            .query()
            .filter(|query| !query.parameters.is_empty() && !gives_a_verdict(interaction))
            .map(|query| query.write()),
        page: None,
        entries: entries(interaction),
    }
}

fn gives_a_verdict(interaction: &Interaction) -> bool {
    let Interaction::Operation { level, name, .. } = interaction else { return false };
    StandardOperation::of(level, name) == Some(StandardOperation::Review)
}

/// What the entries of a transaction ask for, without ids: where they end up stands with the source.
fn entries(interaction: &Interaction) -> Vec<String> {
    let Interaction::Transaction { entries } = interaction else { return Vec::new() };
    let of = |entry: &Interaction| format!("{} {}", entry.code(), entry.resource_type().map_or("", |kind| kind.name()));
    entries.iter().map(of).collect()
}

fn other_patient() -> Refusal {
    Refusal::Denied(denial(DenialCode::PatientBinding))
}

fn denial(code: DenialCode) -> Denial {
    Denial { code, reasons: Vec::new(), use_case: None, policy: None, parameter: None }
}
