//! Any bytes as FHIR XML of either version: never a crash, and what is taken and can be written reads the same again.
#![no_main]

use fhir::json::Limits;
use fhir::{FhirVersion, structure, xml};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits { bytes: 1 << 20, depth: 100, nodes: 200_000 };

fuzz_target!(|data: &[u8]| {
    for version in FhirVersion::ALL {
        let Ok(resource) = xml::read(version, data, &LIMITS) else { continue };
        let _ = structure::check(version, &resource);
        let Ok(written) = xml::write(version, &resource) else { continue };
        let again = xml::read(version, &written, &Limits::default()).expect("what was written can be read");
        assert_eq!(xml::write(version, &again).expect("and written again"), written);
    }
});
