//! People who log in with a card (UZI-pas), and the cards that let nobody in. The region's authority issues them as the UZI
//! register does.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::setting::{AUTHORITY, Setting};
use super::super::{Check, Flaw, Judgement, ensure};
use super::logging_in::{Desk, is_shown};
use super::{NODE, only, patient_of, person};
use crate::callers::{Answer, Browser, Wire};
use crate::region::{self, Practitioner};

/// A number of nobody in the region.
const STRANGER: &str = "900100999";

pub(super) fn checks() -> Vec<Check> {
    vec![
        Check::new("who logs in with a card is who the record names, by number, name and role", |setting| {
            Box::pin(with_a_card(setting))
        }),
        Check::new(
            "no card of another provider, of a server, over, revoked or of an unknown role lets in",
            |setting| Box::pin(refused(setting)),
        ),
        Check::new(
            "an employee's card without a role opens nothing but what its holder may do for another",
            |setting| Box::pin(without_a_role(setting)),
        ),
        Check::new(
            "a way back from showing a card is good once, in its own browser, and with its own code",
            |setting| Box::pin(ways_back(setting)),
        ),
        Check::new("a card that is revoked ends the session that rests on it", |setting| Box::pin(withdrawn(setting))),
        Check::new("whose card is refused too often waits wherever they try, and nobody else does", |setting| {
            Box::pin(locked_out(setting))
        }),
    ]
}

/// The region's authority as it issues cards; what it issued is gone when the check is.
pub(super) struct Register<'s> {
    setting: &'s Setting,
    control: String,
    wire: Wire,
    folder: PathBuf,
}

/// A card in a reader.
pub(super) struct Card {
    wire: Wire,
    serial: String,
}

impl<'s> Register<'s> {
    pub(super) fn of(setting: &'s Setting) -> Result<Self, Flaw> {
        let found = setting.ready.simulators.iter().find(|simulator| simulator.kind == AUTHORITY);
        let control = found.ok_or_else(|| Flaw::NotRun("the region has no authority to drive".into()))?.control.clone();
        let folder = std::env::temp_dir().join(format!("conformance-{}", Uuid::new_v4()));
        Ok(Register { setting, control, wire: Wire::new(None, None)?, folder })
    }

    async fn order(&self, what: &str, body: String) -> Result<Option<Value>, Flaw> {
        let url = format!("{}/{what}", self.control);
        let answer = self.wire.raw(Method::POST, &url, &[], Bytes::from(body)).await?;
        ensure(matches!(answer.status, 200 | 204), || format!("the authority answers {} to {what}", answer.status))?;
        Ok(answer.json())
    }

    pub(super) async fn issue(&self, order: Value) -> Result<Card, Flaw> {
        let issued = self.order("issue", order.to_string()).await?.unwrap_or_default();
        let text = |name: &str| {
            let found = issued[name].as_str().map(str::to_owned);
            found.ok_or_else(|| Flaw::NotRun(format!("the authority gives no {name}")))
        };
        let serial = text("serial")?;
        let files = [("certificate", "pem"), ("key", "key")];
        std::fs::create_dir_all(&self.folder).map_err(cannot)?;
        let [certificate, key] = files.map(|(name, ends)| (name, self.folder.join(format!("{serial}.{ends}"))));
        for (name, file) in [&certificate, &key] {
            std::fs::write(file, text(name)?).map_err(cannot)?;
        }
        let wire = Wire::new(Some(&self.setting.ready.ca_file), Some((&certificate.1, &key.1)))?;
        Ok(Card { wire, serial })
    }

    /// The card of somebody of the region, as the register would issue it.
    pub(super) async fn card_of(&self, person: &Practitioner) -> Result<Card, Flaw> {
        self.issue(order(person, "Z", person.role)).await
    }

    pub(super) async fn revoke(&self, card: &Card) -> Judgement {
        self.order("revoke", card.serial.clone()).await.map(|_| ())
    }
}

