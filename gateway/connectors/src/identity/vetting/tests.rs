use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use rcgen::{CrlScope, KeyPair};
use rustls::pki_types::CertificateDer;
use time::Duration;

use super::testing::*;
use super::*;
use crate::http::WebAddress;

const SERIAL: u64 = 1001;
const DAY: Option<Duration> = Some(Duration::hours(24));

/// An authority, its server, and a certificate that says to ask there.
struct World {
    root: Arc<Authority>,
    server: Server,
    clock: Arc<SetClock>,
    vetting: Arc<Vetting>,
    leaf: Vec<u8>,
}

impl World {
    async fn new(responder: bool, list: bool) -> World {
        let root = Arc::new(root("root"));
        let server = Server::start().await;
        let places =
            Told { list: list.then(|| server.list_place()), responder: responder.then(|| server.responder_place()) };
        let clock = SetClock::new();
        let vetting = vetting(&[&root], &server.host, Vec::new(), &clock, |_| {});
        let leaf = leaf(SERIAL, &root, &places);
        World { root, server, clock, vetting, leaf }
    }

    async fn standing(&self) -> Standing {
        self.vetting.standing(Part::Client, &self.leaf, &[]).await
    }

    fn lists(&self, listed: Listed) {
        let list = list(&self.root, &listed);
        self.server.says(move |_, _| Reply::Bytes(list.clone()));
    }
}

fn unknown(why: Unknown) -> Standing {
    Standing::NotFoundOut(why)
}

#[tokio::test]
async fn a_responder_says_good_revoked_or_unknown() {
    for (status, standing) in [
        (Status::Good, Standing::Good),
        (Status::Revoked, Standing::Revoked),
        (Status::Unknown, unknown(Unknown::NotKnownToIssuer)),
    ] {
        let world = World::new(true, true).await;
        let root = world.root.clone();
        world.server.says(move |path, body| {
            assert_eq!(path, "/ocsp", "a statement of the issuer is enough");
            Reply::Bytes(answer(body, &Signer::Issuer(&root), status, Duration::ZERO, DAY))
        });
        assert_eq!(world.standing().await, standing);
    }
}

#[tokio::test]
async fn a_responder_is_believed_only_as_its_issuer_says() {
    let (key, stranger) = (Arc::new(KeyPair::generate().unwrap()), Arc::new(root("root")));
    let not_signed = unknown(Unknown::NotSigned);
    type Made = Box<dyn Fn(&Authority, &KeyPair) -> Vec<u8>>;
    let cases: Vec<(&str, Made, bool, Standing)> = vec![
        ("a good delegate", Box::new(|root, key| delegate(root, key, true, true)), true, Standing::Good),
        ("not for the purpose", Box::new(|root, key| delegate(root, key, false, true)), true, not_signed),
        ("to be asked about in turn", Box::new(|root, key| delegate(root, key, true, false)), true, not_signed),
        ("not shown", Box::new(|root, key| delegate(root, key, true, true)), false, not_signed),
        ("of another of that name", Box::new(move |_, key| delegate(&stranger, key, true, true)), true, not_signed),
    ];
    for (case, made, shown, standing) in cases {
        let world = World::new(true, false).await;
        let (der, key) = (made(&world.root, &key), key.clone());
        world.server.says(move |_, body| {
            let signer = Signer::Delegate(der.clone(), &key, shown);
            Reply::Bytes(answer(body, &signer, Status::Good, Duration::ZERO, DAY))
        });
        assert_eq!(world.standing().await, standing, "{case}");
    }
    let impostor = Arc::new(root("root"));
    let world = World::new(true, false).await;
    world
        .server
        .says(move |_, body| Reply::Bytes(answer(body, &Signer::Issuer(&impostor), Status::Good, Duration::ZERO, DAY)));
    assert_eq!(world.standing().await, not_signed, "signed by another of that name");
}

