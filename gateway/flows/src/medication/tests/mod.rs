//! The computation held against the official pairs, against cases of our own for each rule, and against what must hold of
//! every overview.

mod answers;
mod build;
mod mixed;
mod official;
mod properties;
mod rules;
mod sets;
