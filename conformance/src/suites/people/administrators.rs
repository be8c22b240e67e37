//! The administrator of a node: ends waits and sessions, sees how the node is, and sees no patient's data and no log.

use serde_json::json;

use super::super::setting::Setting;
use super::super::{Check, Flaw, Judgement, ensure};
use super::logging_in::Desk;
use super::{NODE, patient_of, person};
use crate::callers::{Answer, Browser, InnerCaller, Wire, field};

pub(super) fn checks() -> Vec<Check> {
    vec![
        Check::new(
            "an administrator sees certificates, quality and configuration, and ends waits and sessions",
            |setting| Box::pin(administers(setting)),
        ),
        Check::new(
            "an administrator sees no health data and nothing of the access log, by page or by API",
            |setting| Box::pin(sees_no_patient(setting)),
        ),
        Check::new("nobody but an administrator sees or does what an administrator does", |setting| {
            Box::pin(nobody_else(setting))
        }),
    ]
}

/// The access code of a caller of the node's.
fn code_of(setting: &Setting, client: &str) -> Result<String, Flaw> {
    let ours =
        |one: &&crate::ready::Caller| one.node.as_deref() == Some(NODE) && one.client_id.as_deref() == Some(client);
    let code = setting.ready.callers.iter().find(ours).and_then(|one| one.bearer_token.clone());
    code.ok_or_else(|| Flaw::NotRun(format!("there is no {client}")))
}

async fn signed_in(setting: &Setting, desk: &Desk<'_>, client: &str) -> Result<Browser, Flaw> {
    let browser = desk.browser()?;
    let answer = desk.guess(&browser, &code_of(setting, client)?).await?;
    ensure(answer.status == 303, || format!("the code of {client} is answered {}", answer.status))?;
    Ok(browser)
}

async fn page(desk: &Desk<'_>, browser: &Browser, path: &str) -> Result<Answer, Flaw> {
    Ok(browser.open(&format!("{}/{path}", desk.portal())).await?)
}

fn text(page: &Answer) -> String {
    String::from_utf8_lossy(&page.body).into_owned()
}

async fn administers(setting: &Setting) -> Judgement {
    let desk = Desk::of(setting, NODE)?;
    let okafor = person("okafor")?;
    let administrator = signed_in(setting, &desk, "administrator").await?;
    for path in ["certificates", "quality", "configuration", "access"] {
        let answer = page(&desk, &administrator, path).await?;
        ensure(answer.status == 200, || format!("{path} answers an administrator {}", answer.status))?;
    }
    let shown = text(&page(&desk, &administrator, "configuration").await?);
    ensure(shown.contains("decryption_key_file") && shown.contains(&setting.node(NODE)?.ura), || {
        "the configuration is not shown".to_owned()
    })?;
    let secret = code_of(setting, "administrator")?;
    ensure(!shown.contains(&secret) && !shown.contains("PRIVATE KEY"), || {
        "the configuration shows a secret".to_owned()
    })?;

    // Somebody else's session ends.
    let other = desk.browser()?;
    desk.log_in(&other, okafor).await?;
    let shown = page(&desk, &administrator, "access").await?;
    let handle = text(&shown)
        .split("<div class=\"card\">")
        .filter(|card| card.contains(okafor.name))
        .find_map(|card| card.split("name=\"handle\" value=\"").nth(1)?.split('"').next().map(str::to_owned));
    let handle = handle.ok_or_else(|| Flaw::Broken("somebody who is in is not shown".to_owned()))?;
    let csrf = field(&shown, "csrf").ok_or_else(|| Flaw::Broken("the page has no form".to_owned()))?;
    let end = format!("{}/access/end", desk.portal());
    let forged = administrator.send(&end, &[("csrf", "made-up"), ("handle", &handle)]).await?;
    ensure(forged.status == 403 && page(&desk, &other, "sessions").await?.status == 200, || {
        "a forged form ends a session".to_owned()
    })?;
    // One session of theirs is listed first; all of them are of the same person, so end until this one is out.
    administrator.send(&end, &[("csrf", &csrf), ("handle", &handle)]).await?;
    ensure(page(&desk, &other, "sessions").await?.status == 401, || "the session was not ended".to_owned())?;

    // Somebody who guessed too often waits, until the administrator ends it.
    let guessing = desk.browser()?;
    let mut status = 403;
    for _ in 0..40 {
        status = desk.guess(&guessing, "made-up").await?.status;
        if status == 429 {
            break;
        }
    }
    ensure(status == 429, || "one may guess as often as one likes".to_owned())?;
    let shown = page(&desk, &administrator, "access").await?;
    let key = field(&shown, "key").ok_or_else(|| Flaw::Broken("who waits is not shown".to_owned()))?;
    let unlock = format!("{}/access/unlock", desk.portal());
    administrator.send(&unlock, &[("csrf", &csrf), ("key", &key)]).await?;
    let known = code_of(setting, "okafor")?;
    let answer = desk.guess(&guessing, &known).await?;
    ensure(answer.status == 303, || format!("after the wait was ended a good code is answered {}", answer.status))
}

