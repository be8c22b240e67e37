//! Who took part (NEN 7513, 7.3): the system that called, this node, the person, their organisation, and under whose
//! responsibility.

use exchange::record::{AccessRecord, CallerFacts};
use fhir::json::Node;
use policy::Person;

use super::codes::{
    ACT_REASON, PARTICIPATION, ROLE_CLASS, URA_ARC, UZI_ROLE, coding, concept, logical, object, organisation,
};
use super::shape::{AgentType, Shape};

pub fn agents(record: &AccessRecord, shape: Shape) -> Node {
    let caller = record.caller.as_ref();
    let person = caller.and_then(|caller| caller.person.as_ref().map(|person| (caller, person)));
    let mut agents = vec![client(record, shape, person.is_none()), node(record, shape)];
    if shape == Shape::DisclosureRecipient {
        agents.extend(record.sources.iter().filter(|source| !source.disclosed.is_empty()).take(1).map(|source| {
            let mut agent = agent(Shape::giver(), organisation(&source.holder), false);
            agent.set("network", uri(&source.holder));
            agent
        }));
    }
    if let Some((caller, person)) = person {
        agents.push(user(record, shape, caller, person));
    }
    if let Some(caller) = caller {
        agents.extend(caller.responsible.as_ref().map(|person| {
            let mut agent = agent((PARTICIPATION, "RESP", "responsible party"), practitioner(caller, person), false);
            named(&mut agent, person);
            agent
        }));
        // A national register has no URA; the system that called names it.
        agents.extend((!caller.organisation.is_empty()).then(|| organisation_of(record, caller)));
    }
    Node::List(agents)
}

fn agent(kind: AgentType, who: Node, requestor: bool) -> Node {
    let (system, code, display) = kind;
    object([("type", concept(coding(system, code, display))), ("who", who), ("requestor", Node::Bool(requestor))])
}

/// The system that called. It is the initiator only when it asks for nobody.
fn client(record: &AccessRecord, shape: Shape, requestor: bool) -> Node {
    let who = logical("Device", None, record.caller.as_ref().map_or("", |caller| caller.client_id.as_str()));
    let mut agent = agent(shape.client(), who, requestor);
    if let Some(remote) = record.remote {
        let network = object([("address", Node::text(remote.to_string())), ("type", Node::text("2"))]);
        agent.set("network", network);
    }
    agent
}

/// This node, which also is the event's source (BALP, `val-audit-source`).
fn node(record: &AccessRecord, shape: Shape) -> Node {
    let mut agent = agent(shape.server(), organisation(&record.node), false);
    agent.set("network", uri(&record.node));
    agent
}

/// A record knows a provider by URA, not by address.
fn uri(ura: &str) -> Node {
    object([("address", Node::text(format!("{URA_ARC}{ura}"))), ("type", Node::text("5"))])
}

fn user(record: &AccessRecord, shape: Shape, caller: &CallerFacts, person: &Person) -> Node {
    let mut agent = agent(shape.user(), practitioner(caller, person), true);
    named(&mut agent, person);
    if let Some(purposes) = purposes(record) {
        agent.set("purposeOfUse", purposes);
    }
    agent
}

/// A number of the UZI or Dezi register, or one of the organisation's own: the organisation says which it is.
fn practitioner(caller: &CallerFacts, person: &Person) -> Node {
    let mut who = logical("Practitioner", None, &person.id);
    if let Some(mut identifier) = who.remove("identifier") {
        identifier.set("assigner", organisation(&caller.organisation));
        who.set("identifier", identifier);
    }
    who
}

fn named(agent: &mut Node, person: &Person) {
    if let Some(name) = person.name.as_deref().filter(|name| !name.is_empty()) {
        agent.set("name", Node::text(name));
    }
    if !person.role.is_empty() {
        agent.set("role", Node::List(vec![concept(coding(UZI_ROLE, &person.role, ""))]));
    }
}

/// The organisation of the user, with the policy that was applied to it (7.4.6).
fn organisation_of(record: &AccessRecord, caller: &CallerFacts) -> Node {
    let mut agent = agent((ROLE_CLASS, "PROV", "healthcare provider"), organisation(&caller.organisation), false);
    if let Some(name) = caller.organisation_name.as_deref().filter(|name| !name.is_empty()) {
        agent.set("name", Node::text(name));
    }
    let policy = record.decision.as_ref().and_then(|decision| decision.policy.as_ref());
    if let Some(uri) = policy.and_then(|policy| policy_uri(&policy.digest)) {
        agent.set("policy", Node::List(vec![Node::text(uri)]));
    }
    agent
}

/// The policy text by its digest, as a `ni:` URI (RFC 6920, section 3): whoever has the text can check that it is it.
pub fn policy_uri(digest: &str) -> Option<String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let hex = |at: usize| digest.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Option<Vec<u8>> = (0..digest.len()).step_by(2).map(hex).collect();
    let bytes = bytes.filter(|bytes| bytes.len() == 32)?;
    Some(format!("ni:///sha-256;{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// Why (v3 ActReason), and `BTG` beside it when the normal procedure was passed over.
pub fn purposes(record: &AccessRecord) -> Option<Node> {
    let purpose = record.decision.as_ref().and_then(|decision| decision.purpose);
    let mut purposes: Vec<Node> =
        purpose.iter().map(|purpose| concept(coding(ACT_REASON, purpose.code(), ""))).collect();
    if record.emergency.is_some() && purpose != Some(policy::Purpose::BreakTheGlass) {
        purposes.push(concept(coding(ACT_REASON, "BTG", "break the glass")));
    }
    (!purposes.is_empty()).then_some(Node::List(purposes))
}
