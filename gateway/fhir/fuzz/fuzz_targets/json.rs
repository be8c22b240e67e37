//! Any bytes as JSON: never a crash, and what is taken reads the same after it was written.
#![no_main]

use bytes::Bytes;
use fhir::json::{Document, Limits, Node, Value};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits { bytes: 1 << 20, depth: 100, nodes: 200_000 };

fuzz_target!(|data: &[u8]| {
    let Ok(document) = Document::parse(Bytes::copy_from_slice(data), &LIMITS) else { return };
    walk(document.root());
    let node = document.root().to_node();
    let written = node.write();
    let again = Node::read(&written).expect("what was written can be read");
    assert_eq!(again.write(), written);
    assert_eq!(again, node);
});

/// Looks at everything once, the way readers of resources do.
fn walk(value: Value<'_>) {
    assert!(!value.raw().is_empty());
    let _ = (value.as_text(), value.as_number(), value.as_bool());
    for (name, member) in value.members() {
        assert!(value.get(&name).is_some());
        walk(member);
    }
    for item in value.items() {
        walk(item);
    }
}