async fn sees_no_patient(setting: &Setting) -> Judgement {
    let desk = Desk::of(setting, NODE)?;
    let bsn = patient_of(setting, "okafor")?;
    let administrator = signed_in(setting, &desk, "administrator").await?;
    let mark = setting.mark(NODE).await?;
    let start = page(&desk, &administrator, "sessions").await?;
    let csrf = field(&start, "csrf").ok_or_else(|| Flaw::Broken("the page has no form".to_owned()))?;
    for path in ["log", "log/record/0", "log/review", "log/hints", "log/proof", "my-log"] {
        let answer = page(&desk, &administrator, path).await?;
        ensure(answer.status == 403, || format!("{path} answers an administrator {}", answer.status))?;
    }
    for (path, more) in [("overview", ("bsn", bsn.as_str())), ("emergency", ("reason", "x")), ("log", ("person", "x"))]
    {
        let mut form = vec![("csrf", csrf.as_str()), more];
        if path == "emergency" {
            form.push(("bsn", &bsn));
        }
        let answer = administrator.send(&format!("{}/{path}", desk.portal()), &form).await?;
        ensure(answer.status == 403, || format!("{path} answers an administrator's form {}", answer.status))?;
        setting.keeps_quiet(&answer)?;
    }
    ensure(setting.since(&mark, NODE)?.is_empty(), || "an exchange was begun".to_owned())?;
    let caller = InnerCaller::new(Some(&setting.ready.ca_file), &code_of(setting, "administrator")?)?;
    let base = setting.inner(NODE)?;
    for path in ["Condition", "Patient/$health-overview", "AuditEvent"] {
        let mark = setting.mark(NODE).await?;
        let answer = caller.post_form(&format!("{base}/{path}/_search"), &[("patient.identifier", &bsn)]).await;
        let status = answer.as_ref().map_or(0, |answer| answer.status);
        ensure(matches!(status, 400..=404), || format!("{path} answers an administrator {status}"))?;
        setting.no_source_was_asked(&mark).await?;
        setting.keeps_quiet(&answer?)?;
    }
    let mark = setting.mark(NODE).await?;
    let form = [("identifier", format!("http://fhir.nl/fhir/NamingSystem/bsn|{bsn}"))];
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = caller.post_form(&format!("{base}/Patient/$health-overview"), &form).await;
    setting.refused(&mark, NODE, 403, answer).await.map(|_| ())
}

async fn nobody_else(setting: &Setting) -> Judgement {
    let desk = Desk::of(setting, NODE)?;
    for client in ["okafor", "privacy-officer"] {
        let browser = signed_in(setting, &desk, client).await?;
        let listed = page(&desk, &browser, "sessions").await?;
        let csrf = field(&listed, "csrf").ok_or_else(|| Flaw::Broken("the page has no form".to_owned()))?;
        for path in ["access", "configuration"] {
            let answer = page(&desk, &browser, path).await?;
            ensure(answer.status == 403, || format!("{path} answers {client} {}", answer.status))?;
        }
        for (path, name, value) in [("access/end", "handle", "x"), ("access/unlock", "key", "address:127.0.0.1")] {
            let form = [("csrf", csrf.as_str()), (name, value)];
            let answer = browser.send(&format!("{}/{path}", desk.portal()), &form).await?;
            ensure(answer.status == 403, || format!("{path} answers {client} {}", answer.status))?;
        }
    }
    let anyone = Wire::new(Some(&setting.ready.ca_file), None)?;
    for path in ["access", "configuration"] {
        let answer = anyone.get(&format!("{}/{path}", desk.portal())).await?;
        ensure(answer.status == 401, || format!("{path} answers anyone {}", answer.status))?;
    }
    // No EPD makes anybody an administrator of it.
    let epd = code_of(setting, "epd")?;
    let launch = json!({"person": {"id": "administrator", "role": "01.010"}, "patient": {"bsn": patient_of(setting, "okafor")?}});
    let answer = desk.launch(Some(&epd), &launch).await?;
    ensure(answer.status == 403, || format!("an administrator who is launched is answered {}", answer.status))
}
