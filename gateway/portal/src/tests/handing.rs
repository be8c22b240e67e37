//! The pages of handoffs: what a nurse sees of a transfer, what can be done, and for whom these pages are not.

use std::time::Duration;

use exchange::ports::BoxFuture;
use flows::eoverdracht::notice::Answer;
use flows::eoverdracht::{Closed, Negotiation, Notice, Stage, TaskStatus};

use super::*;
use crate::{AnsweredShown, HandoffAct, HandoffDesk, Progress, Side, TransferNo, TransferShown};

const ID: &str = "0123456789abcdef0123456789abcdef";

/// What is kept of handoffs, and what was done with them.
#[derive(Default)]
pub(super) struct HandoffStub {
    transfers: Vec<TransferShown>,
    done: Mutex<Vec<String>>,
    no: Option<TransferNo>,
    /// How the document is refused; without, there is a defect.
    refusal: Option<Refusal>,
}

impl HandoffDesk for HandoffStub {
    fn list(&self, session: &str, side: Side) -> BoxFuture<'static, Result<Vec<TransferShown>, TransferNo>> {
        assert_eq!(session, SESSION);
        let found = self.transfers.iter().filter(|one| one.side == side).cloned().collect();
        let answer = self.no.map_or(Ok(found), Err);
        Box::pin(std::future::ready(answer))
    }
    fn one(&self, _: &str, side: Side, id: &str) -> BoxFuture<'static, Result<TransferShown, TransferNo>> {
        let found = self.transfers.iter().find(|one| one.side == side && one.id == id).cloned();
        Box::pin(std::future::ready(found.ok_or(TransferNo::Unknown)))
    }
    fn act(
        &self,
        session: &str,
        id: &str,
        act: HandoffAct,
        _: Option<IpAddr>,
    ) -> BoxFuture<'static, Result<(), TransferNo>> {
        assert_eq!(session, SESSION);
        self.done.lock().unwrap().push(format!("{act:?} {id}"));
        Box::pin(std::future::ready(self.no.map_or(Ok(()), Err)))
    }
    fn answer(
        &self,
        session: &str,
        id: &str,
        answer: Answer,
        _: Option<IpAddr>,
    ) -> BoxFuture<'static, Result<(), TransferNo>> {
        assert_eq!(session, SESSION);
        let said = (answer.date.unwrap_or_default(), answer.reason.unwrap_or_default());
        self.done.lock().unwrap().push(format!("{} {} {} {id}", answer.status, said.0, said.1));
        Box::pin(std::future::ready(self.no.map_or(Ok(()), Err)))
    }
    fn notice(&self, session: &str, id: &str, remote: Option<IpAddr>) -> BoxFuture<'static, Answered> {
        self.document(session, id, remote)
    }
    fn document(&self, _: &str, _: &str, _: Option<IpAddr>) -> BoxFuture<'static, Answered> {
        let result = Err(self.refusal.clone().unwrap_or(Refusal::Defect));
        Box::pin(std::future::ready(Answered { request_id: "req-7f3a".to_owned(), result }))
    }
    fn pdf(&self, _: &str, _: &str, _: Option<IpAddr>) -> BoxFuture<'static, Answered<Vec<u8>>> {
        let result = self.refusal.clone().map_or_else(|| Ok(b"%PDF-1.7".to_vec()), Err);
        Box::pin(std::future::ready(Answered { request_id: "req-7f3a".to_owned(), result }))
    }
}

fn transfer(side: Side, progress: Progress) -> TransferShown {
    TransferShown {
        id: ID.to_owned(),
        side,
        party: "Ziekenhuis <Noord>".to_owned(),
        ura: "90000101".to_owned(),
        progress,
        routed: vec!["Afdeling Geriatrie".to_owned()],
        resources: Some(1),
        began: "2026-11-20T10:00:00Z".to_owned(),
        changed: "2026-11-20T10:00:05Z".to_owned(),
        overdue: None,
        attempts: 0,
        failed: None,
        given_up: false,
        taker: None,
        stored: None,
        read: None,
        negotiation: Negotiation::default(),
        answered: None,
        acts: Vec::new(),
    }
}