#[tokio::test]
async fn an_answer_must_be_of_now_and_about_this_certificate() {
    let hour = Duration::hours(1);
    for (case, from, to, standing) in [
        ("a week old, and still good", -hour * 168, DAY, Standing::Good),
        ("past its end", -hour * 3, Some(-hour), unknown(Unknown::NotFresh)),
        ("of tomorrow", hour * 24, Some(hour * 48), unknown(Unknown::NotFresh)),
        ("without an end, of now", Duration::ZERO, None, Standing::Good),
        ("without an end, of yesterday", -hour * 24, None, unknown(Unknown::NotFresh)),
    ] {
        let world = World::new(true, false).await;
        let root = world.root.clone();
        world.server.says(move |_, body| Reply::Bytes(answer(body, &Signer::Issuer(&root), Status::Good, from, to)));
        assert_eq!(world.standing().await, standing, "{case}");
    }
    let world = World::new(true, false).await;
    let other = leaf(SERIAL + 1, &world.root, &Told::default());
    let anchors = [CertificateDer::from(world.root.der().to_vec())];
    let link = path::path(&other, &[], &anchors).unwrap().remove(0);
    let about_another = ocsp::request(&link).unwrap();
    let root = world.root.clone();
    world.server.says(move |_, _| {
        Reply::Bytes(answer(&about_another, &Signer::Issuer(&root), Status::Good, Duration::ZERO, DAY))
    });
    assert_eq!(world.standing().await, unknown(Unknown::OutOfScope), "an answer about another certificate");
}

#[tokio::test]
async fn a_list_says_revoked_by_its_serial_numbers() {
    for (revoked, standing) in
        [(vec![], Standing::Good), (vec![SERIAL + 1], Standing::Good), (vec![7, SERIAL, 9], Standing::Revoked)]
    {
        let world = World::new(false, true).await;
        world.lists(Listed { revoked, ..Listed::default() });
        assert_eq!(world.standing().await, standing);
    }
}

#[tokio::test]
async fn a_list_that_is_not_of_this_issuer_place_kind_or_time_is_no_answer() {
    let hour = Duration::hours(1);
    let place = |world: &World, scope| Some((world.server.list_place(), scope));
    type Made = Box<dyn Fn(&World) -> Listed>;
    let cases: Vec<(&str, Made, Standing)> = vec![
        (
            "past its end",
            Box::new(move |_| Listed { from: -hour * 48, to: -hour, ..Listed::default() }),
            unknown(Unknown::NotFresh),
        ),
        (
            "of tomorrow",
            Box::new(move |_| Listed { from: hour * 24, to: hour * 48, ..Listed::default() }),
            unknown(Unknown::NotFresh),
        ),
        (
            "of this place",
            Box::new(move |world| Listed { of: place(world, None), ..Listed::default() }),
            Standing::Good,
        ),
        (
            "of this place, about such certificates",
            Box::new(move |world| Listed { of: place(world, Some(CrlScope::UserCertsOnly)), ..Listed::default() }),
            Standing::Good,
        ),
        (
            "about authorities only",
            Box::new(move |world| Listed { of: place(world, Some(CrlScope::CaCertsOnly)), ..Listed::default() }),
            unknown(Unknown::OutOfScope),
        ),
        (
            "of another place",
            Box::new(|_| Listed { of: Some(("http://elsewhere.example/list".into(), None)), ..Listed::default() }),
            unknown(Unknown::OutOfScope),
        ),
    ];
    for (case, listed, standing) in cases {
        let world = World::new(false, true).await;
        world.lists(listed(&world));
        assert_eq!(world.standing().await, standing, "{case}");
    }
    let world = World::new(false, true).await;
    let forged = list(&root("root"), &Listed::default());
    world.server.says(move |_, _| Reply::Bytes(forged.clone()));
    assert_eq!(world.standing().await, unknown(Unknown::NotSigned), "signed by another of that name");
}

#[tokio::test]
async fn whatever_goes_wrong_at_the_place_is_a_finding_and_no_yes() {
    let evil = Server::start().await;
    let redirect = evil.list_place();
    type Said = Box<dyn Fn() -> Reply + Send + Sync>;
    let cases: Vec<(&str, Said, Unknown)> = vec![
        ("absent", Box::new(|| Reply::Status(404)), Unknown::NoAnswer),
        ("failing", Box::new(|| Reply::Status(500)), Unknown::NoAnswer),
        ("slow", Box::new(|| Reply::Hang), Unknown::TimedOut),
        ("torn", Box::new(|| Reply::Torn), Unknown::Unreadable),
        ("rubbish", Box::new(|| Reply::Bytes(b"rubbish".to_vec())), Unknown::Unreadable),
        ("empty", Box::new(|| Reply::Bytes(Vec::new())), Unknown::Unreadable),
        ("larger than allowed", Box::new(|| Reply::Bytes(vec![0x30; (16 << 20) + 1])), Unknown::TooLarge),
        ("a redirect", Box::new(move || Reply::Redirect(redirect.clone())), Unknown::NoAnswer),
    ];
    for (case, reply, why) in cases {
        let world = World::new(false, true).await;
        world.server.says(move |_, _| reply());
        assert_eq!(world.standing().await, unknown(why), "{case}");
        assert_eq!(world.vetting.counts().not_found_out.load(Ordering::Relaxed), 1, "{case}");
    }
    assert_eq!(evil.asked(), 0, "no redirect is followed");
    let world = World::new(false, false).await;
    assert_eq!(world.standing().await, unknown(Unknown::NoPlace));
}

