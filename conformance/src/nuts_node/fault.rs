//! What a Nuts node answers when it is asked about a token, as a test orders it. Data only.

use serde::{Deserialize, Serialize};

/// The answer to every question until it is changed again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// No token is active.
    #[default]
    None,
    /// Every token is active, and this organisation's for this scope.
    Active { ura: String, scope: String },
    /// `active` is a text.
    ActiveText,
    /// `active` is a number.
    ActiveNumber,
    /// Active without an end.
    WithoutExp,
    /// Active, and over.
    Over,
    /// Active, and its end is a text.
    ExpText,
    /// Active, for another organisation.
    OtherOrganisation,
    /// Active, and bound to something that is not a key.
    BoundOtherwise,
    /// Active, in a list.
    List,
    /// 200 with an empty body.
    Empty,
    /// A page.
    Html,
    /// Active, under another status.
    Status { code: u16 },
    /// Active, after so long.
    Slow { ms: u64 },
    /// Sends elsewhere.
    Redirect,
    /// So many bytes.
    Huge { bytes: usize },
}