fn desk(inbox: bool, outbox: bool, handoffs: HandoffStub) -> Arc<Stub> {
    Arc::new(Stub { inbox, outbox, handoffs, ..Arc::into_inner(Stub::of(region(BSN))).unwrap() })
}

fn of(transfers: Vec<TransferShown>) -> HandoffStub {
    HandoffStub { transfers, ..HandoffStub::default() }
}

async fn page(desk: &Arc<Stub>, path: &str) -> Page {
    call(desk, false, signed_in(get(path))).await
}

#[actix_web::test]
async fn the_inbox_says_of_each_transfer_how_far_it_is_whereto_and_what_comes_next() {
    let mut offered = transfer(Side::Received, Progress::Received(Stage::Offered));
    offered.acts = vec![HandoffAct::Take];
    offered.overdue = Some(Duration::from_secs(3 * 86_400));
    let mut stuck = transfer(Side::Received, Progress::Received(Stage::Taking));
    (stuck.given_up, stuck.acts) = (true, vec![HandoffAct::Retry]);
    let taken_back = transfer(Side::Received, Progress::Received(Stage::Closed(Closed::Cancelled)));
    let desk = desk(true, false, of(vec![offered, stuck, taken_back]));
    let shown = page(&desk, "/portal/handoffs/received").await;
    assert_eq!(shown.status, 200);
    let words = shown.words();
    for expected in [
        "Overdrachten",
        "Open 2",
        "Van Ziekenhuis &lt;Noord&gt;",
        "Voor: Afdeling Geriatrie",
        "Te ontvangen",
        "Wacht al 3 dagen",
        "Vastgelopen",
        "waarschuw uw beheerder",
        "Opnieuw proberen",
        "Klaar 1",
        "Ingetrokken",
        "1 gegeven",
    ] {
        assert!(words.contains(expected), "{expected}\n{words}");
    }
    assert!(shown.attribute("action").contains(&format!("/portal/handoffs/received/{ID}/take").as_str()));
    // Who may only receive finds no way to what is sent.
    assert!(!words.contains("Verstuurd"));
    assert_eq!(page(&desk, "/portal/handoffs/sent").await.status, 403);
    let start = page(&desk, "/portal/handoffs").await;
    assert_eq!(
        (start.status, start.headers.get("location").unwrap().to_str().unwrap()),
        (303, "/portal/handoffs/received")
    );
}

#[actix_web::test]
async fn every_state_has_words_and_one_that_is_over_stands_apart() {
    let mut all = Vec::new();
    for stage in [
        Stage::Told,
        Stage::Waiting(TaskStatus::Requested),
        Stage::Offered,
        Stage::Taking,
        Stage::Taken,
        Stage::Completed,
        Stage::Closed(Closed::Refused),
        Stage::Closed(Closed::Cancelled),
        Stage::Closed(Closed::Rejected),
        Stage::Closed(Closed::CompletedWithoutUs),
    ] {
        all.push(transfer(Side::Received, Progress::Received(stage)));
    }
    for status in TaskStatus::ALL {
        for told in [false, true] {
            all.push(transfer(Side::Sent, Progress::Sent { status, told }));
        }
    }
    let over = all.iter().filter(|one| crate::words::handoffs::is_over(one)).count();
    assert_eq!(over, 4, "taken back, refused by us, received there, and taken back by us");
    for one in &all {
        let (state, next) = (crate::words::handoffs::state(one), crate::words::handoffs::next(one));
        assert!(!state.is_empty() && next.ends_with('.'), "{one:?}");
    }
    let unread = transfer(Side::Received, Progress::Received(Stage::Completed));
    let read = TransferShown { read: Some(("K. de Wit".into(), "2026-11-20T11:00:00Z".into())), ..unread.clone() };
    assert!(crate::words::handoffs::asks(&unread) && !crate::words::handoffs::asks(&read));
    assert!(crate::words::handoffs::is_over(&read));
    // What is read and not in the own record system yet is not over, and says so.
    let owed = TransferShown { stored: Some(false), ..read.clone() };
    assert!(!crate::words::handoffs::is_over(&owed) && !crate::words::handoffs::asks(&owed));
    assert!(crate::words::handoffs::next(&owed).contains("eigen dossier"));
    let stuck = TransferShown { given_up: true, ..owed };
    assert!(crate::words::handoffs::asks(&stuck));
    assert!(crate::words::handoffs::next(&stuck).contains("ingeschreven"));
    assert!(crate::words::handoffs::is_over(&TransferShown { stored: Some(true), ..read }));
}

