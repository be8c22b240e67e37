//! The presentation itself: its form, its times, its identifiers.

use std::sync::Arc;

use fhir::Ura;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::Value;

use super::super::credential::has;
use super::PresentationFault;
use crate::identity::jose::{Audience, Compact, PublicJwk, present, read_part};
use crate::identity::oauth::once::{Identifier, Kind, NotRemembered, Noted, UsedOnce};

/// The largest presentation, in bytes: some credentials with chains of RSA certificates.
const MAX_PRESENTATION: usize = 32 << 10;
const MAX_CREDENTIALS: usize = 4;
/// The longest life of a presentation by RFC021, and how far clocks may be apart, in seconds (section 4).
const MAX_LIFE: i64 = 5;
const LEEWAY: i64 = 5;
/// The same by GFI-004, which names none: that of our client assertions (RFC 7523, section 3, item 4).
const MAX_LIFE_OF_ASSERTION: i64 = 300;
const MAX_ID: usize = 256;
/// Those of `PRESENTATION_ALGORITHMS`.
const ALLOWED: [Algorithm; 6] =
    [Algorithm::ES256, Algorithm::ES384, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512, Algorithm::EdDSA];
const CONTEXT: &str = "https://www.w3.org/2018/credentials/v1";

/// By which document a presentation is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rules {
    /// Nuts RFC021: `sub`, a nonce, five seconds.
    Rfc021,
    /// NGF GFI-004: `iat`, no nonce, as long as a client assertion.
    Gfi004,
}

/// A presentation of now, meant for us. Its signature is not checked yet, nor what it presents.
pub(super) struct Read<'t> {
    header: Header,
    claims: Claims,
    parts: Compact<'t>,
}

#[derive(Deserialize)]
struct Header {
    typ: Option<String>,
    alg: String,
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: Option<String>,
    aud: Audience,
    nbf: Option<i64>,
    iat: Option<i64>,
    exp: i64,
    nonce: Option<String>,
    jti: String,
    vp: Presentation,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Presentation {
    #[serde(rename = "@context")]
    context: Value,
    #[serde(rename = "type")]
    kind: Value,
    holder: Option<String>,
    #[serde(deserialize_with = "one_or_several")]
    verifiable_credential: Vec<String>,
}

/// One text, or a list of them. Anything else, such as a credential with a JSON-LD proof, is a fault.
fn one_or_several<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Shown {
        One(String),
        Several(Vec<String>),
    }
    Ok(match Shown::deserialize(deserializer)? {
        Shown::One(only) => vec![only],
        Shown::Several(several) => several,
    })
}

impl<'t> Read<'t> {
    pub(super) fn of(text: &'t str, rules: Rules, audiences: &[&str], now: i64) -> Result<Self, PresentationFault> {
        if text.len() > MAX_PRESENTATION {
            return Err(PresentationFault::TooLarge);
        }
        let parts = Compact::split(text).ok_or(PresentationFault::Malformed)?;
        let header: Header = read_part(parts.header).ok_or(PresentationFault::Malformed)?;
        let claims: Claims = read_part(parts.claims).ok_or(PresentationFault::Malformed)?;
        let read = Read { header, claims, parts };
        read.form(rules)?;
        if !audiences.iter().any(|audience| read.claims.aud.is_only(audience)) {
            return Err(PresentationFault::Audience);
        }
        read.times(rules, now)?;
        Ok(read)
    }

    pub(super) fn holder(&self) -> &str {
        &self.claims.iss
    }

    pub(super) fn kid(&self) -> &str {
        self.header.kid.as_deref().unwrap_or_default()
    }

    /// At least one.
    pub(super) fn credentials(&self) -> Vec<&str> {
        self.claims.vp.verifiable_credential.iter().map(String::as_str).collect()
    }

    pub(super) fn is_by(&self, key: &PublicJwk) -> Result<(), PresentationFault> {
        let signed = key.verifies(&self.header.alg, &ALLOWED, self.parts.message, self.parts.signature);
        if signed { Ok(()) } else { Err(PresentationFault::Signature) }
    }

    /// Whether header and claims speak of one holder and of a presentation.
    fn form(&self, rules: Rules) -> Result<(), PresentationFault> {
        let Read { header, claims, .. } = self;
        let typed = header.typ.as_deref().is_none_or(|typ| typ == "JWT");
        let vp = &claims.vp;
        let counted = (1..=MAX_CREDENTIALS).contains(&vp.verifiable_credential.len());
        let whole = has(&vp.context, CONTEXT) && has(&vp.kind, "VerifiablePresentation") && counted;
        if header.crit || !typed || !whole {
            return Err(PresentationFault::Malformed);
        }
        let kid = header.kid.as_deref().ok_or(PresentationFault::Holder)?;
        let did = kid.split_once('#').map(|(did, _)| did);
        let held = vp.holder.as_ref().is_none_or(|holder| *holder == claims.iss);
        let about_itself = claims.sub.as_ref().map_or(rules == Rules::Gfi004, |sub| *sub == claims.iss);
        if did != Some(claims.iss.as_str()) || !about_itself || !held {
            return Err(PresentationFault::Holder);
        }
        let fits = |id: &str| (1..=MAX_ID).contains(&id.chars().count());
        let nonce = claims.nonce.as_deref().map_or(rules == Rules::Gfi004, fits);
        if fits(&claims.jti) && nonce { Ok(()) } else { Err(PresentationFault::Identifier) }
    }

    fn times(&self, rules: Rules, now: i64) -> Result<(), PresentationFault> {
        let Claims { nbf, iat, exp, .. } = &self.claims;
        let (begins, longest) = match rules {
            Rules::Rfc021 => (nbf.or(*iat), MAX_LIFE),
            Rules::Gfi004 => (*iat, MAX_LIFE_OF_ASSERTION),
        };
        let begins = begins.ok_or(PresentationFault::Times)?;
        let life = exp.checked_sub(begins).ok_or(PresentationFault::Times)?;
        let latest = now.saturating_add(LEEWAY);
        let begun = [Some(begins), *iat, *nbf].into_iter().flatten().all(|moment| moment <= latest);
        let ended = exp.saturating_add(LEEWAY) < now;
        if begun && !ended && (1..=longest).contains(&life) { Ok(()) } else { Err(PresentationFault::Times) }
    }

    /// jti and nonce each count once, for as long as the presentation could still be good.
    pub(super) async fn use_up(
        &self,
        [of_jti, of_nonce]: [Kind; 2],
        organisation: &Ura,
        used: &Arc<dyn UsedOnce>,
        now: i64,
    ) -> Result<(), PresentationFault> {
        // RFC021, section 4.4: at least ten seconds.
        let expires = self.claims.exp.saturating_add(LEEWAY).max(now.saturating_add(MAX_LIFE + LEEWAY));
        let nonce = self.claims.nonce.as_ref().map(|nonce| (of_nonce, nonce));
        for (kind, id) in [Some((of_jti, &self.claims.jti)), nonce].into_iter().flatten() {
            match used.note(Identifier::new(kind, organisation.as_str(), id, expires), now).await {
                Ok(Noted::First) => {}
                Ok(Noted::Again) => return Err(PresentationFault::Replayed),
                Ok(Noted::Full) => return Err(PresentationFault::TooMany),
                Err(NotRemembered) => return Err(PresentationFault::NotRemembered),
            }
        }
        Ok(())
    }
}
