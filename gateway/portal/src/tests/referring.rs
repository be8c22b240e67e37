//! The pages of referrals: what people see of one, what became of each part, what can be done, and for whom they are not.

use std::time::Duration;

use exchange::ports::BoxFuture;
use flows::bgz::{End, Outcome, Query, Stage, TaskStatus};
use flows::eoverdracht::readable::Readable;

use super::*;
use crate::words::referrals as words;
use crate::{PartShown, ReferralAct, ReferralDesk, ReferralProgress, ReferralShown, Side, TransferNo};

const ID: &str = "0123456789abcdef0123456789abcdef";

/// What is kept of referrals, and what was done with them.
#[derive(Default)]
pub(super) struct ReferralStub {
    referrals: Vec<ReferralShown>,
    done: Mutex<Vec<String>>,
    no: Option<TransferNo>,
    data: Option<Readable>,
}

impl ReferralDesk for ReferralStub {
    fn list(&self, session: &str, side: Side) -> BoxFuture<'static, Result<Vec<ReferralShown>, TransferNo>> {
        assert_eq!(session, SESSION);
        let found = self.referrals.iter().filter(|one| one.side == side).cloned().collect();
        let answer = self.no.map_or(Ok(found), Err);
        Box::pin(std::future::ready(answer))
    }
    fn one(&self, _: &str, side: Side, id: &str) -> BoxFuture<'static, Result<ReferralShown, TransferNo>> {
        let found = self.referrals.iter().find(|one| one.side == side && one.id == id).cloned();
        Box::pin(std::future::ready(found.ok_or(TransferNo::Unknown)))
    }
    fn act(
        &self,
        session: &str,
        id: &str,
        act: ReferralAct,
        _: Option<IpAddr>,
    ) -> BoxFuture<'static, Result<(), TransferNo>> {
        assert_eq!(session, SESSION);
        self.done.lock().unwrap().push(format!("{act:?} {id}"));
        Box::pin(std::future::ready(self.no.map_or(Ok(()), Err)))
    }
    fn data(&self, _: &str, _: &str, _: Option<IpAddr>) -> BoxFuture<'static, Answered<Readable>> {
        let result = self.data.clone().ok_or(Refusal::NotFound);
        Box::pin(std::future::ready(Answered { request_id: "req-7f3a".to_owned(), result }))
    }
}

fn referral(side: Side, progress: ReferralProgress) -> ReferralShown {
    let part = |title, outcome, resources, why: Option<&str>| PartShown {
        title,
        outcome,
        resources,
        why: why.map(ToOwned::to_owned),
    };
    ReferralShown {
        id: ID.to_owned(),
        side,
        party: "Ziekenhuis <Noord>".to_owned(),
        ura: "90000101".to_owned(),
        progress,
        parts: vec![
            part("Problemen", Outcome::Complete, 3, None),
            part("Vaccinaties", Outcome::Empty, 0, None),
            part("Contacten", Outcome::Failed, 0, Some("the peer answered 500")),
        ],
        not_in_the_list: 0,
        cut_short: false,
        readable: true,
        until: Some("2026-12-04T10:00:00Z".to_owned()),
        began: "2026-11-20T10:00:00Z".to_owned(),
        changed: "2026-11-20T10:00:05Z".to_owned(),
        overdue: None,
        attempts: 0,
        failed: None,
        given_up: false,
        person: None,
        acts: Vec::new(),
    }
}

fn desk(referred: bool, refers: bool, referrals: ReferralStub) -> Arc<Stub> {
    Arc::new(Stub { referred, refers, referrals, ..Arc::into_inner(Stub::of(region(BSN))).unwrap() })
}

fn of(referrals: Vec<ReferralShown>) -> ReferralStub {
    ReferralStub { referrals, ..ReferralStub::default() }
}

async fn page(desk: &Arc<Stub>, path: &str) -> Page {
    call(desk, false, signed_in(get(path))).await
}

fn holds(page: &Page, all: &[&str]) {
    let words = page.words();
    for expected in all {
        assert!(words.contains(expected), "{expected}\n{words}");
    }
}

