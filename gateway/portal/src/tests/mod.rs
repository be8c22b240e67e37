//! The pages as a browser meets them, in front of a stub desk with the real stack behind it.

mod administering;
mod directory;
mod emergencies;
mod expiring;
mod guarding;
mod handing;
mod log;
mod measuring;
mod medicating;
mod referring;
mod refusing;
mod showing;
mod signing_in;

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::ServiceResponse;
use actix_web::http::header;
use actix_web::{App, HttpRequest, test};
use exchange::Refusal;
use exchange::ports::{AuthenticationFault, BoxFuture, SourceFault};
use flows::medication::Windows;
use flows::testing::{Place, World, patient, region};
use policy::{Finding, NotFoundOut};

use crate::{
    AccessShown, Administration, Answered, CertificatesShown, DataQuality, Departure, Desk, DirectoryShown, Elsewhere,
    Kind, LogDesk, NotSignedIn, OwnSession, Return, Session, Ways, scope,
};

const BSN: &str = "999911120";
const CODE: &str = "sesam open u";
const SESSION: &str = "session-1";
const BINDING: &str = "what-only-this-browser-has";
const CSRF: &str = "a-form-token-of-this-session";

/// A desk with one user, in front of a world or of one answer.
struct Stub {
    world: World,
    refusal: Option<Refusal>,
    quality: Option<DataQuality>,
    certificates: CertificatesShown,
    asked: Mutex<Vec<String>>,
    open: Mutex<bool>,
    kind: Kind,
    one_patient: bool,
    mandates: Vec<String>,
    emergencies: bool,
    medication: bool,
    inbox: bool,
    outbox: bool,
    handoffs: handing::HandoffStub,
    referred: bool,
    refers: bool,
    referrals: referring::ReferralStub,
    access: AccessShown,
    log: log::LogStub,
}

impl Stub {
    fn of(world: World) -> Arc<Self> {
        Arc::new(Stub {
            world,
            refusal: None,
            quality: None,
            certificates: CertificatesShown::default(),
            asked: Mutex::default(),
            open: Mutex::new(true),
            kind: Kind::Practitioner,
            one_patient: false,
            mandates: Vec::new(),
            emergencies: false,
            medication: true,
            inbox: false,
            outbox: false,
            handoffs: handing::HandoffStub::default(),
            referred: false,
            refers: false,
            referrals: referring::ReferralStub::default(),
            access: AccessShown::default(),
            log: log::LogStub::default(),
        })
    }

    fn measuring(quality: Option<DataQuality>) -> Arc<Self> {
        let stub = Stub { quality, ..Arc::into_inner(Stub::of(region(BSN))).unwrap() };
        Arc::new(stub)
    }

    fn refusing(refusal: Refusal) -> Arc<Self> {
        let refusal = Some(refusal);
        Arc::new(Stub { refusal, ..Arc::into_inner(Stub::of(region(BSN))).unwrap() })
    }
}

