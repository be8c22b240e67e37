//! Invariants in FHIRPath. `rh-fhirpath` evaluates them; this file keeps its work within bounds and decides what may be
//! believed of its answers. Nothing else in the crate knows the library.

use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::Mutex;

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
const OUT_OF_REACH: [&str; 8] = [
    "resolve(",
    "memberOf(",
    "conformsTo(",
    "subsumes(",
    "subsumedBy(",
    "htmlChecks(",
    "elementDefinition(",
    "checkModifiers(",
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
        let evaluator =
            EVALUATOR.with_borrow_mut(|held| Rc::clone(held.get_or_insert_with(|| Rc::new(FhirPathEvaluator::new()))));
        // A fault in the library must not stop a validation: a panic is an expression that cannot be evaluated.
        let result = catch_unwind(AssertUnwindSafe(|| evaluator.evaluate(&parsed, &context)));
        match result.ok().and_then(Result::ok).map(|value| truth(&value)) {
            Some(Some(true)) => Outcome::Holds,
            // An element whose value is absent has only extensions beside it, which the library does not see.
            Some(Some(false)) if has_absent_values(element, 3) => Outcome::NotChecked("a value is absent"),
            Some(Some(false)) => Outcome::Fails,
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

/// Whether an object near the top has a member `_name` without `name`.
fn has_absent_values(value: &Json, deeper: usize) -> bool {
    match value {
        Json::Object(members) => members.iter().any(|(name, member)| {
            name.strip_prefix('_').is_some_and(|plain| !members.contains_key(plain))
                || deeper > 0 && has_absent_values(member, deeper - 1)
        }),
        Json::Array(items) => items.iter().any(|item| has_absent_values(item, deeper)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
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
            ("subject.resolve().exists()", Outcome::NotChecked("it asks for what is outside the resource")),
            ("value.(", Outcome::NotChecked("the expression cannot be read")),
            (deep.as_str(), Outcome::NotChecked("the expression cannot be read")),
        ];
        for (expression, expected) in cases {
            assert_eq!(invariants.evaluate(expression, &element, &element), expected, "{expression}");
        }
        let absent: Json = serde_json::from_str(r#"{"_start":{"extension":[]}}"#).unwrap();
        assert_eq!(invariants.evaluate("start.exists()", &absent, &absent), Outcome::NotChecked("a value is absent"));
    }
}
