//! A national identity provider for care people, played on loopback over HTTPS: OpenID Connect as Dezi speaks it (v0.7).
//!
//! Authorization code with PKCE, a UserInfo answer that is signed and encrypted, and in it the signed statement about who works
//! where in which role, with its status. On demand it does what a provider must not ([`Fault`]). It must not know what a
//! gateway is.

mod endpoints;
mod fault;
pub(crate) mod keys;
pub(crate) mod serve;
mod state;
mod statements;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;

pub use fault::{Fault, KeyTrick, Keys};
pub use keys::{MessageKey, decryption_key};
use state::World;

/// Somebody who can log in.
#[derive(Clone, Debug)]
pub struct Employee {
    /// The Dezi number.
    pub number: String,
    pub initials: String,
    pub surname: String,
    /// UZI role code, and in words.
    pub role: String,
    pub role_name: String,
    /// The care provider that employs them.
    pub ura: String,
    pub provider: String,
}

/// A client that is registered.
#[derive(Clone)]
pub struct Client {
    pub id: String,
    pub redirect_uri: String,
    /// For whom answers are encrypted.
    pub key: MessageKey,
}

/// The provider. Only a place to start one from; the running one is a [`ProviderHandle`].
pub struct IdentityProvider;

impl IdentityProvider {
    /// Starts one at this address, with a certificate for `localhost` and its key (PEM).
    ///
    /// # Errors
    /// The address cannot be bound, or the keys are none.
    pub fn start(
        address: SocketAddr,
        certificate_pem: &str,
        key_pem: &str,
        employees: Vec<Employee>,
        clients: Vec<Client>,
    ) -> io::Result<ProviderHandle> {
        let tls = serve::tls(certificate_pem, key_pem)?;
        let world = Arc::new(World::new(employees, clients)?);
        let (tell, told) = mpsc::channel();
        let theirs = Arc::clone(&world);
        let thread = std::thread::Builder::new()
            .name("identity-provider".to_owned())
            .spawn(move || serve::run(theirs, address, tls, &tell))?;
        let (bound, server) =
            told.recv().map_err(|_| io::Error::other("the provider's thread ended before it listened"))??;
        let issuer = format!("https://localhost:{}", bound.port());
        Ok(ProviderHandle { control_url: format!("{issuer}/_control"), issuer, world, server, thread: Some(thread) })
    }
}

/// A running provider. Dropping it stops it.
pub struct ProviderHandle {
    /// The issuer, without a slash at the end.
    pub issuer: String,
    /// Where it is told what to do wrong, over the wire.
    pub control_url: String,
    world: Arc<World>,
    server: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl ProviderHandle {
    /// Makes it do something wrong, or everything right again with [`Fault::None`].
    pub fn set_fault(&self, fault: Fault) {
        self.world.set_fault(fault);
    }
}

impl Drop for ProviderHandle {
    fn drop(&mut self) {
        drop(self.server.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
