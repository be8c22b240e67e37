//! People who log in with Dezi, the national identity provider of care (OpenID Connect; v0.7: handbook, generic functions,
//! 6.6): authorization code with PKCE, an encrypted UserInfo answer, and in it the signed statement (verklaring) of who
//! works where in which role. Everything is held against everything else, and the statement's status is asked; what cannot
//! be found out is refused.
//!
//! Says who somebody is and nothing of what they may do.

mod asking;
mod claims;
mod fault;
mod jwe;
mod revocations;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use fhir::Ura;
use policy::Person;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::IdentityFault;
use super::oidc::{Jws, KeySet, NoKey, Pending, SigningKey, Waiting};
use super::secret::Secret;
use crate::http::{HttpClient, Limits, WebAddress};
use claims::{Expected, IdToken, Stated, Statement, UserInfo, is_plain_id};
pub use fault::{DeziFault, Refused};
pub use jwe::ContentEncryption;
use jwe::MessageKey;
use revocations::Revocations;

/// The most of an answer that is read, in bytes.
const LARGEST: usize = 128 * 1024;
/// How long a browser may be away at the log-in page.
const AWAY: Duration = Duration::from_secs(600);
/// How many may be away at once.
const MOST_AWAY: u64 = 10_000;

/// Configuration of log-in with Dezi.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeziConfig {
    /// The issuer; below it are `/authorize`, `/token`, `/userinfo`, its keys and the status of statements.
    pub issuer: WebAddress,
    /// The name under which this node is registered there.
    pub client_id: String,
    /// Our private RSA key (PKCS#8, PEM) for UserInfo.
    pub decryption_key_file: PathBuf,
    #[serde(default)]
    pub content_encryption: ContentEncryption,
    /// Who signs statements (`iss` of the verklaring).
    #[serde(default = "statement_issuers")]
    pub statement_issuers: Vec<String>,
    /// Where statements may say that their keys are (`jku`). By default `/dezi/jwks.json` below the issuer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statement_keys: Vec<WebAddress>,
    /// Levels of assurance that are enough (`loa_dezi`, `loa_authn`).
    #[serde(default = "levels")]
    pub levels: Vec<String>,
    /// The authorities of the issuer's server, PEM. By default those of the operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorities_file: Option<PathBuf>,
    /// How long one question to it may take.
    #[serde(default = "patience")]
    pub patience_ms: u64,
    /// How often it is asked again whether the statement behind a session is in force.
    #[serde(default = "recheck")]
    pub recheck_seconds: u32,
    /// Whether the list of withdrawn statements is asked for as well (`/revocatiecontrole/v1`).
    #[serde(default)]
    pub revocation_list: bool,
    /// How soon a key set is asked for again, whatever key is looked for, in seconds.
    #[serde(default = "keys_after")]
    pub keys_after_seconds: u32,
}

const fn keys_after() -> u32 {
    60
}

fn statement_issuers() -> Vec<String> {
    vec!["https://abonnee.dezi.nl".to_owned()]
}

fn levels() -> Vec<String> {
    vec!["http://eidas.europa.eu/LoA/high".to_owned()]
}

const fn patience() -> u64 {
    3_000
}

const fn recheck() -> u32 {
    300
}

/// Longest time between two looks at a statement, in seconds.
const LONGEST_RECHECK: u32 = 3_600;

/// A browser on its way to the log-in page. No `Debug`: it holds secrets.
pub struct Departing {
    pub url: Url,
    /// For a cookie of this browser.
    pub binding: Secret,
}

/// With what a browser comes back.
#[derive(Clone, Copy)]
pub struct Returned<'a> {
    pub state: &'a str,
    pub code: Option<&'a str>,
    /// `iss` of RFC 9207; empty when there is none.
    pub iss: &'a str,
    pub binding: &'a str,
}

