//! What an identity provider must not do, as a test orders it. Data only; the endpoints act it out.

use serde::{Deserialize, Serialize};

/// What the key set of statements does, and whether statements are signed with a key that was never in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    pub trick: KeyTrick,
    /// With nothing wrong: with a new key, which the set then has.
    pub rotated: bool,
}

/// What is wrong with the key set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyTrick {
    /// Nothing.
    #[default]
    None,
    /// It has not the key that signs.
    Missing,
    /// There is none.
    Down,
    /// It is a page.
    Html,
    /// It has ten thousand keys, that one among them.
    Many,
    /// It has that key, to encrypt with.
    Encryption,
    /// It has a secret under that name, with which statements are signed.
    SharedSecret,
    /// It is said to be elsewhere.
    Redirect,
}

impl KeyTrick {
    /// All but nothing.
    pub const ALL: [KeyTrick; 7] = [
        KeyTrick::Missing,
        KeyTrick::Down,
        KeyTrick::Html,
        KeyTrick::Many,
        KeyTrick::Encryption,
        KeyTrick::SharedSecret,
        KeyTrick::Redirect,
    ];
}

/// What goes wrong with every log-in until it is changed again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// All is right.
    #[default]
    None,
    /// The statement is signed by a key that is in no key set.
    WrongSignature,
    /// The UserInfo answer is.
    WrongEnvelopeSignature,
    /// The statement says that its keys are elsewhere.
    ForeignKeySet,
    /// The statement is about an employee of another care provider.
    OtherProvider,
    /// The statement ended yesterday.
    Expired,
    /// The statement was withdrawn.
    Revoked,
    /// The identity token has another nonce.
    OtherNonce,
    /// The UserInfo answer is for another client.
    OtherAudience,
    /// The person logged in with a weak means.
    LowLevel,
    /// The UserInfo answer is not encrypted.
    Plain,
    /// UserInfo takes so long.
    Slow { ms: u64 },
    /// The UserInfo answer breaks off.
    Torn,
    /// The status of statements cannot be had.
    Absent,
    /// The list of withdrawn statements has every statement, whose status is said to be good.
    Listed,
    /// The list is signed by a key that is in no key set.
    ListWrongSignature,
    /// The list was to be asked for anew yesterday.
    ListStale,
    /// An entry of the list names nothing.
    ListUnreadable,
    /// The list cannot be had.
    ListAbsent,
}
