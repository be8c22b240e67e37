//! Which profile of IHE BALP an exchange follows, and what that profile says of type, action and agents.

use exchange::Gate;
use exchange::record::AccessRecord;
use policy::Direction;

use super::codes::{DCM, PARTICIPATION, PROVENANCE};
use crate::class::Class;

const BASE: &str = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/";

/// The form of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Read,
    Query,
    Create,
    Update,
    Delete,
    /// An operation at the data holder's gate that gave data to another organisation.
    DisclosureSource,
    /// An operation at the data user's gate that brought data from one other organisation.
    DisclosureRecipient,
    /// What no profile is about: transactions, histories, operations without data, requests that were not understood.
    Plain,
}

/// System, code and display of an agent's type.
pub type AgentType = (&'static str, &'static str, &'static str);

const SOURCE_ROLE: AgentType = (DCM, "110153", "Source Role ID");
const DESTINATION_ROLE: AgentType = (DCM, "110152", "Destination Role ID");
const APPLICATION: AgentType = (DCM, "110150", "Application");
const CUSTODIAN: AgentType = (PROVENANCE, "custodian", "Custodian");
const RECIPIENT: AgentType = (PARTICIPATION, "IRCP", "information recipient");
const AUTHOR: AgentType = (PARTICIPATION, "AUT", "Author");

impl Shape {
    pub fn of(record: &AccessRecord) -> Shape {
        let interaction = record.asked.as_ref().map_or("", |asked| asked.interaction.as_ref());
        match interaction {
            "read" | "vread" => Shape::Read,
            "search-type" | "search-system" => Shape::Query,
            "create" => Shape::Create,
            "update" | "patch" => Shape::Update,
            "delete" => Shape::Delete,
            "operation" if record.patient.is_some() => Shape::disclosure(record),
            _ => Shape::Plain,
        }
    }

    fn disclosure(record: &AccessRecord) -> Shape {
        let gave = |source: &&exchange::record::SourceFacts| !source.disclosed.is_empty();
        let mut givers = record.sources.iter().filter(gave);
        match (is_holder(record), givers.next(), givers.next()) {
            (true, Some(_), _) => Shape::DisclosureSource,
            (false, Some(only), None) if only.holder != record.node => Shape::DisclosureRecipient,
            _ => Shape::Plain,
        }
    }

    /// `AuditEvent.action`: create, read, update, delete or execute.
    pub const fn action(self) -> &'static str {
        match self {
            Shape::Read | Shape::DisclosureSource => "R",
            Shape::Create | Shape::DisclosureRecipient => "C",
            Shape::Update => "U",
            Shape::Delete => "D",
            Shape::Query | Shape::Plain => "E",
        }
    }

    /// The type of the agent that called.
    pub const fn client(self) -> AgentType {
        match self {
            Shape::Read | Shape::DisclosureSource => DESTINATION_ROLE,
            Shape::Query | Shape::Create | Shape::Update | Shape::Plain => SOURCE_ROLE,
            Shape::Delete | Shape::DisclosureRecipient => APPLICATION,
        }
    }

    /// The type of the agent that was called: this node.
    pub const fn server(self) -> AgentType {
        match self {
            Shape::Read | Shape::DisclosureSource => SOURCE_ROLE,
            Shape::Query | Shape::Create | Shape::Update | Shape::Plain | Shape::DisclosureRecipient => {
                DESTINATION_ROLE
            }
            Shape::Delete => CUSTODIAN,
        }
    }

    /// The type of the agent that data came from, where that is neither of the two.
    pub const fn giver() -> AgentType {
        SOURCE_ROLE
    }

    /// The type of the person on whose behalf it was.
    pub const fn user(self) -> AgentType {
        match self {
            Shape::Create | Shape::Update | Shape::Delete => AUTHOR,
            Shape::Read | Shape::Query | Shape::DisclosureSource | Shape::DisclosureRecipient | Shape::Plain => {
                RECIPIENT
            }
        }
    }

    /// The profile that the event satisfies. The profiles of the RESTful interactions fix the outcome to success, and
    /// all of them want to know where the caller was on the network: an event that falls short of that claims none,
    /// though it has the same form.
    pub fn profile(self, record: &AccessRecord) -> Option<String> {
        record.remote?;
        let name = match self {
            Shape::DisclosureSource => "PrivacyDisclosure.Source",
            Shape::DisclosureRecipient => "PrivacyDisclosure.Recipient",
            Shape::Plain => return None,
            _ if outcome(Class::of(record)) != "0" => return None,
            Shape::Read => "Read",
            Shape::Query => "Query",
            Shape::Create => "Create",
            Shape::Update => "Update",
            Shape::Delete => "Delete",
        };
        let about = match self {
            Shape::DisclosureSource | Shape::DisclosureRecipient => "",
            _ if record.patient.is_some() => "Patient",
            _ => "",
        };
        Some(format!("{BASE}IHE.BasicAudit.{about}{name}"))
    }
}

/// Whether the node stands at the data holder's side of the exchange.
pub fn is_holder(record: &AccessRecord) -> bool {
    match record.direction {
        Some(direction) => direction == Direction::Holder,
        None => record.gate == Gate::Outer,
    }
}

/// `AuditEvent.outcome`: 0 success, 4 minor failure (the request), 8 serious failure (a denial, or a server that
/// failed), 12 major failure (not available). An answer that lacks a source is no success.
pub const fn outcome(class: Class) -> &'static str {
    match class {
        Class::Released | Class::Nothing | Class::NotModified | Class::Decided => "0",
        Class::Incomplete | Class::NotUnderstood | Class::NotThere | Class::Conflict => "4",
        Class::Denied | Class::Unidentified | Class::SourceFailed | Class::Failed | Class::Interrupted => "8",
        Class::Unavailable => "12",
    }
}
