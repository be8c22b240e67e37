//! The hash of a file as a bundle's signature has it: of its bytes, or of what it says when it is one of the files that the
//! format calls structured, whatever their white space and order of members.

use aws_lc_rs::digest::{self, Algorithm};
use serde_json::Value;

/// Whether the format takes the file for structured, by its name alone.
fn is_structured(path: &str) -> bool {
    matches!(path.rsplit('/').next(), Some("data.json" | ".manifest" | ".signatures.json"))
}

/// The algorithm of this name, if it is one that still proves something.
pub(super) fn algorithm(name: &str) -> Option<&'static Algorithm> {
    match name {
        "SHA-256" => Some(&digest::SHA256),
        "SHA-384" => Some(&digest::SHA384),
        "SHA-512" => Some(&digest::SHA512),
        _ => None,
    }
}

/// The hash of a file, in hex; nothing when a structured one is no JSON.
pub(super) fn of(path: &str, content: &[u8], algorithm: &'static Algorithm) -> Option<String> {
    let hashed = if is_structured(path) {
        let mut text = String::new();
        write(&serde_json::from_slice(content).ok()?, &mut text);
        digest::digest(algorithm, text.as_bytes())
    } else {
        digest::digest(algorithm, content)
    };
    Some(hashed.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// JSON without white space, members in the order of their names.
fn write(value: &Value, into: &mut String) {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            into.push('{');
            for (number, (name, value)) in sorted.into_iter().enumerate() {
                if number > 0 {
                    into.push(',');
                }
                into.push_str(&Value::from(name.as_str()).to_string());
                into.push(':');
                write(value, into);
            }
            into.push('}');
        }
        Value::Array(items) => {
            into.push('[');
            for (number, value) in items.iter().enumerate() {
                if number > 0 {
                    into.push(',');
                }
                write(value, into);
            }
            into.push(']');
        }
        leaf => into.push_str(&leaf.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_structured_is_hashed_by_what_it_says_and_everything_else_by_its_bytes() {
        let of = |path: &str, text: &str| of(path, text.as_bytes(), &digest::SHA256).unwrap();
        let plain = |text: &str| of("file.rego", text);
        assert_eq!(
            of(".manifest", "{ \"roots\": [\"b\", \"a\"],\n \"revision\": \"1\" }"),
            plain(r#"{"revision":"1","roots":["b","a"]}"#)
        );
        assert_eq!(
            of("x/data.json", "{\"b\":{\"d\":1,\"c\":null},\"a\":true}"),
            plain(r#"{"a":true,"b":{"c":null,"d":1}}"#)
        );
        assert_ne!(of("x/capability.json", "{ }"), plain("{}"));
        // What `printf abc | sha256sum` says.
        assert_eq!(plain("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(super::of(".manifest", b"{", &digest::SHA256), None);
    }

    #[test]
    fn what_proves_nothing_any_more_is_no_algorithm() {
        for (name, known) in [("SHA-256", true), ("SHA-512", true), ("SHA-1", false), ("MD5", false), ("SHA256", false)]
        {
            assert_eq!(algorithm(name).is_some(), known, "{name}");
        }
    }
}
