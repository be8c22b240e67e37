//! To which service or location of the receiving organisation a handoff goes (TA Routering): an extension of the Task, by the
//! identifier that the receiver gave the place itself.

use fhir::json::Node;
use serde::{Deserialize, Serialize};

use super::codes::ROUTED_TO;
use super::task::object;

/// What kind of place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// HealthcareService (zorgaanbod).
    Service,
    /// Location, a department among them.
    Location,
}

/// A place of the receiver, as its directory names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoutedTo {
    pub kind: Place,
    /// Its identifier: system and value.
    pub system: String,
    pub value: String,
    pub name: String,
}

impl RoutedTo {
    /// `Task.extension`.
    pub(super) fn to_extension(&self) -> Node {
        let [service, location] = ROUTED_TO;
        let url = match self.kind {
            Place::Service => service,
            Place::Location => location,
        };
        let identifier = object([("system", Node::text(&self.system)), ("value", Node::text(&self.value))]);
        let reference = object([("identifier", identifier), ("display", Node::text(&self.name))]);
        object([("url", Node::text(url)), ("valueReference", reference)])
    }
}
