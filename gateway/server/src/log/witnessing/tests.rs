//! Two providers over real sockets, each with its log, its proof and its witness; then one of them does what it should
//! not, with everything at hand that it has: its records, its proof, its signing key.

use std::fs;
use std::path::PathBuf;

use actix_web::web::{self, Data, Payload};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use connectors::http::{HttpSettings, Trust as HttpTrust, WebAddress};
use store::access_log::AccessLog;
use store::proof::{CheckpointKey, HISTORY, Misdeed, read_history};
use tempfile::TempDir;

use super::submitting::Trouble;
use super::*;
use crate::config::PartnerLog;
use crate::http::witness::answer;
use crate::log::keeping::{Keeping, Origin};
use crate::log::tests::{copy, open, record};
use crate::log::verify::{VerifyOptions, verify};

const URAS: [&str; 2] = ["90010001", "90010002"];

fn ura(number: usize) -> Ura {
    Ura::parse(URAS[number]).unwrap()
}

/// Where a provider has everything, and where it listens.
struct Provider {
    number: usize,
    folder: TempDir,
    address: String,
}

/// A provider's node while it runs.
struct Running {
    all: Arc<Witnessing>,
    keeping: Option<Keeping>,
    log: Arc<AccessLog>,
    server: actix_web::dev::ServerHandle,
}

impl Provider {
    fn new(number: usize) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        let provider = Provider { number, folder: TempDir::new().unwrap(), address };
        let places = provider.places();
        CheckpointKey::open_or_make(&places.key, &provider.origin().usual).unwrap();
        WitnessKey::open_or_make(&places.witness_key(), &format!("{number}.example/witness")).unwrap();
        provider
    }

    fn places(&self) -> Places {
        Places::of_store(self.folder.path())
    }

    fn origin(&self) -> Origin {
        Origin::of(None, &format!("https://{}.example", self.number), URAS[self.number])
    }

    /// As it is handed to the other.
    fn entry(&self) -> PartnerEntry {
        let places = self.places();
        PartnerEntry {
            ura: ura(self.number),
            name: "Neighbour".into(),
            kind: None,
            use_cases: Vec::new(),
            node: None,
            software: None,
            nuts_v5: None,
            handoffs: None,
            referrals: None,
            log: Some(PartnerLog {
                base: WebAddress::parse(&format!("http://{}/log", self.address)).unwrap(),
                public_key: CheckpointKey::open(&places.key).unwrap().map(|key| key.public().to_string()),
                witness_key: WitnessKey::open(&places.witness_key()).unwrap().map(|key| key.public().to_string()),
            }),
        }
    }

    fn start(&self, other: &Provider) -> Running {
        let places = self.places();
        let log = Arc::new(open(&places.records));
        let day = Duration::from_secs(86_400);
        let (keeping, published) = Keeping::start(log.clone(), &places, &self.origin(), day).unwrap();
        let http = HttpSettings { trust: HttpTrust::Roots(Vec::new()), ..HttpSettings::default() };
        let setup = Setup {
            places: &places,
            name: "unused.example",
            log: CheckpointKey::open(&places.key).unwrap().unwrap().public(),
            partners: &[other.entry()],
            http: &HttpClient::new(http).unwrap(),
            every: day,
        };
        let all = Arc::new(Witnessing::open(&setup, published).unwrap());
        let caller = ura(other.number);
        let at = all.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(Data::new(at.clone()))
                .app_data(Data::new(caller.clone()))
                .route("/log/checkpoint", web::get().to(checkpoint))
                .route("/log/tile/{path:.*}", web::get().to(tile))
                .route("/log/witness/add-checkpoint", web::post().to(add))
        });
        let server = server.workers(1).disable_signals().bind(&self.address).unwrap().run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Running { all, keeping: Some(keeping), log, server: handle }
    }

    fn copy(&self) -> TempDir {
        let folder = TempDir::new().unwrap();
        for name in ["log", "log-proof"] {
            copy(&self.folder.path().join(name), &folder.path().join(name));
        }
        folder
    }

    fn put_back(&self, from: &TempDir) {
        for name in ["log", "log-proof"] {
            copy(&from.path().join(name), &self.folder.path().join(name));
        }
    }
}