impl Desk for Stub {
    fn provider(&self) -> &str {
        "Ziekenhuis <Maasdal>"
    }
    fn ways(&self) -> Ways {
        Ways { code: true, dezi: true, certificate: true, card: true }
    }
    fn sign_in(&self, code: &str, _: Option<IpAddr>) -> Result<String, NotSignedIn> {
        match code {
            CODE => Ok(SESSION.to_owned()),
            "too often" => Err(NotSignedIn::Wait(Duration::from_secs(40))),
            _ => Err(NotSignedIn::NotAccepted),
        }
    }
    fn sign_in_by_certificate(&self, _: &HttpRequest) -> BoxFuture<'static, Result<String, NotSignedIn>> {
        Box::pin(std::future::ready(Err(NotSignedIn::NothingHere)))
    }
    fn depart(&self, to: Elsewhere, _: Option<IpAddr>) -> Result<Departure, NotSignedIn> {
        let url = match to {
            Elsewhere::Dezi => "https://dezi.example/authorize?state=s",
            Elsewhere::Card => "https://cards.example/card?state=s",
            Elsewhere::Epd(_) => return Err(NotSignedIn::NotAccepted),
        };
        Ok(Departure { url: url.into(), binding: BINDING.into() })
    }
    fn depart_to_epd(
        &self,
        iss: &str,
        launch: &str,
        _: Option<IpAddr>,
    ) -> BoxFuture<'static, Result<Departure, NotSignedIn>> {
        let url = format!("https://epd.example/authorize?launch={launch}&state=s");
        let good = iss == "https://epd.example/fhir";
        let departure = Departure { url, binding: BINDING.into() };
        Box::pin(std::future::ready(good.then_some(departure).ok_or(NotSignedIn::NotAccepted)))
    }
    fn arrive(&self, _: Elsewhere, back: Return, _: Option<IpAddr>) -> BoxFuture<'static, Result<String, NotSignedIn>> {
        let good = back.state == "s" && back.code.as_deref() == Some("c") && back.binding == BINDING;
        Box::pin(async move { if good { Ok(SESSION.to_owned()) } else { Err(NotSignedIn::NotAccepted) } })
    }
    fn launch(&self, handle: &str, _: Option<IpAddr>) -> Result<String, NotSignedIn> {
        self.asked.lock().unwrap().push(handle.to_owned());
        if handle == "once" { Ok(SESSION.to_owned()) } else { Err(NotSignedIn::NotAccepted) }
    }
    fn sessions(&self, id: &str) -> Vec<OwnSession> {
        assert_eq!(id, SESSION);
        let at = time::OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap();
        let one = |handle: &str, this| OwnSession {
            handle: handle.to_owned(),
            way: "met Dezi",
            started: at,
            last_used: at,
            this,
        };
        vec![one("here", true), one("elsewhere", false)]
    }
    fn end_sessions(&self, id: &str, handle: Option<&str>) {
        assert_eq!(id, SESSION);
        self.asked.lock().unwrap().push(format!("end {handle:?}"));
    }
    fn act(&self, id: &str, choice: Option<usize>) -> bool {
        assert_eq!(id, SESSION);
        self.asked.lock().unwrap().push(format!("act {choice:?}"));
        choice.is_none_or(|index| index == 0)
    }
    fn session(&self, id: &str) -> Option<Session> {
        let session = Session {
            name: "A. <b>Arts</b>".into(),
            role: "Cardioloog".into(),
            kind: self.kind,
            csrf: CSRF.into(),
            one_patient: self.one_patient,
            mandates: self.mandates.clone(),
            acting: self.mandates.first().map(|_| 0),
            chooses: !self.mandates.is_empty(),
            emergencies: self.emergencies,
            medication: self.medication,
            inbox: self.inbox,
            outbox: self.outbox,
            referred: self.referred,
            refers: self.refers,
        };
        (id == SESSION && *self.open.lock().unwrap()).then_some(session)
    }
    fn sign_out(&self, id: &str) {
        if id != SESSION {
            self.asked.lock().unwrap().push(format!("out {id}"));
            return;
        }
        *self.open.lock().unwrap() = false;
    }
    fn quality(&self) -> Option<DataQuality> {
        self.quality.clone()
    }
    fn certificates(&self) -> CertificatesShown {
        self.certificates.clone()
    }
    fn administration(&self) -> &dyn Administration {
        self
    }

    fn directory<'a>(&'a self, ura: &'a str, _: audit::Language) -> BoxFuture<'a, DirectoryShown> {
        let asked = ura.to_owned();
        let found = (!ura.is_empty()).then(|| crate::Looked::Told {
            steps: vec![(true, "bekend".to_owned()), (false, "<b>uit</b>".to_owned())],
            conclusion: "Niet gevonden.".to_owned(),
        });
        let sources = vec![(false, "Adresboek nu niet bijgewerkt".to_owned())];
        Box::pin(async { DirectoryShown { configured: true, sources, asked, found } })
    }
    fn log(&self) -> Option<&dyn LogDesk> {
        Some(&self.log)
    }
    fn overview(
        &self,
        session: &str,
        bsn: Option<&str>,
        emergency: Option<&str>,
        _remote: Option<IpAddr>,
    ) -> BoxFuture<'static, Answered> {
        assert_eq!(session, SESSION);
        // Without a patient it is the session's own.
        let bsn = bsn.unwrap_or(BSN);
        let said = emergency.map(|reason| format!(" because {reason}")).unwrap_or_default();
        self.asked.lock().unwrap().push(format!("{bsn}{said}"));
        let (world, bsn) = (self.world.clone(), bsn.to_owned());
        // Whom the normal way is closed to, an emergency opens it to, with a reason.
        let refusal = match emergency {
            Some(reason) if policy::EmergencyReason::parse(reason).is_none() => Some(unexplained()),
            Some(_) => None,
            None => self.refusal.clone(),
        };
        Box::pin(async move {
            let result = match refusal {
                Some(refusal) => Err(refusal),
                None => world.overview(&bsn).await,
            };
            Answered { request_id: "req-7f3a".to_owned(), result }
        })
    }
    fn medication(&self, session: &str, bsn: Option<&str>, _: Option<IpAddr>) -> BoxFuture<'static, Answered> {
        assert_eq!(session, SESSION);
        let bsn = bsn.unwrap_or(BSN);
        self.asked.lock().unwrap().push(format!("medication of {bsn}"));
        let (world, bsn, refusal) = (self.world.clone(), bsn.to_owned(), self.refusal.clone());
        Box::pin(async move {
            let result = match refusal {
                Some(refusal) => Err(refusal),
                None => world.medication(&bsn).await,
            };
            Answered { request_id: "req-7f3a".to_owned(), result }
        })
    }
    fn handoffs(&self) -> Option<&dyn crate::HandoffDesk> {
        Some(&self.handoffs)
    }
    fn referrals(&self) -> Option<&dyn crate::ReferralDesk> {
        Some(&self.referrals)
    }
    fn windows(&self) -> Windows {
        Windows::default()
    }
}

