//! What Dezi states, and how its parts are held against each other (handbook: generic functions, 6.6 and A5).

use fhir::Ura;
use policy::Person;
use serde::Deserialize;
use time::OffsetDateTime;

use super::Refused;
use crate::identity::oidc::{Audience, is_fresh, until};

/// The schema of the statement (v0.7).
const SCHEMA: &str = "https://www.dezi.nl/json_schemas/v1/verklaring.json";
/// Longest text that is taken over.
const LONGEST: usize = 200;

/// The identity token (OpenID Connect Core, 2).
#[derive(Deserialize)]
pub(super) struct IdToken {
    iss: String,
    aud: Audience,
    sub: String,
    exp: i64,
    iat: i64,
    nonce: Option<String>,
}

/// The signed answer of UserInfo, once decrypted.
#[derive(Deserialize)]
pub(super) struct UserInfo {
    iss: String,
    aud: Audience,
    sub: Option<String>,
    exp: i64,
    iat: i64,
    loa_authn: Option<String>,
    pub(super) verklaring_id: String,
    /// The statement (verklaring), itself a JWS.
    pub(super) verklaring: String,
}

/// The statement about a person at a care provider.
#[derive(Deserialize)]
pub(super) struct Statement {
    iss: String,
    exp: i64,
    nbf: i64,
    json_schema: String,
    loa_dezi: String,
    verklaring_id: String,
    dezi_nummer: String,
    voorletters: Option<String>,
    voorvoegsel: Option<String>,
    achternaam: String,
    abonnee_nummer: String,
    rol_code: String,
    status_uri: String,
}

/// What everything is held against.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    pub(super) statement_issuers: &'a [String],
    pub(super) levels: &'a [String],
    pub(super) own: &'a Ura,
    pub(super) now: OffsetDateTime,
}

/// A person as Dezi states it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stated {
    pub(super) person: Person,
    pub(super) until: OffsetDateTime,
}

impl IdToken {
    /// Holds the token against this log-in; its subject.
    pub(super) fn check(
        self,
        expected: &Expected<'_>,
        nonce_is_ours: impl Fn(&str) -> bool,
    ) -> Result<String, Refused> {
        if self.iss != expected.issuer || !self.aud.is_only(expected.client) {
            return Err(Refused::OtherParty);
        }
        in_time(self.exp, None, expected.now)?;
        made(self.iat, expected.now)?;
        if !self.nonce.as_deref().is_some_and(nonce_is_ours) {
            return Err(Refused::OtherNonce);
        }
        if self.sub.is_empty() {
            return Err(Refused::Malformed);
        }
        Ok(self.sub)
    }
}

impl UserInfo {
    pub(super) fn check(&self, expected: &Expected<'_>, subject: &str) -> Result<(), Refused> {
        if self.iss != expected.issuer || !self.aud.is_only(expected.client) {
            return Err(Refused::OtherParty);
        }
        // OpenID Connect Core, 5.3.2: whose it is must not change on the way.
        if self.sub.as_deref().is_some_and(|sub| sub != subject) {
            return Err(Refused::OtherSubject);
        }
        in_time(self.exp, None, expected.now)?;
        made(self.iat, expected.now)?;
        match &self.loa_authn {
            Some(level) if !expected.levels.contains(level) => Err(Refused::Level),
            _ => Ok(()),
        }
    }
}

impl Statement {
    /// Holds the statement against the answer that it came in. `status` is where we would ask for its status.
    pub(super) fn check(self, expected: &Expected<'_>, id: &str, status: &str) -> Result<Stated, Refused> {
        if !expected.statement_issuers.contains(&self.iss) || self.json_schema != SCHEMA {
            return Err(Refused::OtherParty);
        }
        if self.verklaring_id != id || self.status_uri != status {
            return Err(Refused::OtherStatement);
        }
        let until = in_time(self.exp, Some(self.nbf), expected.now)?;
        if !expected.levels.contains(&self.loa_dezi) {
            return Err(Refused::Level);
        }
        // Whose employee somebody else is, is nothing to us.
        if self.abonnee_nummer != expected.own.as_str() {
            return Err(Refused::OtherProvider);
        }
        let number = self.dezi_nummer.as_str();
        let texts = [self.voorletters.as_deref(), self.voorvoegsel.as_deref(), Some(self.achternaam.as_str())];
        let good = (1..=20).contains(&number.len())
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && is_role(&self.rol_code)
            && texts.iter().flatten().all(|text| text.len() <= LONGEST && !text.contains(char::is_control));
        if !good {
            return Err(Refused::Malformed);
        }
        let name =
            texts.into_iter().flatten().map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        let person = Person { id: self.dezi_nummer, name: (!name.is_empty()).then_some(name), role: self.rol_code };
        Ok(Stated { person, until })
    }
}

/// A UZI role code: profession and specialism.
fn is_role(code: &str) -> bool {
    let digits = |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    code.split_once('.').is_some_and(|(profession, specialism)| digits(profession, 2) && digits(specialism, 3))
}

/// Whether an id can stand in a path of ours.
pub(super) fn is_plain_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn in_time(exp: i64, nbf: Option<i64>, now: OffsetDateTime) -> Result<OffsetDateTime, Refused> {
    until(exp, nbf, now).ok_or(Refused::NotInTime)
}

fn made(iat: i64, now: OffsetDateTime) -> Result<(), Refused> {
    if is_fresh(iat, now) { Ok(()) } else { Err(Refused::NotInTime) }
}

#[cfg(test)]
mod tests;
