//! The steps of a log-in, as a browser takes them.

use super::super::setting::Setting;
use super::super::{Flaw, Judgement, ensure};
use super::json_body;
use crate::callers::{Answer, Browser, Wire, field};
use crate::identity_provider::Fault;
use crate::region::Practitioner;
use serde_json::Value;

/// The pages of one node, and the identity provider that its people have.
pub(in crate::suites) struct Desk<'s> {
    setting: &'s Setting,
    portal: String,
    inner: String,
    provider: String,
    control: String,
}

/// Whether a page is an overview of a patient.
pub(in crate::suites) fn is_shown(page: &Answer) -> bool {
    page.status == 200 && String::from_utf8_lossy(&page.body).contains("Deze raadpleging is vastgelegd")
}

impl<'s> Desk<'s> {
    pub(in crate::suites) fn of(setting: &'s Setting, node: &str) -> Result<Self, Flaw> {
        let node = setting.node(node)?;
        let portal = node.portal.as_deref().ok_or_else(|| Flaw::NotRun(format!("{} has no pages", node.key)))?;
        let provider = setting.ready.simulators.iter().find(|one| one.kind == "identity-provider");
        let provider = provider.ok_or_else(|| Flaw::NotRun("there is no identity provider".to_owned()))?;
        Ok(Desk {
            setting,
            portal: portal.trim_end_matches('/').to_owned(),
            inner: node.inner.clone(),
            provider: provider.base.clone(),
            control: provider.control.clone(),
        })
    }

    /// The address of the pages, without a slash at the end.
    pub(in crate::suites) fn portal(&self) -> &str {
        &self.portal
    }

    pub(in crate::suites) fn browser(&self) -> Result<Browser, Flaw> {
        Ok(Browser::new(&self.setting.ready.ca_file)?)
    }

    /// Tells the provider what to do wrong.
    pub(in crate::suites) async fn order(&self, fault: Fault) -> Judgement {
        let wire = Wire::new(Some(&self.setting.ready.ca_file), None)?;
        let body = serde_json::to_vec(&fault).map_err(|_| Flaw::NotRun("a fault cannot be ordered".to_owned()))?;
        let kind = [("content-type", "application/json")];
        let answer = wire.raw(reqwest::Method::PUT, &format!("{}/fault", self.control), &kind, body.into()).await?;
        ensure(answer.status == 204, || "the provider takes no orders".to_owned())
    }

    /// Goes to the provider and says who one is there; the address that the browser is sent back to.
    pub(in crate::suites) async fn way_back(&self, browser: &Browser, person: &Practitioner) -> Result<String, Flaw> {
        let sent = browser.open(&format!("{}/sign-in/dezi", self.portal)).await?;
        let to = sent.header("location").unwrap_or_default().to_owned();
        ensure(sent.status == 303 && to.starts_with(&self.provider), || {
            format!("the way to the provider is answered {}", sent.status)
        })?;
        let page = browser.arrive(&to).await?;
        let log_in =
            field(&page, "log_in").ok_or_else(|| Flaw::Broken("the provider does not take the request".to_owned()))?;
        let form = [("log_in", log_in.as_str()), ("number", person.uzi_number)];
        let chosen = browser.send(&format!("{}/authorize", self.provider), &form).await?;
        let back = chosen.header("location").map(str::to_owned);
        back.ok_or_else(|| Flaw::NotRun("the provider sends nobody back".to_owned()))
    }

    /// What the node answers to the way back.
    pub(in crate::suites) async fn try_log_in(&self, browser: &Browser, person: &Practitioner) -> Result<Answer, Flaw> {
        let back = self.way_back(browser, person).await?;
        Ok(browser.arrive(&back).await?)
    }

    pub(in crate::suites) async fn log_in(&self, browser: &Browser, person: &Practitioner) -> Judgement {
        let answer = self.try_log_in(browser, person).await?;
        ensure(answer.status == 200 && browser.cookie("-session").is_some(), || {
            format!("a good log-in is answered {}", answer.status)
        })?;
        let start = browser.open(&format!("{}/", self.portal)).await?;
        let text = String::from_utf8_lossy(&start.body).into_owned();
        ensure(start.status == 200 && text.contains(person.name), || "the start page names somebody else".to_owned())
    }

    /// Asks for the overview of a patient.
    pub(in crate::suites) async fn overview(&self, browser: &Browser, bsn: &str) -> Result<Answer, Flaw> {
        let csrf = self.csrf(browser).await?;
        Ok(browser.send(&format!("{}/overview", self.portal), &[("csrf", &csrf), ("bsn", bsn)]).await?)
    }

    /// Asks for the medication overview of a patient.
    pub(in crate::suites) async fn medication(&self, browser: &Browser, bsn: &str) -> Result<Answer, Flaw> {
        let csrf = self.csrf(browser).await?;
        Ok(browser.send(&format!("{}/medication", self.portal), &[("csrf", &csrf), ("bsn", bsn)]).await?)
    }

    /// Chooses for whom one acts; the status of the answer.
    pub(in crate::suites) async fn act(&self, browser: &Browser, choice: &str) -> Result<u16, Flaw> {
        let csrf = self.csrf(browser).await?;
        let form = [("csrf", csrf.as_str()), ("acting", choice)];
        Ok(browser.send(&format!("{}/mandate", self.portal), &form).await?.status)
    }

    /// Tries an access code.
    pub(in crate::suites) async fn guess(&self, browser: &Browser, code: &str) -> Result<Answer, Flaw> {
        let page = browser.open(&format!("{}/", self.portal)).await?;
        let csrf = field(&page, "csrf").ok_or_else(|| Flaw::Broken("the page has no form".to_owned()))?;
        Ok(browser.send(&format!("{}/sign-in", self.portal), &[("csrf", &csrf), ("code", code)]).await?)
    }

    /// Launches as some system.
    pub(in crate::suites) async fn launch(&self, token: Option<&str>, launch: &Value) -> Result<Answer, Flaw> {
        let wire = Wire::new(Some(&self.setting.ready.ca_file), None)?;
        let wire = token.map_or_else(|| wire.clone(), |token| wire.with_token(token));
        let (method, body) = json_body(launch);
        Ok(wire.raw(method, &format!("{}/launch", self.inner), &[("content-type", "application/json")], body).await?)
    }

    /// The token of the session's forms.
    async fn csrf(&self, browser: &Browser) -> Result<String, Flaw> {
        let page = browser.open(&format!("{}/sessions", self.portal)).await?;
        field(&page, "csrf").ok_or_else(|| Flaw::Broken("there is no session".to_owned()))
    }
}
