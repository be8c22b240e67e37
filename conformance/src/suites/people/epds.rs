//! People whom their EPD sends to the pages by the browser (SMART App Launch), and everything about such a launch that must let
//! nobody in, and nobody near another patient.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::setting::{Setting, names_a_patient};
use super::super::{Check, Flaw, Judgement, ensure};
use super::logging_in::{Desk, is_shown};
use super::{NODE, only, patient_of, person};
use crate::callers::{Answer, Browser, Wire};
use crate::epd::Fault;
use crate::region;

pub(super) fn checks() -> Vec<Check> {
    vec![
        Check::new("an EPD opens the overview of its token's patient for its user, by the browser", |setting| {
            Box::pin(opened(setting))
        }),
        Check::new("a launch in which anything of the EPD's answers is not as it should be opens nothing", |setting| {
            Box::pin(spoilt(setting))
        }),
        Check::new("a launch that no EPD of ours begins asks nobody anything and leads nowhere else", |setting| {
            Box::pin(foreign(setting))
        }),
        Check::new(
            "a way back from an EPD is good once, in its own browser, with its own code and at its own place",
            |setting| Box::pin(ways_back(setting)),
        ),
    ]
}

/// The played EPD, driven.
struct Epd<'s> {
    desk: Desk<'s>,
    wire: Wire,
    base: String,
    control: String,
    inner: String,
}

impl<'s> Epd<'s> {
    fn of(setting: &'s Setting) -> Result<Self, Flaw> {
        let found = setting.ready.simulators.iter().find(|one| one.kind == "smart-epd");
        let found = found.ok_or_else(|| Flaw::NotRun("there is no EPD".to_owned()))?;
        Ok(Epd {
            desk: Desk::of(setting, NODE)?,
            wire: Wire::new(Some(&setting.ready.ca_file), None)?,
            base: found.base.trim_end_matches("/fhir").to_owned(),
            control: found.control.clone(),
            inner: setting.node(NODE)?.inner.clone(),
        })
    }

    async fn drive(&self, method: Method, what: &str, body: &Value) -> Result<Answer, Flaw> {
        let kind = [("content-type", "application/json")];
        Ok(self.wire.raw(method, &format!("{}/{what}", self.control), &kind, body.to_string().into()).await?)
    }

    async fn order(&self, fault: Fault) -> Judgement {
        let answer = self.drive(Method::PUT, "fault", &json!(fault)).await?;
        ensure(answer.status == 204, || "the EPD takes no orders".to_owned())
    }

    /// Somebody clicks on a link about a patient; where the browser goes.
    async fn click(&self, practitioner: &str, bsn: &str) -> Result<String, Flaw> {
        let told = self.drive(Method::POST, "launch", &json!({"practitioner": practitioner, "bsn": bsn})).await?;
        let url = told.json().and_then(|told| told["url"].as_str().map(str::to_owned));
        url.ok_or_else(|| Flaw::NotRun(format!("the EPD launches nothing ({})", told.status)))
    }

    async fn asked(&self) -> Result<u64, Flaw> {
        let told = self.drive(Method::GET, "counts", &json!({})).await?;
        told.json().and_then(|told| told["asked"].as_u64()).ok_or_else(|| Flaw::NotRun("the EPD counts nothing".into()))
    }

    /// Follows a launch into the pages, as far as to where the node sends the browser.
    async fn begin(&self, browser: &Browser, url: &str) -> Result<Answer, Flaw> {
        let first = browser.arrive(url).await?;
        let to = first.header("location").unwrap_or_default().to_owned();
        ensure(first.status == 303 && to.starts_with(self.desk.portal()), || {
            format!("a launch is answered {} and leads elsewhere", first.status)
        })?;
        Ok(browser.arrive(&to).await?)
    }

    /// Goes to the EPD and is sent back; where to. Or what the node answered instead.
    async fn way_back(&self, browser: &Browser, practitioner: &str, bsn: &str) -> Result<Result<String, Answer>, Flaw> {
        let url = self.click(practitioner, bsn).await?;
        let sent = self.begin(browser, &url).await?;
        if sent.status != 303 {
            return Ok(Err(sent));
        }
        let to = sent.header("location").unwrap_or_default().to_owned();
        ensure(to.starts_with(&format!("{}/authorize?", self.base)), || "the browser is sent elsewhere".to_owned())?;
        ensure(!names_a_patient(&to), || "the address names a patient".to_owned())?;
        let back = browser.arrive(&to).await?;
        let to = back.header("location").map(str::to_owned);
        to.map(Ok).ok_or_else(|| Flaw::Broken(format!("the EPD does not take the request ({})", back.status)))
    }

