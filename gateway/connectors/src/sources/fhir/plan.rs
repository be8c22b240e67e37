//! One search, divided: what the server is asked, and what the node evaluates itself on the answer.

use ::fhir::search::{Search, SearchFault, asks_for_latest_stops, looks_beyond, split};
use ::fhir::{FhirVersion, Parameter, ResourceType, SearchQuery};
use exchange::ports::SourceFault;

use super::super::faults::of_search;
use super::knowledge::Knowledge;

/// A search, divided.
pub(super) struct Plan {
    /// The filters that the server is asked to apply.
    sent: Vec<Parameter>,
    /// Those of them that nobody but the server can apply.
    blind: Vec<Parameter>,
    /// `_include` and `_revinclude` that the server is asked for.
    brought: Vec<Parameter>,
    sort: Vec<Parameter>,
    reverse: Vec<Parameter>,
    /// What the node can tell from each match alone that the server was asked for.
    pub checked: SearchQuery,
    /// Everything that the node evaluates: all filters it can, and what is brought along.
    pub evaluated: SearchQuery,
}

/// One way to ask the server.
pub(super) struct Attempt {
    pub parameters: Vec<Parameter>,
    /// The `_revinclude`s that the server is not asked for this way.
    pub own_reverse: Vec<Parameter>,
}

impl Plan {
    /// Divides a search. What neither the server nor the node can evaluate is refused by name.
    pub fn read(knowledge: &Knowledge<'_>, kind: ResourceType, query: &SearchQuery) -> Result<Self, SourceFault> {
        let (asked, presentation) = split(query);
        let mut plan = Plan {
            sent: Vec::new(),
            blind: Vec::new(),
            brought: Vec::new(),
            sort: presentation.named("_sort").cloned().collect(),
            reverse: asked.named("_revinclude").cloned().collect(),
            checked: SearchQuery::default(),
            evaluated: SearchQuery::default(),
        };
        let asks = |parameter: &Parameter| asks_for_latest_stops(knowledge.version, kind, parameter);
        let latest = asked.parameters.iter().find(|parameter| asks(parameter));
        let whole = latest.is_none_or(|latest| knowledge.filters_by(kind, latest));
        for parameter in &asked.parameters {
            // The latest stops lie outside the period: a server that does not know of them must not be asked for it, and
            // of no single match can be told whether it belongs there.
            let lifted = latest.is_some() && (asks(parameter) || parameter.name == "period-of-use");
            let alone = SearchQuery { parameters: vec![parameter.clone()] };
            let read = Search::read(knowledge.version, kind, &alone);
            let included = matches!(parameter.name.as_str(), "_include" | "_revinclude");
            match read {
                Ok(_) if included => {
                    plan.evaluated.parameters.push(parameter.clone());
                    if knowledge.brings(kind, parameter) {
                        plan.brought.push(spelled(knowledge.version, parameter));
                    }
                }
                Ok(_) => {
                    plan.evaluated.parameters.push(parameter.clone());
                    if knowledge.filters_by(kind, parameter) && (whole || !lifted) {
                        plan.sent.push(parameter.clone());
                        if !looks_beyond(parameter) && !lifted {
                            plan.checked.parameters.push(parameter.clone());
                        }
                    }
                }
                Err(SearchFault::Unsupported { .. }) if !included && knowledge.filters_by(kind, parameter) => {
                    plan.sent.push(parameter.clone());
                    plan.blind.push(parameter.clone());
                }
                Err(fault) => return Err(of_search(&fault)),
            }
        }
        Ok(plan)
    }

    /// The ways to ask the server, the fullest first. Each next one leaves more to the node, for a server that
    /// rejects what it said, or was thought, to know.
    pub fn attempts(&self) -> Vec<Attempt> {
        let own_reverse: Vec<Parameter> =
            self.reverse.iter().filter(|one| !self.brought.iter().any(|sent| same(sent, one))).cloned().collect();
        let attempt = |parts: &[&[Parameter]], own_reverse: &[Parameter]| Attempt {
            parameters: parts.concat(),
            own_reverse: own_reverse.to_vec(),
        };
        let mut ways = vec![attempt(&[&self.sent, &self.brought, &self.sort], &own_reverse)];
        if !self.sort.is_empty() {
            ways.push(attempt(&[&self.sent, &self.brought], &own_reverse));
        }
        if !self.brought.is_empty() {
            ways.push(attempt(&[&self.sent], &self.reverse));
        }
        let by_id = self.sent.iter().filter(|parameter| parameter.name == "_id").cloned();
        let least: Vec<Parameter> = by_id.chain(self.blind.iter().cloned()).collect();
        if least.len() < self.sent.len() {
            ways.push(attempt(&[&least], &self.reverse));
        }
        ways
    }

    /// Whether the server itself is asked every filter, so that it alone could choose the same.
    pub fn is_sent_whole(&self) -> bool {
        let filters = self.evaluated.parameters.iter().filter(|one| !one.name.ends_with("include")).count();
        filters + self.blind.len() == self.sent.len()
    }

    /// Whether a filter looks through all of a type (`_has`).
    pub fn looks_through(&self, kind: ResourceType) -> bool {
        let named = format!("_has:{kind}:");
        self.evaluated.parameters.iter().any(|parameter| parameter.key().contains(&named))
    }

    /// The filters that the server is asked to apply.
    pub fn sent(&self) -> &[Parameter] {
        &self.sent
    }
}

/// `:iterate` is R4's word, `:recurse` that of STU3; callers use either.
fn spelled(version: FhirVersion, include: &Parameter) -> Parameter {
    let modifier = include.modifier.as_deref().map(|modifier| match (modifier, version) {
        ("iterate" | "recurse", FhirVersion::Stu3) => "recurse".to_owned(),
        ("iterate" | "recurse", FhirVersion::R4) => "iterate".to_owned(),
        (other, _) => other.to_owned(),
    });
    Parameter { modifier, ..include.clone() }
}

fn same(one: &Parameter, other: &Parameter) -> bool {
    one.name == other.name && one.value == other.value
}
