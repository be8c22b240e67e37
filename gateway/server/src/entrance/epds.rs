//! From an EPD, by the browser (SMART App Launch, EHR launch): sent to the EPD's authorization server, and back with its user
//! and one patient.

use std::net::IpAddr;

use connectors::identity::sessions::Way;
use connectors::identity::smart::{Departing, Returned};
use connectors::identity::{Launch, SmartFault, launches};
use time::OffsetDateTime;

use super::{Entrance, Kept};

impl Entrance {
    /// Whether any EPD opens the pages by the browser.
    pub fn takes_epds(&self) -> bool {
        self.parts.epds.is_some()
    }

    /// Sends a browser that an EPD sent here to that EPD's authorization server.
    pub async fn depart_to_epd(&self, iss: &str, launch: &str, remote: Option<IpAddr>) -> Result<Departing, Kept> {
        self.may_try(Way::Launch, remote)?;
        let epds = self.parts.epds.as_ref().ok_or(Kept::NotAccepted)?;
        let begun = epds.depart(iss, launch, OffsetDateTime::now_utc()).await;
        begun.map_err(|fault| self.not_launched(fault, remote))
    }

    /// A browser that comes back from there.
    pub async fn arrive_from_epd(
        &self,
        key: &str,
        returned: Returned<'_>,
        remote: Option<IpAddr>,
    ) -> Result<String, Kept> {
        let way = Way::Launch;
        self.may_try(way, remote)?;
        let epds = self.parts.epds.as_ref().ok_or(Kept::NotAccepted)?;
        let launched = epds
            .arrive(key, returned, OffsetDateTime::now_utc())
            .await
            .map_err(|fault| self.not_launched(fault, remote))?;
        let launch = Launch { person: launched.person, responsible: None, patient: launched.patient };
        match launches::opening(&self.parts.people, &launched.epd, &launched.use_cases, launch) {
            Ok(opening) => self.open(opening, remote),
            // Who it is the EPD says: no attempt to guess anything.
            Err(_) => {
                self.event(way, "refused", "nothing-here");
                Err(Kept::NothingHere)
            }
        }
    }

    fn not_launched(&self, fault: SmartFault, remote: Option<IpAddr>) -> Kept {
        match fault {
            SmartFault::Refused(why) => self.refused(Way::Launch, why.code(), remote, Kept::NotAccepted),
            // Nobody's fault who sits there: it counts for no lock-out.
            SmartFault::Unavailable(what) => {
                self.event(Way::Launch, "unavailable", what);
                Kept::Unavailable
            }
        }
    }
}
