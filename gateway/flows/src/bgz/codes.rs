//! The codes of a referral by notified pull (Nuts use case profile BgZ referral; TA Notified Pull).

pub const SNOMED: &str = "http://snomed.info/sct";
pub const LOINC: &str = "http://loinc.org";
/// Referral of patient (verwijzing van patiënt): `Task.code` of the Workflow Task.
pub const REFERRAL: &str = "3457005";
/// The system of a business identifier that is a URN.
pub const URI: &str = "urn:ietf:rfc:3986";
