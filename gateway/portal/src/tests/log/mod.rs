//! The pages of the access log, in front of a desk with a log of its own.

mod admitting;
mod explaining;
mod judging;
mod owning;
mod proving;
mod records;
mod searching;

use audit::Numbered;
use time::macros::{date, datetime};

use super::*;
use crate::{
    Again, Alarm, AskedOfLog, Cosigned, DecidedAgain, Explainable, Explanation, HintsFound, LogDesk, LogFound,
    NeighbourState, Notices, OwnLog, Period, ProofState, Question, RecordProof, RecordShown, ReviewItem, ReviewQueue,
    Verdict, VerdictGiven, WitnessState, WouldBe,
};
use records::{log, record, unusual};

/// What was asked of the log.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Asked {
    Question(Question),
    Token(String),
    Record(u64),
    Queue,
    Verdict(u64, Verdict, String),
    Hints(Period),
    Proof,
    Own(Period),
    WouldBe(WouldBe),
}

/// A log of a few days.
pub(super) struct LogStub {
    records: Vec<Numbered>,
    refusal: Option<Refusal>,
    proof: ProofState,
    asked: Mutex<Vec<Asked>>,
}

impl Default for LogStub {
    fn default() -> Self {
        LogStub { records: log(), refusal: None, proof: well_proven(), asked: Mutex::default() }
    }
}

impl LogStub {
    fn answer<T: Send + 'static>(&self, session: &str, asked: Asked, found: T) -> BoxFuture<'static, Answered<T>> {
        assert_eq!(session, SESSION);
        self.asked.lock().unwrap().push(asked);
        let result = self.refusal.clone().map_or(Ok(found), Err);
        Box::pin(async move { Answered { request_id: "req-7f3a".to_owned(), result } })
    }
}

impl LogDesk for LogStub {
    fn search(&self, session: &str, asked: AskedOfLog, _: Option<IpAddr>) -> BoxFuture<'static, Answered<LogFound>> {
        let newest = self.records.iter().rev().cloned();
        let (asked, question, records, older) = match asked {
            AskedOfLog::New(question) => {
                (Asked::Question(question.clone()), question, newest.take(6).collect(), Some("older-5".to_owned()))
            }
            AskedOfLog::Token(token) => {
                let question = Question { patient: Some(BSN.to_owned()), ..Question::default() };
                (Asked::Token(token), question, newest.skip(6).collect(), None)
            }
        };
        let unreadable = usize::from(older.is_none());
        let found = LogFound { question, records, older, hints: unusual(&self.records), unreadable };
        self.answer(session, asked, found)
    }

    fn record(&self, session: &str, index: u64, _: Option<IpAddr>) -> BoxFuture<'static, Answered<RecordShown>> {
        let numbered = self.records[usize::try_from(index).unwrap()].clone();
        let same = |(_, other): &&Numbered| other.correlation_id == numbered.1.correlation_id;
        let same_exchange = self.records.iter().filter(same).cloned().collect();
        let mut hints = unusual(&self.records);
        hints.retain(|hint| hint.records.contains(&index));
        let cosigned_by = vec!["Apotheek De Brug".to_owned(), "Huisartsenpraktijk Beekzicht".to_owned()];
        let proof = match index {
            9 => RecordProof::NotYet,
            8 => RecordProof::Unknown,
            _ => RecordProof::Signed { size: 9, signed: datetime!(2026-11-23 10:30 UTC), cosigned_by },
        };
        let patient = numbered.1.patient.is_some().then(|| "about-the-patient-5".to_owned());
        let again = match index {
            9 => DecidedAgain::NotPossible,
            _ => DecidedAgain::By(vec![Again {
                policy: None,
                tried: false,
                permitted: false,
                as_then: false,
                denial: Some(policy::DenialCode::PolicyDenied),
                reasons: vec![policy::Reason { code: "a-code".into(), description: "Not <b>in</b> the team.".into() }],
            }]),
        };
        let shown = RecordShown { record: numbered, same_exchange, hints, proof, patient, again };
        self.answer(session, Asked::Record(index), shown)
    }

    fn review_queue(&self, session: &str, _: Option<IpAddr>) -> BoxFuture<'static, Answered<ReviewQueue>> {
        let given = |verdict| VerdictGiven {
            verdict,
            note: "Nagevraagd bij de <b>dienstdoende</b> arts.".to_owned(),
            by: "F. Gans".to_owned(),
            at: datetime!(2026-11-24 15:00 UTC),
        };
        let item = |index: usize, verdicts| ReviewItem { record: self.records[index].clone(), verdicts };
        let queue = ReviewQueue {
            open: vec![item(6, vec![given(Verdict::UnderInvestigation)]), item(9, vec![])],
            more_open: 3,
            settled: vec![item(6, vec![given(Verdict::Unjustified)])],
            notices: Notices::Waiting { notices: 2, oldest: Some(datetime!(2026-11-25 08:00 UTC)), overdue: true },
            now: datetime!(2026-11-26 12:00 UTC),
        };
        self.answer(session, Asked::Queue, queue)
    }

    fn give_verdict(
        &self,
        session: &str,
        index: u64,
        verdict: Verdict,
        note: String,
        _: Option<IpAddr>,
    ) -> BoxFuture<'static, Answered<()>> {
        self.answer(session, Asked::Verdict(index, verdict, note), ())
    }

    fn hints(&self, session: &str, period: Period, _: Option<IpAddr>) -> BoxFuture<'static, Answered<HintsFound>> {
        let shown = match period {
            Period { from: None, until: None } => {
                Period { from: Some(date!(2026 - 10 - 25)), until: Some(date!(2026 - 11 - 24)) }
            }
            asked => asked,
        };
        let found =
            HintsFound { period: shown, hints: unusual(&self.records), looked_over: self.records.len(), cut_off: true };
        self.answer(session, Asked::Hints(period), found)
    }

    fn proof(&self, session: &str, _: Option<IpAddr>) -> BoxFuture<'static, Answered<ProofState>> {
        self.answer(session, Asked::Proof, self.proof.clone())
    }

    fn explainable(&self) -> Vec<Explainable> {
        vec![Explainable {
            use_case: "bgz".to_owned(),
            title: "Basisgegevensset Zorg".to_owned(),
            offers: vec!["r4 Condition".to_owned(), "r4 Patient/$everything".to_owned()],
        }]
    }

    fn explain(&self, session: &str, asked: WouldBe, _: Option<IpAddr>) -> BoxFuture<'static, Answered<Explanation>> {
        let explanation = Explanation {
            permitted: false,
            use_case: policy::UseCaseId::parse("bgz"),
            policy: None,
            denial: Some(policy::DenialCode::PolicyDenied),
            reasons: vec![policy::Reason { code: "no-consent".into(), description: "No <b>consent</b>.".into() }],
            obligations: Vec::new(),
            treatment_relation: Some(Finding::Absent),
            relation_evidence: Vec::new(),
            consent: None,
        };
        self.answer(session, Asked::WouldBe(asked), explanation)
    }

    fn own_log(&self, session: &str, period: Period, _: Option<IpAddr>) -> BoxFuture<'static, Answered<OwnLog>> {
        let mut records = self.records.clone();
        records.retain(|(_, record)| record.patient.is_some());
        let found = OwnLog { period, records, cut_off: false };
        self.answer(session, Asked::Own(period), found)
    }
}

