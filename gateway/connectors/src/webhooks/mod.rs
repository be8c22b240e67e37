//! Webhooks: a message is put to an address of the provider's own, signed, and taken when the answer says so. The scheme is that of
//! Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`), which a receiver checks with a library of its choice.
//!
//! What is told, when, and what is told again, is not known here.
//!
//! One file each: `config` (where to), `secrets` (the signature), `receiver` (the request).

mod config;
mod receiver;
mod secrets;
#[cfg(test)]
mod tests;

pub use config::WebhookConfig;
pub use receiver::{DeliveryFault, WebhookReceiver};
pub use secrets::{SecretFault, Secrets};