impl Running {
    /// Writes records of this past and ends; what is durable by then is signed for.
    async fn stop(mut self, past: &str, records: std::ops::Range<usize>) {
        let due = self.log.length() + records.len() as u64;
        for number in records {
            self.log.try_reserve().unwrap().write_detached(record(past, number)).unwrap();
        }
        while self.log.length() < due {
            std::thread::yield_now();
        }
        self.server.stop(false).await;
        drop(self.log);
        drop(self.keeping.take());
    }

    fn evidence(&self) -> Vec<(Misdeed, u64, u64)> {
        let all = self.all.witness.standings().remove(0).evidence;
        all.iter().map(|one| (one.misdeed, one.known, one.shown)).collect()
    }
}

async fn checkpoint(all: Data<Arc<Witnessing>>) -> HttpResponse {
    HttpResponse::Ok().body(all.published.given().unwrap().note.clone())
}

async fn tile(all: Data<Arc<Witnessing>>, path: web::Path<String>) -> HttpResponse {
    all.published
        .given()
        .unwrap()
        .tile(&path)
        .map_or(HttpResponse::NotFound().finish(), |tile| HttpResponse::Ok().body(tile))
}

async fn add(all: Data<Arc<Witnessing>>, from: Data<Ura>, request: HttpRequest, payload: Payload) -> HttpResponse {
    answer(all.get_ref().clone(), Some(from.get_ref().clone()), &request, payload).await
}

/// A provider with 20 witnessed records, what it had then, and its neighbour; then it has 40, witnessed as well.
async fn region() -> (Provider, Provider, TempDir, TempDir) {
    let (provider, neighbour) = (Provider::new(0), Provider::new(1));
    let empty = provider.copy_when_begun(&neighbour).await;
    provider.start(&neighbour).stop("own", 0..20).await;
    let beside = neighbour.start(&provider);
    let node = provider.start(&neighbour);
    assert_eq!(node.all.have_cosigned(0).await, Ok(()));
    let older = provider.copy();
    node.stop("own", 20..40).await;
    let node = provider.start(&neighbour);
    assert_eq!(node.all.have_cosigned(0).await, Ok(()));
    beside.all.look(0).await;
    assert_eq!(beside.evidence(), []);
    node.stop("own", 0..0).await;
    beside.stop("own", 0..0).await;
    (provider, neighbour, empty, older)
}

impl Provider {
    async fn copy_when_begun(&self, other: &Provider) -> TempDir {
        self.start(other).stop("own", 0..0).await;
        self.copy()
    }
}

fn said(provider: &Provider, kept: Vec<PathBuf>, witness: Vec<String>) -> Result<Vec<String>, String> {
    let folder = Some(provider.places().records);
    verify(&VerifyOptions { folder, kept, witness, ..VerifyOptions::default() }).map(|verdict| verdict.sentences())
}

#[actix_web::test]
async fn a_checkpoint_is_given_out_with_the_cosignature_and_an_audit_counts_it() {
    let (provider, neighbour, ..) = region().await;
    let key = neighbour.entry().log.unwrap().witness_key.unwrap();
    assert_eq!(said(&provider, Vec::new(), vec![key.clone()]), Ok(Vec::new()));
    let node = provider.start(&neighbour);
    let given = SignedCheckpoint::read(&node.all.published.given().unwrap().note).unwrap();
    let trust = Trust { log: node.all.log.clone(), witnesses: vec![PublicKey::parse(&key).unwrap()] };
    assert_eq!((given.size(), given.verify(&trust).unwrap().len()), (40, 1), "also after a restart");
    let witness = node.all.snapshot().witnesses.remove(0);
    assert_eq!((witness.cosigned, witness.lag, witness.alarm), (Some(40), 0, None));
    let stranger = Provider::new(1).entry().log.unwrap().witness_key.unwrap();
    assert!(said(&provider, Vec::new(), vec![stranger]).is_err_and(|why| why.contains("no checkpoint here bears")));
    // Its cosignatures lost, it asks again, and is told where to begin.
    node.stop("own", 40..45).await;
    fs::remove_file(provider.places().proof.join("cosigned")).unwrap();
    let (_beside, node) = (neighbour.start(&provider), provider.start(&neighbour));
    assert_eq!(node.all.have_cosigned(0).await, Ok(()));
    assert_eq!(node.all.snapshot().witnesses[0].cosigned, Some(45));
}

