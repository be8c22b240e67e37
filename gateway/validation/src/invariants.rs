//! Invariants in FHIRPath. `rh-fhirpath` evaluates them; this file keeps its work within bounds and decides what may be
//! believed of its answers. Nothing else in the crate knows the library.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::Mutex;

use fhir::{FhirVersion, elements};
use rh_fhirpath::{EvaluationContext, FhirPathEvaluator, FhirPathExpression, FhirPathParser, FhirPathValue};
use serde_json::Value as Json;

/// What came of one invariant at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Holds,
    Fails,
    /// Why it could not be evaluated.
    NotChecked(&'static str),
}

/// Expressions by their text, parsed once.
#[derive(Default)]
pub(crate) struct Invariants {
    parsed: Mutex<HashMap<String, Option<Arc<FhirPathExpression>>>>,
}

/// Longest expression, in bytes, and deepest nesting of parentheses: the library's parser is recursive.
const LONGEST: usize = 4096;
const DEEPEST: usize = 24;

/// Largest element an invariant is evaluated on, in bytes: the library copies its context for every item it filters.
pub(crate) const LARGEST: usize = 128 * 1024;

/// What needs more than the element at hand: a terminology server, other resources, other profiles.
/// The last one is written in R4's own que-7 for the type `boolean`, which the library tells apart.
const OUT_OF_REACH: [&str; 9] = [
    "resolve(",
    "memberOf(",
    "conformsTo(",
    "subsumes(",
    "subsumedBy(",
    "htmlChecks(",
    "elementDefinition(",
    "checkModifiers(",
    " is Boolean",
];

thread_local! {
    /// Its tables of functions are made once; they cannot be shared between threads.
    static EVALUATOR: RefCell<Option<Rc<FhirPathEvaluator>>> = const { RefCell::new(None) };
}

impl Invariants {
    /// Evaluates an expression on an element, inside a resource.
    pub(crate) fn evaluate(&self, expression: &str, element: &Json, resource: &Json) -> Outcome {
        if OUT_OF_REACH.iter().any(|name| expression.contains(name)) {
            return Outcome::NotChecked("it asks for what is outside the resource");
        }
        let Some(parsed) = self.parsed(expression) else {
            return Outcome::NotChecked("the expression cannot be read");
        };
        let root = if expression.contains('%') { resource } else { element };
        let mut context = EvaluationContext::new(element.clone());
        context.root.clone_from(root);
        // Without this the library takes a primitive at `$this` for an object.
        if !element.is_object() {
            context.this_value = Some(FhirPathValue::from_json(element));
        }
        let evaluator =
            EVALUATOR.with_borrow_mut(|held| Rc::clone(held.get_or_insert_with(|| Rc::new(FhirPathEvaluator::new()))));
        // A fault in the library must not stop a validation: a panic is an expression that cannot be evaluated.
        let result = catch_unwind(AssertUnwindSafe(|| evaluator.evaluate(&parsed, &context)));
        match result.ok().and_then(Result::ok).map(|value| truth(&value)) {
            Some(Some(true)) => Outcome::Holds,
            Some(Some(false)) => doubt(expression, element).map_or(Outcome::Fails, Outcome::NotChecked),
            Some(None) | None => Outcome::NotChecked("the expression cannot be evaluated"),
        }
    }

    fn parsed(&self, expression: &str) -> Option<Arc<FhirPathExpression>> {
        let mut held = self.parsed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(parsed) = held.get(expression) {
            return parsed.clone();
        }
        let parsed = parse(expression).map(Arc::new);
        held.insert(expression.to_owned(), parsed.clone());
        parsed
    }
}

fn parse(expression: &str) -> Option<FhirPathExpression> {
    let mut depth = 0_usize;
    let mut deepest = 0_usize;
    for byte in expression.bytes() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if expression.len() > LONGEST || deepest > DEEPEST {
        return None;
    }
    catch_unwind(|| FhirPathParser::new().parse(expression)).ok()?.ok()
}

/// The value as an invariant's answer: empty does not hold against the resource; one boolean is meant as it is; any
/// other single value is there, so it is true (FHIRPath, "Singleton evaluation of collections").
fn truth(value: &FhirPathValue) -> Option<bool> {
    match value {
        FhirPathValue::Boolean(flag) => Some(*flag),
        FhirPathValue::TypedBoolean { value, .. } => Some(*value),
        FhirPathValue::Empty => Some(true),
        FhirPathValue::Collection(items) | FhirPathValue::UnorderedCollection(items) => match items.as_slice() {
            [] => Some(true),
            [one] => truth(one),
            _ => None,
        },
        _ => Some(true),
    }
}

