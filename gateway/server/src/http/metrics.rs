//! Counts and durations, as OpenMetrics text. Labels are fixed words: nothing of a request ever is one.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{self, Data};
use exchange::{Gate, Refusal};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::node::Node;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ExchangeLabels {
    gate: &'static str,
    result: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TokenLabels {
    result: &'static str,
}

/// What the node counts.
pub struct Metrics {
    registry: Registry,
    exchanges: Family<ExchangeLabels, Counter>,
    tokens: Family<TokenLabels, Counter>,
    turned_away: Counter,
    durations: Histogram,
    log_records: Gauge,
    log_writable: Gauge,
    log_signed: Gauge,
    checkpoint_age: Gauge,
    proof_well: Gauge,
}

impl Metrics {
    /// `others` registers the counters that are kept elsewhere.
    pub fn new(others: impl FnOnce(&mut Registry)) -> Self {
        let mut registry = Registry::with_prefix("zorgsluis");
        let exchanges = Family::default();
        registry.register("exchanges", "Exchanges, by gate, result and status", exchanges.clone());
        let tokens = Family::default();
        registry.register("token_requests", "Requests at the token endpoint", tokens.clone());
        let turned_away = Counter::default();
        let help = "Requests over a measure that were answered without an exchange";
        registry.register("turned_away", help, turned_away.clone());
        let durations = Histogram::new(exponential_buckets(0.0005, 2.0, 16));
        registry.register_with_unit("exchange_duration", "How long exchanges took", Unit::Seconds, durations.clone());
        let log_records = Gauge::default();
        registry.register("access_log_records", "Durable records of the access log", log_records.clone());
        let log_writable = Gauge::default();
        registry.register("access_log_writable", "1 when the access log can be written", log_writable.clone());
        let log_signed = Gauge::default();
        registry.register("access_log_signed_records", "Records the last checkpoint speaks of", log_signed.clone());
        let checkpoint_age = Gauge::default();
        let help = "How long ago the last checkpoint was signed";
        registry.register_with_unit("access_log_checkpoint_age", help, Unit::Seconds, checkpoint_age.clone());
        let proof_well = Gauge::default();
        registry.register("access_log_proof_well", "1 when the log's proof holds and is kept up", proof_well.clone());
        others(&mut registry);
        Metrics {
            registry,
            exchanges,
            tokens,
            turned_away,
            durations,
            log_records,
            log_writable,
            log_signed,
            checkpoint_age,
            proof_well,
        }
    }

    pub fn exchange(&self, gate: Gate, refused: Option<&Refusal>, took: Duration) {
        let (result, status) = refused.map_or(("released", 200), |refusal| ("refused", refusal.row().status));
        let gate = match gate {
            Gate::Outer => "outer",
            Gate::Inner => "inner",
        };
        self.exchanges.get_or_create(&ExchangeLabels { gate, result, status }).inc();
        self.durations.observe(took.as_secs_f64());
    }

    /// A request that identified nobody, or asked for a token, and was one too many.
    pub fn turned_away(&self) {
        self.turned_away.inc();
    }

    pub fn token(&self, issued: bool) {
        self.tokens.get_or_create(&TokenLabels { result: if issued { "issued" } else { "refused" } }).inc();
    }
}

/// `GET /metrics`
pub async fn metrics(node: Data<Node>) -> HttpResponse {
    let metrics = node.metrics();
    let log = node.access_log();
    metrics.log_records.set(i64::try_from(log.length()).unwrap_or(i64::MAX));
    metrics.log_writable.set(i64::from(log.healthy()));
    let (proof, number) = (node.proof(), |number: u64| i64::try_from(number).unwrap_or(i64::MAX));
    metrics.log_signed.set(number(proof.given().map_or(0, |given| given.size)));
    metrics.checkpoint_age.set(number(proof.age()));
    metrics.proof_well.set(i64::from(proof.trouble().is_none()));
    node.witnessing().measure();
    if let Some(siem) = node.siem() {
        siem.measure(log.length());
    }
    if let Some(standing) = node.emergency_notices() {
        standing.measure();
    }
    node.certificates().measure();
    node.measure_mitz();
    node.measure_directories();
    node.measure_nvi();
    let counting = node.clone();
    if let Err(fault) = web::block(move || counting.measure_transfers()).await {
        tracing::error!(metrics.fault = %fault, "the transfers cannot be counted");
    }
    let mut text = String::new();
    match encode(&mut text, &metrics.registry) {
        Ok(()) => {
            HttpResponse::Ok().content_type("application/openmetrics-text; version=1.0.0; charset=utf-8").body(text)
        }
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}