#[tokio::test]
async fn a_list_is_asked_when_no_responder_answers() {
    let world = World::new(true, true).await;
    let list = list(&world.root, &Listed { revoked: vec![SERIAL], ..Listed::default() });
    world.server.says(move |path, _| if path == "/ocsp" { Reply::Status(500) } else { Reply::Bytes(list.clone()) });
    assert_eq!(world.standing().await, Standing::Revoked);
}

#[tokio::test]
async fn no_certificate_sends_us_to_a_host_of_its_choice() {
    let world = World::new(true, true).await;
    let vetting = vetting(&[&world.root], "crl.example", Vec::new(), &world.clock, |_| {});
    let standing = vetting.standing(Part::Client, &world.leaf, &[]).await;
    assert_eq!(standing, unknown(Unknown::HostNotAllowed));
    assert_eq!(world.server.asked(), 0);
}

#[tokio::test]
async fn an_authority_of_the_configuration_is_asked_where_the_configuration_says() {
    let world = World::new(false, false).await;
    let rule = |mode, list: Option<String>| AuthorityRule {
        authority: Thumbprint::of(world.root.der()),
        mode,
        responder: None,
        list: list.map(|place| WebAddress::parse(&place).unwrap()),
    };
    world.lists(Listed { revoked: vec![SERIAL], ..Listed::default() });
    for (rules, standing) in [
        (vec![rule(Mode::Required, Some(world.server.list_place()))], Standing::Revoked),
        (vec![rule(Mode::Required, None)], unknown(Unknown::NoPlace)),
        (vec![rule(Mode::Off, None)], Standing::Good),
        (Vec::new(), unknown(Unknown::NoPlace)),
    ] {
        let vetting = vetting(&[&world.root], "nowhere.example", rules, &world.clock, |_| {});
        assert_eq!(vetting.standing(Part::Client, &world.leaf, &[]).await, standing);
    }
}

#[tokio::test]
async fn every_certificate_up_to_the_authority_counts() {
    let top = Arc::new(root("top"));
    let server = Server::start().await;
    let places = Told { list: Some(format!("http://{}/top", server.host)), responder: None };
    let middle = Arc::new(intermediate("middle", &top, &places));
    let leaf = leaf(SERIAL, &middle, &Told { list: Some(format!("http://{}/middle", server.host)), responder: None });
    let clock = SetClock::new();
    let shown: Vec<Arc<[u8]>> = vec![middle.der().as_ref().into()];
    for (revoked, standing) in [(vec![], Standing::Good), (vec![4242], Standing::Revoked)] {
        let (of_top, of_middle) =
            (list(&top, &Listed { revoked, ..Listed::default() }), list(&middle, &Listed::default()));
        server.says(move |path, _| Reply::Bytes(if path == "/top" { of_top.clone() } else { of_middle.clone() }));
        let vetting = vetting(&[&top], &server.host, Vec::new(), &clock, |_| {});
        assert_eq!(vetting.standing(Part::Client, &leaf, &shown).await, standing);
        assert_eq!(vetting.standing(Part::Client, &leaf, &shown).await, standing, "and again, from memory");
        assert_eq!(vetting.standing(Part::Server, &leaf, &[]).await, Standing::NotTrusted, "without the one between");
    }
}

#[tokio::test]
async fn an_answer_is_used_until_it_is_too_old_and_everybody_waits_for_one_asking() {
    let world = World::new(false, true).await;
    world.lists(Listed::default());
    let all = futures_util::future::join_all((0..50).map(|_| world.standing())).await;
    assert!(all.iter().all(|standing| *standing == Standing::Good));
    assert_eq!(world.server.asked(), 1);
    let another = leaf(SERIAL + 1, &world.root, &Told { list: Some(world.server.list_place()), responder: None });
    assert_eq!(world.vetting.standing(Part::Client, &another, &[]).await, Standing::Good);
    assert_eq!(world.server.asked(), 1, "one list for all certificates of an issuer");
    world.clock.pass(Duration::minutes(59));
    assert_eq!(world.standing().await, Standing::Good);
    assert_eq!(world.server.asked(), 1);
    world.server.says(|_, _| Reply::Status(500));
    world.clock.pass(Duration::minutes(2));
    assert_eq!(world.standing().await, unknown(Unknown::NoAnswer), "an hour old is too old");
    assert_eq!(
        (world.standing().await, world.server.asked()),
        (unknown(Unknown::NoAnswer), 2),
        "not asked at once again"
    );
    world.lists(Listed { revoked: vec![SERIAL], ..Listed::default() });
    world.clock.pass(Duration::seconds(11));
    assert_eq!(world.standing().await, Standing::Revoked);
}

