//! People at the pages: they log in with a national identity provider, an EPD sends them, they act for one another. And what
//! must not get anybody in.

mod administrators;
mod cards;
mod epds;
pub(super) mod logging_in;

use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use super::setting::{Setting, names_a_patient};
use super::{Check, Flaw, Judgement, ensure};
use crate::callers::{Browser, field};
use crate::identity_provider::Fault;
use crate::region::{self, Practitioner};
use logging_in::{Desk, is_shown};

/// The node at which people log in.
pub(super) const NODE: &str = "hospital";

pub fn checks() -> Vec<Check> {
    let mut all = people();
    all.extend(administrators::checks());
    all.extend(cards::checks());
    all.extend(epds::checks());
    all
}

fn people() -> Vec<Check> {
    vec![
        Check::new("who logs in with Dezi is who the record names, by number and role", |setting| {
            Box::pin(with_dezi(setting))
        }),
        Check::new("no forged, foreign, expired or revoked statement gets anybody in", |setting| {
            Box::pin(forged(setting))
        }),
        Check::new("a way back from Dezi is good once, in its own browser, and with its own code", |setting| {
            Box::pin(ways_back(setting))
        }),
        Check::new(
            "a session's cookie is for this node only, its id is new at every log-in, and out is out",
            |setting| Box::pin(sessions(setting)),
        ),
        Check::new("an EPD sends its user to the overview of one patient, once, and nobody else can", |setting| {
            Box::pin(launched(setting))
        }),
        Check::new(
            "who acts for a colleague sees that colleague's patients, and both stand in the record",
            |setting| Box::pin(mandated(setting)),
        ),
        Check::new(
            "a statement that is withdrawn, or whose status nobody tells, ends the session that rests on it",
            |setting| Box::pin(withdrawn(setting)),
        ),
        Check::new("who guesses access codes is told to wait", |setting| Box::pin(locked_out(setting))),
    ]
}

pub(super) fn person(id: &str) -> Result<&'static Practitioner, Flaw> {
    region::staff().iter().find(|one| one.id == id).ok_or_else(|| Flaw::NotRun(format!("the region has no {id}")))
}

/// A patient of this person of the node's.
fn patient_of(setting: &Setting, id: &str) -> Result<String, Flaw> {
    let caller = setting.ready.person(id).ok_or_else(|| Flaw::NotRun(format!("no person {id}")))?;
    caller.treats.first().cloned().ok_or_else(|| Flaw::NotRun(format!("{id} treats nobody")))
}

/// The only record since the mark.
fn only(mut records: Vec<Value>) -> Result<Value, Flaw> {
    ensure(records.len() == 1, || format!("{} records were written, not one", records.len()))?;
    Ok(records.swap_remove(0))
}

async fn with_dezi(setting: &Setting) -> Judgement {
    let desk = Desk::of(setting, NODE)?;
    let okafor = person("okafor")?;
    let browser = desk.browser()?;
    desk.log_in(&browser, okafor).await?;
    let mark = setting.mark(NODE).await?;
    let page = desk.overview(&browser, &patient_of(setting, "okafor")?).await?;
    ensure(is_shown(&page), || format!("the overview answers {}", page.status))?;
    let record = only(setting.since(&mark, NODE)?)?;
    let caller = &record["caller"];
    ensure(caller["person"]["id"] == okafor.uzi_number && caller["person"]["role"] == okafor.role, || {
        "the record names another person".to_owned()
    })?;
    ensure(caller["person"]["name"] == okafor.name && caller["client_id"] == "dezi", || {
        "the record has another name or client".to_owned()
    })?;
    ensure(record["shown"] == json!(["session"]) && caller.get("responsible").is_none(), || {
        "the record says something that was not so".to_owned()
    })?;
    // Somebody of another provider may be who they are: not here.
    let elsewhere = region::staff().iter().find(|one| one.provider != NODE);
    let elsewhere = elsewhere.ok_or_else(|| Flaw::NotRun("everybody works here".to_owned()))?;
    let browser = desk.browser()?;
    let refused = desk.try_log_in(&browser, elsewhere).await?;
    ensure(refused.status == 403 && browser.cookie("-session").is_none(), || {
        format!("an employee of another provider is answered {}", refused.status)
    })
}