#[actix_web::test]
async fn the_inbox_says_of_each_referral_how_far_it_is_and_what_comes_next() {
    let mut offered = referral(Side::Received, ReferralProgress::Received(Stage::Offered));
    (offered.parts, offered.readable) = (Vec::new(), false);
    offered.acts = vec![ReferralAct::Take, ReferralAct::Reject];
    offered.overdue = Some(Duration::from_secs(3 * 86_400));
    let mut stuck = referral(Side::Received, ReferralProgress::Received(Stage::Pulling));
    (stuck.given_up, stuck.acts) = (true, vec![ReferralAct::Retry]);
    let over = referral(Side::Received, ReferralProgress::Received(Stage::Ended(End::Cancelled)));
    let desk = desk(true, false, of(vec![offered, stuck, over]));
    let shown = page(&desk, "/portal/referrals/received").await;
    assert_eq!(shown.status, 200);
    holds(
        &shown,
        &[
            "Verwijzingen",
            "Open 2",
            "Van Ziekenhuis &lt;Noord&gt;",
            "Te beoordelen",
            "Wacht al 3 dagen",
            "Vastgelopen",
            "Opnieuw ophalen",
            "Klaar 1",
            "Ingetrokken",
            "3 gegevens",
        ],
    );
    assert!(shown.attribute("action").contains(&format!("/portal/referrals/received/{ID}/take").as_str()));
    // Who may only receive finds no way to what is sent, nor to handoffs.
    assert!(!shown.words().contains("Verstuurd") && !shown.words().contains("Overdrachten"));
    assert_eq!(page(&desk, "/portal/referrals/sent").await.status, 403);
    let start = page(&desk, "/portal/referrals").await;
    let to = start.headers.get("location").unwrap().to_str().unwrap();
    assert_eq!((start.status, to), (303, "/portal/referrals/received"));
}

#[actix_web::test]
async fn every_state_has_words_and_one_that_is_over_stands_apart() {
    let mut all = Vec::new();
    let ends = [End::Completed, End::Rejected, End::Cancelled, End::NotForUs, End::WithoutUs].map(Stage::Ended);
    let stages = [Stage::Told, Stage::Offered, Stage::Answering(TaskStatus::Accepted), Stage::Pulling, Stage::Pulled];
    for stage in stages.into_iter().chain(ends) {
        all.push(referral(Side::Received, ReferralProgress::Received(stage)));
    }
    for status in TaskStatus::ALL {
        for told in [false, true] {
            all.push(referral(Side::Sent, ReferralProgress::Sent { status, told }));
        }
    }
    all.push(referral(Side::Sent, ReferralProgress::Unreadable));
    assert_eq!(all.iter().filter(|one| words::is_over(one)).count(), 6);
    for one in &all {
        assert!(words::state(one).len() > 3 && words::next(one).ends_with('.'), "{:?}", one.progress);
        assert!(!(words::is_over(one) && words::asks(one)), "{:?}", one.progress);
        assert!(words::asks(&ReferralShown { given_up: true, ..one.clone() }));
    }
}

#[actix_web::test]
async fn one_referral_says_what_became_of_each_part_and_what_cannot_be_undone_is_asked_first() {
    let mut pulled = referral(Side::Received, ReferralProgress::Received(Stage::Pulled));
    pulled.acts = vec![ReferralAct::Retry, ReferralAct::CompleteAnyway, ReferralAct::Withdraw];
    (pulled.not_in_the_list, pulled.person) = (2, Some("K. de Wit".to_owned()));
    let desk = desk(true, true, of(vec![pulled]));
    let shown = page(&desk, &format!("/portal/referrals/received/{ID}")).await;
    holds(
        &shown,
        &[
            "Niet alles opgehaald",
            "Problemen",
            "Volledig",
            "Leeg: de afzender heeft hier niets van",
            "Mislukt",
            "the peer answered 500",
            "noemt 2 vragen die niet bij de basisgegevensset horen",
            "K. de Wit",
            "Toch afronden",
            "Toch niet?",
        ],
    );
    for act in ["retry", "complete-anyway", "withdraw"] {
        assert!(shown.attribute("action").contains(&format!("/portal/referrals/received/{ID}/{act}").as_str()));
    }
    assert!(shown.attribute("href").contains(&format!("/portal/referrals/received/{ID}/data").as_str()));
    assert_eq!(page(&desk, &format!("/portal/referrals/sent/{ID}")).await.status, 404, "of the other side");
}