impl Drop for Register<'_> {
    fn drop(&mut self) {
        // Nothing was written, or it is a leftover in the place for leftovers.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn order(person: &Practitioner, pass: &str, role: &str) -> Value {
    let ura = region::providers().iter().find(|one| one.key == person.provider).map_or("", |one| one.ura);
    json!({"profile": "uzi-person", "ura": ura, "pass": pass, "number": person.uzi_number, "role": role, "name": person.name})
}

fn changed(mut order: Value, name: &str, value: &str) -> Value {
    order[name] = json!(value);
    order
}

/// Where a browser is sent to show a card.
async fn to_the_reader(desk: &Desk<'_>, browser: &Browser) -> Result<String, Flaw> {
    let sent = browser.open(&format!("{}/sign-in/card", desk.portal())).await?;
    let to = sent.header("location").unwrap_or_default().to_owned();
    ensure(sent.status == 303 && to.starts_with("https://"), || {
        format!("the way to where cards are shown is answered {}", sent.status)
    })?;
    Ok(to)
}

/// Where a browser is sent back to, once this was shown.
async fn way_back(desk: &Desk<'_>, browser: &Browser, shown: &Wire) -> Result<String, Flaw> {
    let to = to_the_reader(desk, browser).await?;
    let answer = shown.get(&to).await?;
    let back = answer.header("location").unwrap_or_default().to_owned();
    ensure(answer.status == 303 && back.starts_with(desk.portal()), || {
        format!("a browser that showed a card is answered {} and sent elsewhere", answer.status)
    })?;
    Ok(back)
}

/// What comes of logging in with this card.
pub(super) async fn try_card(desk: &Desk<'_>, browser: &Browser, card: &Card) -> Result<Answer, Flaw> {
    let back = way_back(desk, browser, &card.wire).await?;
    Ok(browser.arrive(&back).await?)
}

async fn with_a_card(setting: &Setting) -> Judgement {
    let (desk, register) = (Desk::of(setting, NODE)?, Register::of(setting)?);
    let okafor = person("okafor")?;
    let card = register.card_of(okafor).await?;
    let browser = desk.browser()?;
    let landed = try_card(&desk, &browser, &card).await?;
    ensure(landed.status == 200 && browser.cookie("-session").is_some(), || {
        format!("a good card is answered {}", landed.status)
    })?;
    let mark = setting.mark(NODE).await?;
    let page = desk.overview(&browser, &patient_of(setting, "okafor")?).await?;
    ensure(is_shown(&page), || format!("the overview answers {}", page.status))?;
    let record = only(setting.since(&mark, NODE)?)?;
    let caller = &record["caller"];
    let named = caller["person"]["id"] == okafor.uzi_number
        && caller["person"]["role"] == okafor.role
        && caller["person"]["name"] == okafor.name;
    ensure(named && caller["client_id"] == "uzi-card", || "the record names another person or client".to_owned())
}

