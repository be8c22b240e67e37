use super::*;
use crate::testing::{at_the_user, record, refused};

fn said(record: &AccessRecord) -> [String; 4] {
    [
        sentence(record, Language::Dutch, Voice::Auditor),
        sentence(record, Language::Dutch, Voice::Patient),
        sentence(record, Language::English, Voice::Auditor),
        sentence(record, Language::English, Voice::Patient),
    ]
}

#[test]
fn x_print() {
    for code in [
        "read",
        "search-type",
        "create",
        "update",
        "delete",
        "$document",
        "$lastn",
        "$everything",
        "$health-overview",
        "transaction",
        "page",
    ] {
        eprintln!("{code}\n{:#?}", said(&record(code, &[])));
    }
    for (status, reason) in
        [(403, "denied: policy"), (400, "query"), (401, "no-token"), (502, "source-refused"), (503, "overloaded")]
    {
        eprintln!("{reason}\n{:#?}", said(&refused("search-type", status, reason)));
    }
    let _ = at_the_user;
}
