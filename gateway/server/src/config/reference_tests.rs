use std::collections::{BTreeMap, BTreeSet};

use connectors::identity::InnerCallers;
use policy::Organisation;
use toml::Value;

use super::testing::{REFERENCE, everything, reference};
use super::{Mode, NodeConfig, rules};

/// What stands in the place of an index or of a name that is the operator's choice.
const ANY: &str = "*";

/// The reference with its optional lines in force: those that are a `#` and a key, without a space between.
fn in_full() -> String {
    let lines = REFERENCE.lines().map(|line| match line.strip_prefix('#') {
        Some(rest) if !rest.is_empty() && !rest.starts_with([' ', '#']) => rest,
        Some(_) | None => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Every value by the path of keys that leads to it. `indexed` says which entry of a list it is; otherwise all entries
/// of a list are taken together, each kind of source apart.
fn leaves(value: &Value, path: &str, indexed: bool, into: &mut BTreeMap<String, Value>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Table(table) => {
            let chosen = [".headers", ".purposes", ".ask_in"].iter().any(|names| path.ends_with(names)) && !indexed;
            for (key, value) in table {
                leaves(value, &below(if chosen { ANY } else { key }), indexed, into);
            }
        }
        Value::Array(list) if list.iter().all(Value::is_table) => {
            for (number, entry) in list.iter().enumerate() {
                let kind = entry.get("kind").and_then(Value::as_str).filter(|_| path == "sources");
                let step = if indexed { number.to_string() } else { kind.unwrap_or(ANY).to_owned() };
                leaves(entry, &below(&step), indexed, into);
            }
        }
        leaf => {
            into.insert(path.to_owned(), leaf.clone());
        }
    }
}

fn values(value: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    leaves(value, "", true, &mut found);
    found
}

fn keys(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeMap::new();
    leaves(value, "", false, &mut found);
    found.into_keys().collect()
}

#[test]
fn the_reference_is_a_production_node_that_lacks_only_its_files() {
    let config = reference();
    assert_eq!(config.mode, Mode::Production);
    assert_eq!(rules::hold(&config), Ok(()));
    let own = Organisation { ura: config.provider.ura.clone(), name: None, kind: None };
    assert!(InnerCallers::load(&own, &config.callers, false).is_ok());
}

#[test]
fn every_key_that_is_known_stands_in_the_reference_and_no_other() {
    let known = keys(&Value::try_from(everything()).unwrap());
    let shown = keys(&toml::from_str(&in_full()).unwrap());
    let undocumented: Vec<_> = known.difference(&shown).collect();
    assert!(undocumented.is_empty(), "config/node.toml does not say {undocumented:?}");
    let unknown: Vec<_> = shown.difference(&known).collect();
    assert!(unknown.is_empty(), "config/node.toml says more than there is: {unknown:?}");
}

#[test]
fn the_optional_lines_of_the_reference_are_taken_as_well() {
    let config = NodeConfig::parse(&in_full()).unwrap();
    assert!(config.callers.len() > reference().callers.len());
}

#[test]
fn the_defaults_that_the_reference_states_are_the_defaults() {
    let mut effective = values(&Value::try_from(reference()).unwrap());
    // As many as there are processors: no two machines need agree.
    effective.remove("bounds.workers");
    let stated = values(&toml::from_str(&in_full()).unwrap());
    for (path, value) in effective {
        assert_eq!(stated.get(&path), Some(&value), "{path}");
    }
}

#[test]
fn a_key_that_is_not_known_is_refused_by_its_name() {
    for (place, key) in [
        ("[provider]", "urra"),
        ("[outer]", "password"),
        ("[inner]", "adress"),
        ("[inner.tls]", "key"),
        ("[revocation]", "host"),
        ("[[revocation.authorities]]", "crl"),
        ("[store]", "file"),
        ("[log]", "proof"),
        ("[log.retention]", "years"),
        ("[profiles]", "use_case"),
        ("[registers]", "consents"),
        ("[registers.evidence]", "kind"),
        ("[[registers.evidence.kinds]]", "age"),
        ("[registers.mitz]", "url"),
        ("[registers.mitz.subscriptions]", "patients"),
        ("[directory]", "root"),
        ("[registers.nvi]", "url"),
        ("[registers.nvi.tokens]", "secret"),
        ("[registers.nvi.prs]", "key"),
        ("[registers.nvi.registrations]", "patients"),
        ("[bounds]", "exchange"),
        ("[sessions]", "idle"),
        ("[limits]", "per_second"),
        ("[dezi]", "secret"),
        ("[cards]", "pin"),
        ("[[cards.roles]]", "code"),
        ("[[epds]]", "client_secret"),
        ("[quality]", "sample"),
        ("[medication]", "months"),
        ("[nuts]", "subjekt"),
        ("[[sources]]", "token"),
        ("[[partners]]", "token_endpoint"),
        ("[partners.node]", "base"),
        ("[partners.log]", "key"),
        ("[[callers]]", "token"),
        ("[callers.person]", "bsn"),
        ("[[people]]", "role"),
        ("[[mandates]]", "person"),
        ("[mandates.responsible]", "bsn"),
    ] {
        let text = REFERENCE.replacen(&format!("\n{place}\n"), &format!("\n{place}\n{key} = 1\n"), 1);
        assert_ne!(text, REFERENCE, "{place}");
        let fault = NodeConfig::parse(&text).unwrap_err();
        assert!(fault.contains(&format!("`{key}`")), "{place}: {fault}");
    }
}

#[test]
fn so_is_one_in_a_table_that_is_optional() {
    let whole = in_full();
    let text = whole.replacen("\n[log.siem]\n", "\n[log.siem]\nhots = \"x\"\n", 1);
    assert_ne!(text, whole);
    let fault = NodeConfig::parse(&text).unwrap_err();
    assert!(fault.contains("`hots`"), "{fault}");
    for (place, key) in [
        ("[profiles.bundle]", "key"),
        ("[[profiles.bundle.keys]]", "secret"),
        ("[log.notices]", "secret"),
        ("[handoffs.webhook]", "secret"),
        ("[referrals.webhook]", "secret"),
    ] {
        let text = whole.replacen(&format!("\n{place}\n"), &format!("\n{place}\n{key} = \"x\"\n"), 1);
        let fault = NodeConfig::parse(&text).unwrap_err();
        assert!(fault.contains(&format!("`{key}`")), "{fault}");
    }
}
