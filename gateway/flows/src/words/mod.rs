//! Dutch words for what FHIR says in codes, dates and numbers, for whatever is made for people to read. What has no words
//! here is shown as it is: nothing is hidden.

mod codes;
mod dates;

pub use codes::{gender, status};
pub use dates::date;
