//! A provider that a request names and that this node knows no way to.

use exchange::ports::{Answer, BoxFuture, Question, Source, SourceFault};
use policy::DataHolder;

/// In its place among the sources, so that what it may have is shown to be missing.
pub(super) struct Unplaced {
    holder: DataHolder,
    name: String,
}

impl Unplaced {
    pub(super) fn new(holder: DataHolder) -> Self {
        let name = format!("URA {}", holder.0);
        Unplaced { holder, name }
    }
}

impl Source for Unplaced {
    fn holder(&self) -> &DataHolder {
        &self.holder
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn ask<'a>(&'a self, _: Question<'a>) -> BoxFuture<'a, Result<Answer, SourceFault>> {
        Box::pin(std::future::ready(Err(SourceFault::Unreachable)))
    }
}
