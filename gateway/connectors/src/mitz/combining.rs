//! The provider's own consents and those of Mitz, together (handbook: generic functions, 1.3; C7): the most specific wins,
//! and at equal specificity an objection beats a permission.
//!
//! A choice in Mitz is about kinds of care providers on both sides, and about categories of data. So a local permission for
//! one organisation by name is more specific, and a general one is not. A local objection stops before Mitz is told of
//! anybody.

use std::sync::Arc;

use exchange::ports::{BoxFuture, ConsentQuestion, Consents};
use policy::{Consent, Finding, Ground, NotFoundOut, Obligation};

use crate::registers::{LocalConsents, is_objection};

/// What the provider's own register says, as far as it matters for asking on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LocalWord {
    Objection(Consent),
    /// A permission; `by_name` when all of it is for this one organisation.
    Permission {
        consent: Consent,
        by_name: bool,
    },
    /// Nothing in general. What of it must be withheld all the same, and the objection that says so, if one does.
    Silence {
        withhold: Vec<Obligation>,
        objection: Option<Consent>,
    },
    NotFoundOut(NotFoundOut),
}

impl LocalWord {
    /// What it comes to when nobody else is asked.
    pub(crate) fn alone(self) -> Finding<Consent> {
        match self {
            LocalWord::Objection(consent) | LocalWord::Permission { consent, .. } => Finding::Found(consent),
            // There is no permission that the objection to a part could be an exception of.
            LocalWord::Silence { objection: Some(consent), .. } => Finding::Found(consent),
            LocalWord::Silence { objection: None, .. } => Finding::Absent,
            LocalWord::NotFoundOut(why) => Finding::NotFoundOut(why),
        }
    }
}

/// What follows from the local word and the ground.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Next {
    Settled(Finding<Consent>),
    /// Whatever it permits, this stays withheld: a local objection to a part is more specific.
    AskMitz {
        withhold: Vec<Obligation>,
    },
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
        Box::pin(async move {
            let word = match &self.local {
                Some(local) => local.word(&question).await,
                None => LocalWord::NotFoundOut(NotFoundOut::NobodyToAsk),
            };
            match next(word, question.ground) {
                Next::Settled(finding) => finding,
                Next::AskMitz { withhold } => match self.mitz.consent(question).await {
                    Finding::Found(consent) => Finding::Found(Consent { withhold, ..consent }),
                    unknown => unknown,
                },
            }
        })
    }
}

/// The table.
fn next(word: LocalWord, ground: Ground) -> Next {
    match (ground, word) {
        // Presumed consent and an emergency are not asked of Mitz: only what the provider knows itself counts.
        (Ground::PresumedConsent | Ground::Emergency, word) => Next::Settled(word.alone()),
        (Ground::ExplicitConsent, word @ (LocalWord::Objection(_) | LocalWord::Permission { by_name: true, .. })) => {
            Next::Settled(word.alone())
        }
        // A general permission is no more specific than a choice in Mitz, which may be an objection.
        (Ground::ExplicitConsent, LocalWord::Permission { consent, by_name: false }) => {
            Next::AskMitz { withhold: consent.withhold.into_iter().filter(is_objection).collect() }
        }
        (Ground::ExplicitConsent, LocalWord::Silence { withhold, .. }) => Next::AskMitz { withhold },
        // No register of our own: nothing of ours can object.
        (Ground::ExplicitConsent, LocalWord::NotFoundOut(NotFoundOut::NobodyToAsk)) => {
            Next::AskMitz { withhold: Vec::new() }
        }
        // There may be an objection that cannot be read.
        (Ground::ExplicitConsent, word @ LocalWord::NotFoundOut(_)) => Next::Settled(word.alone()),
    }
}

#[cfg(test)]
mod tests {
    use policy::ConsentDecision;

    use super::*;

    fn consent(decision: ConsentDecision) -> Consent {
        Consent { decision, source: "local".to_owned(), reference: "c-1".to_owned(), withhold: Vec::new() }
    }

    #[test]
    fn the_most_specific_wins_and_an_objection_stops_before_anybody_is_asked() {
        let permission = |by_name| LocalWord::Permission { consent: consent(ConsentDecision::Permit), by_name };
        let objection = || LocalWord::Objection(consent(ConsentDecision::Deny));
        let permits = || Next::Settled(Finding::Found(consent(ConsentDecision::Permit)));
        let objects = || Next::Settled(Finding::Found(consent(ConsentDecision::Deny)));
        let ask = || Next::AskMitz { withhold: Vec::new() };
        let silence = |objection| LocalWord::Silence { withhold: Vec::new(), objection };
        let unknown = |why| Next::Settled(Finding::NotFoundOut(why));
        let table = [
            (objection(), objects(), objects()),
            (permission(true), permits(), permits()),
            (permission(false), ask(), permits()),
            (silence(None), ask(), Next::Settled(Finding::Absent)),
            (silence(Some(consent(ConsentDecision::Deny))), ask(), objects()),
            (LocalWord::NotFoundOut(NotFoundOut::NobodyToAsk), ask(), unknown(NotFoundOut::NobodyToAsk)),
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

    #[test]
    fn what_is_objected_to_in_part_stays_withheld_whatever_mitz_permits() {
        let part = Obligation::WithholdResource { reference: "Observation/1".to_owned() };
        let only =
            Obligation::OnlyResources { resource_type: "Flag".to_owned(), references: vec!["Flag/1".to_owned()] };
        let general = Consent { withhold: vec![part.clone(), only], ..consent(ConsentDecision::Permit) };
        for word in [
            LocalWord::Permission { consent: general, by_name: false },
            LocalWord::Silence { withhold: vec![part.clone()], objection: Some(consent(ConsentDecision::Deny)) },
        ] {
            assert_eq!(next(word, Ground::ExplicitConsent), Next::AskMitz { withhold: vec![part.clone()] });
        }
    }
}
