//! The logs of other nodes, over the wire: what they give out (C2SP tlog-tiles), and asking them to cosign (C2SP
//! tlog-witness). Opaque texts go in and out, within bounds of bytes and time; what they say, and whether it is to be
//! believed, is not known here.

mod client;
#[cfg(test)]
mod tests;

pub use client::{NeighbourLog, NotHad, Submitted};
