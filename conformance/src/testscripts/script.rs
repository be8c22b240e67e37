//! A TestScript (FHIR STU3) as far as those of eOverdracht go: who is tried, what is done in which order, what is asserted.

use std::collections::BTreeMap;
use std::path::Path;

use crate::xml::Element;

/// Who is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Sender,
    Receiver,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Request,
    Response,
}

pub struct Script {
    pub role: Role,
    /// Profiles by the id that assertions name.
    pub profiles: BTreeMap<String, String>,
    /// The file names of fixtures.
    pub fixtures: Vec<String>,
    /// The same by the id that operations name, where they are named so.
    pub named: BTreeMap<String, String>,
    pub actions: Vec<Action>,
}

pub enum Action {
    Operation(Operation),
    Assert(Assert),
}

pub struct Operation {
    /// `create`, `read`, `update` or `updateCreate`.
    pub code: String,
    pub resource: String,
    /// As in the script, with its variables.
    pub params: String,
    /// `xml` or `json`, where the script says.
    pub accept: Option<String>,
    pub content: Option<String>,
    /// The id of the fixture that is sent.
    pub source: Option<String>,
    /// It comes from nobody who is tried.
    pub by_simulator: bool,
    /// It stands in the setup: the simulator is filled.
    pub is_setup: bool,
}

pub struct Assert {
    pub description: String,
    pub direction: Direction,
    pub codes: Option<String>,
    pub resource: Option<String>,
    pub expression: Option<String>,
    pub operator: Option<String>,
    pub value: Option<String>,
    pub profile: Option<String>,
    pub warning_only: bool,
    pub stop: bool,
}

impl Script {
    /// # Errors
    /// A sentence about what it lacks.
    pub fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file).map_err(|fault| fault.to_string())?;
        let root = Element::read(&text).map_err(str::to_owned)?;
        if root.name != "TestScript" {
            return Err("it is no TestScript".to_owned());
        }
        // The first destination is a FHIR server: of the system that is tried when that is the sender.
        let first = root.all("destination").find(|one| one.value_of("index") == Some("1"));
        let tried = first.and_then(|one| one.first("extension")).and_then(|one| one.value_of("valueBoolean"));
        let role = match tried {
            Some("true") => Role::Sender,
            Some("false") => Role::Receiver,
            _ => return Err("it does not say who is tried".to_owned()),
        };
        Ok(Script::of(&root, role))
    }

    /// What this root has, where it is known who is tried.
    pub fn of(root: &Element, role: Role) -> Self {
        let profile = |one: &Element| Some((one.attribute("id")?.to_owned(), one.value()?.to_owned()));
        let fixture = |one: &Element| {
            let reference = one.first("resource")?.first("reference")?.value()?;
            Some(reference.rsplit('/').next()?.to_owned())
        };
        let (mut named, mut profiles) = (BTreeMap::new(), root.all("profile").filter_map(profile).collect());
        name_what_is_used(root, &mut named, &mut profiles);
        let mut actions = Vec::new();
        for (part, is_setup) in
            root.all("setup").map(|part| (part, true)).chain(root.all("test").map(|part| (part, false)))
        {
            for action in part.all("action") {
                actions.extend(action.first("operation").map(|one| Action::Operation(operation(one, is_setup))));
                actions.extend(action.first("assert").map(|one| Action::Assert(assert(one))));
            }
        }
        Script { role, named, profiles, fixtures: root.all("fixture").filter_map(fixture).collect(), actions }
    }
}

/// The fixtures and profiles of a script in the form that it is written in, wherever they stand.
fn name_what_is_used(of: &Element, named: &mut BTreeMap<String, String>, profiles: &mut BTreeMap<String, String>) {
    for element in of.elements() {
        if let ("fixture", Some(id), Some(href)) =
            (element.name.as_str(), element.attribute("id"), element.attribute("href"))
        {
            named.insert(id.to_owned(), href.rsplit('/').next().unwrap_or_default().to_owned());
        }
        if let ("profile", Some(id), Some(canonical)) =
            (element.name.as_str(), element.attribute("id"), element.value())
        {
            profiles.insert(id.to_owned(), canonical.to_owned());
        }
        name_what_is_used(element, named, profiles);
    }
}

fn owned(element: &Element, name: &str) -> Option<String> {
    element.value_of(name).map(str::to_owned)
}

fn operation(element: &Element, is_setup: bool) -> Operation {
    let code = element.first("type").and_then(|kind| kind.value_of("code")).unwrap_or_default();
    Operation {
        code: code.to_owned(),
        resource: owned(element, "resource").unwrap_or_default(),
        params: owned(element, "params").unwrap_or_default(),
        accept: owned(element, "accept"),
        content: owned(element, "contentType"),
        source: owned(element, "sourceId"),
        by_simulator: element.first("origin").is_none(),
        is_setup,
    }
}

fn assert(element: &Element) -> Assert {
    let is = |name: &str| element.value_of(name) == Some("true");
    let request = element.value_of("direction") == Some("request");
    Assert {
        description: owned(element, "description").or_else(|| owned(element, "label")).unwrap_or_default(),
        direction: if request { Direction::Request } else { Direction::Response },
        codes: owned(element, "responseCode"),
        resource: owned(element, "resource"),
        expression: owned(element, "expression"),
        operator: owned(element, "operator"),
        value: owned(element, "value"),
        profile: owned(element, "validateProfileId"),
        warning_only: is("warningOnly"),
        stop: is("stopTestOnFail"),
    }
}