/// Who logged in.
#[derive(Debug)]
pub struct DeziPerson {
    /// Dezi number, name and role.
    pub person: Person,
    /// When the statement ends.
    pub until: OffsetDateTime,
    /// Names the statement, to ask again whether it is in force.
    pub statement: String,
}

/// This node as a client of Dezi.
pub struct Dezi {
    config: DeziConfig,
    issuer: String,
    own: Ura,
    redirect_uri: String,
    key: MessageKey,
    http: HttpClient,
    issuer_keys: KeySet,
    statement_keys: Vec<KeySet>,
    waiting: Waiting,
    /// Where the configuration has it asked for.
    revocations: Option<Revocations>,
}

impl Dezi {
    /// `own` is this node's provider; `redirect_uri` where browsers come back, exactly as it is registered.
    ///
    /// # Errors
    /// The key cannot be used, or a list is empty that must not be.
    pub fn new(
        config: DeziConfig,
        own: Ura,
        redirect_uri: String,
        http: HttpClient,
        key_pem: &[u8],
    ) -> Result<Self, IdentityFault> {
        if config.client_id.is_empty() || config.statement_issuers.is_empty() || config.levels.is_empty() {
            return Err(IdentityFault("dezi: client_id, statement_issuers and levels must not be empty".to_owned()));
        }
        if config.patience_ms == 0 {
            return Err(IdentityFault("dezi.patience_ms must be more than 0".to_owned()));
        }
        if !(1..=LONGEST_RECHECK).contains(&config.recheck_seconds) {
            return Err(IdentityFault(format!("dezi.recheck_seconds must be between 1 and {LONGEST_RECHECK}")));
        }
        if !(1..=LONGEST_RECHECK).contains(&config.keys_after_seconds) {
            return Err(IdentityFault(format!("dezi.keys_after_seconds must be between 1 and {LONGEST_RECHECK}")));
        }
        let keys_after = time::Duration::seconds(i64::from(config.keys_after_seconds));
        let key = MessageKey::new(key_pem, config.content_encryption)
            .map_err(|fault| IdentityFault(format!("{} {fault}", config.decryption_key_file.display())))?;
        let below = |segments: &[&str]| {
            let url = config.issuer.below(segments.iter().copied());
            WebAddress::parse(url.as_str()).map_err(|fault| IdentityFault(format!("dezi.issuer: {fault}")))
        };
        let issuer_keys = KeySet::at(below(&["openid", "connect", "jwks.json"])?).asked_no_sooner_than(keys_after);
        let places = match config.statement_keys.as_slice() {
            [] => vec![below(&["dezi", "jwks.json"])?],
            named => named.to_vec(),
        };
        // An issuer is named without the slash that a URL's empty path has.
        let issuer = config.issuer.url().as_str().trim_end_matches('/').to_owned();
        Ok(Dezi {
            issuer,
            own,
            redirect_uri,
            key,
            http,
            issuer_keys,
            statement_keys: places
                .into_iter()
                .map(|place| KeySet::at(place).asked_no_sooner_than(keys_after))
                .collect(),
            waiting: Waiting::new(MOST_AWAY, AWAY),
            revocations: config.revocation_list.then(Revocations::default),
            config,
        })
    }

    /// Begins a log-in (RFC 6749, 4.1.1; RFC 7636; OpenID Connect Core, 3.1.2.1); none when the machine has no randomness.
    pub fn depart(&self) -> Option<Departing> {
        let (state, binding) = (Secret::fresh()?, Secret::fresh()?);
        let pending = Pending::begin(&binding)?;
        let mut url = self.config.issuer.below(["authorize"]);
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.config.client_id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", "openid")
            .append_pair("state", state.reveal())
            .append_pair("nonce", pending.nonce())
            .append_pair("code_challenge", &pending.challenge())
            .append_pair("code_challenge_method", "S256");
        self.waiting.add(&state, pending);
        Some(Departing { url, binding })
    }

