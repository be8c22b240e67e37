//! Which resources a search finds: parameters, chains of one step, modifiers, and the order of what was found.

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::Value;

use super::dates::{Range, prefixed};
use super::includes::Include;
use super::message::Reply;
use super::parameters::{Kind, Parameter, all, find, known};
use super::quantities::{number, quantity};
use super::store::{Store, Stored};

/// A search that was understood.
pub struct Found {
    pub matches: Vec<Arc<Stored>>,
    pub includes: Vec<Include>,
    /// The parameters that were honoured, as they came; what is ignored is not here.
    pub used: Vec<(String, String)>,
    /// `_count`, if it was given.
    pub count: Option<usize>,
}

/// Runs a search on one type.
///
/// # Errors
/// The refusal as it goes to the caller: an unknown parameter under strict handling, a
/// modifier or value that cannot be understood.
pub fn search(
    store: &Store,
    base: &str,
    resource_type: &str,
    query: &[(String, String)],
    strict: bool,
) -> Result<Found, Reply> {
    let mut found = Found { matches: Vec::new(), includes: Vec::new(), used: Vec::new(), count: None };
    let mut rules = Vec::new();
    let mut order = Vec::new();
    for (name, value) in query.iter().filter(|(_, value)| !value.is_empty()) {
        match name.as_str() {
            "_count" => found.count = Some(value.parse().map_err(|_| invalid("_count is not a number"))?),
            // The whole number of matches is always told, and nothing but JSON is spoken.
            "_format" | "_pretty" | "_total" => {}
            "_sort" => match value.split(',').map(|by| Sort::of(store, resource_type, by)).collect() {
                Some(wanted) => order = wanted,
                None if strict => return Err(invalid("_sort names an unknown parameter")),
                None => continue,
            },
            name if Include::is_one(name) => match Include::read(store, name, value) {
                Some(rule) => found.includes.push(rule),
                None if strict => return Err(invalid("an include names an unknown parameter")),
                None => continue,
            },
            _ => match Rule::of(store, resource_type, name, value)? {
                Some(rule) => rules.push(rule),
                None if strict => return Err(invalid("a search parameter is not known here")),
                None => continue,
            },
        }
        found.used.push((name.clone(), value.clone()));
    }
    let look = Look { store, base };
    found.matches = store
        .all(resource_type)
        .filter(|stored| rules.iter().all(|rule| rule.holds(&look, &stored.value)))
        .cloned()
        .collect();
    // Stable: what compares alike stays in the order of ids.
    found.matches.sort_by(|one, other| {
        order
            .iter()
            .map(|sort| sort.compare(&one.value, &other.value))
            .find(|found| found.is_ne())
            .unwrap_or(Ordering::Equal)
    });
    Ok(found)
}

fn invalid(text: &str) -> Reply {
    Reply::outcome(400, "invalid", text)
}

/// One key of `_sort`.
struct Sort {
    parameter: &'static Parameter,
    descending: bool,
}

impl Sort {
    fn of(store: &Store, resource_type: &str, text: &str) -> Option<Sort> {
        let (descending, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text),
        };
        Some(Sort { parameter: find(store.version, resource_type, name)?, descending })
    }

    /// What has no value comes last, whatever the direction.
    fn compare(&self, one: &Value, other: &Value) -> Ordering {
        let compared = match (self.key(one), self.key(other)) {
            (Some(one), Some(other)) => one.partial_cmp(&other).unwrap_or(Ordering::Equal),
            (Some(_), None) => return Ordering::Less,
            (None, Some(_)) => return Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        if self.descending { compared.reverse() } else { compared }
    }

    /// A number to sort by, then a text.
    fn key(&self, resource: &Value) -> Option<(f64, String)> {
        let values = values(resource, &self.parameter.paths);
        let first = values.first()?;
        Some(match self.parameter.kind {
            #[allow(clippy::cast_precision_loss, reason = "seconds of any date that a test uses are exact")]
            Kind::Date => (Range::in_resource(first)?.from as f64, String::new()),
            Kind::Number => (first.as_f64()?, String::new()),
            Kind::Quantity => (first["value"].as_f64()?, String::new()),
            Kind::Text => (0.0, lower(texts(first).next()?)),
            Kind::Token => {
                let coding = first["coding"].get(0).unwrap_or(first);
                let code = coding.as_str().or_else(|| coding["code"].as_str()).or_else(|| coding["value"].as_str());
                (0.0, code?.to_owned())
            }
            Kind::Reference => (0.0, first["reference"].as_str()?.to_owned()),
            Kind::Uri => (0.0, first.as_str()?.to_owned()),
        })
    }
}

