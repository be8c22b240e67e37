//! What an auditor asked, kept for a while under a token of letters and digits: what follows on it names nobody.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use portal::Question;

/// Most questions that are kept, of everybody together; the oldest goes.
const MOST: usize = 1_000;
/// How long one is kept.
const LIFETIME: Duration = Duration::from_secs(15 * 60);
/// Bytes of a token.
const TOKEN: usize = 16;

/// A question, and where its answer goes on.
#[derive(Clone)]
pub(super) struct Asked {
    pub question: Question,
    /// The stack's name for the next page; none: from the newest record on.
    pub page: Option<String>,
}

struct Kept {
    token: String,
    session: String,
    until: Instant,
    asked: Asked,
}

/// The questions that are kept.
#[derive(Default)]
pub(super) struct Questions(Mutex<VecDeque<Kept>>);

impl Questions {
    /// Keeps a question for this session. Nothing when the machine has no randomness to give.
    pub fn keep(&self, session: &str, asked: Asked) -> Option<String> {
        let mut bytes = [0u8; TOKEN];
        aws_lc_rs::rand::fill(&mut bytes).ok()?;
        // Letters in between: nine digits in a row could be read as a BSN.
        let token: String = bytes.iter().map(|byte| format!("{byte:02x}x")).collect();
        let now = Instant::now();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|one| one.until > now);
        if kept.len() >= MOST {
            kept.pop_front();
        }
        kept.push_back(Kept { token: token.clone(), session: session.to_owned(), until: now + LIFETIME, asked });
        Some(token)
    }

    /// The question of this token, for the session that asked it.
    pub fn find(&self, session: &str, token: &str) -> Option<Asked> {
        let now = Instant::now();
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|one| one.token == token && one.session == session && one.until > now)?;
        Some(found.asked.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(person: &str) -> Asked {
        Asked { question: Question { person: Some(person.to_owned()), ..Question::default() }, page: None }
    }

    #[test]
    fn a_question_is_found_by_who_asked_it_and_by_nobody_else() {
        let questions = Questions::default();
        let token = questions.keep("mine", asked("p-1")).unwrap();
        assert_eq!(questions.find("mine", &token).unwrap().question.person.as_deref(), Some("p-1"));
        assert!(questions.find("theirs", &token).is_none());
        assert!(questions.find("mine", "another").is_none());
        assert!(!token.contains("p-1"));
    }

    #[test]
    fn so_many_are_kept_and_no_more() {
        let questions = Questions::default();
        let first = questions.keep("mine", asked("p-0")).unwrap();
        for _ in 0..MOST {
            questions.keep("mine", asked("p-1")).unwrap();
        }
        assert!(questions.find("mine", &first).is_none());
        assert_eq!(questions.0.lock().unwrap().len(), MOST);
    }
}
