//! The closed question (gesloten autorisatievraag): may this holder release these data of this patient to this
//! requester? XACML 3.0 in SOAP 1.2 (handbook: generic functions, 2.3).

mod answer;
mod question;
mod request;
#[cfg(test)]
mod tests;
mod wrapped;

pub use answer::Decision;
pub(super) use answer::{AnswerFault, Receiver, read};
pub(super) use question::{ClosedQuestion, Identifier, Missing, code, identifier, purpose, role};
pub(super) use request::write;
