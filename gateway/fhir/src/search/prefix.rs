//! The prefixes of ordered values (FHIR search, prefixes).

/// How an element relates to the value that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prefix {
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
    Sa,
    Eb,
    Ap,
}

impl Prefix {
    /// Takes the prefix off a value; without one it is `eq`. Nothing when it starts with other letters.
    pub(super) fn take(text: &str) -> Option<(Prefix, &str)> {
        match text.split_at_checked(2) {
            Some((letters, rest)) if letters.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                let prefix = match letters {
                    "eq" => Prefix::Eq,
                    "ne" => Prefix::Ne,
                    "gt" => Prefix::Gt,
                    "lt" => Prefix::Lt,
                    "ge" => Prefix::Ge,
                    "le" => Prefix::Le,
                    "sa" => Prefix::Sa,
                    "eb" => Prefix::Eb,
                    "ap" => Prefix::Ap,
                    _ => return None,
                };
                Some((prefix, rest))
            }
            _ => Some((Prefix::Eq, text)),
        }
    }
}
