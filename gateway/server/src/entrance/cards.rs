//! With a card of the UZI register: sent to the listener that asks for one, and back.

use std::net::IpAddr;
use std::sync::Arc;

use connectors::identity::cards::Departing;
use connectors::identity::sessions::{Opening, Way};
use connectors::identity::{CardFault, Who};
use time::OffsetDateTime;

use super::recheck::{self, Doubt};
use super::{Entrance, Kept};

/// The client that people who log in with a card come in by, as the access log names it.
const CARD_CLIENT: &str = "uzi-card";

impl Entrance {
    pub fn takes_cards(&self) -> bool {
        self.parts.cards.is_some()
    }

    /// Sends a browser to show a card.
    pub fn depart_with_card(&self, remote: Option<IpAddr>) -> Result<Departing, Kept> {
        self.may_try(Way::Certificate, remote)?;
        self.parts.cards.as_ref().ok_or(Kept::NotAccepted)?.depart().ok_or(Kept::Unavailable)
    }

    /// A card was shown, or nothing: the code to come back with. None for whoever was not sent.
    pub async fn show_card(&self, state: &str, leaf: Option<Arc<[u8]>>, behind: &[Arc<[u8]>]) -> Option<String> {
        let code = self.parts.cards.as_ref()?.show(state, leaf, behind, OffsetDateTime::now_utc()).await?;
        Some(code.reveal().to_owned())
    }

    /// A browser that showed a card and comes back.
    pub fn arrive_with_card(
        &self,
        state: &str,
        code: Option<&str>,
        binding: &str,
        remote: Option<IpAddr>,
    ) -> Result<String, Kept> {
        let way = Way::Certificate;
        self.may_try(way, remote)?;
        let cards = self.parts.cards.as_ref().ok_or(Kept::NotAccepted)?;
        let found = match cards.arrive(state, code, binding) {
            Ok(found) => found,
            Err(CardFault::Refused { why, number }) => {
                if let Some(person) = number.map(Who::Person) {
                    self.must_not_wait(way, &person)?;
                    self.parts.limits.log_in_failed(person);
                }
                return Err(self.refused(way, why.code(), remote, Kept::NotAccepted));
            }
            // Nobody's fault who sits there: it counts for no lock-out.
            Err(CardFault::Unavailable) => {
                self.event(way, "unavailable", "certificate-status");
                return Err(Kept::Unavailable);
            }
        };
        let Some(opening) = self.parts.people.opening(found.person.clone(), CARD_CLIENT, way) else {
            self.event(way, "refused", "nothing-here");
            return Err(Kept::NothingHere);
        };
        let id = self.open(Opening { until: Some(found.until), ..opening }, remote)?;
        let (every, asking) = (cards.recheck(), cards.clone());
        let ask = move || {
            let (cards, found) = (asking.clone(), found.clone());
            async move {
                cards.in_force(&found).await.map_err(|fault| match fault {
                    CardFault::Refused { why, .. } => Doubt::Over(why.code()),
                    CardFault::Unavailable => Doubt::Unknown("certificate-status"),
                })
            }
        };
        recheck::begin(way, every, &self.parts.sessions, &id, ask);
        Ok(id)
    }
}
