//! Referrals, where this node takes part in them: what they add to the token endpoint, to the doorman and to the stack's
//! places.

use std::sync::Arc;
use std::time::Duration;

use connectors::identity::nuts::Presenter;
use connectors::identity::oauth::{AuthorizationBases, TokenClient};
use connectors::peers::{Notifier, PeerConfig, PeerSource, TokenSupplier};
use connectors::webhooks::WebhookReceiver;
use exchange::ports::{Authenticator, Clock, Localisation, PatientIndex};
use store::state::State;

use super::tokens;
use crate::certificates::Certificates;
use crate::config::{Mode, NodeConfig};
use crate::grants::GrantsPort;
use crate::handoffs::tickets::{TicketDesk, Tickets};
use crate::handoffs::use_case;
use crate::referrals::patients::{Known, ReferralPatients};
use crate::referrals::ports::{HeldByReceived, ReferralBases, ReferralPlaces};
use crate::referrals::{Books, InboxSource, OutboxSource, Partner, RECEIVER, Referrals, SENDER};

/// What is there before the rest of the node; nothing where it takes no part.
pub struct Begun {
    books: Option<Books>,
    grants: GrantsPort,
    tickets: Arc<Tickets>,
}

/// Opens what is kept of referrals. The grants are those of handoffs.
pub fn begin(config: &NodeConfig, state: &Arc<State>, grants: &GrantsPort) -> Result<Begun, String> {
    let folder = config.store.folder.join("documents");
    let books = config.referrals.as_ref().map(|referrals| Books::open(state, &folder, referrals)).transpose()?;
    Ok(Begun { books, grants: grants.clone(), tickets: Arc::default() })
}

impl Begun {
    /// What receivers may come back for.
    pub fn bases(&self, otherwise: Arc<dyn AuthorizationBases>, clock: &Arc<dyn Clock>) -> Arc<dyn AuthorizationBases> {
        match self.books.clone() {
            Some(books) => Arc::new(ReferralBases { otherwise, books, clock: clock.clone() }),
            None => otherwise,
        }
    }

    /// The doorman, who also knows those who pull referrals.
    pub fn doorman(&self, doorman: Arc<dyn Authenticator>) -> Arc<dyn Authenticator> {
        match &self.books {
            Some(_) => Arc::new(TicketDesk { tickets: self.tickets.clone(), doorman }),
            None => doorman,
        }
    }

    /// Referrals, with whoever they go to and come from.
    pub fn referrals(
        self,
        config: &NodeConfig,
        own: &Certificates,
        presenter: Option<&Arc<Presenter>>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Option<Arc<Referrals>>, String> {
        let (Some(books), Some(settings)) = (self.books, &config.referrals) else { return Ok(None) };
        let tokens = TokenClient::new(own.key().clone(), own.to_partners().clone(), clock.clone())
            .with_held(Arc::new(HeldByReceived(books.received.clone())));
        let tokens = Arc::new(tokens::client(config, tokens, presenter.cloned())?);
        let supplier: Arc<dyn TokenSupplier> = tokens.clone();
        let mut partners = std::collections::HashMap::new();
        for partner in &config.partners {
            let Some(peer) = partner.peer() else { continue };
            // Whatever we pull there is asked for as what they send.
            let peer = PeerConfig { use_case: Some(use_case(SENDER)?), ..peer };
            let source = PeerSource::new(peer.clone(), own.to_partners().clone(), supplier.clone())
                .map_err(|fault| format!("partner {}: {fault}", partner.ura))?;
            let notification = partner.referrals.as_ref().map(|told| told.notification.clone());
            partners.insert(partner.ura.clone(), Partner { peer, notification, source: Arc::new(source) });
        }
        let patience = Duration::from_secs(settings.notification_seconds.into());
        let notifier = Notifier::new(own.to_partners().clone(), tokens, use_case(RECEIVER)?, patience);
        let referrals = Referrals {
            own: (config.provider.ura.clone(), config.provider.name.clone()),
            config: settings.clone(),
            clock: clock.clone(),
            books,
            grants: self.grants,
            partners,
            notifier,
            tickets: self.tickets,
            record_system: record_system(config)?,
            known: Known::default(),
        };
        referrals.recall()?;
        Ok(Some(Arc::new(referrals)))
    }
}

/// Who is told of what happens to referrals, when somebody is. Changes nothing.
///
/// # Errors
/// A sentence for the operator.
pub fn record_system(config: &NodeConfig) -> Result<Option<WebhookReceiver>, String> {
    let webhook = config.referrals.as_ref().and_then(|referrals| referrals.webhook.as_ref());
    webhook.map(|webhook| crate::webhooks::receiver(webhook, "referrals.webhook", config.mode)).transpose()
}

/// Where the stack asks: referrals where they are, everything else where it was.
pub fn places(referrals: Option<&Arc<Referrals>>, otherwise: Arc<dyn Localisation>) -> Arc<dyn Localisation> {
    let Some(referrals) = referrals.cloned() else { return otherwise };
    let outbox = Arc::new(OutboxSource::new(referrals.clone()));
    let inbox = Arc::new(InboxSource::new(referrals.clone()));
    Arc::new(ReferralPlaces { otherwise, outbox, inbox, referrals })
}

/// Whom ids of patients mean: to our own sources, and in what we send.
pub fn patients(referrals: Option<&Arc<Referrals>>, mut own: Vec<Arc<dyn PatientIndex>>) -> Vec<Arc<dyn PatientIndex>> {
    own.extend(referrals.map(|referrals| Arc::new(ReferralPatients(referrals.clone())) as Arc<dyn PatientIndex>));
    own
}

/// Whether partners that patients are referred to can be reached at all.
pub fn check(config: &NodeConfig) -> Result<(), String> {
    let Some(settings) = &config.referrals else {
        return match config.partners.iter().find(|partner| partner.referrals.is_some()) {
            Some(partner) => Err(format!("partner {}: referrals, and this node has no [referrals]", partner.ura)),
            None => Ok(()),
        };
    };
    settings.check()?;
    if let Some(webhook) = &settings.webhook {
        let development = config.mode == Mode::Development;
        webhook.check(development).map_err(|fault| format!("referrals.webhook.{fault}"))?;
    }
    for partner in config.partners.iter().filter(|partner| partner.referrals.is_some()) {
        if partner.node.is_none() {
            return Err(format!("partner {}: referrals needs its node", partner.ura));
        }
    }
    Ok(())
}
