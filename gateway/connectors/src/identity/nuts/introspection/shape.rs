//! The two shapes of an introspection answer, read strictly.

use fhir::Ura;
use policy::Person;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::identity::jose::Jkt;

/// The longest text that is taken from an answer.
const MAX_TEXT: usize = 200;
/// The most scopes that one token may have.
const MAX_SCOPES: usize = 16;

/// What an active token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Introspected {
    pub organisation: Ura,
    /// The person on whose behalf it was given, when the answer names one.
    pub person: Option<Person>,
    pub scopes: Vec<String>,
    /// The key that it is bound to (RFC 9449), if any.
    pub jkt: Option<Jkt>,
    pub expires: OffsetDateTime,
}

/// The answer is not of a shape that is known, or contradicts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// Reads an answer; nothing when the token is not active.
pub fn read(body: &[u8], now: OffsetDateTime) -> Result<Option<Introspected>, Unreadable> {
    let answer: Map<String, Value> = serde_json::from_slice(body).map_err(|_| Unreadable)?;
    match answer.get("active") {
        Some(Value::Bool(true)) => {}
        Some(Value::Bool(false)) => return Ok(None),
        // A text or a number is no answer (RFC 7662, section 2.2).
        Some(_) | None => return Err(Unreadable),
    }
    let now = now.unix_timestamp();
    let moment = |name: &str| answer.get(name).map(|value| value.as_i64().ok_or(Unreadable)).transpose();
    let expires = moment("exp")?.ok_or(Unreadable)?;
    if expires <= now || moment("nbf")?.is_some_and(|from| from > now) {
        return Ok(None);
    }
    let scope = answer.get("scope").and_then(Value::as_str).ok_or(Unreadable)?;
    let scopes: Vec<String> = scope.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let claims = Claims { answer: &answer, now };
    let organisation = claims.text("organization_ura")?.ok_or(Unreadable)?;
    let person = match (claims.text("user_id")?, claims.text("user_role")?) {
        (Some(id), Some(role)) => Some(Person { id: id.to_owned(), name: None, role: role.to_owned() }),
        (None, None) => None,
        // Half a person is nobody in particular.
        _ => return Err(Unreadable),
    };
    if scopes.is_empty() || scopes.len() > MAX_SCOPES {
        return Err(Unreadable);
    }
    Ok(Some(Introspected {
        organisation: Ura::parse(organisation).map_err(|_| Unreadable)?,
        person,
        scopes,
        jkt: bound_to(&answer)?,
        expires: OffsetDateTime::from_unix_timestamp(expires).map_err(|_| Unreadable)?,
    }))
}

/// A confirmation that is not understood is a fault: the token is bound to something that would not be looked at.
fn bound_to(answer: &Map<String, Value>) -> Result<Option<Jkt>, Unreadable> {
    match answer.get("cnf") {
        None => Ok(None),
        Some(cnf) => {
            let members = cnf.as_object().ok_or(Unreadable)?;
            match (members.len(), members.get("jkt").and_then(Value::as_str)) {
                (1, Some(text)) => Jkt::parse(text).map(Some).ok_or(Unreadable),
                _ => Err(Unreadable),
            }
        }
    }
}

/// The claims about who it is, wherever the answer has them.
struct Claims<'a> {
    answer: &'a Map<String, Value>,
    now: i64,
}

impl<'a> Claims<'a> {
    /// The one value of a claim: at the top of a flat answer, or of whichever subject under `assertions`.
    fn text(&self, name: &str) -> Result<Option<&'a str>, Unreadable> {
        let mut found = match self.answer.get(name) {
            Some(value) => Some(text(value)?),
            None => None,
        };
        let Some(assertions) = self.answer.get("assertions") else { return Ok(found) };
        for subject in assertions.as_object().ok_or(Unreadable)?.values() {
            let Some(values) = subject.as_object().ok_or(Unreadable)?.get(name) else { continue };
            for value in values.as_array().ok_or(Unreadable)? {
                let claim = value.as_object().ok_or(Unreadable)?;
                let ends = claim.get("exp").map(|exp| exp.as_i64().ok_or(Unreadable)).transpose()?;
                if ends.is_some_and(|ends| ends <= self.now) {
                    continue;
                }
                let value = text(claim.get("value").ok_or(Unreadable)?)?;
                // Two that differ are not one organisation or person.
                if found.is_some_and(|known| known != value) {
                    return Err(Unreadable);
                }
                found = Some(value);
            }
        }
        Ok(found)
    }
}

fn text(value: &Value) -> Result<&str, Unreadable> {
    let text = value.as_str().ok_or(Unreadable)?;
    let fits = (1..=MAX_TEXT).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then_some(text).ok_or(Unreadable)
}
