//! A caller inside the provider: its own system or portal, with a bearer token.

use std::ops::Deref;
use std::path::Path;

use super::CallError;
use super::wire::Wire;
use crate::ready::{Listener, Ready};

/// The caller. As a [`Wire`] it speaks with its token.
pub struct InnerCaller {
    wire: Wire,
}

impl InnerCaller {
    /// Plain HTTP, or TLS with the roots of `ca_file`.
    ///
    /// # Errors
    /// The file cannot be read or holds no certificate.
    pub fn new(ca_file: Option<&Path>, bearer_token: &str) -> Result<Self, CallError> {
        Ok(InnerCaller { wire: Wire::new(ca_file, None)?.with_token(bearer_token) })
    }

    /// The caller of this name.
    ///
    /// # Errors
    /// There is no such caller, it is not an inner one, or it has no token.
    pub fn of(ready: &Ready, name: &str) -> Result<Self, CallError> {
        let caller = ready.caller(name).filter(|caller| caller.listener == Listener::Inner);
        match caller.and_then(|caller| caller.bearer_token.as_deref()) {
            Some(token) => Self::new(Some(&ready.ca_file), token),
            None => Err(CallError::Incomplete(name.to_owned())),
        }
    }
}

impl Deref for InnerCaller {
    type Target = Wire;

    fn deref(&self) -> &Wire {
        &self.wire
    }
}
