//! What gives tokens and knows who asks: our token endpoint, and where Nuts is configured, presentations and a Nuts node.

use std::sync::Arc;

use connectors::http::{HttpClient, HttpSettings, Trust, WebAddress};
use connectors::identity::authenticator::Vets;
use connectors::identity::nuts::{
    CredentialTrust, DidWebResolver, Introspector, NutsConfig, NutsWallet, PresentationVerifier, Presenter,
    StatusLists, V5Grants, X509Authorities,
};
use connectors::identity::oauth::{AuthorizationBases, IssuerConfig, TokenClient, TokenIssuer};
use connectors::identity::{InnerCallers, NodeAuthenticator, Partners, Sessions};
use exchange::ports::Clock;
use store::once::Once;
use store::state::{State, StateOptions};

use super::said;
use crate::certificates::Certificates;
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
    certificates: &Certificates,
) -> Result<TokenIssuer, String> {
    let used = Once::open(state, once::TREE, once::SHARE, clock.now().unix_timestamp())
        .map_err(|fault| format!("what was used once: {fault}"))?;
    let endpoint = said(WebAddress::parse(&token_endpoint(config)))?;
    let used = Arc::new(UsedPort(Arc::new(used)));
    let issuer = said(TokenIssuer::new(IssuerConfig::new(endpoint), partners, used))?;
    let mut issuer = issuer.with_bases(bases);
    if let Some(presentations) = presentations(config, certificates)? {
        issuer = issuer.with_presentations(presentations);
    }
    if let Some(grants) = v5_grants(config)? {
        issuer = issuer.with_v5(grants);
    }
    Ok(issuer)
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
pub fn client(
    config: &NodeConfig,
    client: TokenClient,
    presenter: Option<Arc<Presenter>>,
) -> Result<TokenClient, String> {
    if let Some(presenter) = presenter {
        return Ok(client.with_presenter(presenter));
    }
    let Some(NutsConfig { node_api: Some(api), subject, .. }) = &config.nuts else { return Ok(client) };
    let http = said(HttpClient::new(HttpSettings::default()))?;
    let subject = subject.clone().unwrap_or_else(|| config.provider.ura.to_string());
    Ok(client.with_wallet(NutsWallet::new(http, api.clone(), subject)))
}

/// As what this node presents itself to partners, where it does so without a Nuts node.
pub fn presenter(
    config: &NodeConfig,
    certificates: &Certificates,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Arc<Presenter>>, String> {
    let Some(file) = config.nuts.as_ref().and_then(|nuts| nuts.own_chain_file.as_ref()) else { return Ok(None) };
    let base = said(WebAddress::parse(&nuts::issuer(config)))?;
    let behind = tls::certificates(file)?;
    let presenter = said(Presenter::new(certificates.key().clone(), behind, &base, clock.now()))?;
    Ok(Some(Arc::new(presenter)))
}

/// Whether the files that Nuts takes can be used; changes nothing.
pub fn try_nuts(config: &NodeConfig, certificates: &Certificates) -> Result<(), String> {
    presentations(config, certificates)?;
    v5_grants(config).map(|_| ())
}

/// The grants of Nuts v5, of the partners that are configured for it.
fn v5_grants(config: &NodeConfig) -> Result<Option<V5Grants>, String> {
    let Some(own) = config.nuts.as_ref().and_then(|nuts| nuts.v5_did.clone()) else { return Ok(None) };
    let mut grants = V5Grants::new(own, token_endpoint(config));
    for partner in &config.partners {
        let Some(v5) = &partner.nuts_v5 else { continue };
        let file = &v5.document_file;
        let document = std::fs::read(file).map_err(|fault| format!("{}: cannot be read ({fault})", file.display()))?;
        grants = said(grants.with(partner.ura.clone(), v5, &document))?;
    }
    Ok(Some(grants))
}

/// Our token endpoint as partners know it.
fn token_endpoint(config: &NodeConfig) -> String {
    format!("{}/oauth/token", config.outer.public_base)
}

fn presentations(config: &NodeConfig, certificates: &Certificates) -> Result<Option<PresentationVerifier>, String> {
    let Some(NutsConfig { authorities_file: Some(file), did_web_authorities_file, status_hosts, .. }) = &config.nuts
    else {
        return Ok(None);
    };
    let vets = certificates.of_credentials().ok_or("nobody vets the certificates of credentials")?.clone();
    let trouble = |fault| format!("{}: {fault}", file.display());
    let authorities = X509Authorities::new(&tls::certificates(file)?).map_err(trouble)?;
    let trust = match did_web_authorities_file {
        Some(file) => Trust::Roots(tls::certificates(file)?),
        None => Trust::Platform,
    };
    let private_networks = config.is_for_development();
    let http =
        said(HttpClient::new(HttpSettings { trust, public_only: !private_networks, ..HttpSettings::default() }))?;
    let lists = StatusLists::new(http.clone(), status_hosts.clone());
    let holders = DidWebResolver::new(http, private_networks);
    let trust = CredentialTrust { authorities, vets, holders, lists };
    Ok(Some(PresentationVerifier::new(nuts::issuer(config), token_endpoint(config), trust)))
}
