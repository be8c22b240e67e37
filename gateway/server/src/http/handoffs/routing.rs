//! To which service or location of the receiver a handoff is to go: as whoever pushes names it, looked up in the directory.

use actix_web::http::StatusCode;
use connectors::mcsd::{Listed, Owner};
use fhir::{IssueCode, Ura};
use flows::eoverdracht::{Place, RoutedTo};
use serde::Deserialize;

use super::{No, refuse};
use crate::node::Node;

/// Where it goes within the receiving organisation: by the id in its directory, `Type/id`, or `system|value`. One of them.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Within {
    pub service: Option<String>,
    pub location: Option<String>,
}

impl Within {
    /// Whose the service is, where it alone is named: by its identifier, since an id is one directory's. And the place.
    ///
    /// # Errors
    /// It is not named so, nobody has it or more than one has, or the receiver would not know it again.
    pub async fn owner(&self, node: &Node) -> Result<(Ura, RoutedTo), No> {
        let bad = |says: &str| refuse(StatusCode::BAD_REQUEST, IssueCode::Invalid, says);
        let no = |says: &str| refuse(StatusCode::UNPROCESSABLE_ENTITY, IssueCode::Processing, says);
        let wanted = match (&self.service, &self.location) {
            (Some(service), None) => service,
            (None, None) => return Err(bad("a receiver is named by its URA, or by the identifier of a service of it")),
            (_, Some(_)) => {
                return Err(bad("without the URA of its receiver a handoff goes to a service, and to nothing else"));
            }
        };
        if !wanted.split_once('|').is_some_and(|(system, value)| !system.is_empty() && !value.is_empty()) {
            return Err(bad("a service alone is named by its identifier, as system|value"));
        }
        let book = node
            .book()
            .ok_or_else(|| no("this node copies no directory: it knows no services and locations of others"))?;
        match book.owner_of_service(wanted).await {
            Some(Owner::One(ura, service)) => match routed(&service, Place::Service) {
                Some(routed) => Ok((ura, routed)),
                None => Err(no(UNKNOWN_AGAIN)),
            },
            Some(Owner::None) => Err(no("the directory has no active service with this identifier")),
            Some(Owner::Several) => Err(no("more than one organisation has a service with this identifier")),
            Some(Owner::Unread) | None => {
                let says = "it cannot be said now whose this service is: not all directories have been read";
                Err(refuse(StatusCode::SERVICE_UNAVAILABLE, IssueCode::Transient, says))
            }
        }
    }

    /// The place that is meant; nothing when none is named.
    ///
    /// # Errors
    /// It is not known, or the receiver would not know it again.
    pub async fn look_up(&self, node: &Node, receiver: &Ura) -> Result<Option<RoutedTo>, No> {
        let (kind, wanted) = match (&self.service, &self.location) {
            (None, None) => return Ok(None),
            (Some(service), None) => (Place::Service, service),
            (None, Some(location)) => (Place::Location, location),
            (Some(_), Some(_)) => {
                let says = "a handoff goes to a service or to a location, not to both";
                return Err(refuse(StatusCode::BAD_REQUEST, IssueCode::Invalid, says));
            }
        };
        let no = |says: &str| refuse(StatusCode::UNPROCESSABLE_ENTITY, IssueCode::Processing, says);
        let book = node
            .book()
            .ok_or_else(|| no("this node copies no directory: it knows no services and locations of others"))?;
        let places = book.places(receiver.clone(), kind).await.ok_or_else(|| {
            refuse(StatusCode::SERVICE_UNAVAILABLE, IssueCode::Transient, "the directory cannot be read now")
        })?;
        let place = places.iter().find(|place| is_meant(place, wanted));
        let place = place.ok_or_else(|| no("the directory has no such active service or location of this receiver"))?;
        let routed = routed(place, kind);
        routed.map(Some).ok_or_else(|| no(UNKNOWN_AGAIN))
    }
}

const UNKNOWN_AGAIN: &str = "it has no identifier in the directory by which its receiver would know it again";

fn is_meant(place: &Listed, wanted: &str) -> bool {
    let id = place.id.split_once('/').map_or(place.id.as_str(), |(_, id)| id);
    place.id == wanted || id == wanted || place.identifiers.iter().any(|identifier| identifier == wanted)
}

fn routed(place: &Listed, kind: Place) -> Option<RoutedTo> {
    let parts = place.identifiers.iter().filter_map(|identifier| identifier.split_once('|'));
    let (system, value) = parts.into_iter().find(|(system, value)| !system.is_empty() && !value.is_empty())?;
    Some(RoutedTo { kind, system: system.to_owned(), value: value.to_owned(), name: place.name.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_meant_by_its_id_or_its_identifier_and_known_again_by_the_identifier_alone() {
        let place = |identifiers: &[&str]| Listed {
            id: "HealthcareService/ward".to_owned(),
            name: "Ward".to_owned(),
            active: true,
            identifiers: identifiers.iter().map(|one| (*one).to_owned()).collect(),
            types: Vec::new(),
        };
        let good = place(&["|x", "urn:a|1", "urn:b|2"]);
        for (wanted, meant) in [
            ("ward", true),
            ("HealthcareService/ward", true),
            ("urn:b|2", true),
            ("Location/ward", false),
            ("Ward", false),
            ("2", false),
            ("", false),
        ] {
            assert_eq!(is_meant(&good, wanted), meant, "{wanted}");
        }
        let routed_to = routed(&good, Place::Location).unwrap();
        assert_eq!(
            (routed_to.system.as_str(), routed_to.value.as_str(), routed_to.kind),
            ("urn:a", "1", Place::Location)
        );
        assert_eq!(routed(&place(&["|x", "y"]), Place::Service), None);
    }
}