#[tokio::test]
async fn a_certificate_of_an_authority_that_is_not_believed_any_more_is_refused_at_once() {
    let world = World::new(false, true).await;
    world.lists(Listed::default());
    assert_eq!(world.standing().await, Standing::Good);
    let (old, new) = (CertificateDer::from(world.root.der().to_vec()), root("new"));
    let new = CertificateDer::from(new.der().to_vec());
    let authorities = world.vetting.authorities();
    authorities.replace(vec![old.clone(), new.clone()]).unwrap();
    assert_eq!(world.standing().await, Standing::Good, "old and new side by side");
    authorities.replace(vec![new]).unwrap();
    assert_eq!(world.standing().await, Standing::NotTrusted);
    assert!(authorities.replace(vec![CertificateDer::from(b"rubbish".to_vec())]).is_err());
    assert!(authorities.replace(Vec::new()).is_err());
    assert_eq!(world.standing().await, Standing::NotTrusted, "a bad change changes nothing");
    authorities.replace(vec![old]).unwrap();
    assert_eq!(world.standing().await, Standing::Good);
}

#[tokio::test]
async fn what_is_needed_is_fetched_anew_before_its_end_and_a_loss_is_told() {
    let world = World::new(false, true).await;
    let vetting = vetting(&[&world.root], &world.server.host, Vec::new(), &world.clock, |config| {
        (config.fresh_seconds, config.retry_seconds) = (8, 1);
    });
    world.lists(Listed::default());
    assert_eq!(vetting.standing(Part::Server, &world.leaf, &[]).await, Standing::Good);
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = told.clone();
    let _rounds = vetting.keep_young(move |part| tell.lock().unwrap().push(part));
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    assert_eq!(world.server.asked(), 1, "young enough");
    world.server.says(|_, _| Reply::Status(500));
    world.clock.pass(Duration::seconds(5));
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    assert!(world.server.asked() > 1);
    assert_eq!(vetting.known(Part::Server, &world.leaf), Some(Standing::Good), "what is still good stays");
    world.lists(Listed { revoked: vec![SERIAL], ..Listed::default() });
    world.clock.pass(Duration::seconds(2));
    tokio::time::sleep(std::time::Duration::from_millis(2_400)).await;
    assert_eq!(vetting.known(Part::Server, &world.leaf), Some(Standing::Revoked), "nobody waited for it");
    assert_eq!(*told.lock().unwrap(), [Part::Server]);
}

#[tokio::test]
async fn a_certificate_that_is_not_what_it_seems_has_no_path() {
    let world = World::new(false, true).await;
    world.lists(Listed::default());
    let impostor = root("root");
    let forged = leaf(SERIAL, &impostor, &Told { list: Some(world.server.list_place()), responder: None });
    for shown in [Vec::new(), vec![Arc::from(impostor.der().as_ref())]] {
        assert_eq!(world.vetting.standing(Part::Client, &forged, &shown).await, Standing::NotTrusted);
        assert_eq!(world.vetting.standing(Part::Server, &forged, &shown).await, Standing::NotTrusted);
    }
    assert_eq!(world.server.asked(), 0, "nobody is asked about a stranger");
}

proptest! {
    #[test]
    fn no_damaged_list_or_answer_is_believed(at in 0usize..4096, bit in 0u8..8) {
        let root = root("root");
        let places = Told { list: Some("http://crl.example/list".into()), responder: None };
        let leaf = leaf(SERIAL, &root, &places);
        let anchors = [CertificateDer::from(root.der().to_vec())];
        let link = path::path(&leaf, &[], &anchors).unwrap().remove(0);
        let now = OffsetDateTime::now_utc();
        let mut damaged = list(&root, &Listed { revoked: vec![SERIAL], ..Listed::default() });
        let place = at % damaged.len();
        damaged[place] ^= 1 << bit;
        prop_assert!(list::List::read(&damaged, &link.issuer, "http://crl.example/list", now).is_err());
        let request = ocsp::request(&link).unwrap();
        let mut damaged = answer(&request, &Signer::Issuer(&root), Status::Revoked, Duration::ZERO, DAY);
        let place = at % damaged.len();
        damaged[place] ^= 1 << bit;
        prop_assert!(ocsp::read(&damaged, &link, now, Duration::hours(1)).is_err());
    }
}