async fn refused(setting: &Setting) -> Judgement {
    let (desk, register) = (Desk::of(setting, NODE)?, Register::of(setting)?);
    let okafor = person("okafor")?;
    let elsewhere = region::staff().iter().find(|one| one.provider != NODE);
    let elsewhere = elsewhere.ok_or_else(|| Flaw::NotRun("everybody works here".to_owned()))?;
    let revoked = register.card_of(okafor).await?;
    register.revoke(&revoked).await?;
    let good = || order(okafor, "Z", okafor.role);
    let ura = setting.node(NODE)?.ura.clone();
    let server = json!({"profile": "uzi-server", "ura": ura, "name": "Ziekenhuis Maasdal"});
    let overheid = json!({"profile": "pki-overheid", "oin": "00000001123456780000"});
    for (what, card) in [
        ("of another provider", register.card_of(elsewhere).await?),
        ("that is revoked", revoked),
        ("of an unknown role", register.issue(changed(good(), "role", "01.999")).await?),
        ("of a professional without a role", register.issue(changed(good(), "role", "00.000")).await?),
        ("that anybody may hold", register.issue(order(okafor, "M", "00.000")).await?),
        ("with a number that is none", register.issue(changed(good(), "number", "123")).await?),
        ("of our own server", register.issue(server).await?),
        ("of an organisation", register.issue(overheid).await?),
        ("of nobody", register.issue(json!({"profile": "plain"})).await?),
    ] {
        let browser = desk.browser()?;
        let answer = try_card(&desk, &browser, &card).await?;
        ensure(answer.status == 403 && browser.cookie("-session").is_none(), || {
            format!("a card or certificate {what} is answered {}", answer.status)
        })?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        ensure(!text.contains(okafor.name) && !text.contains(okafor.uzi_number), || {
            format!("the refusal of one {what} tells who it was about")
        })?;
        // The failures are forgotten: the next one is judged by itself.
        let again = try_card(&desk, &desk.browser()?, &register.card_of(okafor).await?).await?;
        ensure(again.status == 200, || format!("after one {what} a good card is answered {}", again.status))?;
    }
    // What is over, or has not begun, does not get through the handshake.
    for validity in ["expired", "not-yet"] {
        let card = register.issue(changed(good(), "validity", validity)).await?;
        let to = to_the_reader(&desk, &desk.browser()?).await?;
        ensure(card.wire.get(&to).await.is_err(), || format!("a card that is {validity} gets through the handshake"))?;
    }
    // And who shows nothing is nobody.
    let browser = desk.browser()?;
    let bare = Wire::new(Some(&setting.ready.ca_file), None)?;
    let back = way_back(&desk, &browser, &bare).await?;
    let answer = browser.arrive(&back).await?;
    ensure(answer.status == 403 && browser.cookie("-session").is_none(), || {
        format!("no card at all is answered {}", answer.status)
    })?;
    try_card(&desk, &desk.browser()?, &register.card_of(okafor).await?).await.map(|_| ())
}

async fn without_a_role(setting: &Setting) -> Judgement {
    let (desk, register) = (Desk::of(setting, NODE)?, Register::of(setting)?);
    let (brouwer, okafor) = (person("brouwer")?, person("okafor")?);
    let nobody = register.issue(changed(order(okafor, "N", "00.000"), "number", STRANGER)).await?;
    let browser = desk.browser()?;
    let answer = try_card(&desk, &browser, &nobody).await?;
    ensure(answer.status == 403 && browser.cookie("-session").is_none(), || {
        format!("an employee without a role and without a mandate is answered {}", answer.status)
    })?;
    // The one who has a mandate, by number.
    let card = register.issue(order(brouwer, "N", "00.000")).await?;
    let browser = desk.browser()?;
    let landed = try_card(&desk, &browser, &card).await?;
    ensure(landed.status == 200, || format!("an employee with a mandate is answered {}", landed.status))?;
    let mark = setting.mark(NODE).await?;
    let page = desk.overview(&browser, &patient_of(setting, "okafor")?).await?;
    ensure(is_shown(&page), || format!("the overview answers {}", page.status))?;
    let caller = only(setting.since(&mark, NODE)?)?["caller"].clone();
    let both = caller["person"]["id"] == brouwer.uzi_number
        && caller["person"]["role"] == "00.000"
        && caller["responsible"]["id"] == okafor.uzi_number;
    ensure(both, || "the record does not name both people".to_owned())
}

