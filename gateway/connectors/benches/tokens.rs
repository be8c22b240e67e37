//! What it costs to know who asks, per request at the outer gate: a token bound to a certificate, and one bound to a key
//! as well (DPoP); with everything kept from earlier requests (warm), and with nothing kept (cold). Beside it how often
//! memory is asked for. And what a token costs: an assertion verified, a token given.
//!
//! `cargo bench -p connectors --bench tokens`. Only one thread measures; machines differ, and this one may be busy.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "prints what it measured, and stops when its own set-up is wrong"
)]
#![allow(
    unsafe_code,
    reason = "the counting allocator hands everything to the system's; that trait is unsafe to implement"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::HashSet;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use connectors::http::WebAddress;
use connectors::identity::authenticator::Vets;
use connectors::identity::oauth::assertion::{Statement, sign};
use connectors::identity::oauth::dpop::ProofKey;
use connectors::identity::oauth::{
    Identifier, IssuerConfig, NotRemembered, Noted, TokenIssuer, TokenRequest, UsedOnce,
};
use connectors::identity::vetting::Part;
use connectors::identity::{
    InnerCallers, NodeAuthenticator, NodeKey, Partners, SessionConfig, Sessions, Standing, Vet,
};
use exchange::ports::{Authenticator, BoxFuture, SystemClock};
use exchange::{Credentials, Gate, Possession};
use fhir::Ura;
use futures_util::FutureExt;
use policy::Organisation;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, SanType};
use time::OffsetDateTime;

const BASE: &str = "https://node.example";
const ENDPOINT: &str = "https://node.example/oauth/token";
const PATH: &str = "/fhir/r4/Condition";
/// How long one measurement repeats its work, and how often it is repeated: the median counts.
const AT_LEAST: Duration = Duration::from_millis(300);
const ROUNDS: usize = 7;

/// Counts how often memory is asked for.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Identifiers in memory: what the disk costs is the store's to measure.
#[derive(Default)]
struct InMemory(Mutex<HashSet<Identifier>>);

impl UsedOnce for InMemory {
    fn note(&self, identifier: Identifier, _: i64) -> BoxFuture<'_, Result<Noted, NotRemembered>> {
        let first = self.0.lock().unwrap().insert(identifier);
        Box::pin(std::future::ready(Ok(if first { Noted::First } else { Noted::Again })))
    }
}

/// A node and a partner of it.
struct World {
    partners: Arc<Partners>,
    issuer: Arc<TokenIssuer>,
    der: Vec<u8>,
    node_key: NodeKey,
    proof_key: ProofKey,
}

impl World {
    fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = CertificateParams::new(vec!["partner.example".to_owned()]).unwrap();
        let name = "2.16.528.1.1007.99.2110-1-900012345-S-90000901-00.000-01234567";
        params.subject_alt_names.push(SanType::OtherName((vec![2, 5, 5, 5], name.into())));
        let der = params.self_signed(&key).unwrap().der().to_vec();
        let config = serde_json::json!({"ura": "90000901", "name": "De Linde", "use_cases": ["bgz"]});
        let partners = Arc::new(Partners::new(vec![serde_json::from_value(config).unwrap()]).unwrap());
        let endpoint = IssuerConfig::new(WebAddress::parse(ENDPOINT).unwrap());
        let issuer = TokenIssuer::new(endpoint, partners.clone(), Arc::new(InMemory::default())).unwrap();
        World {
            partners,
            issuer: Arc::new(issuer),
            node_key: NodeKey::new(&der, key.serialize_pem().as_bytes()).unwrap(),
            proof_key: ProofKey::fresh().unwrap(),
            der,
        }
    }

    fn doorman(&self) -> NodeAuthenticator {
        let own = Organisation { ura: Ura::parse("90000902").unwrap(), name: None, kind: None };
        let inner = Arc::new(InnerCallers::load(&own, &[], false).unwrap());
        let sessions = Arc::new(Sessions::new(SessionConfig::default()));
        let issuer = self.issuer.clone();
        let vets = Vets { outer: Arc::new(Believing), inner: None };
        NodeAuthenticator::new(
            BASE.to_owned(),
            self.partners.clone(),
            issuer,
            inner,
            sessions,
            Arc::new(SystemClock),
            vets,
        )
    }

    fn form(&self) -> String {
        let statement = Statement { audience: ENDPOINT, ..Statement::default() };
        let assertion = sign(&self.node_key, &statement, OffsetDateTime::now_utc()).unwrap();
        format!(
            "grant_type=client_credentials&scope=bgz&client_assertion_type={}&client_assertion={}",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            assertion.reveal()
        )
    }

    fn issue(&self, form: &str, proofs: &[String]) -> String {
        let request = TokenRequest { certificate: Some(&self.der), form, proofs };
        let answer = self.issuer.issue(request, OffsetDateTime::now_utc()).now_or_never().unwrap().unwrap();
        answer.access_token.reveal().to_owned()
    }

    fn request(&self, scheme: &str, token: &str) -> Credentials {
        let possession = (scheme == "DPoP").then(|| {
            let now = OffsetDateTime::now_utc();
            let proof = self.proof_key.prove("GET", &format!("{BASE}{PATH}"), Some(token), now).unwrap();
            Arc::new(Possession {
                proofs: vec![proof],
                method: "GET".to_owned(),
                path: PATH.to_owned(),
                request_id: uuid::Uuid::new_v4().to_string(),
            })
        });
        Credentials {
            certificate: Some(self.der.as_slice().into()),
            issuers: Vec::new(),
            authorization: vec![format!("{scheme} {token}")],
            possession,
            session: None,
        }
    }
}

