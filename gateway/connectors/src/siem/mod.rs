//! A security monitoring system (SIEM), to which the node speaks syslog: messages of RFC 5424, framed by counting octets,
//! over TLS (RFC 5425). Plain TCP with the same frames is for a collector on the same machine.
//!
//! Syslog has no acknowledgement: that a message was written says that the operating system took it, and no more. What is
//! told, from where on, and what is told again, is not known here.
//!
//! One file each: `message` (the octets), `config` (where to, and whom to believe), `stream` (the connection).

mod config;
mod message;
mod stream;
#[cfg(test)]
mod tests;

pub use config::{ReceiverConfig, SetupFault, Transport};
pub use message::{Element, Message, Severity, framed};
pub use stream::{Receiver, Stream, StreamFault};