    /// The whole of it.
    async fn launch(&self, browser: &Browser, practitioner: &str, bsn: &str) -> Result<Answer, Flaw> {
        match self.way_back(browser, practitioner, bsn).await? {
            Ok(back) => Ok(browser.arrive(&back).await?),
            Err(answer) => Ok(answer),
        }
    }

    /// A good launch, after which failures are forgotten.
    async fn all_is_well(&self, bsn: &str) -> Judgement {
        let answer = self.launch(&self.desk.browser()?, "okafor", bsn).await?;
        ensure(answer.status == 200, || format!("a good launch is answered {}", answer.status))
    }
}

fn refused(what: &str, status: u16, answer: &Answer, browser: &Browser) -> Judgement {
    let in_all_the_same = browser.cookie("-session").is_some();
    ensure(answer.status == status && !in_all_the_same, || {
        format!("{what} is answered {}, not {status}; a session: {in_all_the_same}", answer.status)
    })?;
    ensure(!names_a_patient(&String::from_utf8_lossy(&answer.body)), || format!("{what}: the answer names a patient"))
}

async fn opened(setting: &Setting) -> Judgement {
    let epd = Epd::of(setting)?;
    let okafor = person("okafor")?;
    let bsn = patient_of(setting, "okafor")?;
    let browser = epd.desk.browser()?;
    let landed = epd.launch(&browser, okafor.id, &bsn).await?;
    ensure(landed.status == 200 && browser.cookie("-session").is_some(), || {
        format!("a good launch is answered {}", landed.status)
    })?;
    let mark = setting.mark(NODE).await?;
    let page = browser.open(&format!("{}/overview", epd.desk.portal())).await?;
    ensure(is_shown(&page), || format!("the overview answers {}", page.status))?;
    let record = only(setting.since(&mark, NODE)?)?;
    let caller = &record["caller"];
    ensure(record["patient"].as_str() == Some(bsn.as_str()) && caller["client_id"] == "maasdal-epd", || {
        "the record has another patient or system".to_owned()
    })?;
    let named = caller["person"]["id"] == okafor.uzi_number
        && caller["person"]["role"] == okafor.role
        && caller["person"]["name"] == okafor.name;
    ensure(named, || "the record names another person".to_owned())?;
    let other = region::patients().iter().map(|patient| patient.bsn).find(|other| *other != bsn);
    let other = other.ok_or_else(|| Flaw::NotRun("the region has one patient".to_owned()))?;
    let page = epd.desk.overview(&browser, other).await?;
    ensure(!is_shown(&page), || "the session shows another patient".to_owned())
}

async fn spoilt(setting: &Setting) -> Judgement {
    let epd = Epd::of(setting)?;
    let bsn = patient_of(setting, "okafor")?;
    // What an EPD says of itself is remembered for a second.
    const FORGOTTEN: std::time::Duration = std::time::Duration::from_millis(1_100);
    for (fault, status) in [
        (Fault::ForeignTokenEndpoint, 403),
        (Fault::NoPkce, 403),
        (Fault::OtherState, 403),
        (Fault::OtherIssuer, 403),
        (Fault::NoCode, 403),
        (Fault::RedirectedToken, 503),
        (Fault::WrongSignature, 403),
        (Fault::IdTokenIssuer, 403),
        (Fault::IdTokenAudience, 403),
        (Fault::IdTokenNonce, 403),
        (Fault::IdTokenOver, 403),
        (Fault::ForeignUser, 403),
        (Fault::NoPatient, 403),
        (Fault::OtherPatient, 403),
        (Fault::Slow { ms: 2_500 }, 503),
        (Fault::NoFhir, 503),
    ] {
        let of_the_metadata = matches!(fault, Fault::ForeignTokenEndpoint | Fault::NoPkce);
        if of_the_metadata {
            tokio::time::sleep(FORGOTTEN).await;
        }
        let mark = setting.mark(NODE).await?;
        epd.order(fault).await?;
        let browser = epd.desk.browser()?;
        let answer = epd.launch(&browser, "okafor", &bsn).await;
        epd.order(Fault::None).await?;
        refused(&format!("{fault:?}"), status, &answer?, &browser)?;
        setting.no_source_was_asked(&mark).await?;
        if of_the_metadata {
            tokio::time::sleep(FORGOTTEN).await;
        }
        epd.all_is_well(&bsn).await?;
    }
    Ok(())
}