#[actix_web::test]
async fn what_is_done_is_done_once_by_whoever_may_with_a_form_of_ours() {
    let desk = desk(true, false, of(Vec::new()));
    let form = &[("csrf", CSRF)];
    let take = format!("/portal/referrals/received/{ID}/take");
    let done = call(&desk, false, signed_in(post(&take, form))).await;
    let to = done.headers.get("location").unwrap().to_str().unwrap();
    assert_eq!((done.status, to), (303, &*format!("/portal/referrals/received/{ID}")));
    for (path, form, status) in [
        (take.clone(), &[("csrf", "another")], 403),
        (format!("/portal/referrals/sent/{ID}/cancel"), form, 403),
        (format!("/portal/referrals/sent/{ID}/take"), form, 404),
        (format!("/portal/referrals/received/{ID}/renew"), form, 404),
    ] {
        assert_eq!(call(&desk, false, signed_in(post(&path, form))).await.status, status, "{path}");
    }
    assert_eq!(*desk.referrals.done.lock().unwrap(), [format!("Take {ID}")]);
    for (no, status) in [(TransferNo::NotNow, 409), (TransferNo::NoLog, 503), (TransferNo::Busy, 429)] {
        let stub = ReferralStub { no: Some(no), ..ReferralStub::default() };
        let desk = self::desk(true, false, stub);
        assert_eq!(call(&desk, false, signed_in(post(&take, form))).await.status, status);
    }
}

#[actix_web::test]
async fn the_data_is_read_part_by_part_with_what_is_not_there_before_it() {
    let resources = [
        r#"{"resourceType":"Patient","id":"p","name":[{"text":"J. <Jansen>"}],"birthDate":"1941-02-03",
            "identifier":[{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999911120"}]}"#,
        r#"{"resourceType":"Condition","id":"k","code":{"text":"Astma"},"subject":{"reference":"Patient/p"}}"#,
        r#"{"resourceType":"DocumentReference","id":"d","status":"current","description":"Brief",
            "content":[{"attachment":{"contentType":"application/pdf","url":"Binary/b","title":"Brief"}}]}"#,
    ];
    let resources: Vec<_> = resources.iter().map(|text| flows::testing::resource(text)).collect();
    let asked: Vec<Query> = ["Patient", "Condition", "DocumentReference?status=current"]
        .iter()
        .filter_map(|text| Query::read(text, None).ok())
        .collect();
    let data = Some(flows::bgz::readable(&resources, &asked));
    let pulled = referral(Side::Received, ReferralProgress::Received(Stage::Pulled));
    let desk = desk(true, false, ReferralStub { data, ..of(vec![pulled]) });
    let path = format!("/portal/referrals/received/{ID}/data");
    let shown = page(&desk, &path).await;
    assert_eq!(shown.status, 200);
    holds(
        &shown,
        &[
            "J. &lt;Jansen&gt;",
            "03-02-1941",
            "Dit is niet alles",
            "Niet op te halen: Contacten",
            "Leeg bij de afzenderVaccinaties",
            "Problemen",
            "Astma",
            "Bestand, niet opgehaald: Brief",
            "req-7f3a",
        ],
    );
    let desk = self::desk(false, true, of(Vec::new()));
    assert_eq!(page(&desk, &path).await.status, 403, "who may only send");
    let gone = self::desk(true, false, of(vec![referral(Side::Received, ReferralProgress::Received(Stage::Told))]));
    let gone = page(&gone, &path).await;
    assert_eq!(gone.status, 403);
    holds(&gone, &["Overdracht of verwijzing niet beschikbaar"]);
}
