use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use connectors::bundles::{BundleAlgorithm, BundleConfig, BundleKeyConfig};
use connectors::http::WebAddress;
use connectors::identity::cards::CardRole;
use connectors::identity::dezi::ContentEncryption;
use connectors::identity::nuts::{NutsConfig, SoftwareConfig, V5PartnerConfig};
use connectors::identity::vetting::{AuthorityConfig, Mode as RevocationMode};
use connectors::identity::{
    CardsConfig, Decisions, DeziConfig, EpdConfig, InnerCallerConfig, LimitsConfig, MandateConfig, PersonConfig,
    RevocationConfig, RightsConfig, SessionConfig,
};
use connectors::mcsd::{DirectoryConfig, ProviderDirectory, Topology};
use connectors::mitz::{MitzConfig, SubscriptionsConfig};
use connectors::national::{Grant, TokenConfig};
use connectors::nvi::{Dialect, NviConfig, RegistrationsConfig, SearchBy};
use connectors::peers::NotificationShape;
use connectors::prs::{PrsCall, PrsConfig};
use connectors::relations::{EvidenceConfig, EvidenceKind, KindConfig, Persons};
use connectors::siem::{ReceiverConfig, Transport};
use connectors::sources::fhir::{FhirSourceConfig, SeveralPatients};
use connectors::sources::files::{FilesBounds, FilesSourceConfig};
use connectors::sources::{Bounds, PatientCacheConfig};
use connectors::webhooks::WebhookConfig;
use fhir::{FhirVersion, Ura};
use flows::medication::Windows;
use policy::{Direction, UseCaseId};

use super::listeners::InnerTlsConfig;
use super::{
    BoundsConfig, InnerConfig, LogConfig, Mode, NodeConfig, OuterConfig, PartnerEntry, PartnerLog, PartnerNode,
    ProfilesConfig, ProviderConfig, RegistersConfig, SourceConfig, StoreConfig,
};

use crate::directory::publishing::{PublicationConfig, PublishedEndpoint, PublishedPlace};
use crate::handoffs::config::{Content, HandoffsConfig, PartnerHandoffs};
use crate::quality::QualityConfig;
use crate::referrals::config::{PartnerReferrals, ReferralsConfig};

/// The commented reference, as it stands in the project.
pub(crate) const REFERENCE: &str = include_str!("../../../../config/node.toml");

/// The node of the reference: a production node that lacks only its files.
pub(crate) fn reference() -> NodeConfig {
    NodeConfig::parse(REFERENCE).unwrap()
}

