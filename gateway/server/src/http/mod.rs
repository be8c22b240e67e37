//! HTTP and nothing else: a request becomes an `Inbound`, what the stack made of it becomes an answer.

pub mod batch;
pub mod cards;
pub mod connection;
pub mod discovery;
pub mod doors;
pub mod endpoint;
pub mod format;
pub mod handoffs;
pub mod health;
pub mod inbound;
pub mod introspection;
pub mod launch;
pub mod listeners;
pub mod log_proof;
pub mod media;
pub mod memo;
pub mod metadata;
pub mod metrics;
pub mod mitz;
pub mod negotiation;
pub mod nuts;
pub mod offers;
pub mod openapi;
pub mod pdp;
pub mod referrals;
pub mod regional;
pub mod responder;
mod routes;
#[cfg(test)]
pub(crate) mod testing;
pub mod token;
pub mod vetted;
pub mod witness;
