//! When certificates end: the node's own, those of the authorities that it believes, and those of partners that it met.

use std::collections::BTreeMap;

use connectors::identity::Certificate;
use connectors::identity::certificates::name_and_end;
use connectors::identity::vetting::Part;
use time::OffsetDateTime;

use super::Certificates;
use super::material::Side;

/// Whose certificate it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Outer,
    Inner,
    OuterAuthority,
    InnerAuthority,
    /// That of the listener for cards.
    Cards,
    CardAuthority,
    /// A partner's, as client or as server.
    Partner,
}

impl Kind {
    pub const fn code(self) -> &'static str {
        match self {
            Kind::Outer => "outer",
            Kind::Inner => "inner",
            Kind::OuterAuthority => "outer-authority",
            Kind::InnerAuthority => "inner-authority",
            Kind::Cards => "cards",
            Kind::CardAuthority => "card-authority",
            Kind::Partner => "partner",
        }
    }
}

/// One certificate and its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiring {
    pub kind: Kind,
    /// The name of its subject, for people.
    pub name: String,
    pub not_after: OffsetDateTime,
    /// Whole days until then; negative when it is over.
    pub days: i64,
}

impl Certificates {
    /// All certificates that this node needs or met, the first to end in front.
    pub fn expiring(&self) -> Vec<Expiring> {
        let (used, now) = (self.used(), self.clock.now());
        let mut all = Vec::new();
        all.extend(of_side(&used.outer, Kind::Outer, Kind::OuterAuthority, now));
        if let Some(inner) = &used.inner {
            all.extend(of_side(inner, Kind::Inner, Kind::InnerAuthority, now));
        }
        if let Some(cards) = &used.cards {
            all.extend(of_side(cards, Kind::Cards, Kind::CardAuthority, now));
        }
        // What a partner showed last to end: it may have renewed in between.
        let mut partners: BTreeMap<(String, bool), OffsetDateTime> = BTreeMap::new();
        for (part, leaf) in self.outer.vetting.believed() {
            let Ok(certificate) = Certificate::read(&leaf) else { continue };
            let Some(ura) = &certificate.ura else { continue };
            if ura == self.key.ura() {
                continue;
            }
            let name = certificate.organisation.clone().unwrap_or_default();
            let latest =
                partners.entry((format!("{name} (URA {ura})"), part == Part::Server)).or_insert(certificate.not_after);
            *latest = certificate.not_after.max(*latest);
        }
        all.extend(partners.into_iter().map(|((name, _), end)| expiring(Kind::Partner, name, end, now)));
        all.sort_by_key(|one| one.not_after);
        all
    }
}

fn of_side(side: &Side, own: Kind, authority: Kind, now: OffsetDateTime) -> Vec<Expiring> {
    let leaf = side.identity.chain.first().into_iter().map(|der| (own, der));
    let behind = side.identity.chain.iter().skip(1).map(|der| (authority, der));
    let authorities = side.authorities.iter().map(|der| (authority, der));
    let all = leaf.chain(behind).chain(authorities);
    let mut found: Vec<Expiring> = all.filter_map(|(kind, der)| read(kind, der, now)).collect();
    found.dedup();
    found
}

fn read(kind: Kind, der: &[u8], now: OffsetDateTime) -> Option<Expiring> {
    let (name, not_after) = name_and_end(der)?;
    Some(expiring(kind, name, not_after, now))
}

fn expiring(kind: Kind, name: String, not_after: OffsetDateTime, now: OffsetDateTime) -> Expiring {
    Expiring { kind, name, not_after, days: (not_after - now).whole_days() }
}
