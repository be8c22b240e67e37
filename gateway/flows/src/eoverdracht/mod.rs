//! The nursing handoff (eOverdracht) between two nodes: the Task lives at the sender, the receiver is told of it, pulls the
//! document, and says when it has all of it. Nothing clinical is pushed.
//!
//! Pure: events go in, the new state and what is to be done come out. When something happens, whether it is kept, and over
//! which wire it goes are not known here.

pub mod assembling;
mod codes;
pub mod documents;
pub mod filing;
pub mod from_r4;
mod handoff;
pub mod making;
mod negotiation;
pub mod notice;
mod notification;
pub mod readable;
mod receiving;
mod routing;
pub mod rules;
mod sending;
mod status;
pub mod task;
mod transitions;

#[cfg(test)]
mod assembling_tests;
#[cfg(test)]
mod content_tests;
#[cfg(test)]
mod negotiation_wire_tests;
#[cfg(test)]
mod notice_tests;
#[cfg(test)]
mod receiving_tests;
#[cfg(test)]
mod wire_tests;

pub use codes::{ADVANCE_NOTICE, TASK_PARAMETER};
pub use handoff::{Handoff, HandoffFault, VERSION};
pub use negotiation::{Negotiation, Notice};
pub use notification::{NotificationFault, NotificationTask};
pub use receiving::{Act, Closed, Receiving, Stage, Told};
pub use routing::{Place, RoutedTo};
pub use sending::{NotAllowed, SenderEvent, Sending};
pub use status::TaskStatus;
pub use transitions::{Access, Party, Phase, TRANSITIONS, Transition, access, transition};
