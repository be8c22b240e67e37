//! A peer whose addresses are looked up: known by its URA, reached where the directory says now.
//!
//! What the configuration says of it wins, part by part. Whoever is at a looked-up address must show the peer's own
//! certificate; that is for whoever makes the sources to see to ([`MakePeer`]).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use exchange::ports::{Addressing, Answer, BoxFuture, Capability, Question, Receiver, Source, SourceFault};
use fhir::{FhirVersion, Ura};
use policy::{DataHolder, Finding, UseCaseId};

use super::{PeerConfig, PeerSource};
use crate::http::WebAddress;
use crate::mcsd::names;
use crate::sources::{Bounds, PatientCacheConfig, SourceSetupFault};

/// Makes a source of a peer whose addresses are known. Its client must believe no server but this organisation's.
pub type MakePeer = Box<dyn Fn(PeerConfig) -> Result<PeerSource, SourceSetupFault> + Send + Sync>;

/// What is known of a peer without looking it up.
#[derive(Clone, Debug)]
pub struct FoundPeerConfig {
    pub ura: Ura,
    pub name: String,
    pub kind: Option<String>,
    /// Addresses that need not be looked up.
    pub bases: BTreeMap<FhirVersion, WebAddress>,
    pub token_endpoint: Option<WebAddress>,
    pub dpop: bool,
    pub nuts_authorization_server: Option<WebAddress>,
    /// Payload types of which its FHIR endpoint must have one; any will do when there are none.
    pub payloads: Vec<String>,
    /// The FHIR versions in which it is asked, by use case: as of [`PeerConfig::ask_in`].
    pub ask_in: BTreeMap<UseCaseId, Vec<FhirVersion>>,
}

/// A peer that is looked up when it is asked.
pub struct FoundPeer {
    config: FoundPeerConfig,
    holder: DataHolder,
    addressing: Arc<dyn Addressing>,
    make: MakePeer,
    /// By version, for as long as the addresses are the same.
    made: Mutex<BTreeMap<FhirVersion, Arc<PeerSource>>>,
}

impl FoundPeer {
    pub fn new(config: FoundPeerConfig, addressing: Arc<dyn Addressing>, make: MakePeer) -> Self {
        let holder = DataHolder(config.ura.clone());
        FoundPeer { config, holder, addressing, make, made: Mutex::default() }
    }

    /// The peer as it is reached now.
    async fn source(&self, version: FhirVersion) -> Result<Arc<PeerSource>, SourceFault> {
        let fhir = Capability {
            connections: vec![names::FHIR_REST.to_owned()],
            payloads: self.config.payloads.clone(),
            version: Some(version),
        };
        let base = self.address(self.config.bases.get(&version), &fhir).await?;
        let oauth = Capability { connections: vec![names::OAUTH2.to_owned()], ..Capability::default() };
        let token_endpoint = self.address(self.config.token_endpoint.as_ref(), &oauth).await?;
        let config = PeerConfig {
            ura: self.config.ura.clone(),
            name: self.config.name.clone(),
            kind: self.config.kind.clone(),
            bases: BTreeMap::from([(version, base)]),
            token_endpoint,
            use_case: None,
            dpop: self.config.dpop,
            nuts_authorization_server: self.config.nuts_authorization_server.clone(),
            ask_in: self.config.ask_in.clone(),
            bounds: Bounds::default(),
            patient_cache: PatientCacheConfig::default(),
        };
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = made.get(&version).filter(|known| *known.config() == config) {
            return Ok(known.clone());
        }
        let source = (self.make)(config).map_err(|fault| {
            tracing::error!(peer.ura = %self.config.ura, peer.fault = %fault, "a peer that was looked up cannot be set up");
            SourceFault::Unreachable
        })?;
        let source = Arc::new(source);
        made.insert(version, source.clone());
        Ok(source)
    }

    async fn address(&self, configured: Option<&WebAddress>, wanted: &Capability) -> Result<WebAddress, SourceFault> {
        if let Some(configured) = configured {
            return Ok(configured.clone());
        }
        let receiver = Receiver { ura: self.config.ura.clone(), service: None };
        let found = match self.addressing.address(&receiver, wanted).await {
            Finding::Found(found) if found.ura == self.config.ura => WebAddress::parse(&found.address).ok(),
            Finding::Found(_) | Finding::Absent | Finding::NotFoundOut(_) => None,
        };
        // Nobody may be told anything over plain HTTP, wherever the address came from.
        found.filter(|address| address.url().scheme() == "https").ok_or_else(|| {
            tracing::warn!(
                peer.ura = %self.config.ura,
                peer.wanted = wanted.connections.first().map(String::as_str),
                "the directory has no address of a partner; `zorgsluis directory explain` says why"
            );
            SourceFault::Unreachable
        })
    }
}

impl Source for FoundPeer {
    fn holder(&self) -> &DataHolder {
        &self.holder
    }

    fn name(&self) -> &str {
        &self.config.name
    }

    fn asked_in(&self, use_case: &UseCaseId) -> &[FhirVersion] {
        self.config.ask_in.get(use_case).map_or(&[], Vec::as_slice)
    }

    fn ask<'a>(&'a self, question: Question<'a>) -> BoxFuture<'a, Result<Answer, SourceFault>> {
        Box::pin(async move {
            let source = self.source(question.permit().version()).await?;
            source.ask(question).await
        })
    }
}

#[cfg(test)]
mod tests {
    use exchange::ports::EndpointAddress;
    use policy::NotFoundOut;
    use time::OffsetDateTime;

    use super::*;
    use crate::sources::fhir::tests::client;
    use crate::sources::testing::{Asker, one};

    const URA: &str = "90000903";