async fn foreign(setting: &Setting) -> Judgement {
    let epd = Epd::of(setting)?;
    let bsn = patient_of(setting, "okafor")?;
    epd.all_is_well(&bsn).await?;
    let before = epd.asked().await?;
    let elsewhere = [
        "https://evil.example/fhir".to_owned(),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        format!("{}/", setting.ready.nodes[0].inner),
        format!("{}/fhir/", epd.base),
        format!("{}/FHIR", epd.base),
        format!("{}/fhir@evil.example", epd.base),
        epd.base.clone(),
        "file:///etc/passwd".to_owned(),
        String::new(),
    ];
    for iss in &elsewhere {
        let browser = epd.desk.browser()?;
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("iss", iss)
            .append_pair("launch", "made-up")
            .finish();
        let mark = setting.mark(NODE).await?;
        let answer = epd.begin(&browser, &format!("{}/launch?{query}", epd.inner)).await?;
        refused(&format!("iss {iss:?}"), 403, &answer, &browser)?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        ensure(answer.header("location").is_none() && (iss.is_empty() || !text.contains(iss.as_str())), || {
            format!("iss {iss:?} is sent on or repeated")
        })?;
        setting.no_source_was_asked(&mark).await?;
        ensure(epd.asked().await? == before, || format!("somebody was asked about {iss:?}"))?;
        // Somebody comes in well in between, so that the next attempt is judged by itself.
        epd.desk.log_in(&epd.desk.browser()?, person("okafor")?).await?;
    }
    // No launch, and a launch that the EPD did not begin.
    let iss = format!("{}/fhir", epd.base);
    for (launch, status) in [("", 403), ("made-up", 303)] {
        let browser = epd.desk.browser()?;
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("iss", &iss)
            .append_pair("launch", launch)
            .finish();
        let answer = epd.begin(&browser, &format!("{}/launch?{query}", epd.inner)).await?;
        refused(&format!("launch {launch:?}"), status, &answer, &browser)?;
        if status == 303 {
            let at_the_epd = browser.arrive(answer.header("location").unwrap_or_default()).await?;
            ensure(at_the_epd.status == 400, || "the EPD takes a launch that it did not begin".to_owned())?;
        }
    }
    // Parameters that are not asked for lead nobody anywhere.
    let query = "redirect_uri=https%3A%2F%2Fevil.example&url=https%3A%2F%2Fevil.example&next=//evil.example";
    let answer = epd.begin(&epd.desk.browser()?, &format!("{}/launch?{query}", epd.inner)).await?;
    ensure(answer.status == 403 && answer.header("location").is_none(), || "a launch leads elsewhere".to_owned())?;
    epd.all_is_well(&bsn).await
}

async fn ways_back(setting: &Setting) -> Judgement {
    let epd = Epd::of(setting)?;
    let bsn = patient_of(setting, "okafor")?;
    let back = async |browser: &Browser| {
        let to = epd.way_back(browser, "okafor", &bsn).await?;
        to.map_err(|answer| Flaw::Broken(format!("a good launch is answered {}", answer.status)))
    };
    let (browser, other) = (epd.desk.browser()?, epd.desk.browser()?);
    let to = back(&browser).await?;
    refused("another browser", 403, &other.arrive(&to).await?, &other)?;
    refused("the way back after another browser tried it", 403, &browser.arrive(&to).await?, &browser)?;

    let (first, second) = (epd.desk.browser()?, epd.desk.browser()?);
    let (stolen, own) = (back(&first).await?, back(&second).await?);
    let part = |url: &str, name: &str| {
        let found = url.split(&format!("{name}=")).nth(1).and_then(|rest| rest.split('&').next());
        found.map(str::to_owned).ok_or_else(|| Flaw::Broken(format!("the way back has no {name}")))
    };
    let mixed = own.replace(&part(&own, "code")?, &part(&stolen, "code")?);
    refused("another launch's code", 403, &second.arrive(&mixed).await?, &second)?;

    // The place of another EPD, and a way back that names no authorization server: either could be a mix-up.
    for spoil in [
        |url: &str| url.replace("/sign-in/epd/maasdal-epd/", "/sign-in/epd/another-epd/"),
        |url: &str| url.split("&iss=").next().unwrap_or_default().to_owned(),
        |url: &str| url.replace("state=", "state=x"),
    ] {
        let browser = epd.desk.browser()?;
        let to = spoil(&back(&browser).await?);
        refused("a spoilt way back", 403, &browser.arrive(&to).await?, &browser)?;
    }

    let browser = epd.desk.browser()?;
    let to = back(&browser).await?;
    ensure(browser.arrive(&to).await?.status == 200, || "a good way back is refused".to_owned())?;
    let again = browser.arrive(&to).await?;
    ensure(again.status == 403, || format!("the same way back a second time is answered {}", again.status))?;
    epd.all_is_well(&bsn).await
}