impl Administration for Stub {
    fn access(&self, session: &str) -> AccessShown {
        assert_eq!(session, SESSION);
        self.access.clone()
    }
    fn unlock(&self, _: &str, key: &str) -> bool {
        self.asked.lock().unwrap().push(format!("unlock {key}"));
        true
    }
    fn end_session(&self, _: &str, handle: &str) -> bool {
        self.asked.lock().unwrap().push(format!("end {handle}"));
        true
    }
    fn configuration(&self) -> &str {
        "mode = \"production\""
    }
}

/// A reason that explains nothing.
fn unexplained() -> Refusal {
    let code = policy::DenialCode::EmergencyReason;
    Refusal::Denied(policy::Denial { code, reasons: Vec::new(), use_case: None, policy: None, parameter: None })
}

/// A page as it came.
struct Page {
    status: u16,
    headers: header::HeaderMap,
    cookies: Vec<Cookie<'static>>,
    text: String,
}

impl Page {
    /// What a reader sees: the text without the tags.
    fn words(&self) -> String {
        let mut words = String::new();
        let mut inside = false;
        for c in self.text.chars() {
            match c {
                '<' => inside = true,
                '>' => inside = false,
                c if !inside => words.push(c),
                _ => {}
            }
        }
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The values of this attribute, on any element.
    fn attribute(&self, name: &str) -> Vec<&str> {
        let start = format!(" {name}=\"");
        self.text.split(&start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
    }
}

async fn call(desk: &Arc<Stub>, secure: bool, request: test::TestRequest) -> Page {
    let app = test::init_service(App::new().service(scope(desk.clone(), secure))).await;
    let response: ServiceResponse = test::call_service(&app, request.to_request()).await;
    let cookies = response.response().cookies().map(Cookie::into_owned).collect();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = String::from_utf8(test::read_body(response).await.to_vec()).unwrap();
    Page { status, headers, cookies, text }
}

fn signed_in(request: test::TestRequest) -> test::TestRequest {
    request.cookie(Cookie::new("zorgsluis-ziekenhuismaasdal-session", SESSION))
}

fn get(path: &str) -> test::TestRequest {
    test::TestRequest::get().uri(path)
}

fn post(path: &str, form: &[(&str, &str)]) -> test::TestRequest {
    test::TestRequest::post().uri(path).set_form(form)
}

async fn overview(desk: &Arc<Stub>) -> Page {
    call(desk, false, signed_in(post("/portal/overview", &[("csrf", CSRF), ("bsn", BSN)]))).await
}
