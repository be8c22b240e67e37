//! What a page of results brings along: `_include` and `_revinclude`, once or again and again.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::parameters::{Kind, find, known};
use super::search::{Look, values};
use super::store::{Store, Stored};

/// How often includes are followed from what they brought.
const ROUNDS: usize = 8;

/// `_include=Type:parameter[:Target]`, or the reverse.
#[derive(Clone)]
pub struct Include {
    reverse: bool,
    /// `:iterate`, in STU3 `:recurse`.
    again: bool,
    source: String,
    paths: Vec<&'static str>,
    target: Option<String>,
}

impl Include {
    /// Whether a parameter of this name is an include at all.
    pub fn is_one(name: &str) -> bool {
        matches!(name.split(':').next(), Some("_include" | "_revinclude"))
    }

    /// Reads one. `None`: it names something that is not known here.
    pub fn read(store: &Store, name: &str, value: &str) -> Option<Include> {
        let (word, modifier) = match name.split_once(':') {
            Some((word, modifier)) => (word, Some(modifier)),
            None => (name, None),
        };
        if !matches!(modifier, None | Some("iterate" | "recurse")) {
            return None;
        }
        let mut parts = value.splitn(3, ':');
        let source = parts.next()?;
        let parameter = find(store.version, source, parts.next()?)?;
        let target = parts.next().map(str::to_owned);
        let fits = parameter.kind == Kind::Reference && target.as_ref().is_none_or(|kind| known(store.version, kind));
        fits.then(|| Include {
            reverse: word == "_revinclude",
            again: modifier.is_some(),
            source: source.to_owned(),
            paths: parameter.paths.clone(),
            target,
        })
    }

    fn wants(&self, target: &Stored) -> bool {
        self.target.as_ref().is_none_or(|kind| *kind == target.kind)
    }

    fn brings(&self, look: &Look<'_>, from: &[Arc<Stored>]) -> Vec<Arc<Stored>> {
        let targets = |stored: &Stored| -> Vec<Arc<Stored>> {
            let references = values(&stored.value, &self.paths);
            let resolved = references.into_iter().filter_map(|reference| look.resolve(reference));
            resolved.filter(|target| self.wants(target)).cloned().collect()
        };
        if self.reverse {
            let here: BTreeSet<String> = from.iter().map(|stored| stored.local()).collect();
            let points_here =
                |stored: &&Arc<Stored>| targets(stored).iter().any(|target| here.contains(&target.local()));
            look.store.all(&self.source).filter(points_here).cloned().collect()
        } else {
            from.iter().filter(|stored| stored.kind == self.source).flat_map(|stored| targets(stored)).collect()
        }
    }
}

/// The resources that a page's includes bring along, each once, none of the page itself.
pub fn included(store: &Store, base: &str, page: &[Arc<Stored>], rules: &[Include]) -> Vec<Arc<Stored>> {
    let look = Look { store, base };
    let mut seen: BTreeSet<String> = page.iter().map(|stored| stored.local()).collect();
    let mut brought = Vec::new();
    let mut from = page.to_vec();
    for round in 0..ROUNDS {
        let now = rules.iter().filter(|rule| round == 0 || rule.again);
        let found: Vec<Arc<Stored>> = now.flat_map(|rule| rule.brings(&look, &from)).collect();
        from = found.into_iter().filter(|stored| seen.insert(stored.local())).collect();
        if from.is_empty() {
            break;
        }
        brought.extend(from.iter().cloned());
    }
    brought
}
