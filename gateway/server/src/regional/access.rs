//! Who may do what with the region's index and pseudonym service: tokens for members, each bound to the certificate that it
//! was asked for with (RFC 8705), for one audience and some scopes, for some minutes. Asked for as the national facilities have
//! it (client credentials over mutual TLS; handbook: generic functions, 3.3.3), so that their clients serve here too.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use connectors::identity::{Certificate, Thumbprint};
use fhir::Ura;
use time::{Duration, OffsetDateTime};
use url::form_urlencoded;
use uuid::Uuid;

/// How the two services are called as the audience of a token.
pub const INDEX_AUDIENCE: &str = "regional-index";
pub const PSEUDONYM_AUDIENCE: &str = "regional-pseudonyms";

/// Scopes, as the national services call them (handbook: generic functions, 3.3.2 and 3.3.3).
pub const CREATE: &str = "nvi:create";
pub const READ: &str = "nvi:read";
pub const DELETE: &str = "nvi:delete";
pub const LOCALIZE: &str = "nvi:localize";
pub const EVALUATE: &str = "prs:read";

const INDEX_SCOPES: [&str; 4] = [CREATE, READ, DELETE, LOCALIZE];
const PSEUDONYM_SCOPES: [&str; 1] = [EVALUATE];

/// How long a token holds.
const GOOD_FOR: Duration = Duration::minutes(5);
/// Most tokens of one member at once; a new one beyond that takes the place of the one that ends first.
const MOST_PER_MEMBER: usize = 64;
/// The longest name of a source system.
const LONGEST_SOURCE: usize = 128;

/// What a token allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub member: Ura,
    /// What the member calls the source system that it registers for.
    pub source: String,
    audience: &'static str,
    scopes: BTreeSet<&'static str>,
    bound_to: Thumbprint,
    until: OffsetDateTime,
}

/// A token, given.
#[derive(Debug)]
pub struct Issued {
    pub token: String,
    pub seconds: i64,
    pub scope: String,
}

/// Why no token was given: the code of RFC 6749 (5.2) or RFC 8707, and what the caller may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    pub status: u16,
    pub code: &'static str,
    pub text: &'static str,
}

/// Members and their tokens.
pub struct Access {
    members: BTreeSet<Ura>,
    audiences: Vec<&'static str>,
    tokens: Mutex<HashMap<String, Grant>>,
}

impl Grant {
    /// Whether it has one of these scopes.
    pub fn allows(&self, any_of: &[&str]) -> bool {
        any_of.iter().any(|scope| self.scopes.contains(scope))
    }
}

const fn refused(status: u16, code: &'static str, text: &'static str) -> Refused {
    Refused { status, code, text }
}

const STRANGER: Refused =
    refused(401, "invalid_client", "the client certificate is of no organisation that is a member here");

impl Access {
    /// For these members, with the audiences that are served.
    pub fn new(members: BTreeSet<Ura>, audiences: Vec<&'static str>) -> Self {
        Access { members, audiences, tokens: Mutex::default() }
    }

    /// Answers a token request. The certificate was verified and vetted.
    ///
    /// # Errors
    /// Why there is no token.
    pub fn issue(&self, certificate: Option<&[u8]>, form: &str, now: OffsetDateTime) -> Result<Issued, Refused> {
        let (member, bound_to) = certificate.and_then(|der| self.member(der, now)).ok_or(STRANGER)?;
        let mut parameters: HashMap<String, String> = HashMap::new();
        for (name, value) in form_urlencoded::parse(form.as_bytes()).into_owned() {
            if parameters.insert(name, value).is_some() {
                return Err(refused(400, "invalid_request", "a parameter stands there twice"));
            }
        }
        let named = |name: &str| parameters.get(name).map(String::as_str).filter(|value| !value.is_empty());
        match named("grant_type") {
            Some("client_credentials") => {}
            Some(_) => return Err(refused(400, "unsupported_grant_type", "only client_credentials is taken")),
            None => return Err(refused(400, "invalid_request", "grant_type is missing")),
        }
        let wanted = named("target_audience");
        let audience = self.audiences.iter().copied().find(|known| wanted == Some(*known));
        let audience = audience.ok_or(refused(400, "invalid_target", "target_audience is no service of this node"))?;
        if named("organization_id") != Some(member.as_str()) {
            return Err(refused(400, "invalid_request", "organization_id is not that of the client certificate"));
        }
        let source = named("source_id").unwrap_or_default();
        if source.len() > LONGEST_SOURCE || !source.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(refused(400, "invalid_request", "source_id is no word of at most 128 characters"));
        }
        let known = if audience == INDEX_AUDIENCE { &INDEX_SCOPES[..] } else { &PSEUDONYM_SCOPES[..] };
        let mut scopes = BTreeSet::new();
        for word in named("scope").unwrap_or_default().split(' ').filter(|word| !word.is_empty()) {
            let scope = known.iter().copied().find(|scope| *scope == word);
            scopes.insert(scope.ok_or(refused(400, "invalid_scope", "scope names what this service does not know"))?);
        }
        if scopes.is_empty() {
            return Err(refused(400, "invalid_scope", "scope is missing"));
        }
        let scope = scopes.iter().copied().collect::<Vec<_>>().join(" ");
        let grant = Grant { member, source: source.to_owned(), audience, scopes, bound_to, until: now + GOOD_FOR };
        // Two of them: 244 bits by chance.
        let token = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        self.keep(token.clone(), grant, now);
        Ok(Issued { token, seconds: GOOD_FOR.whole_seconds(), scope })
    }

    /// What the token of a request allows. None: there is none, or it is not of this certificate and this service now.
    pub fn admit(
        &self,
        certificate: Option<&[u8]>,
        authorization: &[String],
        audience: &str,
        now: OffsetDateTime,
    ) -> Option<Grant> {
        let (member, shown) = certificate.and_then(|der| self.member(der, now))?;
        let [header] = authorization else { return None };
        let (_, token) = header.split_once(' ').filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"))?;
        let grant = self.tokens().get(token).cloned();
        let good = |grant: &Grant| {
            grant.until > now && grant.bound_to == shown && grant.member == member && grant.audience == audience
        };
        grant.filter(good)
    }

    /// The member whose server certificate this is, while it holds.
    fn member(&self, der: &[u8], now: OffsetDateTime) -> Option<(Ura, Thumbprint)> {
        let certificate = Certificate::read(der).ok()?;
        let ura = certificate.ura.filter(|ura| self.members.contains(ura))?;
        (certificate.not_before <= now && now <= certificate.not_after).then_some((ura, certificate.thumbprint))
    }

    fn keep(&self, token: String, grant: Grant, now: OffsetDateTime) {
        let mut tokens = self.tokens();
        tokens.retain(|_, known| known.until > now);
        let own = tokens.iter().filter(|(_, known)| known.member == grant.member);
        if own.clone().count() >= MOST_PER_MEMBER {
            let first = own.min_by_key(|(_, known)| known.until).map(|(token, _)| token.clone());
            first.map(|token| tokens.remove(&token));
        }
        tokens.insert(token, grant);
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<String, Grant>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