/// One condition: any of `wanted` at any of the parameter's places.
struct Rule {
    parameter: &'static Parameter,
    modifier: Option<String>,
    wanted: Vec<String>,
    /// `patient.identifier`: the rule for the resource that is referred to, per type that it may be of.
    chained: Option<Vec<(&'static str, Rule)>>,
}

impl Rule {
    fn of(store: &Store, resource_type: &str, name: &str, value: &str) -> Result<Option<Rule>, Reply> {
        let (head, tail) = match name.split_once('.') {
            Some((head, tail)) => (head, Some(tail)),
            None => (name, None),
        };
        let (word, modifier) = match head.split_once(':') {
            Some((word, modifier)) => (word, Some(modifier)),
            None => (head, None),
        };
        let Some(parameter) = find(store.version, resource_type, word) else { return Ok(None) };
        if let Some(modifier) = modifier {
            let fits = match parameter.kind {
                _ if modifier == "missing" => tail.is_none(),
                Kind::Token => modifier == "not",
                Kind::Reference => modifier == "identifier" || known(store.version, modifier),
                Kind::Text => matches!(modifier, "exact" | "contains"),
                Kind::Date | Kind::Quantity | Kind::Number | Kind::Uri => false,
            };
            if !fits {
                return Err(invalid("a search modifier is not supported"));
            }
        }
        let chained = match tail {
            None => None,
            // One step, from a reference.
            Some(tail) if parameter.kind != Kind::Reference || tail.contains('.') => return Ok(None),
            Some(tail) => {
                let only = modifier.or(parameter.target);
                let mut rules = Vec::new();
                for (kind, _) in all(store.version).filter(|(kind, _)| only.is_none_or(|only| only == *kind)) {
                    if let Some(rule) = Rule::of(store, kind, tail, value)? {
                        rules.push((kind, rule));
                    }
                }
                if rules.is_empty() {
                    return Ok(None);
                }
                Some(rules)
            }
        };
        let wanted: Vec<String> = value.split(',').map(str::to_owned).collect();
        if modifier.is_none() && chained.is_none() {
            for one in &wanted {
                let understood = match parameter.kind {
                    Kind::Date => {
                        let (prefix, date) = prefixed(one);
                        Range::of(date).and_then(|range| range.satisfies(prefix, range)).is_some()
                    }
                    Kind::Number => number(1.0, one).is_some(),
                    Kind::Quantity => quantity(&Value::Null, one).is_some(),
                    _ => true,
                };
                if !understood {
                    return Err(invalid("a value of the search cannot be read"));
                }
            }
        }
        Ok(Some(Rule { parameter, modifier: modifier.map(str::to_owned), wanted, chained }))
    }

    fn holds(&self, look: &Look<'_>, resource: &Value) -> bool {
        let held = values(resource, &self.parameter.paths);
        if let Some(rules) = &self.chained {
            let targets = held.iter().filter_map(|reference| look.resolve(reference));
            return targets.into_iter().any(|target| {
                rules.iter().any(|(kind, rule)| *kind == target.kind && rule.holds(look, &target.value))
            });
        }
        let any = |test: &dyn Fn(&Value, &str) -> bool| {
            held.iter().any(|value| self.wanted.iter().any(|wanted| test(value, wanted)))
        };
        match (self.modifier.as_deref(), self.parameter.kind) {
            (Some("missing"), _) => held.is_empty() == (self.wanted == ["true"]),
            (Some("not"), _) => !any(&token),
            (Some("identifier"), _) => any(&|value, wanted| token(&value["identifier"], wanted)),
            (Some("exact"), _) => any(&|value, wanted| texts(value).any(|t| t == wanted)),
            (Some("contains"), _) => any(&|value, wanted| texts(value).any(|t| lower(t).contains(&lower(wanted)))),
            (_, Kind::Text) => any(&|value, wanted| texts(value).any(|t| lower(t).starts_with(&lower(wanted)))),
            (_, Kind::Token) => any(&token),
            (_, Kind::Date) => any(&date),
            (_, Kind::Uri) => any(&|value, wanted| value == wanted),
            (_, Kind::Number) => {
                any(&|value, wanted| value.as_f64().and_then(|held| number(held, wanted)).unwrap_or(false))
            }
            (_, Kind::Quantity) => any(&|value, wanted| quantity(value, wanted).unwrap_or(false)),
            (kind, Kind::Reference) => {
                let kind = kind.or(self.parameter.target);
                any(&|value, wanted| look.refers(value, wanted, kind))
            }
        }
    }
}

/// Where references point: relative, or absolute on this very base.
pub struct Look<'a> {
    pub store: &'a Store,
    pub base: &'a str,
}

impl Look<'_> {
    fn local<'t>(&self, text: &'t str) -> &'t str {
        text.strip_prefix(self.base).and_then(|rest| rest.strip_prefix('/')).unwrap_or(text)
    }

    pub fn resolve(&self, reference: &Value) -> Option<&Arc<Stored>> {
        let (kind, id) = self.local(reference["reference"].as_str()?).split_once('/')?;
        self.store.get(kind, id)
    }

    fn refers(&self, reference: &Value, wanted: &str, kind: Option<&str>) -> bool {
        let Some(held) = reference["reference"].as_str() else { return false };
        let (held, wanted) = (self.local(held), self.local(wanted));
        if wanted.contains('/') {
            return held == wanted;
        }
        held.split_once('/').is_some_and(|(of, id)| id == wanted && kind.is_none_or(|k| k == of))
    }
}

