//! Nuts: identities as verifiable credentials. Its token grant at our own endpoint (RFC021), and a Nuts node of the
//! provider's own beside this one.

mod introspection;

pub use introspection::{Introspected, IntrospectionFault, Introspector};