async fn forged(setting: &Setting) -> Judgement {
    let desk = Desk::of(setting, NODE)?;
    let okafor = person("okafor")?;
    for (fault, status) in [
        (Fault::WrongSignature, 403),
        (Fault::WrongEnvelopeSignature, 403),
        (Fault::ForeignKeySet, 403),
        (Fault::OtherProvider, 403),
        (Fault::Expired, 403),
        (Fault::Revoked, 403),
        (Fault::OtherNonce, 403),
        (Fault::OtherAudience, 403),
        (Fault::LowLevel, 403),
        (Fault::Plain, 403),
        (Fault::Slow { ms: 2_500 }, 503),
        (Fault::Torn, 503),
        (Fault::Absent, 503),
        (Fault::ListWrongSignature, 503),
        (Fault::ListStale, 503),
        (Fault::ListUnreadable, 503),
        (Fault::ListAbsent, 503),
    ] {
        desk.order(fault).await?;
        if is_of_the_list(fault) {
            // The list of before is used for as long as it says.
            tokio::time::sleep(LISTED).await;
        }
        let browser = desk.browser()?;
        let answer = desk.try_log_in(&browser, okafor).await;
        desk.order(Fault::None).await?;
        let answer = answer?;
        ensure(answer.status == status, || format!("{fault:?} is answered {}, not {status}", answer.status))?;
        ensure(browser.cookie("-session").is_none(), || format!("{fault:?} opens a session"))?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        ensure(!text.contains(okafor.name) && !text.contains(okafor.uzi_number), || {
            format!("{fault:?} tells who it was about")
        })?;
        if is_of_the_list(fault) {
            tokio::time::sleep(LISTED).await;
        }
        // With all right again the same person gets in, and the failures are forgotten.
        desk.log_in(&desk.browser()?, okafor).await?;
    }
    Ok(())
}

/// Longer than a list of withdrawn statements says that it is good.
const LISTED: Duration = Duration::from_millis(2_200);

fn is_of_the_list(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::Listed | Fault::ListWrongSignature | Fault::ListStale | Fault::ListUnreadable | Fault::ListAbsent
    )
}

async fn ways_back(setting: &Setting) -> Judgement {
    let desk = Desk::of(setting, NODE)?;
    let okafor = person("okafor")?;
    let refused = |what: &'static str, status: u16, browser: &Browser| {
        let in_all_the_same = browser.cookie("-session").is_some();
        ensure(status == 403 && !in_all_the_same, || format!("{what} is answered {status}"))
    };
    let (browser, other) = (desk.browser()?, desk.browser()?);
    let back = desk.way_back(&browser, okafor).await?;
    refused("another browser", other.arrive(&back).await?.status, &other)?;
    refused("the way back after another browser tried it", browser.arrive(&back).await?.status, &browser)?;

    let browser = desk.browser()?;
    let back = desk.way_back(&browser, okafor).await?;
    ensure(browser.arrive(&back).await?.status == 200, || "a good way back is refused".to_owned())?;
    let again = browser.arrive(&back).await?;
    ensure(again.status == 403, || format!("the same way back a second time is answered {}", again.status))?;

    // A code of one log-in in the way back of another: PKCE and nonce are those of the other.
    let (first, second) = (desk.browser()?, desk.browser()?);
    let (stolen, own) = (desk.way_back(&first, okafor).await?, desk.way_back(&second, okafor).await?);
    let code = |url: &str| url.split("code=").nth(1).and_then(|rest| rest.split('&').next()).map(str::to_owned);
    let (Some(stolen), Some(mine)) = (code(&stolen), code(&own)) else {
        return Err(Flaw::NotRun("the provider gives no code".to_owned()));
    };
    refused("another log-in's code", second.arrive(&own.replace(&mine, &stolen)).await?.status, &second)?;
    let made_up = format!("{}/sign-in/dezi/back?state=made-up&code=made-up", desk.portal());
    refused("a made-up way back", second.arrive(&made_up).await?.status, &second)?;
    desk.log_in(&desk.browser()?, okafor).await
}

