use std::sync::Mutex;

use exchange::ports::BoxFuture;
use rcgen::{DnType, ExtendedKeyUsagePurpose, SanType};
use serde_json::json;

use super::*;
use crate::identity::testing::TestCertificate;
use crate::identity::vetting::Unknown;

const OWN: &str = "90000901";
/// The arc of the register's own cards; the other one is of its tests.
const REAL: &str = "2.16.528.1.1003.1.3.5.5.2";
const TEST: &str = "2.16.528.1.1007.99.2110";

/// Says the same of every card, until told otherwise.
struct Says(Mutex<Standing>);

impl Vet for Says {
    fn vet<'a>(&'a self, _: Part, _: &'a [u8], _: &'a [Arc<[u8]>]) -> BoxFuture<'a, Standing> {
        Box::pin(std::future::ready(*self.0.lock().unwrap()))
    }
}

fn config(roles: serde_json::Value) -> CardsConfig {
    serde_json::from_value(json!({
        "address": "127.0.0.1:1", "public_base": "https://cards.example", "certificate_file": "c", "key_file": "k",
        "authorities_file": "a", "roles": roles,
    }))
    .unwrap()
}

fn cards(standing: Standing) -> (Cards, Arc<Says>) {
    let vet = Arc::new(Says(Mutex::new(standing)));
    let roles = json!([{"codes": ["01.015"], "role": "01.015"}, {"codes": ["01.041", "01.042"], "role": "01.041"}]);
    (Cards::new(&config(roles), Ura::parse(OWN).unwrap(), vet.clone(), false).unwrap(), vet)
}

fn name(authority: &str, number: &str, pass: &str, ura: &str, role: &str) -> String {
    format!("{authority}-1-{number}-{pass}-{ura}-{role}-00000000")
}

fn card(name: &str, shape: impl FnOnce(&mut rcgen::CertificateParams)) -> Arc<[u8]> {
    let made = TestCertificate::shaped(|params| {
        params.subject_alt_names.push(SanType::OtherName((vec![2, 5, 5, 5], name.into())));
        params.distinguished_name.push(DnType::CommonName, "J. de Vries");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        shape(params);
    });
    Arc::from(made.der)
}

fn good(role: &str) -> Arc<[u8]> {
    card(&name(REAL, "000012345", "Z", OWN, role), |_| {})
}

fn state_of(departing: &Departing) -> String {
    departing.url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned()
}

async fn log_in(cards: &Cards, leaf: Option<Arc<[u8]>>) -> Result<CardPerson, CardFault> {
    let departing = cards.depart().unwrap();
    let state = state_of(&departing);
    let code = cards.show(&state, leaf, &[], OffsetDateTime::now_utc()).await.unwrap();
    cards.arrive(&state, Some(code.reveal()), departing.binding.reveal())
}

#[tokio::test]
async fn a_card_says_who_holds_it_and_the_table_which_role_that_is() {
    let (cards, _) = cards(Standing::Good);
    for (code, role) in [("01.015", "01.015"), ("01.042", "01.041")] {
        let found = log_in(&cards, Some(good(code))).await.unwrap();
        assert_eq!((found.person.id.as_str(), found.person.role.as_str()), ("000012345", role));
        assert_eq!(found.person.name.as_deref(), Some("J. de Vries"));
        assert_eq!(format!("{found:?}"), "CardPerson(..)");
        assert_eq!(cards.in_force(&found).await, Ok(()));
    }
    let employee = card(&name(REAL, "000012346", "N", OWN, "00.000"), |_| {});
    assert_eq!(log_in(&cards, Some(employee)).await.unwrap().person.role, NO_ROLE);
}

