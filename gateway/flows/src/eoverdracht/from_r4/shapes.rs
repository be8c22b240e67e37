//! What is built otherwise in the two versions: the status of a Goal, and what a Consent provides, and of whom.

use fhir::elements::{self, TypeDef};
use fhir::json::Node;

use super::around::text;
use super::turn::{Came, Item, Made, Turn};
use super::{Way, Why, coding_of, living_will};

const ACHIEVEMENT: &str = "http://terminology.hl7.org/CodeSystem/goal-achievement";
/// R4 says apart how far a goal is pursued and how far it is reached: `(lifecycle, achievement)`, and the status in STU3. What
/// STU3 says of being ahead or behind, and most of what R4 says of progress, has no equal.
const GOALS: [((&str, Option<&str>), &str); 9] = [
    (("proposed", None), "proposed"),
    (("accepted", None), "accepted"),
    (("planned", None), "planned"),
    (("active", None), "in-progress"),
    (("on-hold", None), "on-hold"),
    (("completed", Some("achieved")), "achieved"),
    (("cancelled", None), "cancelled"),
    (("entered-in-error", None), "entered-in-error"),
    (("rejected", None), "rejected"),
];

pub(super) const SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
/// R4 says beside the category what a consent is about at all, and STU3 by the category alone: the code of the scope, and the
/// category (SNOMED CT, zib2017) that says the same.
const SCOPES: [(&str, &str); 2] = [("adr", "11341000146107"), ("treatment", "11291000146105")];
pub(super) const SNOMED: &str = "http://snomed.info/sct";
/// What R4 has in the provision, STU3 has on the Consent.
const PROVIDED: [&str; 7] = ["period", "actor", "action", "securityLabel", "purpose", "dataPeriod", "data"];