/// Why a "does not hold" is not to be believed, where the library is known to see the element wrongly.
fn doubt(expression: &str, element: &Json) -> Option<&'static str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let names: HashSet<&str> = expression.split(|c| !is_name(c)).filter(|name| !name.is_empty()).collect();
    let mut doubts = Doubts { names, absent: false, beside_list: false, misread: false };
    doubts.look(element, 4);
    match () {
        () if doubts.absent => Some("a value is absent"),
        () if doubts.beside_list && expression.contains("extension") => Some("a list of values has extensions"),
        () if doubts.misread => Some("an element could be taken for a choice of types"),
        () => None,
    }
}

/// What the library sees wrongly.
struct Doubts<'e> {
    /// The names in the expression.
    names: HashSet<&'e str>,
    /// `_name` without `name`: an element with extensions only is not there for it.
    absent: bool,
    /// `_name` as a list: extensions of items of a list are not there for it.
    beside_list: bool,
    /// `reasonNotGiven` is read as `reason` with the type `NotGiven`.
    misread: bool,
}

impl Doubts<'_> {
    fn look(&mut self, value: &Json, deeper: usize) {
        match value {
            Json::Object(members) => {
                for (name, member) in members {
                    if let Some(plain) = name.strip_prefix('_') {
                        self.absent |= !members.contains_key(plain);
                        self.beside_list |= member.is_array();
                    }
                    // `resourceType` is no element: no expression that asks for `resource` does so at a resource.
                    let is_element = name != "resourceType";
                    self.misread |= is_element
                        && self.names.iter().any(|asked| {
                            !members.contains_key(*asked) && name.strip_prefix(*asked).is_some_and(is_no_type)
                        });
                    if deeper > 0 {
                        self.look(member, deeper - 1);
                    }
                }
            }
            Json::Array(items) => items.iter().for_each(|item| self.look(item, deeper)),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }
}

/// Whether the end of a name begins like a type's and is none.
fn is_no_type(rest: &str) -> bool {
    let mut letters = rest.chars();
    let Some(first) = letters.next().filter(char::is_ascii_uppercase) else { return false };
    let primitive = format!("{}{}", first.to_ascii_lowercase(), letters.as_str());
    FhirVersion::ALL
        .iter()
        .all(|version| elements::type_of(*version, rest).is_none() && elements::type_of(*version, &primitive).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invariant_holds_or_fails_or_is_not_checked() {
        let invariants = Invariants::default();
        let element: Json = serde_json::from_str(
            r#"{"resourceType":"Observation","valueQuantity":{"value":3},"status":"final","a":{"b":"x"}}"#,
        )
        .unwrap();
        let deep = format!("{}true{}", "(".repeat(40), ")".repeat(40));
        let cases = [
            ("value.exists()", Outcome::Holds),
            ("value.empty()", Outcome::Fails),
            ("dataAbsentReason.exists() or value.exists()", Outcome::Holds),
            ("status = 'final' implies a.b = 'y'", Outcome::Fails),
            ("subject.where(x = 1).y", Outcome::Holds),
            ("status.exists() and $this.status = 'final'", Outcome::Holds),
            ("subject.resolve().exists()", Outcome::NotChecked("it asks for what is outside the resource")),
            ("value.(", Outcome::NotChecked("the expression cannot be read")),
            (deep.as_str(), Outcome::NotChecked("the expression cannot be read")),
        ];
        for (expression, expected) in cases {
            assert_eq!(invariants.evaluate(expression, &element, &element), expected, "{expression}");
        }
        let word = Json::String("to".to_owned());
        assert_eq!(invariants.evaluate("$this in ('by' | 'to')", &word, &word), Outcome::Holds);
        assert_eq!(invariants.evaluate("$this in ('by' | 'at')", &word, &word), Outcome::Fails);
        let absent: Json = serde_json::from_str(r#"{"_start":{"extension":[]}}"#).unwrap();
        assert_eq!(invariants.evaluate("start.exists()", &absent, &absent), Outcome::NotChecked("a value is absent"));
        let misread: Json = serde_json::from_str(r#"{"reasonNotGiven":"x"}"#).unwrap();
        let why = Outcome::NotChecked("an element could be taken for a choice of types");
        assert_eq!(invariants.evaluate("reason.empty()", &misread, &misread), why);
        let listed: Json = serde_json::from_str(r#"{"line":["x"],"_line":[{"extension":[{"url":"u"}]}]}"#).unwrap();
        let why = Outcome::NotChecked("a list of values has extensions");
        assert_eq!(invariants.evaluate("line.extension.exists()", &listed, &listed), why);
    }
}
