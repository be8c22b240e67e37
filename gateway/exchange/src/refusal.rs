//! refusals
pub enum Refusal {}
