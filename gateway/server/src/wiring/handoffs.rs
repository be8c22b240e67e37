//! Nursing handoffs, where this node takes part in them: what they add to the token endpoint, to the doorman, to the stack's
//! places and patients.

use std::sync::Arc;
use std::time::Duration;

use connectors::identity::nuts::Presenter;
use connectors::identity::oauth::{AuthorizationBases, TokenClient};
use connectors::peers::{Notifier, PeerConfig, PeerSource, TokenSupplier};
use connectors::webhooks::WebhookReceiver;
use exchange::ports::{Authenticator, Clock, Localisation, PatientIndex, Source};
use store::state::State;

use super::tokens;
use crate::certificates::Certificates;
use crate::config::{Mode, NodeConfig};
use crate::grants::GrantsPort;
use crate::handoffs::ports::{HandoffBases, HandoffPatients, HandoffPlaces, HeldByReceived};
use crate::handoffs::tickets::{TicketDesk, Tickets};
use crate::handoffs::{Books, Handoffs, InboxSource, OutboxSource, Partner, Parts, RECEIVER, SENDER, filing, use_case};

/// What is there before the rest of the node.
pub struct Begun {
    books: Option<Books>,
    grants: GrantsPort,
    tickets: Arc<Tickets>,
}

/// Opens what is kept of handoffs.
pub fn begin(config: &NodeConfig, state: &Arc<State>, clock: &Arc<dyn Clock>) -> Result<Begun, String> {
    let folder = config.store.folder.join("documents");
    let books = config.handoffs.as_ref().map(|handoffs| Books::open(state, &folder, handoffs)).transpose()?;
    let grants = GrantsPort::open(state.clone(), clock.clone())?;
    Ok(Begun { books, grants, tickets: Arc::default() })
}

impl Begun {
    /// What is given to those who may come back.
    pub fn grants(&self) -> &GrantsPort {
        &self.grants
    }

    /// What receivers may come back for.
    pub fn bases(&self, clock: &Arc<dyn Clock>) -> Arc<dyn AuthorizationBases> {
        match &self.books {
            Some(books) => {
                let (grants, books, clock) = (self.grants.clone(), books.clone(), clock.clone());
                Arc::new(HandoffBases { grants, books, clock })
            }
            None => Arc::new(self.grants.clone()),
        }
    }

    /// The doorman, who also knows those who pull handoffs.
    pub fn doorman(&self, doorman: Arc<dyn Authenticator>) -> Arc<dyn Authenticator> {
        match &self.books {
            Some(_) => Arc::new(TicketDesk { tickets: self.tickets.clone(), doorman }),
            None => doorman,
        }
    }

    /// Handoffs, with whoever they go to and come from.
    pub fn handoffs(
        self,
        config: &NodeConfig,
        own: &Certificates,
        presenter: Option<&Arc<Presenter>>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Option<Arc<Handoffs>>, String> {
        let (Some(books), Some(settings)) = (self.books, &config.handoffs) else { return Ok(None) };
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
            let told = partner.handoffs.as_ref().map(|told| (told.notification.clone(), told.shape));
            partners.insert(partner.ura.clone(), Partner { peer, notification: told, source: Arc::new(source) });
        }
        let patience = Duration::from_secs(settings.notification_seconds.into());
        let notifier = Notifier::new(own.to_partners().clone(), tokens, use_case(RECEIVER)?, patience);
        Handoffs::new(Parts {
            own: (config.provider.ura.clone(), config.provider.name.clone()),
            config: settings.clone(),
            clock: clock.clone(),
            books,
            grants: self.grants,
            partners,
            notifier: Arc::new(notifier),
            tickets: self.tickets,
            record_system: record_system(config)?,
            takes_in: filing::is_taken_in(&config.sources),
        })
        .map(Some)
    }
}

/// Who is told of what happens to transfers, when somebody is. Changes nothing.
///
/// # Errors
/// A sentence for the operator.
pub fn record_system(config: &NodeConfig) -> Result<Option<WebhookReceiver>, String> {
    let webhook = config.handoffs.as_ref().and_then(|handoffs| handoffs.webhook.as_ref());
    webhook.map(|webhook| crate::webhooks::receiver(webhook, "handoffs.webhook", config.mode)).transpose()
}

/// Where the stack asks: handoffs where they are, everything else where it was.
/// `record`: our own record system, where it takes handoffs in.
pub fn places(
    handoffs: Option<&Arc<Handoffs>>,
    record: Option<Arc<dyn Source>>,
    otherwise: Arc<dyn Localisation>,
) -> Arc<dyn Localisation> {
    let Some(handoffs) = handoffs.cloned() else { return otherwise };
    let outbox = Arc::new(OutboxSource::new(handoffs.clone()));
    let inbox = Arc::new(InboxSource::new(handoffs.clone()));
    Arc::new(HandoffPlaces { otherwise, outbox, inbox, record, handoffs })
}

/// Whom ids of patients mean: to our own sources, and in what we send.
pub fn patients(handoffs: Option<&Arc<Handoffs>>, mut own: Vec<Arc<dyn PatientIndex>>) -> Vec<Arc<dyn PatientIndex>> {
    own.extend(handoffs.map(|handoffs| Arc::new(HandoffPatients(handoffs.clone())) as Arc<dyn PatientIndex>));
    own
}

/// Whether partners that are told of handoffs can be reached at all.
pub fn check(config: &NodeConfig) -> Result<(), String> {
    filing::check(&config.sources, config.handoffs.is_some(), &config.profiles.use_cases)?;
    let Some(settings) = &config.handoffs else {
        return match config.partners.iter().find(|partner| partner.handoffs.is_some()) {
            Some(partner) => Err(format!("partner {}: handoffs, and this node has no [handoffs]", partner.ura)),
            None => Ok(()),
        };
    };
    settings.check()?;
    if let Some(webhook) = &settings.webhook {
        let development = config.mode == Mode::Development;
        webhook.check(development).map_err(|fault| format!("handoffs.webhook.{fault}"))?;
    }
    for partner in config.partners.iter().filter(|partner| partner.handoffs.is_some()) {
        if partner.node.is_none() {
            return Err(format!("partner {}: handoffs needs its node", partner.ura));
        }
    }
    Ok(())
}