    /// Ends a log-in: who it is. A state is of use once, whatever comes of it.
    ///
    /// # Errors
    /// What did not hold, or could not be found out.
    pub async fn arrive(&self, returned: Returned<'_>, now: OffsetDateTime) -> Result<DeziPerson, DeziFault> {
        let pending = self.waiting.take(returned.state).ok_or(Refused::UnknownState)?;
        if !pending.is_bound_to(returned.binding) {
            return Err(Refused::OtherBrowser.into());
        }
        // A code of one provider is not shown to another (RFC 9207, 2.4).
        if !returned.iss.is_empty() && returned.iss != self.issuer {
            return Err(Refused::OtherParty.into());
        }
        let code = returned.code.filter(|code| !code.is_empty()).ok_or(Refused::NoCode)?;
        let expected = Expected {
            issuer: &self.issuer,
            client: &self.config.client_id,
            statement_issuers: &self.config.statement_issuers,
            levels: &self.config.levels,
            own: &self.own,
            now,
        };
        let tokens = self.redeem(code, pending.verifier()).await?;
        let id_token: IdToken = self.of_the_issuer(&tokens.id_token, now).await?;
        let subject = id_token.check(&expected, |nonce| pending.is_nonce(nonce))?;
        let message = self.user_info(&tokens.access_token).await?;
        let content = self.key.decrypt(message.trim()).map_err(|_| Refused::Undecryptable)?;
        let inner = std::str::from_utf8(&content).map_err(|_| Refused::Malformed)?;
        let info: UserInfo = self.of_the_issuer(inner, now).await?;
        info.check(&expected, &subject)?;
        let stated = self.statement(&info, &expected).await?;
        self.in_force(&info.verklaring_id).await?;
        Ok(DeziPerson { person: stated.person, until: stated.until, statement: info.verklaring_id })
    }

    /// The statement, verified with the keys where it says that they are, if they may be there.
    async fn statement(&self, info: &UserInfo, expected: &Expected<'_>) -> Result<Stated, DeziFault> {
        if !is_plain_id(&info.verklaring_id) {
            return Err(Refused::Malformed.into());
        }
        let jws = Jws::read(&info.verklaring).map_err(|_| Refused::Signature)?;
        let place = jws.key_set.as_deref().ok_or(Refused::ForeignKeySet)?;
        let keys = self.statement_keys.iter().find(|keys| keys.is_at(place)).ok_or(Refused::ForeignKeySet)?;
        let key = self.key_of(keys, &jws.kid, expected.now).await?;
        let statement: Statement = jws.claims(&key).ok_or(Refused::Signature)?;
        let status = self.status_address(&info.verklaring_id);
        Ok(statement.check(expected, &info.verklaring_id, status.as_str())?)
    }

    async fn of_the_issuer<T: serde::de::DeserializeOwned>(
        &self,
        message: &str,
        now: OffsetDateTime,
    ) -> Result<T, DeziFault> {
        let jws = Jws::read(message).map_err(|_| Refused::Signature)?;
        let key = self.key_of(&self.issuer_keys, &jws.kid, now).await?;
        Ok(jws.claims(&key).ok_or(Refused::Signature)?)
    }

    async fn key_of(&self, keys: &KeySet, kid: &str, now: OffsetDateTime) -> Result<SigningKey, DeziFault> {
        keys.key(&self.http, kid, self.patience(), now).await.map_err(|fault| match fault {
            NoKey::Unknown => Refused::Signature.into(),
            NoKey::Unavailable => DeziFault::Unavailable("keys"),
        })
    }

    /// How long to wait between two looks at a statement.
    pub fn recheck(&self) -> Duration {
        Duration::from_secs(u64::from(self.config.recheck_seconds))
    }

    fn patience(&self) -> Duration {
        Duration::from_millis(self.config.patience_ms)
    }

    fn limits(&self) -> Limits {
        Limits { bytes: LARGEST, patience: self.patience() }
    }
}
