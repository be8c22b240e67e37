//! Any bytes as a Bundle: never a crash, and a Bundle that was read and written reads the same again.
#![no_main]

use bytes::Bytes;
use fhir::json::Limits;
use fhir::{Bundle, FhirVersion, Resource, compartment};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits { bytes: 1 << 20, depth: 100, nodes: 200_000 };

fuzz_target!(|data: &[u8]| {
    let Ok(resource) = Resource::parse(Bytes::copy_from_slice(data), &LIMITS) else { return };
    for version in FhirVersion::ALL {
        let _ = compartment::whose(version, &resource);
    }
    let Ok(bundle) = Bundle::read(&resource) else { return };
    for entry in bundle.entries.iter().filter_map(|entry| entry.resource.as_ref()) {
        for version in FhirVersion::ALL {
            let _ = compartment::whose(version, entry);
        }
    }
    let written = bundle.write();
    let again = Resource::parse(written.clone(), &Limits::default()).expect("what was written can be read");
    let again = Bundle::read(&again).expect("what was written is a Bundle");
    assert_eq!(again.entries.len(), bundle.entries.len());
    for (one, other) in bundle.entries.iter().zip(&again.entries) {
        let text = |entry: &fhir::Entry| entry.resource.as_ref().map(|resource| resource.text().to_owned());
        assert_eq!(text(one), text(other), "a resource passes as it was");
    }
    assert_eq!(again.write(), written);
});
