//! One broken rule at one place, in a sentence that says what to do about it. Knows nothing of the rules.

use std::fmt;

/// Whether a finding fails the check or only asks for a second look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    Error,
    Warning,
}

/// A rule that does not hold at `path`, line `line` (counted from 1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub path: String,
    pub line: usize,
    pub weight: Weight,
    pub sentence: String,
}

impl Finding {
    pub fn error(path: &str, line: usize, sentence: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, weight: Weight::Error, sentence: sentence.into() }
    }

    pub fn warning(path: &str, line: usize, sentence: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, weight: Weight::Warning, sentence: sentence.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.weight {
            Weight::Error => "",
            Weight::Warning => "warning: ",
        };
        write!(out, "{}:{}: {mark}{}", self.path, self.line, self.sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_as_place_and_sentence_and_a_warning_says_that_it_is_one() {
        assert_eq!(Finding::error("a/b.rs", 7, "is wrong").to_string(), "a/b.rs:7: is wrong");
        assert_eq!(Finding::warning("a/b.rs", 7, "is long").to_string(), "a/b.rs:7: warning: is long");
    }
}