#[actix_web::test]
async fn one_transfer_shows_what_failed_and_what_can_be_done() {
    let mut sent = transfer(Side::Sent, Progress::Sent { status: TaskStatus::InProgress, told: false });
    sent.acts = vec![HandoffAct::Resend, HandoffAct::Cancel];
    (sent.attempts, sent.failed, sent.given_up) = (24, Some("answered with 503".to_owned()), true);
    let desk = desk(true, true, of(vec![sent]));
    let shown = page(&desk, &format!("/portal/handoffs/sent/{ID}")).await;
    let words = shown.words();
    for expected in
        ["Naar Ziekenhuis", "24 keer mislukt", "niet meer vanzelf", "answered with 503", "Intrekken", "Ontvangen"]
    {
        assert!(words.contains(expected), "{expected}\n{words}");
    }
    assert!(!words.contains("Overdracht lezen"));
    assert_eq!(page(&desk, &format!("/portal/handoffs/received/{ID}")).await.status, 404, "of the other side");
}

#[actix_web::test]
async fn what_is_done_needs_a_form_of_ours_and_a_side_of_ones_own() {
    let offered = transfer(Side::Received, Progress::Received(Stage::Offered));
    let desk = desk(true, false, of(vec![offered]));
    let form = [("csrf", CSRF)];
    let take = format!("/portal/handoffs/received/{ID}/take");
    let done = call(&desk, false, signed_in(post(&take, &form))).await;
    assert_eq!(
        (done.status, done.headers.get("location").unwrap().to_str().unwrap()),
        (303, &*format!("/portal/handoffs/received/{ID}"))
    );
    for (path, form, status) in [
        (take.clone(), [("csrf", "forged")], 403),
        (format!("/portal/handoffs/sent/{ID}/cancel"), form, 403),
        (format!("/portal/handoffs/sent/{ID}/take"), form, 404),
        (format!("/portal/handoffs/received/{ID}/cancel"), form, 404),
        (format!("/portal/handoffs/received/{ID}/anything"), form, 404),
    ] {
        assert_eq!(call(&desk, false, signed_in(post(&path, &form))).await.status, status, "{path}");
    }
    assert_eq!(call(&desk, false, post(&take, &form)).await.status, 401, "nobody is signed in");
    assert_eq!(*desk.handoffs.done.lock().unwrap(), [format!("Take {ID}")]);
}

#[actix_web::test]
async fn each_no_is_its_own_page() {
    for (no, status, says) in [
        (TransferNo::NotYours, 403, "Niet voor u"),
        (TransferNo::Unknown, 404, "Overdracht of verwijzing niet beschikbaar"),
        (TransferNo::NotNow, 409, "Dat kan nu niet"),
        (TransferNo::Busy, 429, "Even druk"),
        (TransferNo::NoLog, 503, "Nu niet mogelijk"),
        (TransferNo::Unavailable, 503, "Er ging iets mis"),
    ] {
        let desk = desk(true, true, HandoffStub { no: Some(no), ..HandoffStub::default() });
        let shown = page(&desk, "/portal/handoffs/sent").await;
        assert_eq!(shown.status, status, "{no:?}");
        assert!(shown.words().contains(says), "{no:?}");
    }
}

#[actix_web::test]
async fn a_handoff_that_may_not_be_read_is_not_told_from_one_that_is_not_there() {
    let completed = transfer(Side::Received, Progress::Received(Stage::Completed));
    for refusal in [Refusal::NotFound, Refusal::Source(SourceFault::NotFound)] {
        let stub = HandoffStub { refusal: Some(refusal), ..of(vec![completed.clone()]) };
        let shown = page(&desk(true, false, stub), &format!("/portal/handoffs/received/{ID}/document")).await;
        assert_eq!(shown.status, 403);
        assert!(shown.words().contains("Overdracht of verwijzing niet beschikbaar"));
    }
    let desk = desk(false, false, of(vec![completed]));
    for path in ["document", "pdf", "file/b1"] {
        assert_eq!(page(&desk, &format!("/portal/handoffs/received/{ID}/{path}")).await.status, 403);
    }
    assert!(!page(&desk, "/portal/").await.words().contains("Overdrachten"));
}

