//! A FHIR R4 Consent as rules (consent.html, version 4.0.1). What it says is read strictly one way: what is not
//! understood narrows a permission to nothing and never narrows an objection.
//!
//! Only privacy consents count. A treatment directive (behandelaanwijzing) or living will (wilsverklaring) is a Consent
//! too; it is content, and says nothing about who may see what.

use fhir::identifiers::systems;
use fhir::json::Value;
use fhir::structure;
use fhir::{Bsn, FhirVersion, Resource, Ura};
use policy::findings::ConsentDecision;
use policy::{DataHolder, Purpose};

use super::narrowing::{Scope, codings};
use super::rule::Rule;
use crate::registers::record;

const SCOPE: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
const CONSENT_CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/consentcategorycodes";
const SNOMED: &str = "http://snomed.info/sct";

/// Categories of what is content (handbook: eOverdracht, medication; zibs BehandelAanwijzing, Wilsverklaring).
const CONTENT: [(&str, &str); 5] = [
    (SNOMED, "129125009"),
    (SNOMED, "11291000146105"),
    (SNOMED, "11341000146107"),
    (CONSENT_CATEGORY, "acd"),
    (CONSENT_CATEGORY, "dnr"),
];

/// How deep provisions may be nested; deeper ones are not looked at, so the whole is not understood.
const DEPTH: usize = 8;

/// What kind of consent it is.
#[derive(PartialEq, Eq)]
enum Kind {
    Privacy,
    /// About treatment, research or the end of life.
    Content,
    Unknown,
}

/// The rules of a Consent about this patient and this holder; none when it is not in force, or not about who may see
/// what.
pub fn rules(consent: &Resource, patient: &Bsn, holder: &DataHolder) -> Vec<Rule> {
    let root = consent.root();
    let in_force = match text(root, "status").as_deref() {
        Some("draft" | "proposed" | "rejected" | "inactive" | "entered-in-error") => return Vec::new(),
        Some("active") => true,
        _ => false,
    };
    let kind = kind(root);
    if kind == Kind::Content {
        return Vec::new();
    }
    let Some(ours) = is_of(root, holder) else { return Vec::new() };
    let understood = in_force
        && kind == Kind::Privacy
        && ours
        && root.get("implicitRules").is_none()
        && root.get("modifierExtension").is_none()
        && structure::check(FhirVersion::R4, consent).is_ok();
    let id = consent.id().map(|id| format!("Consent/{id}")).filter(|id| record::reference(id, patient).is_ok());
    let mut read =
        Reading { id: id.unwrap_or_else(|| "Consent".to_owned()), holder, rules: Vec::new(), too_deep: false };
    read.whole(root, understood);
    read.rules
}

fn text(value: Value<'_>, name: &str) -> Option<String> {
    value.get(name)?.as_text().map(Into::into)
}

fn kind(root: Value<'_>) -> Kind {
    let content = root
        .all("category")
        .into_iter()
        .flat_map(|one| codings(one))
        .any(|(system, code)| CONTENT.iter().any(|(known, content)| system == *known && code == *content));
    let scopes: Vec<_> = root.all("scope").into_iter().flat_map(|one| codings(one)).collect();
    let named =
        |wanted: &[&str]| scopes.iter().any(|(system, code)| system == SCOPE && wanted.contains(&code.as_str()));
    match (content || named(&["treatment", "adr", "research"]), named(&["patient-privacy"])) {
        (true, _) => Kind::Content,
        (false, true) => Kind::Privacy,
        (false, false) => Kind::Unknown,
    }
}

/// Whether the organisations that keep it are this holder: yes also when none is named, nothing when it is another's, no
/// when it cannot be told.
fn is_of(root: Value<'_>, holder: &DataHolder) -> Option<bool> {
    let keepers = root.all("organization");
    if keepers.is_empty() {
        return Some(true);
    }
    let known: Vec<Option<Ura>> = keepers.iter().map(|keeper| ura(root, *keeper)).collect();
    if known.iter().any(|keeper| keeper.as_ref() == Some(&holder.0)) {
        return Some(true);
    }
    known.iter().any(Option::is_none).then_some(false)
}

/// The organisation that a reference means: by its URA, here or in the contained resource that it points at.
pub fn ura(root: Value<'_>, reference: Value<'_>) -> Option<Ura> {
    let of = |identifier: Value<'_>| {
        let system = text(identifier, "system")?;
        (system == systems::URA).then(|| Ura::parse(&text(identifier, "value")?).ok()).flatten()
    };
    if let Some(found) = reference.get("identifier").and_then(of) {
        return Some(found);
    }
    contained(root, reference)?.all("identifier").into_iter().find_map(of)
}

/// The contained resource that a reference points at.
pub fn contained<'v>(root: Value<'v>, reference: Value<'_>) -> Option<Value<'v>> {
    let literal = text(reference, "reference")?;
    let id = literal.strip_prefix('#')?;
    root.all("contained").into_iter().find(|one| text(*one, "id").as_deref() == Some(id))
}

/// Rules as they are read.
struct Reading<'r> {
    id: String,
    holder: &'r DataHolder,
    rules: Vec<Rule>,
    too_deep: bool,
}

impl Reading<'_> {
    fn whole(&mut self, root: Value<'_>, understood: bool) {
        let all = Scope::all(understood);
        let rule = |code: &str| {
            let stated = root.all("policyRule").into_iter().flat_map(|one| codings(one));
            stated.into_iter().any(|(system, stated)| system == ACT_CODE && stated == code)
        };
        // An opt-out is an objection to everything; a provision below it may except from that.
        if rule("OPTOUT") {
            self.rules.extend(all.rules(ConsentDecision::Deny, &self.id));
        }
        let provision = root.get("provision");
        let scope = match provision {
            Some(provision) => all.within(root, provision, self.holder),
            None => all.clone(),
        };
        let stated = provision.and_then(|provision| provision.get("type"));
        match stated {
            Some(stated) => self.rules.extend(scope.rules(decision(stated), &self.id)),
            // Without a type the policy is the rule (consent.html: not permitted in the root rule).
            None if rule("OPTIN") => self.rules.extend(scope.rules(ConsentDecision::Permit, &self.id)),
            None => {}
        }
        if let Some(provision) = provision {
            self.nested(root, provision, &scope, DEPTH);
        }
        if self.too_deep {
            self.rules.retain(Rule::denies);
            self.rules.extend(all.rules(ConsentDecision::Deny, &self.id));
        }
    }

    /// What is nested is an exception within what it is nested in.
    fn nested(&mut self, root: Value<'_>, provision: Value<'_>, scope: &Scope, depth: usize) {
        for inner in provision.all("provision") {
            if depth == 0 {
                self.too_deep = true;
                return;
            }
            let scope = scope.within(root, inner, self.holder);
            let decided = inner.get("type").map_or(ConsentDecision::Deny, decision);
            self.rules.extend(scope.rules(decided, &self.id));
            self.nested(root, inner, &scope, depth - 1);
        }
    }
}

/// Whatever does not clearly permit is taken for an objection.
fn decision(stated: Value<'_>) -> ConsentDecision {
    match stated.as_text().as_deref() {
        Some("permit") => ConsentDecision::Permit,
        _ => ConsentDecision::Deny,
    }
}

/// The purposes of use that can be asked for.
pub const PURPOSES: [Purpose; 5] =
    [Purpose::Treat, Purpose::CoordinationOfCare, Purpose::BreakTheGlass, Purpose::Compliance, Purpose::PatientRequest];