#[tokio::test]
async fn whatever_is_no_good_card_of_ours_is_refused_by_its_own_reason() {
    let of = |pass: &str, ura: &str, role: &str| name(REAL, "000012345", pass, ura, role);
    let known = Some("000012345".to_owned());
    let past = OffsetDateTime::now_utc() - time::Duration::days(1);
    let soon = OffsetDateTime::now_utc() + time::Duration::days(1);
    for (case, leaf, why, number) in [
        ("another provider", card(&of("Z", "90000902", "01.015"), |_| {}), Refused::OtherProvider, known.clone()),
        ("an unknown role", card(&of("Z", OWN, "01.999"), |_| {}), Refused::UnknownRole, known.clone()),
        ("a professional without a role", card(&of("Z", OWN, "00.000"), |_| {}), Refused::UnknownRole, known.clone()),
        ("an unnamed employee", card(&of("M", OWN, "00.000"), |_| {}), Refused::NotOnName, known.clone()),
        ("a server", card(&of("S", OWN, "00.000"), |_| {}), Refused::NotACard, None),
        ("no UZI name", card("someone@example.nl", |_| {}), Refused::NotACard, None),
        ("a short number", card(&name(REAL, "12345", "Z", OWN, "01.015"), |_| {}), Refused::NotACard, None),
        ("no number", card(&name(REAL, "000000000", "Z", OWN, "01.015"), |_| {}), Refused::NotACard, None),
        ("a test card", card(&name(TEST, "000012345", "Z", OWN, "01.015"), |_| {}), Refused::ForTests, None),
        ("over", card(&of("Z", OWN, "01.015"), |params| params.not_after = past), Refused::NotInTime, known.clone()),
        (
            "not yet",
            card(&of("Z", OWN, "01.015"), |params| params.not_before = soon),
            Refused::NotInTime,
            known.clone(),
        ),
        (
            "a certificate to sign with",
            card(&of("Z", OWN, "01.015"), |params| {
                params.key_usages = vec![rcgen::KeyUsagePurpose::ContentCommitment];
            }),
            Refused::NotForClients,
            known.clone(),
        ),
        ("rubbish", Arc::from(b"rubbish".as_slice()), Refused::NotACard, None),
    ] {
        let (cards, _) = cards(Standing::Good);
        assert_eq!(log_in(&cards, Some(leaf)).await.err(), Some(CardFault::Refused { why, number }), "{case}");
    }
    let (cards, _) = cards(Standing::Good);
    assert_eq!(log_in(&cards, None).await.err(), Some(Refused::NoCertificate.into()));
}

#[tokio::test]
async fn a_card_that_cannot_be_believed_is_refused_whatever_it_says_and_later_too() {
    let number = Some("000012345".to_owned());
    for (standing, fault) in [
        (Standing::Revoked, CardFault::Refused { why: Refused::Revoked, number }),
        (Standing::NotTrusted, Refused::NotTrusted.into()),
        (Standing::NotFoundOut(Unknown::TimedOut), CardFault::Unavailable),
    ] {
        let (refusing, _) = cards(standing);
        assert_eq!(log_in(&refusing, Some(good("01.015"))).await.err(), Some(fault));
        let (cards, vet) = cards(Standing::Good);
        let found = log_in(&cards, Some(good("01.015"))).await.unwrap();
        *vet.0.lock().unwrap() = standing;
        assert!(cards.in_force(&found).await.is_err(), "{standing:?}");
    }
}

#[tokio::test]
async fn a_way_back_is_good_once_in_its_own_browser_and_with_its_own_code() {
    let (cards, _) = cards(Standing::Good);
    let now = OffsetDateTime::now_utc();
    let refused = |why: Refused| Some(CardFault::from(why));
    assert!(cards.show("made-up", Some(good("01.015")), &[], now).await.is_none(), "nobody was sent");
    let begin = async || {
        let departing = cards.depart().unwrap();
        let state = state_of(&departing);
        let code = cards.show(&state, Some(good("01.015")), &[], now).await.unwrap();
        (state, code, departing.binding)
    };
    let arrive = |state: &str, code: Option<&str>, binding: &str| cards.arrive(state, code, binding).err();
    let (state, code, binding) = begin().await;
    assert_eq!(arrive(&state, Some(code.reveal()), "other"), refused(Refused::OtherBrowser));
    assert_eq!(arrive(&state, Some(code.reveal()), binding.reveal()), refused(Refused::UnknownState), "used up");
    let (state, _, binding) = begin().await;
    assert_eq!(arrive(&state, None, binding.reveal()), refused(Refused::NoCode));
    let (first, second) = (begin().await, begin().await);
    assert_eq!(arrive(&first.0, Some(second.1.reveal()), first.2.reveal()), refused(Refused::NoCode), "of another");
    let (state, code, binding) = begin().await;
    assert_eq!(arrive(&state, Some(code.reveal()), binding.reveal()), None);
    assert_eq!(arrive(&state, Some(code.reveal()), binding.reveal()), refused(Refused::UnknownState), "replayed");
}

#[test]
fn a_configuration_that_could_not_hold_is_refused() {
    let vet = || Arc::new(Says(Mutex::new(Standing::Good)));
    let made = |config: &CardsConfig| Cards::new(config, Ura::parse(OWN).unwrap(), vet(), true).is_ok();
    let good = || config(json!([{"codes": ["01.015"], "role": "01.015"}]));
    assert!(made(&good()));
    for roles in [
        json!([{"codes": [], "role": "01.015"}]),
        json!([{"codes": ["1.015"], "role": "01.015"}]),
        json!([{"codes": ["01.015"], "role": "huisarts"}]),
        json!([{"codes": ["00.000"], "role": "01.015"}]),
        json!([{"codes": ["01.015", "01.015"], "role": "01.015"}]),
    ] {
        assert!(!made(&config(roles.clone())), "{roles}");
    }
    assert!(!made(&CardsConfig { public_base: "http://cards.example".to_owned(), ..good() }));
    assert!(!made(&CardsConfig { recheck_seconds: 0, ..good() }));
}