/// Believes every certificate: what revocation costs is measured beside this.
struct Believing;

impl Vet for Believing {
    fn vet<'a>(&'a self, _: Part, _: &'a [u8], _: &'a [Arc<[u8]>]) -> BoxFuture<'a, Standing> {
        Box::pin(std::future::ready(Standing::Good))
    }
}

fn main() {
    let world = World::new();
    let bearer = world.issue(&world.form(), &[]);
    let proof = world.proof_key.prove("POST", ENDPOINT, None, OffsetDateTime::now_utc()).unwrap();
    let bound = world.issue(&world.form(), &[proof]);
    println!("{:<44} {:>12} {:>10} {:>12}", "", "per second", "µs", "allocations");
    for (name, scheme, token) in
        [("certificate-bound token", "Bearer", &bearer), ("key-bound token (DPoP)", "DPoP", &bound)]
    {
        // A doorman of its own for each round, so that no client's share of proofs fills up.
        let warm = || {
            let doorman = world.doorman();
            identify(&doorman, &world.request(scheme, token));
            move |credentials: &Credentials| identify(&doorman, credentials)
        };
        measure(&format!("{name}, warm"), || world.request(scheme, token), warm);
        let cold = || |credentials: &(NodeAuthenticator, Credentials)| identify(&credentials.0, &credentials.1);
        measure(&format!("{name}, cold"), || (world.doorman(), world.request(scheme, token)), cold);
    }
    let issue = || |form: &String| drop(black_box(world.issue(form, &[])));
    measure("assertion verified, token given", || world.form(), issue);
}

fn identify(doorman: &NodeAuthenticator, credentials: &Credentials) {
    black_box(doorman.identify(Gate::Outer, credentials).now_or_never().unwrap().unwrap());
}

/// One line: the median over the rounds. What the work is given is made beforehand and not measured.
fn measure<T, W: FnMut(&T)>(name: &str, mut prepare: impl FnMut() -> T, mut round: impl FnMut() -> W) {
    let mut took = Vec::new();
    for _ in 0..ROUNDS {
        let mut work = round();
        let (mut spent, mut count, mut allocations) = (Duration::ZERO, 0_u32, 0);
        while spent < AT_LEAST && count < 10_000 {
            let given: Vec<T> = (0..64).map(|_| prepare()).collect();
            let (before, begun) = (ALLOCATIONS.load(Ordering::Relaxed), Instant::now());
            given.iter().for_each(&mut work);
            spent += begun.elapsed();
            allocations += ALLOCATIONS.load(Ordering::Relaxed) - before;
            count += 64;
        }
        took.push((spent.as_secs_f64() / f64::from(count), allocations / u64::from(count)));
    }
    took.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (seconds, allocations) = took[ROUNDS / 2];
    println!("{name:<44} {:>12.0} {:>10.1} {allocations:>12}", 1.0 / seconds, seconds * 1e6);
}
