//! People who log in with a card of the UZI register (UZI-pas: zorgverlenerpas, medewerkerpas op naam): any card of an authority
//! that is configured for them, shown in TLS to a listener of its own.
//!
//! The browser is sent there and comes back with a code, good once, soon, and in that browser only: so only who wants to log in
//! with a card is asked for one, and the pages' own listener need know no card. Who somebody is, the card says; what they may
//! do, it does not.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fhir::Ura;
use moka::sync::Cache;
use policy::Person;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::IdentityFault;
use super::certificates::{Certificate, Profile, UziName, UziPass};
use super::oidc::{Pending, Waiting};
use super::people::NO_ROLE;
use super::secret::{Digest, Secret};
use super::vetting::{Part, Standing, Vet};
use crate::http::WebAddress;

/// How long a browser may be away: somebody looks for a card and types its PIN.
const AWAY: Duration = Duration::from_secs(300);
/// How long a code waits for its browser. A redirect follows at once.
const SOON: Duration = Duration::from_secs(60);
/// How many may be away, or on their way back, at once.
const MOST: u64 = 10_000;
/// UZI numbers of people have nine digits (handbook of the UZI register).
const DIGITS: usize = 9;
/// Longest time between two looks at a card, in seconds.
const LONGEST_RECHECK: u32 = 3_600;

/// Configuration of log-in with a card.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardsConfig {
    /// Where the listener for cards listens: always TLS.
    pub address: SocketAddr,
    /// How browsers reach it: https, without a slash at the end.
    pub public_base: String,
    pub certificate_file: PathBuf,
    pub key_file: PathBuf,
    /// The authorities whose cards are believed, PEM.
    pub authorities_file: PathBuf,
    /// How often it is asked again whether the card behind a session is still good, in seconds.
    #[serde(default = "recheck")]
    pub recheck_seconds: u32,
    /// Which role a card's role code stands for here. A code that stands nowhere lets nobody in.
    pub roles: Vec<CardRole>,
}

/// One role, and the role codes on cards that stand for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardRole {
    /// Role codes as they stand on cards (OID 2.16.840.1.113883.2.4.15.111).
    pub codes: Vec<String>,
    /// The UZI role code by which policies and `[[people]]` know it.
    pub role: String,
}

const fn recheck() -> u32 {
    300
}

impl CardsConfig {
    pub fn files(&mut self) -> Vec<&mut PathBuf> {
        vec![&mut self.certificate_file, &mut self.key_file, &mut self.authorities_file]
    }
}

/// A browser on its way to the listener for cards. No `Debug`: it holds secrets.
pub struct Departing {
    pub url: Url,
    /// For a cookie of this browser.
    pub binding: Secret,
}

/// Who showed a card.
#[derive(Clone)]
pub struct CardPerson {
    /// UZI number, name on the card, and role; [`NO_ROLE`] for an employee without one.
    pub person: Person,
    /// When the card ends.
    pub until: OffsetDateTime,
    card: Card,
}

/// A certificate as it was shown.
#[derive(Clone)]
struct Card {
    leaf: Arc<[u8]>,
    behind: Arc<[Arc<[u8]>]>,
}

impl fmt::Debug for CardPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardPerson(..)")
    }
}

/// Why nobody comes in with a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardFault {
    Refused {
        why: Refused,
        /// Whose card it truly is, where the handshake proved that.
        number: Option<String>,
    },
    /// Whether the card was revoked could not be found out.
    Unavailable,
}

/// What did not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nobody who was sent to show a card, or no more.
    UnknownState,
    /// Begun in another browser.
    OtherBrowser,
    /// No code, or one of another log-in.
    NoCode,
    NoCertificate,
    /// A certificate that is no card of a person: of a server, of an organisation.
    NotACard,
    /// A card that anybody of the employees may hold (medewerkerpas niet op naam): nobody in particular.
    NotOnName,
    NotInTime,
    /// No certificate for identification (authenticiteitscertificaat): one to sign or to encrypt with.
    NotForClients,
    /// A card of the register's test branch.
    ForTests,
    NotTrusted,
    Revoked,
    /// The card of somebody at another care provider.
    OtherProvider,
    UnknownRole,
}

