//! The client against a stub that answers as the services do, and as they should not.

mod asking;
mod faults;
mod registering;

use fhir::Bsn;

pub(super) const PATIENT: &str = "999911120";

pub(super) fn patient() -> Bsn {
    Bsn::parse(PATIENT).unwrap()
}

pub(super) fn types(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
