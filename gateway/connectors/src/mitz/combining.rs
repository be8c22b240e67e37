//! The provider's own consents and those of Mitz, together (handbook: generic functions, 1.3; C7): the most specific wins,
//! and at equal specificity an objection beats a permission.
//!
//! A choice in Mitz is about kinds of care providers on both sides, and about categories of data. So a local permission for
//! one organisation by name is more specific, and a general one is not. A local objection stops before Mitz is told of
//! anybody.

use std::sync::Arc;

use exchange::ports::{BoxFuture, ConsentQuestion, Consents};
use policy::{Consent, Finding, Ground, NotFoundOut};

use crate::registers::LocalConsents;

/// What the provider's own register says, as far as it matters for asking on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LocalWord {
    Objection(Consent),
    /// A permission; `by_name` when all of it is for this one organisation.
    Permission {
        consent: Consent,
        by_name: bool,
    },
    Silence,
    NotFoundOut(NotFoundOut),
}

/// What follows from the local word and the ground.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Next {
    Settled(Finding<Consent>),
    AskMitz,
}

/// Asks the provider's own register, and Mitz where that leaves it open.
pub struct LocalAndMitz {
    local: Option<Arc<LocalConsents>>,
    mitz: Arc<dyn Consents>,
}

impl LocalAndMitz {
    pub fn new(local: Option<Arc<LocalConsents>>, mitz: Arc<dyn Consents>) -> Self {
        LocalAndMitz { local, mitz }
    }
}

impl Consents for LocalAndMitz {
    fn consent<'a>(&'a self, question: ConsentQuestion<'a>) -> BoxFuture<'a, Finding<Consent>> {
        let word = match &self.local {
            Some(local) => local.word(&question),
            None => LocalWord::NotFoundOut(NotFoundOut::NobodyToAsk),
        };
        match next(word, question.ground) {
            Next::Settled(finding) => Box::pin(std::future::ready(finding)),
            Next::AskMitz => self.mitz.consent(question),
        }
    }
}

/// The table.
fn next(word: LocalWord, ground: Ground) -> Next {
    let settled = |consent| Next::Settled(Finding::Found(consent));
    match (ground, word) {
        (_, LocalWord::Objection(consent)) => settled(consent),
        // Presumed consent and an emergency are not asked of Mitz: only what the provider knows itself counts.
        (Ground::PresumedConsent | Ground::Emergency, LocalWord::Permission { consent, .. }) => settled(consent),
        (Ground::PresumedConsent | Ground::Emergency, LocalWord::Silence) => Next::Settled(Finding::Absent),
        (Ground::PresumedConsent | Ground::Emergency, LocalWord::NotFoundOut(why)) => {
            Next::Settled(Finding::NotFoundOut(why))
        }
        (Ground::ExplicitConsent, LocalWord::Permission { consent, by_name: true }) => settled(consent),
        // A general permission is no more specific than a choice in Mitz, which may be an objection.
        (Ground::ExplicitConsent, LocalWord::Permission { by_name: false, .. } | LocalWord::Silence) => Next::AskMitz,
        // No register of our own: nothing of ours can object.
        (Ground::ExplicitConsent, LocalWord::NotFoundOut(NotFoundOut::NobodyToAsk)) => Next::AskMitz,
        // There may be an objection that cannot be read.
        (Ground::ExplicitConsent, LocalWord::NotFoundOut(why)) => Next::Settled(Finding::NotFoundOut(why)),
    }
}

#[cfg(test)]
mod tests {
    use policy::ConsentDecision;

    use super::*;

    fn consent(decision: ConsentDecision) -> Consent {
        Consent { decision, source: "local".to_owned(), reference: "c-1".to_owned() }
    }

    #[test]
    fn the_most_specific_wins_and_an_objection_stops_before_anybody_is_asked() {
        let permission = |by_name| LocalWord::Permission { consent: consent(ConsentDecision::Permit), by_name };
        let objection = || LocalWord::Objection(consent(ConsentDecision::Deny));
        let permits = || Next::Settled(Finding::Found(consent(ConsentDecision::Permit)));
        let objects = || Next::Settled(Finding::Found(consent(ConsentDecision::Deny)));
        let unknown = |why| Next::Settled(Finding::NotFoundOut(why));
        let table = [
            (objection(), objects(), objects()),
            (permission(true), permits(), permits()),
            (permission(false), Next::AskMitz, permits()),
            (LocalWord::Silence, Next::AskMitz, Next::Settled(Finding::Absent)),
            (LocalWord::NotFoundOut(NotFoundOut::NobodyToAsk), Next::AskMitz, unknown(NotFoundOut::NobodyToAsk)),
            (
                LocalWord::NotFoundOut(NotFoundOut::Unusable),
                unknown(NotFoundOut::Unusable),
                unknown(NotFoundOut::Unusable),
            ),
        ];
        for (word, explicit, presumed) in table {
            assert_eq!(next(word.clone(), Ground::ExplicitConsent), explicit, "{word:?}");
            assert_eq!(next(word.clone(), Ground::PresumedConsent), presumed, "{word:?}");
            assert_eq!(next(word.clone(), Ground::Emergency), presumed, "{word:?}");
        }
    }
}