async fn sessions(setting: &Setting) -> Judgement {
    let desk = Desk::of(setting, NODE)?;
    let okafor = person("okafor")?;
    let browser = desk.browser()?;
    desk.log_in(&browser, okafor).await?;
    let cookie = |browser: &Browser| browser.cookie("-session").ok_or(Flaw::Broken("there is no session".to_owned()));
    let (_, first) = cookie(&browser)?;
    for attribute in ["httponly", "samesite=strict"] {
        ensure(first.attributes.iter().any(|one| one == attribute), || format!("the cookie is not {attribute}"))?;
    }
    ensure(!first.attributes.iter().any(|one| one.starts_with("domain")), || "the cookie is for a domain".to_owned())?;
    let thief = desk.browser()?;
    thief.takes_cookies_of(&browser);
    desk.log_in(&browser, okafor).await?;
    ensure(cookie(&browser)?.1 != first, || "the session's id stays at a new log-in".to_owned())?;
    let listed = format!("{}/sessions", desk.portal());
    ensure(thief.open(&listed).await?.status == 401, || "the id of before the log-in is still good".to_owned())?;

    let elsewhere = desk.browser()?;
    desk.log_in(&elsewhere, okafor).await?;
    let page = browser.open(&listed).await?;
    let csrf = field(&page, "csrf").ok_or_else(|| Flaw::Broken("the page has no form".to_owned()))?;
    let forged = browser.send(&listed, &[("csrf", "made-up"), ("handle", "")]).await?;
    ensure(forged.status == 403 && elsewhere.open(&listed).await?.status == 200, || {
        "a forged form ends sessions".to_owned()
    })?;
    browser.send(&listed, &[("csrf", &csrf), ("handle", "")]).await?;
    ensure(elsewhere.open(&listed).await?.status == 401, || "the other session was not ended".to_owned())?;
    thief.takes_cookies_of(&browser);
    browser.send(&format!("{}/sign-out", desk.portal()), &[("csrf", &csrf)]).await?;
    ensure(thief.open(&listed).await?.status == 401, || "a session outlives its end".to_owned())
}

async fn launched(setting: &Setting) -> Judgement {
    let desk = Desk::of(setting, NODE)?;
    let (koster, okafor) = (person("koster")?, person("okafor")?);
    let bsn = patient_of(setting, "okafor")?;
    let named = |one: &Practitioner| json!({"id": one.id, "name": one.name, "role": one.role});
    let launch = json!({"person": named(koster), "responsible": named(okafor), "patient": {"bsn": bsn}});
    let epd = setting.ready.callers.iter().find(|one| one.client_id.as_deref() == Some("epd"));
    let epd = epd.and_then(|one| one.bearer_token.clone()).ok_or_else(|| Flaw::NotRun("there is no EPD".to_owned()))?;
    let answer = desk.launch(Some(&epd), &launch).await?;
    ensure(answer.status == 201, || format!("the launch is answered {}", answer.status))?;
    let body = answer.json().unwrap_or_default();
    let url = body["url"].as_str().unwrap_or_default().to_owned();
    ensure(body["expires_in"] == 60 && url.starts_with(desk.portal()), || "the answer has no good address".to_owned())?;
    let quiet = !names_a_patient(&url) && !url.contains(koster.id) && !url.contains(okafor.id);
    ensure(quiet, || "the address tells of somebody".to_owned())?;

    let browser = desk.browser()?;
    let landed = browser.arrive(&url).await?;
    ensure(landed.status == 200, || format!("the browser is answered {}", landed.status))?;
    let mark = setting.mark(NODE).await?;
    let page = browser.open(&format!("{}/overview", desk.portal())).await?;
    ensure(is_shown(&page), || format!("the overview answers {}", page.status))?;
    let record = only(setting.since(&mark, NODE)?)?;
    let caller = &record["caller"];
    ensure(record["patient"].as_str() == Some(bsn.as_str()) && caller["client_id"] == "epd", || {
        "the record has another patient or system".to_owned()
    })?;
    ensure(caller["person"]["id"] == koster.id && caller["responsible"]["id"] == okafor.id, || {
        "the record does not name both people".to_owned()
    })?;
    let other = region::patients().iter().map(|patient| patient.bsn).find(|other| *other != bsn);
    let other = other.ok_or_else(|| Flaw::NotRun("the region has one patient".to_owned()))?;
    let refused = desk.overview(&browser, other).await?;
    ensure(!is_shown(&refused), || "the session shows another patient".to_owned())?;
    let again = desk.browser()?.arrive(&url).await?;
    ensure(again.status == 403, || format!("the same address a second time is answered {}", again.status))?;

    let token = |id: &str| setting.ready.person(id).and_then(|one| one.bearer_token.clone());
    let changed = |name: &str, value: Value| {
        let mut launch = launch.clone();
        launch[name] = value;
        launch
    };
    for (what, token, launch, status) in [
        ("nobody", None, launch.clone(), 401),
        ("somebody made up", Some("made-up".to_owned()), launch.clone(), 401),
        ("a person", token("okafor"), launch.clone(), 403),
        ("no patient", Some(epd.clone()), json!({"person": named(koster)}), 400),
        ("a wrong BSN", Some(epd.clone()), changed("patient", json!({"bsn": "999911121"})), 422),
        ("an unknown patient", Some(epd.clone()), changed("patient", json!({"id": "nobody-here"})), 422),
        (
            "an unknown role",
            Some(epd.clone()),
            json!({"person": {"id": "x", "role": "99.000"}, "patient": {"bsn": bsn}}),
            403,
        ),
        ("something unknown", Some(epd.clone()), changed("token", json!("x")), 400),
    ] {
        let answer = desk.launch(token.as_deref(), &launch).await?;
        ensure(answer.status == status, || format!("a launch by or with {what} is answered {}", answer.status))?;
        ensure(!names_a_patient(&String::from_utf8_lossy(&answer.body)), || format!("{what}: the answer has a BSN"))?;
    }
    Ok(())
}