/// All values at the dotted paths, with lists taken apart.
pub fn values<'v>(resource: &'v Value, paths: &[&str]) -> Vec<&'v Value> {
    let mut all = Vec::new();
    for path in paths {
        let mut here = vec![resource];
        for name in path.split('.') {
            here = here.into_iter().filter_map(|value| value.get(name)).flat_map(each).collect();
        }
        all.extend(here);
    }
    all
}

fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().collect(),
        other => vec![other],
    }
}

fn date(value: &Value, wanted: &str) -> bool {
    let (prefix, asked) = prefixed(wanted);
    let (Some(held), Some(asked)) = (Range::in_resource(value), Range::of(asked)) else { return false };
    held.satisfies(prefix, asked).unwrap_or(false)
}

/// `code`, `system|code`, `|code` and `system|` against a code, Coding, CodeableConcept,
/// Identifier or boolean.
fn token(value: &Value, wanted: &str) -> bool {
    let (system, code) = match wanted.split_once('|') {
        Some((system, code)) => (Some(system), code),
        None => (None, wanted),
    };
    let fits = |held_system: Option<&str>, held_code: Option<&str>| {
        (code.is_empty() || held_code == Some(code))
            && match system {
                None => true,
                Some("") => held_system.is_none(),
                Some(system) => held_system == Some(system),
            }
    };
    match value {
        Value::String(held) => system.is_none_or(str::is_empty) && held == code,
        Value::Bool(held) => held.to_string() == code,
        Value::Object(object) => {
            if let Some(codings) = object.get("coding") {
                return each(codings).into_iter().any(|coding| token(coding, wanted));
            }
            let text = |name: &str| object.get(name).and_then(Value::as_str);
            fits(text("system"), text("code").or_else(|| text("value")))
        }
        _ => false,
    }
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let own = value.as_str();
    let parts = ["text", "family"].into_iter().filter_map(|name| value.get(name)?.as_str());
    let given = value.get("given").map(each).unwrap_or_default();
    own.into_iter().chain(parts).chain(given.into_iter().filter_map(Value::as_str))
}

fn lower(text: &str) -> String {
    text.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::super::FhirVersion;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_token_is_met_as_the_standard_says() {
        let concept = json!({"coding": [{"system": "s", "code": "1"}, {"code": "2"}]});
        let cases = [
            ("1", true),
            ("s|1", true),
            ("s|", true),
            ("|2", true),
            ("t|1", false),
            ("|1", false),
            ("3", false),
            ("s|2", false),
        ];
        for (wanted, expected) in cases {
            assert_eq!(token(&concept, wanted), expected, "{wanted}");
        }
        assert!(token(&json!("final"), "final") && !token(&json!("final"), "s|final"));
        assert!(token(&json!({"system": "s", "value": "9"}), "s|9"));
    }

    #[test]
    fn a_reference_is_met_by_id_type_and_absolute_address() {
        let store = Store::of(FhirVersion::R4, Vec::new()).unwrap();
        let look = Look { store: &store, base: "http://x/fhir" };
        let held = json!({"reference": "Patient/7"});
        for (wanted, expected) in [
            ("7", true),
            ("Patient/7", true),
            ("http://x/fhir/Patient/7", true),
            ("Group/7", false),
            ("8", false),
            ("http://y/fhir/Patient/7", false),
        ] {
            assert_eq!(look.refers(&held, wanted, None), expected, "{wanted}");
        }
        assert!(!look.refers(&held, "7", Some("Group")));
    }

    proptest::proptest! {
        #[test]
        fn no_question_makes_the_server_fall_over(
            name in "(_id|code|date|patient|subject|status|_include|_count)?[:.]?(not|missing|identifier|Patient)?[.]?\\PC{0,8}",
            value in "\\PC{0,12}",
            strict in proptest::bool::ANY,
        ) {
            let store = Store::of(FhirVersion::R4, vec![
                json!({"resourceType": "Observation", "id": "o", "effectiveDateTime": "2026",
                       "code": {"coding": [{"code": "1"}]}, "subject": {"reference": "Patient/p"}}),
                json!({"resourceType": "Patient", "id": "p"}),
            ]).unwrap();
            match search(&store, "http://x/fhir", "Observation", &[(name, value)], strict) {
                Ok(found) => proptest::prop_assert!(found.matches.len() <= 1),
                Err(refusal) => proptest::prop_assert_eq!(refusal.status, 400),
            }
        }
    }
}