async fn ways_back(setting: &Setting) -> Judgement {
    let (desk, register) = (Desk::of(setting, NODE)?, Register::of(setting)?);
    let card = register.card_of(person("okafor")?).await?;
    let (browser, other) = (desk.browser()?, desk.browser()?);
    let refused = |what: &'static str, answer: Answer, browser: &Browser| {
        ensure(answer.status == 403 && browser.cookie("-session").is_none(), || {
            format!("{what} is answered {}", answer.status)
        })
    };
    let back = way_back(&desk, &browser, &card.wire).await?;
    refused("another browser", other.arrive(&back).await?, &other)?;
    refused("the way back after another browser tried it", browser.arrive(&back).await?, &browser)?;
    let (first, second) = (desk.browser()?, desk.browser()?);
    let (stolen, own) = (way_back(&desk, &first, &card.wire).await?, way_back(&desk, &second, &card.wire).await?);
    let part = |url: &str, name: &str| {
        let found = url.split(&format!("{name}=")).nth(1).and_then(|rest| rest.split('&').next());
        found.map(str::to_owned).ok_or_else(|| Flaw::Broken(format!("the way back has no {name}")))
    };
    let mixed = own.replace(&part(&own, "code")?, &part(&stolen, "code")?);
    refused("another log-in's code", second.arrive(&mixed).await?, &second)?;
    let landed = first.arrive(&stolen).await?;
    ensure(landed.status == 403, || "a code that was tried elsewhere is still good".to_owned())?;
    let browser = desk.browser()?;
    let back = way_back(&desk, &browser, &card.wire).await?;
    ensure(browser.arrive(&back).await?.status == 200, || "a good way back is refused".to_owned())?;
    let again = browser.arrive(&back).await?;
    ensure(again.status == 403, || format!("the same way back a second time is answered {}", again.status))?;
    // Whoever was not sent to show a card is sent to where one begins, and gets nothing.
    let to = to_the_reader(&desk, &desk.browser()?).await?;
    let place = to.split('?').next().unwrap_or_default();
    for state in ["?state=made-up", "?state=", "", "?state=https%3A%2F%2Fevil.example"] {
        let answer = card.wire.get(&format!("{place}{state}")).await?;
        let location = answer.header("location").unwrap_or_default();
        ensure(answer.status == 303 && location == format!("{}/", desk.portal()), || {
            format!("a made-up state is answered {} {location}", answer.status)
        })?;
    }
    try_card(&desk, &desk.browser()?, &card).await.map(|_| ())
}

async fn withdrawn(setting: &Setting) -> Judgement {
    /// Longer than the region's nodes remember that a card was good, and look again.
    const WITHIN: Duration = Duration::from_secs(50);
    let (desk, register) = (Desk::of(setting, NODE)?, Register::of(setting)?);
    let card = register.card_of(person("okafor")?).await?;
    let browser = desk.browser()?;
    try_card(&desk, &browser, &card).await?;
    let page = format!("{}/sessions", desk.portal());
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    ensure(browser.open(&page).await?.status == 200, || "a session ended whose card is good".to_owned())?;
    register.revoke(&card).await?;
    let begun = std::time::Instant::now();
    let mut over = false;
    while !over && begun.elapsed() < WITHIN {
        tokio::time::sleep(Duration::from_millis(500)).await;
        over = browser.open(&page).await.is_ok_and(|answer| answer.status == 401);
    }
    ensure(over, || "a revoked card leaves the session open".to_owned())
}

async fn locked_out(setting: &Setting) -> Judgement {
    const MOST: usize = 20;
    let (desk, register) = (Desk::of(setting, NODE)?, Register::of(setting)?);
    let (meijer, okafor) = (person("meijer")?, person("okafor")?);
    let bad = register.issue(order(meijer, "Z", "01.999")).await?;
    let (good, of_another) = (register.card_of(meijer).await?, register.card_of(okafor).await?);
    let mut tries = 0;
    let answer = loop {
        let answer = try_card(&desk, &desk.browser()?, &bad).await?;
        tries += 1;
        if answer.status != 403 || tries > MOST {
            break answer;
        }
        // Somebody else at the same address is let in all the while, and keeps the address from waiting.
        let other = try_card(&desk, &desk.browser()?, &of_another).await?;
        ensure(other.status == 200, || format!("somebody else is answered {}", other.status))?;
    };
    let wait = answer.header("retry-after").and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    ensure(answer.status == 429 && (1..=3_600).contains(&wait), || {
        format!("after {tries} refusals a card is answered {} and to wait {wait} s", answer.status)
    })?;
    let locked = try_card(&desk, &desk.browser()?, &good).await?;
    ensure(locked.status == 429 && locked.header("retry-after").is_some(), || {
        format!("with another card the same person is answered {}", locked.status)
    })?;
    if wait > 30 {
        return Err(Flaw::NotRun("the lock-out lasts too long to see its end".to_owned()));
    }
    tokio::time::sleep(Duration::from_secs(wait)).await;
    let answer = try_card(&desk, &desk.browser()?, &good).await?;
    ensure(answer.status == 200, || format!("after the wait a good card is answered {}", answer.status))
}

fn cannot(fault: impl std::fmt::Display) -> Flaw {
    Flaw::NotRun(fault.to_string())
}
