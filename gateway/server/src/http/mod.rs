//! HTTP and nothing else: a request becomes an `Inbound`, what the stack made of it becomes an answer.

pub mod batch;
pub mod connection;
pub mod endpoint;
pub mod health;
pub mod inbound;
pub mod listeners;
pub mod media;
pub mod metadata;
pub mod metrics;
pub mod responder;
pub mod token;