#[actix_web::test]
async fn a_handoff_in_print_is_shown_as_what_it_is_and_kept_by_nobody() {
    let completed = transfer(Side::Received, Progress::Received(Stage::Completed));
    let desk = desk(true, false, of(vec![completed]));
    let shown = page(&desk, &format!("/portal/handoffs/received/{ID}/pdf")).await;
    assert_eq!((shown.status, shown.text.as_str()), (200, "%PDF-1.7"));
    let header = |name: &str| shown.headers.get(name).unwrap().to_str().unwrap();
    assert_eq!((header("content-type"), header("cache-control")), ("application/pdf", "no-store"));
}

/// What is shown of these resources.
fn read(resources: &str) -> Page {
    let resources = serde_json::from_str::<Vec<serde_json::Value>>(resources).unwrap();
    let resources: Vec<_> = resources
        .iter()
        .map(|one| fhir::Resource::from_node(&fhir::json::Node::read(&one.to_string()).unwrap()))
        .collect();
    let readable = flows::eoverdracht::readable::Readable::of(&resources).unwrap();
    let mut transfer = transfer(Side::Received, Progress::Received(Stage::Completed));
    transfer.acts = vec![HandoffAct::Read];
    let session = Stub::of(region(BSN)).session(SESSION).unwrap();
    let frame = crate::pages::Frame::of("Verpleeghuis", Some(&session));
    let text = crate::pages::handoffs::document(&frame, &session, &transfer, &readable, "req-7f3a").into_string();
    Page { status: 200, headers: header::HeaderMap::new(), cookies: Vec::new(), text }
}

#[actix_web::test]
async fn a_handoff_is_read_section_by_section_with_what_is_unknown_and_what_is_missing() {
    let page = read(
        r#"[{"resourceType":"Composition","id":"c","subject":{"reference":"Patient/p"},"date":"2026-11-28","section":[
          {"code":{"coding":[{"code":"371524004"}]},"section":[
            {"code":{"coding":[{"code":"52870002"}]},"entry":[{"reference":"Condition/x"},{"reference":"Condition/gone","display":"Diabetes"}]},
            {"code":{"coding":[{"code":"773130005"}]}},
            {"code":{"coding":[{"code":"9"}],"text":"Iets <b>nieuws</b>"},"entry":[{"reference":"Basic/b"}]},
            {"code":{"coding":[{"code":"397966007"}]},"entry":[{"reference":"DocumentReference/d"}]}]}]},
          {"resourceType":"Patient","id":"p","name":[{"text":"J. <i>Berg</i>"}],"birthDate":"1941-02-03",
           "identifier":[{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"999911120"}]},
          {"resourceType":"Condition","id":"x","subject":{"reference":"Patient/p"},"clinicalStatus":"active","code":{"text":"Heupfractuur"}},
          {"resourceType":"Basic","id":"b","unheardOf":"wel getoond"},
          {"resourceType":"DocumentReference","id":"d","content":[{"attachment":{"url":"Binary/b1","title":"Wondfoto","contentType":"image/png"}}]}]"#,
    );
    let words = page.words();
    for expected in [
        "Verpleegkundige overdracht vanJ. &lt;i&gt;Berg&lt;/i&gt;",
        "Geboren03-02-1941",
        "BSN999911120",
        "Medische gegevens",
        "Reden van overdracht (diagnose)",
        "Heupfractuur",
        "Statusactief",
        "Niet meegestuurd: Diabetes",
        "Niet alles is meegestuurd",
        "noemt één gegeven dat de afzender",
        "De afzender heeft hier niets ingevuld.",
        "Iets &lt;b&gt;nieuws&lt;/b&gt; Onbekend soort",
        "unheardOfwel getoond",
        "Openen: Wondfoto",
        "Deze overdracht is bestemd voor Afdeling Geriatrie",
        "Aftekenen als gelezen",
        "req-7f3a",
        "Deze inzage is vastgelegd (NEN 7513).",
    ] {
        assert!(words.contains(expected), "{expected}\n{words}");
    }
    assert!(page.attribute("href").contains(&format!("/portal/handoffs/received/{ID}/file/b1").as_str()));
    let title = page.text.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
    assert!(!title.contains("Berg"), "browsers keep titles");
}