impl Turn<'_> {
    /// Makes what is shaped otherwise; gives the names of what was taken from the object.
    pub(super) fn shapes(
        &mut self,
        object: &Node,
        from: &'static TypeDef,
        to: &'static TypeDef,
        made: &mut Made,
    ) -> Vec<&'static str> {
        match (self.r4_name(from, to), self.way) {
            ("Goal", Way::ToStu3) => self.goal_to_stu3(object, to, made),
            ("Goal", Way::ToR4) => self.goal_to_r4(object, to, made),
            ("Consent", Way::ToStu3) => self.consent_to_stu3(object, to, made),
            ("Consent", Way::ToR4) => self.consent_to_r4(object, to, made),
            _ => Vec::new(),
        }
    }

    fn goal_to_stu3(&mut self, goal: &Node, to: &'static TypeDef, made: &mut Made) -> Vec<&'static str> {
        let reached = goal.get("achievementStatus").map(|concept| coding_of(concept, ACHIEVEMENT));
        let status = match (text(goal, "lifecycleStatus"), reached) {
            (Some(lifecycle), None) => stu3_status(lifecycle, None),
            (Some(lifecycle), Some(Some(reached))) => stu3_status(lifecycle, Some(reached)),
            _ => None,
        };
        match status.filter(|_| goal.get("_lifecycleStatus").is_none()) {
            Some(status) => add(made, to, "status", "lifecycleStatus", Node::text(status)),
            None if goal.get("lifecycleStatus").is_some() => {
                self.fault_at(if reached.is_some() { "achievementStatus" } else { "lifecycleStatus" }, Why::Code);
            }
            None => self.fault_at("lifecycleStatus", Why::Element),
        }
        vec!["lifecycleStatus", "achievementStatus"]
    }

    fn goal_to_r4(&mut self, goal: &Node, to: &'static TypeDef, made: &mut Made) -> Vec<&'static str> {
        let status = text(goal, "status").filter(|_| goal.get("_status").is_none());
        match status.and_then(|status| GOALS.iter().find(|(_, stu3)| *stu3 == status)) {
            Some(((lifecycle, reached), _)) => {
                add(made, to, "lifecycleStatus", "status", Node::text(lifecycle));
                if let Some(reached) = reached {
                    add(made, to, "achievementStatus", "status", concept(ACHIEVEMENT, reached));
                }
            }
            None => self.fault_at("status", Why::Code),
        }
        vec!["status"]
    }

    fn consent_to_stu3(&mut self, consent: &Node, to: &'static TypeDef, made: &mut Made) -> Vec<&'static str> {
        let is_living_will = living_will::is_one(self.way, consent);
        let mut taken = vec!["scope", "provision"];
        if is_living_will {
            taken.extend(["category", "performer"]);
            add(made, to, "category", "category", living_will::category(self.way));
            if consent.get("performer").is_some() {
                self.fault_at("performer", Why::Element);
            }
        } else {
            let scope = consent.get("scope").and_then(|scope| coding_of(scope, SCOPE));
            if scope.is_none() || scope != scope_of(consent) {
                self.fault_at("scope", Why::Element);
            }
            if living_will::begins_as_record(consent) {
                self.fault_at("category", Why::Code);
            }
        }
        let (Some(Node::Object(members)), Some(of)) =
            (consent.get("provision"), elements::type_of(self.way.from(), "Consent.provision"))
        else {
            return taken;
        };
        let length = self.place.enter("provision");
        for (name, member) in members {
            let (target, items) = match name.as_str() {
                "provision" => (to.child("except"), listed(member)),
                "code" if is_living_will => (to.child("category"), listed(member)),
                "actor" if is_living_will => {
                    let is = |actor: &Node| living_will::representative(actor).cloned();
                    let representatives: Vec<Node> = listed(member).iter().filter_map(is).collect();
                    let reference = elements::type_of(self.way.from(), "Consent.provision.actor");
                    let reference = reference.and_then(|actor| actor.child("reference"));
                    if let (Some(reference), Some(party)) = (reference, to.child("consentingParty")) {
                        let made_of = self.provided(representatives, "actor", reference, party);
                        made.add(party, name, made_of);
                    }
                    (to.child("actor"), listed(member).into_iter().filter(|actor| is(actor).is_none()).collect())
                }
                name if PROVIDED.contains(&name) => (to.child(name), listed(member)),
                _ => (None, Vec::new()),
            };
            match (of.child(name), target) {
                (Some(child), Some(target)) => {
                    let items = self.provided(items, name, child, target);
                    made.add(target, name, items);
                }
                _ => self.fault_at(name, Why::Element),
            }
        }
        self.place.leave(length);
        taken
    }

    fn consent_to_r4(&mut self, consent: &Node, to: &'static TypeDef, made: &mut Made) -> Vec<&'static str> {
        let is_living_will = living_will::is_one(self.way, consent);
        let scope = if is_living_will { Some("adr") } else { scope_of(consent) };
        match scope {
            Some(scope) => add(made, to, "scope", "category", concept(SCOPE, scope)),
            None => self.fault_at("category", Why::Element),
        }
        let mut provision = Made::default();
        let (Some(of), Some(into), Some(target)) = (
            elements::type_of(self.way.from(), "Consent"),
            elements::type_of(self.way.to(), "Consent.provision"),
            to.child("provision"),
        ) else {
            return Vec::new();
        };
        let mut taken = vec!["except"];
        let of_consent = |name: &str| consent.get(name).map(listed).unwrap_or_default();
        for (name, there) in PROVIDED.into_iter().map(|name| (name, name)).chain([("except", "provision")]) {
            taken.push(name);
            if let (Some(child), Some(target)) = (of.child(name), into.child(there)) {
                let items = self.provided(of_consent(name), name, child, target);
                provision.add(target, name, items);
            }
        }
        if is_living_will {
            taken.extend(["category", "consentingParty"]);
            add(made, to, "category", "category", living_will::category(self.way));
            let types = of_consent("category").into_iter().skip(1).collect();
            if let (Some(child), Some(target)) = (of.child("category"), into.child("code")) {
                let items = self.provided(types, "category", child, target);
                provision.add(target, "category", items);
            }
            let reference = elements::type_of(self.way.to(), "Consent.provision.actor");
            let reference = reference.and_then(|actor| actor.child("reference"));
            if let (Some(child), Some(reference), Some(target)) =
                (of.child("consentingParty"), reference, into.child("actor"))
            {
                let parties = self.provided(of_consent("consentingParty"), "consentingParty", child, reference);
                let parties = parties.into_iter().filter_map(|party| Some(Item::of(living_will::actor(party.value?))));
                provision.add(target, "consentingParty", parties.collect());
            }
        }
        let members = self.members(provision);
        if !members.is_empty() {
            made.add(target, "provision", vec![Item::of(Node::Object(members))]);
        }
        taken
    }

    /// The occurrences of one element of what is provided.
    fn provided(
        &mut self,
        items: Vec<Node>,
        name: &str,
        child: &'static elements::Child,
        target: &'static elements::Child,
    ) -> Vec<Item> {
        let length = self.place.enter(name);
        let mut made = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let length = if child.is_list() { self.place.enter_item(at) } else { self.place.here() };
            made.extend(self.content(Came::of(item), child, target));
            self.place.leave(length);
        }
        self.place.leave(length);
        made
    }
}

/// The occurrences of an element.
fn listed(member: &Node) -> Vec<Node> {
    match member {
        Node::List(items) => items.clone(),
        one => vec![one.clone()],
    }
}

fn stu3_status(lifecycle: &str, reached: Option<&str>) -> Option<&'static str> {
    GOALS.iter().find(|(r4, _)| *r4 == (lifecycle, reached)).map(|(_, stu3)| *stu3)
}

/// The scope that the categories say.
fn scope_of(consent: &Node) -> Option<&'static str> {
    let Some(Node::List(categories)) = consent.get("category") else { return None };
    let has = |code: &str| {
        categories.iter().any(|category| match category.get("coding") {
            Some(Node::List(codings)) => codings
                .iter()
                .any(|coding| text(coding, "system") == Some(SNOMED) && text(coding, "code") == Some(code)),
            _ => false,
        })
    };
    match SCOPES.iter().filter(|(_, category)| has(category)).collect::<Vec<_>>().as_slice() {
        [(scope, _)] => Some(scope),
        _ => None,
    }
}

fn add(made: &mut Made, to: &'static TypeDef, name: &str, was: &str, value: Node) {
    if let Some(child) = to.child(name) {
        made.add(child, was, vec![Item::of(value)]);
    }
}

pub(super) fn concept(system: &str, code: &str) -> Node {
    let coding = Node::Object(vec![("system".to_owned(), Node::text(system)), ("code".to_owned(), Node::text(code))]);
    Node::Object(vec![("coding".to_owned(), Node::List(vec![coding]))])
}