impl Refused {
    /// A fixed word for logs.
    pub const fn code(self) -> &'static str {
        match self {
            Refused::UnknownState => "unknown-state",
            Refused::OtherBrowser => "other-browser",
            Refused::NoCode => "no-code",
            Refused::NoCertificate => "no-certificate",
            Refused::NotACard => "not-a-card",
            Refused::NotOnName => "not-on-name",
            Refused::NotInTime => "not-in-time",
            Refused::NotForClients => "not-for-clients",
            Refused::ForTests => "for-tests",
            Refused::NotTrusted => "not-trusted",
            Refused::Revoked => "revoked",
            Refused::OtherProvider => "other-provider",
            Refused::UnknownRole => "unknown-role",
        }
    }
}

impl From<Refused> for CardFault {
    fn from(why: Refused) -> Self {
        CardFault::Refused { why, number: None }
    }
}

/// What came of a card, on its way back to the pages.
struct Shown {
    state: Digest,
    outcome: Result<CardPerson, CardFault>,
}

/// Log-in with cards.
pub struct Cards {
    own: Ura,
    roles: HashMap<String, String>,
    place: Url,
    recheck: Duration,
    vet: Arc<dyn Vet>,
    takes_test_cards: bool,
    waiting: Waiting,
    shown: Cache<Digest, Arc<Shown>>,
}

impl Cards {
    /// `own` is this node's provider; `vet` says which cards can be believed; test cards are for development.
    ///
    /// # Errors
    /// A sentence that names what is wrong in the configuration.
    pub fn new(
        config: &CardsConfig,
        own: Ura,
        vet: Arc<dyn Vet>,
        takes_test_cards: bool,
    ) -> Result<Self, IdentityFault> {
        let fault = |text: &str| IdentityFault(format!("cards.{text}"));
        let base = WebAddress::parse(&config.public_base).map_err(|why| fault(&format!("public_base: {why}")))?;
        if base.url().scheme() != "https" {
            return Err(fault("public_base must be https: a card is shown in TLS"));
        }
        if !(1..=LONGEST_RECHECK).contains(&config.recheck_seconds) {
            return Err(fault(&format!("recheck_seconds must be between 1 and {LONGEST_RECHECK}")));
        }
        let mut roles = HashMap::new();
        for entry in &config.roles {
            let good = !entry.codes.is_empty() && is_role(&entry.role) && entry.codes.iter().all(|code| is_role(code));
            if !good {
                return Err(fault("roles: an entry needs codes and a role, each a UZI role code like 01.015"));
            }
            for code in &entry.codes {
                if roles.insert(code.clone(), entry.role.clone()).is_some() {
                    return Err(fault(&format!("roles: {code} stands there twice")));
                }
            }
        }
        Ok(Cards {
            own,
            roles,
            place: base.below(["card"]),
            recheck: Duration::from_secs(u64::from(config.recheck_seconds)),
            vet,
            takes_test_cards,
            waiting: Waiting::new(MOST, AWAY),
            shown: Cache::builder().max_capacity(MOST).time_to_live(SOON).build(),
        })
    }

    /// Sends a browser to show its card; none when the machine has no randomness.
    pub fn depart(&self) -> Option<Departing> {
        let (state, binding) = (Secret::fresh()?, Secret::fresh()?);
        self.waiting.add(&state, Pending::begin(&binding)?);
        let mut url = self.place.clone();
        url.query_pairs_mut().append_pair("state", state.reveal());
        Some(Departing { url, binding })
    }

    /// A card was shown, or nothing: the code that its browser takes back. None for a state that is not known.
    pub async fn show(
        &self,
        state: &str,
        leaf: Option<Arc<[u8]>>,
        behind: &[Arc<[u8]>],
        now: OffsetDateTime,
    ) -> Option<Secret> {
        if !self.waiting.knows(state) {
            return None;
        }
        let outcome = match leaf {
            Some(leaf) => self.identify(Card { leaf, behind: behind.into() }, now).await,
            None => Err(Refused::NoCertificate.into()),
        };
        let code = Secret::fresh()?;
        self.shown.insert(Digest::of(code.reveal()), Arc::new(Shown { state: Digest::of(state), outcome }));
        Some(code)
    }