/// A transfer whose sender asks first, this far.
fn asked(notice: Notice, answering: Option<TaskStatus>) -> TransferShown {
    let negotiation = Negotiation::kept(notice, answering).unwrap();
    TransferShown { negotiation, ..transfer(Side::Received, Progress::Received(Stage::Waiting(TaskStatus::Requested))) }
}

#[actix_web::test]
async fn a_notice_is_opened_read_and_answered_and_can_be_answered_only_while_it_is_asked() {
    let mut offered = asked(Notice::Offered, None);
    offered.acts = vec![HandoffAct::Open];
    let answered = AnsweredShown {
        status: TaskStatus::OnHold,
        date: Some("2026-12-03".to_owned()),
        reason: Some("Dan is er <plaats>".to_owned()),
        by: "K. de Wit".to_owned(),
        at: "2026-11-20T11:00:00Z".to_owned(),
    };
    let on_its_way = TransferShown { answered: Some(answered), ..asked(Notice::Held, Some(TaskStatus::OnHold)) };
    let later = TransferShown {
        progress: Progress::Received(Stage::Waiting(TaskStatus::Accepted)),
        ..asked(Notice::Held, None)
    };
    let (yes, no, read) = ("op de gevraagde datum", "Nee, wij kunnen", "Aanmeldbericht lezen");
    for (shown, state, has, lacks) in [
        (offered, "Aanmelding", vec!["Aanmelding openen", no], vec![yes, read]),
        (asked(Notice::Wanted, None), "Wordt opgehaald", vec![no], vec![yes, read]),
        (asked(Notice::Held, None), "Te beantwoorden", vec![yes, no, read, "Andere datum"], vec![]),
        (
            on_its_way,
            "Antwoord onderweg",
            vec![read, "K. de Wit", "03-12-2026", "Dan is er &lt;plaats&gt;"],
            vec![no, yes],
        ),
        (later, "Toegezegd", vec![read], vec![no, yes]),
    ] {
        let asks = matches!(state, "Aanmelding" | "Te beantwoorden");
        assert_eq!(crate::words::handoffs::asks(&shown), asks, "{state}");
        let words = page(&desk(true, false, of(vec![shown])), &format!("/portal/handoffs/received/{ID}")).await.words();
        assert!(words.contains(state), "{state}: {words}");
        assert!(has.iter().all(|one| words.contains(one)), "{state}: {has:?} in {words}");
        assert!(!lacks.iter().any(|one| words.contains(one)), "{state}: {lacks:?} not in {words}");
    }
}

#[actix_web::test]
async fn an_answer_needs_a_form_of_ours_and_what_goes_with_it() {
    let desk = desk(true, false, of(vec![asked(Notice::Held, None)]));
    let path = format!("/portal/handoffs/received/{ID}/answer");
    let own = ("csrf", CSRF);
    for (form, status) in [
        (vec![own, ("answer", "accepted"), ("date", ""), ("reason", " ")], 303),
        (vec![own, ("answer", "on-hold"), ("date", "2026-12-03")], 303),
        (vec![own, ("answer", "rejected"), ("reason", "Vol")], 303),
        (vec![own, ("answer", "on-hold")], 422),
        (vec![own, ("answer", "completed")], 422),
        (vec![own], 422),
        (vec![("csrf", "forged"), ("answer", "accepted")], 403),
    ] {
        assert_eq!(call(&desk, false, signed_in(post(&path, &form))).await.status, status, "{form:?}");
    }
    assert_eq!(call(&desk, false, post(&path, &[own, ("answer", "accepted")])).await.status, 401);
    let expected = [format!("accepted   {ID}"), format!("on-hold 2026-12-03  {ID}"), format!("rejected  Vol {ID}")];
    assert_eq!(*desk.handoffs.done.lock().unwrap(), expected);
    let refused = page(&desk, &format!("/portal/handoffs/received/{ID}/notice")).await;
    assert_eq!(refused.status, 500, "a defect is not told as something else");
}
