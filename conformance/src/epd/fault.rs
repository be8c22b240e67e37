//! What an EPD must not do, as a test orders it. Data only; the endpoints act it out.

use serde::{Deserialize, Serialize};

/// What goes wrong with every launch until it is changed again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// All is right.
    #[default]
    None,
    /// It says that its token endpoint is at another address.
    ForeignTokenEndpoint,
    /// It says that it knows no PKCE with S256.
    NoPkce,
    /// The way back has another state.
    OtherState,
    /// The way back names another authorization server (mix-up).
    OtherIssuer,
    /// The way back has no code but an error.
    NoCode,
    /// The token endpoint sends elsewhere.
    RedirectedToken,
    /// The identity token is signed by a key that is in no key set.
    WrongSignature,
    /// It is of another issuer.
    IdTokenIssuer,
    /// It is for another client.
    IdTokenAudience,
    /// It has another nonce.
    IdTokenNonce,
    /// It ended yesterday.
    IdTokenOver,
    /// Its user is at another server.
    ForeignUser,
    /// The token answer gives no patient.
    NoPatient,
    /// It gives another patient than the token opens.
    OtherPatient,
    /// The token endpoint takes so long.
    Slow { ms: u64 },
    /// Its FHIR server is down.
    NoFhir,
}
