//! What every record of a register must satisfy, whatever it is about.

use fhir::Bsn;
use fhir::identifiers::Reader;

/// Checks a text that ends up in the access log as a reference: short, printable, and not the patient's BSN.
pub(crate) fn reference(text: &str, patient: &Bsn) -> Result<(), &'static str> {
    if text.is_empty() || text.chars().count() > 128 || text.chars().any(char::is_control) {
        return Err("an id or reference has 1 to 128 printable characters");
    }
    if text.contains(patient.reveal_to(Reader::OwnRegister)) {
        return Err("an id or reference holds the patient's BSN");
    }
    Ok(())
}
