//! Records as flat columns (RFC 4180). Every cell is quoted, and none can be taken for a formula by a spreadsheet: text
//! that callers chose, such as a query, stands in them.

use serde_json::Value;

/// A column: its name, and where its text stands in a record.
const COLUMNS: &[(&str, &str)] = &[
    ("started", "/started"),
    ("recorded", "/recorded"),
    ("node", "/node"),
    ("gate", "/gate"),
    ("direction", "/direction"),
    ("remote", "/remote"),
    ("request_id", "/request_id"),
    ("correlation_id", "/correlation_id"),
    ("organisation", "/caller/organisation"),
    ("organisation_name", "/caller/organisation_name"),
    ("organisation_kind", "/caller/organisation_kind"),
    ("client_id", "/caller/client_id"),
    ("person_id", "/caller/person/id"),
    ("person_name", "/caller/person/name"),
    ("person_role", "/caller/person/role"),
    ("patient", "/patient"),
    ("fhir_version", "/asked/fhir_version"),
    ("interaction", "/asked/interaction"),
    ("resource_type", "/asked/resource_type"),
    ("operation", "/asked/operation"),
    ("query", "/asked/query"),
    ("page", "/asked/page"),
    ("entries", "/asked/entries"),
    ("permitted", "/decision/permitted"),
    ("use_case", "/decision/use_case"),
    ("purpose", "/decision/purpose"),
    ("policy_version", "/decision/policy/version"),
    ("policy_digest", "/decision/policy/digest"),
    ("treatment_relation", "/treatment_relation/finding"),
    ("treatment_relation_kind", "/treatment_relation/detail/kind"),
    ("consent", "/consent/finding"),
    ("consent_decision", "/consent/detail/decision"),
    ("consent_source", "/consent/detail/source"),
    ("result", "/outcome/result"),
    ("status", "/outcome/status"),
    ("reason", "/outcome/reason"),
];

/// A text that is made of a record.
type Made = fn(&Value) -> String;

/// Columns that are made of lists.
const LISTS: &[(&str, Made)] = &[
    ("reasons", |record| joined(record.pointer("/decision/reasons"), |reason| text(reason.get("code")))),
    ("sources", |record| joined(record.get("sources"), |source| of_source(source, text(source.get("status"))))),
    ("disclosed", |record| joined(record.get("sources"), |source| of_source(source, text(source.get("disclosed"))))),
    ("withheld", |record| joined(record.get("sources"), |source| of_source(source, text(source.get("withheld"))))),
    ("written", |record| joined(record.get("sources"), |source| of_source(source, text(source.get("written"))))),
];

/// What a spreadsheet takes for the beginning of a formula, in its wide forms as well (OWASP, CSV injection).
const FORMULA: &[char] = &['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The first line.
pub fn heading() -> String {
    let names = COLUMNS.iter().map(|(name, _)| *name).chain(LISTS.iter().map(|(name, _)| *name));
    line(std::iter::once("index").chain(names).map(str::to_owned))
}

/// A record as far as it can be looked into.
pub enum Seen<'r> {
    Read(&'r Value),
    /// It is no JSON.
    Unreadable,
    /// It was erased.
    Erased,
}

/// One record; one that cannot be looked into has its index only, and its result says why.
pub fn row(index: u64, seen: &Seen<'_>) -> String {
    let (record, result) = match seen {
        Seen::Read(record) => (Some(*record), ""),
        Seen::Unreadable => (None, "unreadable"),
        Seen::Erased => (None, "erased"),
    };
    let cells = COLUMNS.iter().map(|(name, place)| match record {
        Some(record) => text(record.pointer(place)),
        None if *name == "result" => result.to_owned(),
        None => String::new(),
    });
    let lists = LISTS.iter().map(|(_, make)| record.map(make).unwrap_or_default());
    line(std::iter::once(index.to_string()).chain(cells).chain(lists))
}

fn line(cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = cells.map(|cell| quoted(&cell)).collect();
    cells.join(",") + "\r\n"
}

fn quoted(cell: &str) -> String {
    let disarmed = if cell.starts_with(FORMULA) { "'" } else { "" };
    format!("\"{disarmed}{}\"", cell.replace('"', "\"\""))
}

fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(list)) => list.iter().map(|one| text(Some(one))).collect::<Vec<_>>().join(" "),
        Some(other) => other.to_string(),
    }
}

fn joined(list: Option<&Value>, each: impl Fn(&Value) -> String) -> String {
    let list = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().map(each).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ")
}

/// What a source has to do with it, behind its name.
fn of_source(source: &Value, what: String) -> String {
    if what.is_empty() { what } else { format!("{}: {what}", text(source.get("holder"))) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_cell_is_a_formula_or_ends_before_it_should() {
        for (cell, expected) in [
            ("plain", "\"plain\""),
            ("", "\"\""),
            ("=1+1", "\"'=1+1\""),
            ("+31", "\"'+31\""),
            ("-1", "\"'-1\""),
            ("@sum", "\"'@sum\""),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("＝1", "\"'＝1\""),
            ("a=1", "\"a=1\""),
            ("say \"=1\"", "\"say \"\"=1\"\"\""),
            ("a,b\nc", "\"a,b\nc\""),
        ] {
            assert_eq!(quoted(cell), expected);
        }
    }

    #[test]
    fn every_row_has_the_columns_of_the_heading() {
        let record = json!({
            "started": "2026-11-02T10:00:00Z", "outcome": {"result": "released"},
            "asked": {"query": "=cmd()", "entries": ["create Condition", "read Patient"]},
            "decision": {"permitted": true, "reasons": [{"code": "a", "description": "b"}, {"code": "c"}]},
            "sources": [{"holder": "90010001", "status": "answered", "disclosed": ["Condition/1", "Condition/2"], "withheld": 1},
                        {"holder": "90010002", "status": "unreachable", "disclosed": [], "withheld": 0}]
        });
        let cells = |line: &str| line.trim_end().split("\",\"").count();
        let row = row(7, &Seen::Read(&record));
        assert_eq!(cells(&row), cells(&heading()));
        assert_eq!(cells(&super::row(8, &Seen::Unreadable)), cells(&heading()));
        for part in [
            "\"7\",\"2026-11-02T10:00:00Z\"",
            "\"'=cmd()\"",
            "\"create Condition read Patient\"",
            "\"a; c\"",
            "\"90010001: answered; 90010002: unreachable\"",
            "\"90010001: Condition/1 Condition/2\"",
        ] {
            assert!(row.contains(part), "{part} is not in {row}");
        }
        assert!(super::row(8, &Seen::Unreadable).contains("\"unreadable\""));
        assert!(super::row(8, &Seen::Erased).contains("\"erased\""));
    }
}