#[actix_web::test]
async fn a_log_that_is_put_back_to_an_older_copy_is_found_by_its_neighbour() {
    let (provider, neighbour, _, older) = region().await;
    provider.put_back(&older);
    assert_eq!(said(&provider, Vec::new(), Vec::new()), Ok(Vec::new()), "nothing at hand tells");
    let (beside, node) = (neighbour.start(&provider), provider.start(&neighbour));
    beside.all.look(0).await;
    assert_eq!(beside.evidence(), [(Misdeed::RolledBack, 40, 20)]);
    let state = beside.all.snapshot().neighbours.remove(0);
    assert_eq!((state.origin.as_str(), state.cosigned), (provider.origin().usual.as_str(), Some(40)));
    assert!(state.evidence[0].contains("40 records were known, 20 were shown"), "{state:?}");
    // The provider itself learns it as soon as it has anything to be cosigned.
    node.stop("own", 20..30).await;
    let node = provider.start(&neighbour);
    let alarm = Alarm::RolledBack { witnessed: 40, own: 30 };
    assert_eq!(node.all.have_cosigned(0).await, Err(Trouble::Alarm(alarm)));
    assert!(node.all.snapshot().witnesses[0].alarm.as_ref().unwrap().contains("cosigned 40 records"));
    // With what the witness keeps, an audit of the folder finds it.
    let evidence = fs::read_dir(neighbour.places().witness.join("evidence")).unwrap().next().unwrap().unwrap().path();
    let found = said(&provider, vec![evidence], Vec::new()).unwrap();
    assert!(found.iter().any(|one| one.contains("a kept checkpoint of 40 records was given out")), "{found:?}");
}

#[actix_web::test]
async fn a_log_that_is_rewritten_and_signed_anew_is_refused_and_kept_as_evidence() {
    // How far the other past reaches: to the same size, or beyond it.
    for (reaches, misdeed, shown) in [(40, Misdeed::Forked, 40), (50, Misdeed::Unproven, 50)] {
        let (provider, neighbour, empty, _) = region().await;
        provider.put_back(&empty);
        provider.start(&neighbour).stop("false", 0..reaches).await;
        assert_eq!(read_history(&provider.places().proof.join(HISTORY)).unwrap().pop().unwrap().size(), shown);
        assert_eq!(said(&provider, Vec::new(), Vec::new()), Ok(Vec::new()), "nothing at hand tells");
        let (beside, node) = (neighbour.start(&provider), provider.start(&neighbour));
        // By what it publishes, without asking for anything.
        beside.all.look(0).await;
        assert_eq!(beside.evidence(), [(Misdeed::Forked, 40, shown)]);
        // And by what it asks to have cosigned.
        let alarm = Alarm::Rewritten { witnessed: 40, own: shown };
        assert_eq!(node.all.have_cosigned(0).await, Err(Trouble::Alarm(alarm)));
        assert!(beside.evidence().contains(&(misdeed, 40, shown)));
        assert_eq!(beside.all.snapshot().neighbours[0].cosigned, Some(40), "and nothing else was cosigned");
        let text = beside.all.snapshot().neighbours.remove(0).evidence.join(" ");
        assert!(text.contains(&format!("40 records were known, {shown} were shown")), "{text}");
        // The alarm outlives a restart.
        let held = beside.evidence();
        beside.stop("own", 0..0).await;
        assert_eq!(neighbour.start(&provider).evidence(), held);
    }
}

#[actix_web::test]
async fn a_witness_that_cannot_be_reached_or_signs_with_another_key_is_trouble_and_no_alarm() {
    let (provider, neighbour) = (Provider::new(0), Provider::new(1));
    provider.start(&neighbour).stop("own", 0..5).await;
    let node = provider.start(&neighbour);
    assert!(matches!(node.all.have_cosigned(0).await, Err(Trouble::Passing(_))));
    let beside = neighbour.start(&provider);
    assert_eq!(node.all.have_cosigned(0).await, Ok(()));
    beside.stop("own", 0..0).await;
    node.stop("own", 5..9).await;
    let node = provider.start(&neighbour);
    fs::remove_dir_all(neighbour.places().witness).unwrap();
    let _beside = neighbour.start(&provider);
    let Err(Trouble::Passing(why)) = node.all.have_cosigned(0).await else { panic!("another key is not believed") };
    assert!(why.contains("the key it is known by"), "{why}");
    assert_eq!(node.all.snapshot().witnesses[0].lag, 4);
}