/// Every member of every type, set. Nothing is left to a default, so that a new member must be named here before this
/// compiles again.
pub(crate) fn everything() -> NodeConfig {
    let path = || PathBuf::from("file");
    let text = || "text".to_owned();
    let web = || WebAddress::parse("https://node.example/fhir").unwrap();
    let ura = || Ura::parse("90010001").unwrap();
    let webhook = || WebhookConfig {
        url: web(),
        secret_file: path(),
        authorities_file: Some(path()),
        certificate_file: Some(path()),
        key_file: Some(path()),
        patience_ms: 1,
    };
    let person = || PersonConfig { id: text(), name: Some(text()), role: text() };
    let place = || PublishedPlace { id: text(), name: text(), types: vec![text()], endpoints: vec![text()] };
    let use_cases = || vec![UseCaseId::parse("health-overview").unwrap()];
    NodeConfig {
        mode: Mode::Production,
        provider: ProviderConfig { ura: ura(), name: text(), kind: Some(text()) },
        outer: OuterConfig {
            address: ([127, 0, 0, 1], 1).into(),
            public_base: text(),
            certificate_file: path(),
            key_file: path(),
            authorities_file: path(),
            open_metadata: true,
        },
        inner: InnerConfig {
            address: ([127, 0, 0, 1], 2).into(),
            public_base: text(),
            tls: Some(InnerTlsConfig { certificate_file: path(), key_file: path(), authorities_file: path() }),
            portal: true,
        },
        revocation: RevocationConfig {
            mode: RevocationMode::Required,
            hosts: vec![text()],
            fresh_seconds: 1,
            patience_ms: 1,
            retry_seconds: 1,
            list_bytes: 1,
            authorities: vec![AuthorityConfig {
                certificate_file: path(),
                mode: RevocationMode::Required,
                responder: Some(web()),
                list: Some(web()),
            }],
        },
        store: StoreConfig { folder: path() },
        log: LogConfig {
            origin: Some(text()),
            checkpoint_seconds: 1,
            witness_seconds: 1,
            retention: crate::log::retention::RetentionConfig::default(),
            siem: Some(ReceiverConfig {
                host: text(),
                port: 1,
                transport: Transport::Tls,
                authorities_file: Some(path()),
                certificate_file: Some(path()),
                key_file: Some(path()),
                connect_ms: 1,
                write_ms: 1,
            }),
            notices: Some(WebhookConfig {
                url: web(),
                secret_file: path(),
                authorities_file: Some(path()),
                certificate_file: Some(path()),
                key_file: Some(path()),
                patience_ms: 1,
            }),
        },
        profiles: ProfilesConfig {
            folder: path(),
            use_cases: use_cases(),
            reload_seconds: 1,
            bundle: Some(BundleConfig {
                file: Some(path()),
                url: Some(web()),
                authorities_file: Some(path()),
                every_seconds: 1,
                scope: Some(text()),
                unsigned: true,
                keys: vec![BundleKeyConfig { id: text(), algorithm: BundleAlgorithm::ES256, public_key_file: path() }],
            }),
        },
        registers: RegistersConfig {
            consents_file: Some(path()),
            consent_resources_file: Some(path()),
            consents_in_sources: true,
            relations_file: Some(path()),
            whereabouts_file: Some(path()),
            evidence: Some(EvidenceConfig {
                assertions: true,
                deadline_ms: 1,
                person_systems: vec![text()],
                kinds: vec![KindConfig {
                    kind: EvidenceKind::Encounter,
                    gates: vec![Direction::User],
                    most_days: 1,
                    open_days: 1,
                    ahead_days: 1,
                    persons: Persons::Named,
                }],
            }),
            mitz: Some(MitzConfig {
                locates_as: Some("urn:oid:2.999.4".to_owned()),
                base: web(),
                certificate_file: path(),
                key_file: path(),
                authorities_file: path(),
                categories_file: path(),
                media_type: text(),
                professional_root: Some(text()),
                deadline_ms: 1,
                answer_bytes: 1,
                questions_at_once: 1,
                remember_seconds: 1,
                breaker_failures: 1,
                breaker_rest_ms: 1,
                notifiers: vec![text()],
                subscriptions: Some(SubscriptionsConfig {
                    patients_file: path(),
                    gateway_system: text(),
                    source_system: text(),
                    every_seconds: 1,
                }),
            }),
            nvi: Some(NviConfig {
                base: web(),
                dialect: Dialect::List,
                search_by: SearchBy::Form,
                source_id: text(),
                certificate_file: path(),
                key_file: path(),
                authorities_file: path(),
                categories_file: path(),
                deadline_ms: 1,
                answer_bytes: 1,
                questions_at_once: 1,
                breaker_failures: 1,
                breaker_rest_ms: 1,
                tokens: TokenConfig {
                    endpoint: web(),
                    grant: Grant::ClientCredentials,
                    index_audience: text(),
                    pseudonym_audience: text(),
                    pseudonym_organisation: Some(text()),
                    index_scope: Some(text()),
                    pseudonym_scope: text(),
                },
                prs: PrsConfig { base: web(), call: PrsCall::Eval, recipient: text(), scope: text() },
                registrations: Some(RegistrationsConfig {
                    objections_file: Some(path()),
                    every_seconds: 1,
                    reconcile_seconds: 1,
                }),
            }),
        },
        directory: Some(DirectoryConfig {
            national: Some(web()),
            topology: Topology::Decentral,
            providers: vec![ProviderDirectory { ura: ura(), base: web() }],
            authorities_file: Some(path()),
            payload_types: vec![text()],
            unversioned: Some(FhirVersion::R4),
            every_seconds: 1,
            page_size: 1,
            page_bytes: 1,
            page_ms: 1,
            round_ms: 1,
            at_once: 1,
            most: 1,
            cache_bytes: 1 << 20,
        }),
        regional: Some(crate::regional::config::everything()),
        publication: Some(PublicationConfig {
            organisation_types: vec![text()],
            payload_types: vec![text()],
            operator: Some(text()),
            services: vec![place()],
            locations: vec![place()],
            endpoints: vec![PublishedEndpoint {
                id: text(),
                name: text(),
                connection_type: text(),
                payload_types: vec![text()],
                media_types: vec![text()],
                address: text(),
                from: Some(text()),
                until: Some(text()),
            }],
        }),
        bounds: BoundsConfig {
            exchange_ms: 1,
            source_ms: 1,
            finding_ms: 1,
            exchanges_at_once: 1,
            sources_at_once: 1,
            sources: 1,
            questions_at_once: 1,
            page_matches: 1,
            page_matches_most: 1,
            answer_resources: 1,
            answer_bytes: 1,
            answers_kept: 1,
            answers_kept_of_caller: 1,
            answers_kept_resources: 1,
            answers_kept_bytes: 1,
            answers_kept_ms: 1,
            body_bytes: 1,
            body_ms: 1,
            workers: 1,
            log_queue: 1,
        },
        quality: QualityConfig { enabled: true, statements: Some(path()), one_in: 1, queue: 1 },
        medication: Windows { recent_months: 2, planned_months: 3, interrupted_months: Some(2) },
        sessions: SessionConfig { idle_seconds: 1, absolute_seconds: 1, most: 1, most_of_person: 1 },
        limits: LimitsConfig {
            client_per_minute: 1,
            client_burst: 1,
            person_per_minute: 1,
            person_burst: 1,
            token_per_minute: 1,
            unidentified_per_minute: 1,
            log_in_attempts: 1,
            log_in_attempts_of_person: 1,
            log_in_seconds: 1,
            remembered: 1,
        },
        dezi: Some(DeziConfig {
            issuer: web(),
            client_id: text(),
            decryption_key_file: path(),
            content_encryption: ContentEncryption::A256CbcHs512,
            statement_issuers: vec![text()],
            statement_keys: vec![web()],
            levels: vec![text()],
            authorities_file: Some(path()),
            patience_ms: 1,
            recheck_seconds: 1,
            revocation_list: true,
            keys_after_seconds: 1,
        }),
        cards: Some(CardsConfig {
            address: ([127, 0, 0, 1], 3).into(),
            public_base: text(),
            certificate_file: path(),
            key_file: path(),
            authorities_file: path(),
            roles: vec![CardRole { codes: vec![text()], role: text() }],
            recheck_seconds: 1,
        }),
        referrals: Some(ReferralsConfig {
            data_days: 1,
            task_days: 1,
            keep_days: 1,
            most: 1,
            largest_bytes: 1,
            notification_seconds: 1,
            retry_seconds: 1,
            retry_most_seconds: 1,
            attempts: 1,
            remind_hours: 2,
            intake: Some(person()),
            webhook: Some(webhook()),
        }),
        handoffs: Some(HandoffsConfig {
            data_days: 1,
            keep_days: 1,
            most: 1,
            largest_bytes: 1,
            notification_seconds: 1,
            retry_seconds: 1,
            retry_most_seconds: 1,
            attempts: 1,
            content: Content::Refuse,
            remind_hours: 1,
            intake: Some(person()),
            webhook: Some(webhook()),
        }),
        epds: vec![EpdConfig {
            key: text(),
            iss: web(),
            client_id: text(),
            client_secret_file: Some(path()),
            use_cases: use_cases(),
            endpoint_hosts: vec![text()],
            scope: text(),
            authorities_file: Some(path()),
            patience_ms: 1,
            remember_seconds: 1,
        }],
        nuts: Some(NutsConfig {
            subject: Some(text()),
            authorities_file: Some(path()),
            did_web_authorities_file: Some(path()),
            status_hosts: vec![text()],
            v5_did: Some(text()),
            introspection_endpoint: Some(web()),
            own_chain_file: Some(path()),
            node_api: Some(web()),
        }),
        sources: vec![
            SourceConfig::Fhir(FhirSourceConfig {
                base: web(),
                version: FhirVersion::R4,
                use_cases: use_cases(),
                headers: BTreeMap::from([(text(), text())]),
                bearer_token_file: Some(path()),
                post_search: true,
                several_patients: SeveralPatients::OnePerson,
                supported_parameters: BTreeSet::from([text()]),
                unsupported_parameters: BTreeSet::from([text()]),
                bounds: Bounds { max_pages: 1, max_resources: 1, max_answer_bytes: 1, page_size: 1 },
                patient_cache: PatientCacheConfig { max_patients: 1, seconds: 1 },
            }),
            SourceConfig::Files(FilesSourceConfig {
                folder: path(),
                version: FhirVersion::Stu3,
                use_cases: use_cases(),
                bounds: FilesBounds {
                    max_files: 1,
                    max_file_bytes: 1,
                    max_resources: 1,
                    max_results: 1,
                    rescan_seconds: 1,
                    settle_milliseconds: 1,
                },
            }),
        ],
        partners: vec![PartnerEntry {
            ura: ura(),
            name: text(),
            kind: Some(text()),
            use_cases: use_cases(),
            node: Some(PartnerNode {
                bases: FhirVersion::ALL.into_iter().map(|version| (version, web())).collect(),
                token_endpoint: Some(web()),
                dpop: true,
                nuts_authorization_server: Some(web()),
                ask_in: use_cases().into_iter().map(|id| (id, FhirVersion::ALL.to_vec())).collect(),
            }),
            software: Some(SoftwareConfig { client: text(), issuer: text(), services: vec![text()] }),
            nuts_v5: Some(V5PartnerConfig {
                did: text(),
                document_file: path(),
                purposes: BTreeMap::from([(text(), UseCaseId::parse("bgz").unwrap())]),
            }),
            log: Some(PartnerLog { base: web(), public_key: Some(text()), witness_key: Some(text()) }),
            referrals: Some(PartnerReferrals { notification: web() }),
            handoffs: Some(PartnerHandoffs { notification: web(), shape: NotificationShape::EmptyPost }),
        }],
        callers: vec![InnerCallerConfig {
            client_id: text(),
            use_cases: use_cases(),
            person: Some(person()),
            responsible: Some(person()),
            launches: true,
            patient_file: Some(path()),
            token_file: Some(path()),
            token_sha256_file: Some(path()),
            certificate_thumbprint: Some(text()),
            introspects: false,
            decisions: Some(Decisions::Plain),
        }],
        people: vec![RightsConfig {
            roles: vec![text()],
            numbers: vec![text()],
            administers: true,
            use_cases: use_cases(),
        }],
        mandates: vec![MandateConfig {
            roles: vec![text()],
            numbers: vec![text()],
            use_cases: use_cases(),
            responsible: person(),
        }],
    }
}
