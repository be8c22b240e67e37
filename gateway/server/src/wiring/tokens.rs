//! What gives tokens and knows who asks: our token endpoint, and where Nuts is configured, presentations and a Nuts node.

use std::sync::Arc;

use connectors::http::{HttpClient, HttpSettings, Trust, WebAddress};
use connectors::identity::authenticator::Vets;
use connectors::identity::nuts::{
    DidWebResolver, Introspector, NutsConfig, NutsWallet, PresentationVerifier, X509Authorities,
};
use connectors::identity::oauth::{AuthorizationBases, IssuerConfig, TokenClient, TokenIssuer};
use connectors::identity::{InnerCallers, NodeAuthenticator, Partners, Sessions};
use exchange::ports::Clock;
use store::once::Once;
use store::state::{State, StateOptions};

use super::said;
use crate::config::NodeConfig;
use crate::http::nuts;
use crate::once::{self, UsedPort};
use crate::tls;

/// All that the node keeps but its access log.
pub fn state(config: &NodeConfig) -> Result<Arc<State>, String> {
    said(State::open(&StateOptions::new(config.store.folder.join("state")))).map(Arc::new)
}

/// The token endpoint. What counts once is kept in the state, and so is what receivers of notifications may come back for.
pub fn issuer(
    config: &NodeConfig,
    partners: Arc<Partners>,
    state: Arc<State>,
    bases: Arc<dyn AuthorizationBases>,
    clock: &Arc<dyn Clock>,
) -> Result<TokenIssuer, String> {
    let used = Once::open(state, once::TREE, once::SHARE, clock.now().unix_timestamp())
        .map_err(|fault| format!("what was used once: {fault}"))?;
    let endpoint = said(WebAddress::parse(&format!("{}/oauth/token", config.outer.public_base)))?;
    let used = Arc::new(UsedPort(Arc::new(used)));
    let issuer = said(TokenIssuer::new(IssuerConfig::new(endpoint), partners, used))?;
    let issuer = issuer.with_bases(bases);
    Ok(match presentations(config)? {
        Some(presentations) => issuer.with_presentations(presentations),
        None => issuer,
    })
}

/// Who finds out who asks.
pub fn authenticator(
    config: &NodeConfig,
    partners: Arc<Partners>,
    issuer: Arc<TokenIssuer>,
    callers: Arc<InnerCallers>,
    sessions: Arc<Sessions>,
    clock: Arc<dyn Clock>,
    vets: Vets,
) -> Result<NodeAuthenticator, String> {
    let base = config.outer.public_base.clone();
    let authenticator = NodeAuthenticator::new(base, partners, issuer, callers, sessions, clock, vets);
    let Some(endpoint) = config.nuts.as_ref().and_then(|nuts| nuts.introspection_endpoint.clone()) else {
        return Ok(authenticator);
    };
    let http = said(HttpClient::new(HttpSettings::default()))?;
    Ok(authenticator.with_nuts_node(Introspector::new(http, endpoint)))
}

/// Who gets tokens from partners.
pub fn client(config: &NodeConfig, client: TokenClient) -> Result<TokenClient, String> {
    let Some(NutsConfig { node_api: Some(api), subject, .. }) = &config.nuts else { return Ok(client) };
    let http = said(HttpClient::new(HttpSettings::default()))?;
    let subject = subject.clone().unwrap_or_else(|| config.provider.ura.to_string());
    Ok(client.with_wallet(NutsWallet::new(http, api.clone(), subject)))
}

/// Whether the files that Nuts takes can be used; changes nothing.
pub fn try_nuts(config: &NodeConfig) -> Result<(), String> {
    presentations(config).map(|_| ())
}

fn presentations(config: &NodeConfig) -> Result<Option<PresentationVerifier>, String> {
    let Some(NutsConfig { authorities_file: Some(file), did_web_authorities_file, .. }) = &config.nuts else {
        return Ok(None);
    };
    let trouble = |fault| format!("{}: {fault}", file.display());
    let authorities = X509Authorities::new(&tls::certificates(file)?).map_err(trouble)?;
    let trust = match did_web_authorities_file {
        Some(file) => Trust::Roots(tls::certificates(file)?),
        None => Trust::Platform,
    };
    let private_networks = config.is_for_development();
    let http =
        said(HttpClient::new(HttpSettings { trust, public_only: !private_networks, ..HttpSettings::default() }))?;
    let holders = DidWebResolver::new(http, private_networks);
    Ok(Some(PresentationVerifier::new(nuts::issuer(config), authorities, holders)))
}
