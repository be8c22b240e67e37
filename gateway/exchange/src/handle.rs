//! The one shape of every stage.

use std::future::Future;

use crate::refusal::Refusal;

/// A stage of the stack: takes the evidence gathered so far and answers, or refuses.
pub trait Handle<In>: Send + Sync {
    type Out;

    fn handle(&self, input: In) -> impl Future<Output = Result<Self::Out, Refusal>> + Send;
}