    /// A browser comes back: whose card it showed. A state and a code are of use once, whatever comes of them.
    ///
    /// # Errors
    /// What did not hold, or could not be found out.
    pub fn arrive(&self, state: &str, code: Option<&str>, binding: &str) -> Result<CardPerson, CardFault> {
        let pending = self.waiting.take(state).ok_or(Refused::UnknownState)?;
        if !pending.is_bound_to(binding) {
            return Err(Refused::OtherBrowser.into());
        }
        let shown = code.and_then(|code| self.shown.remove(&Digest::of(code))).ok_or(Refused::NoCode)?;
        if shown.state != Digest::of(state) {
            return Err(Refused::NoCode.into());
        }
        shown.outcome.clone()
    }

    /// Whether the card behind a session can still be believed.
    ///
    /// # Errors
    /// It cannot, or that could not be found out.
    pub async fn in_force(&self, person: &CardPerson) -> Result<(), CardFault> {
        self.believed(&person.card).await
    }

    /// How long to wait between two looks at a card.
    pub fn recheck(&self) -> Duration {
        self.recheck
    }

    /// Whose card it is: first whether it is to be believed, then what it says.
    async fn identify(&self, card: Card, now: OffsetDateTime) -> Result<CardPerson, CardFault> {
        let certificate = Certificate::read(&card.leaf).map_err(|_| Refused::NotACard)?;
        let uzi = match (certificate.profile, &certificate.uzi) {
            (Profile::UziPerson, Some(uzi)) if is_number(&uzi.number) => uzi,
            _ => return Err(Refused::NotACard.into()),
        };
        let refused = |why| CardFault::Refused { why, number: Some(uzi.number.clone()) };
        if !certificate.valid_at(now) {
            return Err(refused(Refused::NotInTime));
        }
        if !certificate.for_clients {
            return Err(refused(Refused::NotForClients));
        }
        if certificate.for_tests && !self.takes_test_cards {
            return Err(Refused::ForTests.into());
        }
        self.believed(&card).await.map_err(|fault| match fault {
            CardFault::Refused { why: Refused::Revoked, .. } => refused(Refused::Revoked),
            other => other,
        })?;
        if uzi.ura != self.own {
            return Err(refused(Refused::OtherProvider));
        }
        let role = self.role(uzi).map_err(refused)?;
        let person = Person { id: uzi.number.clone(), name: certificate.holder.clone(), role };
        Ok(CardPerson { person, until: certificate.not_after, card })
    }

    /// The role in which the holder of a card comes in.
    fn role(&self, uzi: &UziName) -> Result<String, Refused> {
        match (uzi.pass, &uzi.role) {
            (UziPass::Server, _) => Err(Refused::NotACard),
            (UziPass::UnnamedEmployee, _) => Err(Refused::NotOnName),
            (UziPass::NamedEmployee, None) => Ok(NO_ROLE.to_owned()),
            (UziPass::Professional, None) => Err(Refused::UnknownRole),
            (UziPass::Professional | UziPass::NamedEmployee, Some(code)) => {
                self.roles.get(code).cloned().ok_or(Refused::UnknownRole)
            }
        }
    }

    async fn believed(&self, card: &Card) -> Result<(), CardFault> {
        match self.vet.vet(Part::Client, &card.leaf, &card.behind).await {
            Standing::Good => Ok(()),
            Standing::NotTrusted => Err(Refused::NotTrusted.into()),
            Standing::Revoked => Err(Refused::Revoked.into()),
            Standing::NotFoundOut(_) => Err(CardFault::Unavailable),
        }
    }
}

fn is_number(number: &str) -> bool {
    number.len() == DIGITS && number.bytes().any(|digit| digit != b'0')
}

/// Two digits, a dot, three digits, and not "no role".
fn is_role(code: &str) -> bool {
    let digits = |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    code != NO_ROLE && code.split_once('.').is_some_and(|(one, other)| digits(one, 2) && digits(other, 3))
}

#[cfg(test)]
mod tests;
