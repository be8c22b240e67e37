//! Each rule by cases of its own: each fails when its rule is taken out.

mod choosing;
mod folding;
mod following;
mod receiving;
mod telling;