fn well_proven() -> ProofState {
    let cosigned = |size| Some(Cosigned { size, at: Some(datetime!(2026-11-23 10:31 UTC)) });
    let witness = |name: &str, size, trouble: Option<&str>| WitnessState {
        name: name.to_owned(),
        cosigned: cosigned(size),
        trouble: trouble.map(str::to_owned),
    };
    ProofState {
        origin: "zorgsluis.example/log/90000901".to_owned(),
        size: 9,
        records: 10,
        root: "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=".to_owned(),
        signed: Some(datetime!(2026-11-23 10:30 UTC)),
        key: "zorgsluis.example/log/90000901+1a2b3c4d+AaBbCcDdEeFfGgHhIiJjKkLlMmNnOoPpQqRrSsTtUuVv".to_owned(),
        trouble: None,
        witnesses: vec![
            witness("Apotheek De Brug", 9, None),
            witness("Huisartsenpraktijk Beekzicht", 4, Some("Was bij de laatste poging niet bereikbaar.")),
            WitnessState { name: "De Linde".to_owned(), cosigned: None, trouble: None },
        ],
        neighbours: vec![NeighbourState {
            name: "De Linde".to_owned(),
            cosigned: cosigned(1200),
            alarms: vec![],
            trouble: None,
        }],
        now: datetime!(2026-11-23 11:05 UTC),
    }
}

/// A desk with somebody of this kind at it.
fn desk_for(kind: Kind) -> Arc<Stub> {
    let mut stub = Arc::into_inner(Stub::of(region(BSN))).unwrap();
    stub.kind = kind;
    Arc::new(stub)
}

fn changed(kind: Kind, change: impl FnOnce(&mut LogStub)) -> Arc<Stub> {
    let mut stub = Arc::into_inner(desk_for(kind)).unwrap();
    change(&mut stub.log);
    Arc::new(stub)
}

fn asked_of(desk: &Stub) -> Vec<Asked> {
    desk.log.asked.lock().unwrap().clone()
}

/// Nothing that came in is markup, and the patient's number stands nowhere that a browser keeps or sends by itself.
fn is_safe(page: &Page) {
    assert!(!page.text.contains("<script") && !page.text.contains("<b>") && !page.text.contains(" style="));
    for name in ["href", "action", "datetime", "id", "for", "aria-label"] {
        assert!(page.attribute(name).iter().all(|value| !value.contains(BSN)), "{name}");
    }
    for hidden in page.text.split("<input").skip(1).filter_map(|rest| rest.split('>').next()) {
        assert!(!hidden.contains("type=\"hidden\"") || !hidden.contains(BSN), "{hidden}");
    }
    let title = page.text.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap();
    assert!(!title.contains(BSN), "{title}");
}

/// What a reader sees, with room between cells and marks.
fn spaced(page: &Page) -> String {
    let apart = Page { text: page.text.replace('<', " <"), headers: page.headers.clone(), cookies: vec![], ..*page };
    apart.words().replace(" .", ".").replace(" ,", ",").replace(" :", ":")
}

fn says(page: &Page, expected: &[&str]) {
    let words = spaced(page);
    for expected in expected {
        assert!(words.contains(expected), "{expected}\n{words}");
    }
}
