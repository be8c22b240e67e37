use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_790_000_000;
const STATUS: &str = "https://dezi.example/status/v1/verklaring/v-1";

fn held<R>(value: &Value, check: impl FnOnce(Statement, &Expected<'_>) -> R) -> R {
    let own = Ura::parse("90000901").unwrap();
    let expected = Expected {
        issuer: "https://dezi.example",
        client: "node",
        statement_issuers: &["https://abonnee.dezi.nl".to_owned()],
        levels: &["high".to_owned()],
        own: &own,
        now: OffsetDateTime::from_unix_timestamp(NOW).unwrap(),
    };
    check(serde_json::from_value(value.clone()).unwrap(), &expected)
}

/// As the acceptance environment states it, in shape.
fn statement() -> Value {
    json!({
        "json_schema": SCHEMA, "loa_dezi": "high", "jti": "j", "verklaring_id": "v-1", "dezi_nummer": "900000123",
        "voorletters": "J.", "voorvoegsel": null, "achternaam": "Jansen", "abonnee_nummer": "90000901",
        "abonnee_naam": "Maasdal", "rol_code": "01.015", "rol_naam": "Huisarts", "rol_code_bron": "http://www.dezi.nl/rol_bron/big",
        "status_uri": STATUS, "nbf": NOW - 100, "exp": NOW + 100, "iss": "https://abonnee.dezi.nl"
    })
}

fn check(changes: &[(&str, Value)]) -> Result<Stated, Refused> {
    let mut value = statement();
    for (name, to) in changes {
        value[*name] = to.clone();
    }
    held(&value, |statement, expected| statement.check(expected, "v-1", STATUS))
}

#[test]
fn a_good_statement_is_a_person_until_it_ends() {
    let stated = check(&[]).unwrap();
    let person = stated.person;
    assert_eq!(
        (person.id.as_str(), person.name.as_deref(), person.role.as_str()),
        ("900000123", Some("J. Jansen"), "01.015")
    );
    assert_eq!(stated.until.unix_timestamp(), NOW + 100);
    let name = |changes: &[(&str, Value)]| check(changes).unwrap().person.name.unwrap();
    assert_eq!(name(&[("voorvoegsel", json!("de")), ("achternaam", json!("Vries"))]), "J. de Vries");
    assert_eq!(name(&[("voorvoegsel", json!("")), ("voorletters", Value::Null)]), "Jansen");
}

#[test]
fn each_claim_of_a_statement_is_held_against_what_it_must_be() {
    for (name, value, refused) in [
        ("iss", json!("https://abonnee.example"), Refused::OtherParty),
        ("json_schema", json!("https://www.dezi.nl/json_schemas/v2/verklaring.json"), Refused::OtherParty),
        ("verklaring_id", json!("v-2"), Refused::OtherStatement),
        ("status_uri", json!("https://evil.example/status/v1/verklaring/v-1"), Refused::OtherStatement),
        ("exp", json!(NOW), Refused::NotInTime),
        ("nbf", json!(NOW + 31), Refused::NotInTime),
        ("exp", json!(i64::MAX), Refused::NotInTime),
        ("loa_dezi", json!("low"), Refused::Level),
        ("abonnee_nummer", json!("90000902"), Refused::OtherProvider),
        ("dezi_nummer", json!(""), Refused::Malformed),
        ("dezi_nummer", json!("90000012a"), Refused::Malformed),
        ("dezi_nummer", json!("123456789012345678901"), Refused::Malformed),
        ("rol_code", json!("arts"), Refused::Malformed),
        ("rol_code", json!("1.015"), Refused::Malformed),
        ("achternaam", json!("x\ny"), Refused::Malformed),
        ("achternaam", json!("x".repeat(201)), Refused::Malformed),
    ] {
        assert_eq!(check(&[(name, value.clone())]).err(), Some(refused), "{name} {value}");
    }
    assert!(check(&[("nbf", json!(NOW + 30))]).is_ok(), "clocks differ a little");
}

#[test]
fn a_statement_that_lacks_a_claim_is_none() {
    for name in [
        "iss",
        "exp",
        "nbf",
        "json_schema",
        "loa_dezi",
        "verklaring_id",
        "dezi_nummer",
        "achternaam",
        "abonnee_nummer",
        "rol_code",
        "status_uri",
    ] {
        let mut value = statement();
        value.as_object_mut().unwrap().remove(name);
        assert!(serde_json::from_value::<Statement>(value).is_err(), "{name}");
    }
}

#[test]
fn an_identity_token_is_for_this_client_this_log_in_and_now() {
    let token = |name: &str, to: Value| {
        let mut value = json!({"iss": "https://dezi.example", "aud": "node", "sub": "s", "exp": NOW + 60, "iat": NOW, "nonce": "n"});
        value[name] = to;
        let read: IdToken = serde_json::from_value(value).unwrap();
        held(&statement(), |_, expected| read.check(expected, |nonce| nonce == "n"))
    };
    assert_eq!(token("aud", json!(["node"])), Ok("s".to_owned()));
    for (name, value, refused) in [
        ("iss", json!("https://dezi.example/"), Refused::OtherParty),
        ("aud", json!("other"), Refused::OtherParty),
        ("aud", json!(["node", "other"]), Refused::OtherParty),
        ("exp", json!(NOW - 1), Refused::NotInTime),
        ("iat", json!(NOW - 601), Refused::NotInTime),
        ("iat", json!(NOW + 31), Refused::NotInTime),
        ("nonce", json!("m"), Refused::OtherNonce),
        ("nonce", Value::Null, Refused::OtherNonce),
        ("sub", json!(""), Refused::Malformed),
    ] {
        assert_eq!(token(name, value.clone()), Err(refused), "{name} {value}");
    }
}

#[test]
fn an_id_that_could_lead_elsewhere_is_not_put_in_a_path() {
    for (id, good) in
        [("0e970fcb-530c-482e-ba28-47b461d4dcb5", true), ("", false), ("..", false), ("a/b", false), ("a?b", false)]
    {
        assert_eq!(is_plain_id(id), good, "{id}");
    }
    assert!(!is_plain_id(&"a".repeat(65)));
}
