//! Why a step of a transfer came to nothing, and what that says about when it is of use again.

use connectors::peers::NotTaken;
use exchange::Refusal;
use exchange::ports::SourceFault;

use super::pool::Went;

/// Why a step came to nothing. Says nothing of a patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It is tried again.
    Again(String),
    /// The other side was not there: it is tried again, and whatever else waits for that side may as well wait.
    Away(String),
    /// It is of no use before somebody has seen to it.
    ForSomebody(String),
}

impl Failure {
    /// What the other side of an exchange, asked through the stack, came to nothing by.
    pub(crate) fn of(refusal: Refusal) -> Self {
        let away = matches!(refusal, Refusal::Source(SourceFault::TimedOut | SourceFault::Unreachable));
        let why = refusal.row().record;
        if away { Failure::Away(why) } else { Failure::Again(why) }
    }

    /// What a notification came to nothing by.
    pub(crate) fn to_tell(fault: &NotTaken) -> Self {
        match fault {
            NotTaken::NoToken(fault @ (SourceFault::TimedOut | SourceFault::Unreachable)) => {
                Failure::Away(format!("no token from the receiver ({fault:?})"))
            }
            NotTaken::NoToken(fault) => Failure::Again(format!("no token from the receiver ({fault:?})")),
            NotTaken::NoAnswer(fault) => Failure::Away(format!("the notification: {fault}")),
            NotTaken::Answered(status) => Failure::Again(format!("the notification was answered with {status}")),
            NotTaken::Unusable(why) => Failure::Again((*why).to_owned()),
        }
    }

    pub(crate) fn why(&self) -> &str {
        match self {
            Failure::Again(why) | Failure::Away(why) | Failure::ForSomebody(why) => why,
        }
    }

    /// What it says of the other side.
    pub(crate) fn went(&self) -> Went {
        match self {
            Failure::Away(_) => Went::Away,
            Failure::Again(_) | Failure::ForSomebody(_) => Went::On,
        }
    }
}

impl From<String> for Failure {
    fn from(why: String) -> Self {
        Failure::Again(why)
    }
}

impl From<&str> for Failure {
    fn from(why: &str) -> Self {
        Failure::Again(why.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_side_that_was_not_there_is_away() {
        for (refusal, away) in [
            (Refusal::Source(SourceFault::TimedOut), true),
            (Refusal::Source(SourceFault::Unreachable), true),
            (Refusal::Source(SourceFault::Refused), false),
            (Refusal::Source(SourceFault::Unusable("x")), false),
            (Refusal::NotFound, false),
        ] {
            assert_eq!(Failure::of(refusal).went() == Went::Away, away);
        }
        for (fault, away) in [
            (NotTaken::NoToken(SourceFault::Unreachable), true),
            (NotTaken::NoToken(SourceFault::Refused), false),
            (NotTaken::Answered(503), false),
            (NotTaken::Unusable("x"), false),
        ] {
            assert_eq!(Failure::to_tell(&fault).went() == Went::Away, away);
        }
    }
}