async fn mandated(setting: &Setting) -> Judgement {
    let desk = Desk::of(setting, NODE)?;
    let (brouwer, okafor) = (person("brouwer")?, person("okafor")?);
    let bsn = patient_of(setting, "okafor")?;
    let browser = desk.browser()?;
    desk.log_in(&browser, brouwer).await?;
    let mark = setting.mark(NODE).await?;
    let own = desk.overview(&browser, &bsn).await?;
    ensure(!is_shown(&own), || "somebody without a relation sees the patient".to_owned())?;
    let record = only(setting.since(&mark, NODE)?)?;
    ensure(record["caller"].get("responsible").is_none(), || {
        "the record names a mandate that was not chosen".to_owned()
    })?;

    let chosen = desk.act(&browser, "0").await?;
    ensure(chosen == 303, || format!("choosing is answered {chosen}"))?;
    let mark = setting.mark(NODE).await?;
    let page = desk.overview(&browser, &bsn).await?;
    ensure(is_shown(&page), || format!("the overview answers {}", page.status))?;
    let text = String::from_utf8_lossy(&page.body).into_owned();
    ensure(text.contains("namens") && text.contains(okafor.name), || "the page does not say for whom".to_owned())?;
    let caller = only(setting.since(&mark, NODE)?)?["caller"].clone();
    let both = caller["person"]["id"] == brouwer.uzi_number
        && caller["responsible"]["id"] == okafor.uzi_number
        && caller["responsible"]["role"] == okafor.role;
    ensure(both, || "the record does not name both people".to_owned())?;
    let other = desk.act(&browser, "1").await?;
    ensure(other == 400, || format!("a mandate that is not there is answered {other}"))
}

async fn withdrawn(setting: &Setting) -> Judgement {
    /// Longer than a node of the demo takes to look again, three times over.
    const WITHIN: Duration = Duration::from_secs(12);
    let desk = Desk::of(setting, NODE)?;
    let page = format!("{}/sessions", desk.portal());
    for fault in [Fault::Revoked, Fault::Absent, Fault::Listed, Fault::ListAbsent] {
        let browser = desk.browser()?;
        desk.log_in(&browser, person("okafor")?).await?;
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let lives = browser.open(&page).await?.status == 200;
        desk.order(fault).await?;
        let begun = std::time::Instant::now();
        let mut over = false;
        while !over && begun.elapsed() < WITHIN {
            tokio::time::sleep(Duration::from_millis(200)).await;
            over = browser.open(&page).await.is_ok_and(|answer| answer.status == 401);
        }
        desk.order(Fault::None).await?;
        ensure(lives, || "a session ended whose statement is in force".to_owned())?;
        ensure(over, || format!("{fault:?} leaves the session open"))?;
    }
    Ok(())
}

async fn locked_out(setting: &Setting) -> Judgement {
    const MOST: usize = 40;
    let desk = Desk::of(setting, NODE)?;
    let browser = desk.browser()?;
    let mut waits = None;
    for _ in 0..MOST {
        let answer = desk.guess(&browser, "made-up").await?;
        if answer.status == 429 {
            waits = answer.header("retry-after").and_then(|text| text.parse::<u64>().ok());
            break;
        }
        ensure(answer.status == 403, || format!("a wrong code is answered {}", answer.status))?;
    }
    let seconds = waits.ok_or_else(|| Flaw::Broken("one may guess as often as one likes".to_owned()))?;
    ensure((1..=3_600).contains(&seconds), || format!("one is to wait {seconds} s"))?;
    let known = setting.ready.person("okafor").and_then(|one| one.bearer_token.clone());
    let known = known.ok_or_else(|| Flaw::NotRun("okafor has no code".to_owned()))?;
    let answer = desk.guess(&browser, &known).await?;
    ensure(answer.status == 429, || "a lock-out is none for who knows a code".to_owned())?;
    if seconds > 30 {
        return Err(Flaw::NotRun("the lock-out lasts too long to see its end".to_owned()));
    }
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let answer = desk.guess(&browser, &known).await?;
    ensure(answer.status == 303, || format!("after the wait a good code is answered {}", answer.status))
}

/// A JSON body by some caller.
fn json_body(value: &Value) -> (Method, Bytes) {
    (Method::POST, Bytes::from(value.to_string()))
}