    /// A directory that says the same of every FHIR interface and of every token endpoint, and counts.
    struct Says {
        fhir: Mutex<Finding<&'static str>>,
        oauth: Finding<&'static str>,
        ura: &'static str,
        asked: Mutex<Vec<Capability>>,
    }

    impl Addressing for Says {
        fn address<'a>(
            &'a self,
            receiver: &'a Receiver,
            capability: &'a Capability,
        ) -> BoxFuture<'a, Finding<EndpointAddress>> {
            assert_eq!(receiver.ura.as_str(), URA);
            self.asked.lock().unwrap().push(capability.clone());
            let is_fhir = capability.connections == ["hl7-fhir-rest"];
            let said = if is_fhir { self.fhir.lock().unwrap().clone() } else { self.oauth.clone() };
            let found = |address: &str| EndpointAddress {
                address: address.to_owned(),
                ura: Ura::parse(self.ura).unwrap(),
                organisation: "De Linde".to_owned(),
                as_of: OffsetDateTime::UNIX_EPOCH,
            };
            let said = match said {
                Finding::Found(address) => Finding::Found(found(address)),
                Finding::Absent => Finding::Absent,
                Finding::NotFoundOut(why) => Finding::NotFoundOut(why),
            };
            Box::pin(async { said })
        }
    }

    fn says(fhir: Finding<&'static str>, oauth: Finding<&'static str>, ura: &'static str) -> Arc<Says> {
        Arc::new(Says { fhir: Mutex::new(fhir), oauth, ura, asked: Mutex::default() })
    }

    /// The peer, and the configurations that were made a source of.
    fn peer(says: &Arc<Says>, change: impl FnOnce(&mut FoundPeerConfig)) -> (FoundPeer, Arc<Mutex<Vec<PeerConfig>>>) {
        struct Nobody;
        impl super::super::TokenSupplier for Nobody {
            fn token<'a>(
                &'a self,
                _: &'a PeerConfig,
                _: &'a policy::Permit,
            ) -> BoxFuture<'a, Result<Arc<super::super::Token>, SourceFault>> {
                Box::pin(async { Err(SourceFault::Refused) })
            }
            fn drop_token(&self, _: &PeerConfig, _: &policy::Permit, _: &super::super::Token) {}
        }
        let mut config = FoundPeerConfig {
            ura: Ura::parse(URA).unwrap(),
            name: "De Linde".to_owned(),
            kind: None,
            bases: BTreeMap::new(),
            token_endpoint: None,
            dpop: false,
            nuts_authorization_server: None,
            payloads: vec!["Condition".to_owned()],
            ask_in: BTreeMap::new(),
        };
        change(&mut config);
        let made = Arc::new(Mutex::new(Vec::new()));
        let seen = made.clone();
        let make: MakePeer = Box::new(move |config| {
            seen.lock().unwrap().push(config.clone());
            PeerSource::new(config, client(), Arc::new(Nobody))
        });
        (FoundPeer::new(config, says.clone(), make), made)
    }

    const FHIR: Finding<&str> = Finding::Found("https://linde.example/fhir");
    const OAUTH: Finding<&str> = Finding::Found("https://linde.example/token");

    #[tokio::test]
    async fn a_peer_is_asked_where_the_directory_says_now() {
        let says = says(FHIR, OAUTH, URA);
        let (peer, made) = peer(&says, |_| {});
        for _ in 0..2 {
            // Its source is asked: no token is to be had.
            assert_eq!(Asker::about(one()).asks(&peer, "GET Observation").await.unwrap_err(), SourceFault::Refused);
        }
        let first = made.lock().unwrap()[0].clone();
        assert_eq!(first.bases[&FhirVersion::R4].to_string(), "https://linde.example/fhir");
        assert_eq!(first.token_endpoint.to_string(), "https://linde.example/token");
        assert_eq!(made.lock().unwrap().len(), 1, "it is made once for the same addresses");
        let wanted = says.asked.lock().unwrap()[0].clone();
        assert_eq!((wanted.payloads, wanted.version), (vec!["Condition".to_owned()], Some(FhirVersion::R4)));
        *says.fhir.lock().unwrap() = Finding::Found("https://moved.example/fhir");
        let _ = Asker::about(one()).asks(&peer, "GET Observation").await;
        assert_eq!(made.lock().unwrap()[1].bases[&FhirVersion::R4].to_string(), "https://moved.example/fhir");
    }

    #[tokio::test]
    async fn what_is_not_found_or_is_of_another_or_not_secret_is_not_asked() {
        for (fhir, oauth, ura) in [
            (Finding::Absent, OAUTH, URA),
            (FHIR, Finding::Absent, URA),
            (Finding::NotFoundOut(NotFoundOut::Incomplete), OAUTH, URA),
            (Finding::Found("http://linde.example/fhir"), OAUTH, URA),
            (FHIR, OAUTH, "90000904"),
        ] {
            let (peer, made) = peer(&says(fhir, oauth, ura), |_| {});
            let fault = Asker::about(one()).asks(&peer, "GET Observation").await.unwrap_err();
            assert_eq!(fault, SourceFault::Unreachable);
            assert!(made.lock().unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn what_the_configuration_says_wins_part_by_part() {
        let says = says(FHIR, Finding::Absent, URA);
        let (peer, made) = peer(&says, |config| {
            config.token_endpoint = Some(WebAddress::parse("https://configured.example/token").unwrap());
        });
        let _ = Asker::about(one()).asks(&peer, "GET Observation").await;
        let first = made.lock().unwrap()[0].clone();
        assert_eq!(first.token_endpoint.to_string(), "https://configured.example/token");
        assert_eq!(first.bases[&FhirVersion::R4].to_string(), "https://linde.example/fhir");
        assert_eq!(says.asked.lock().unwrap().len(), 1);
    }
}
