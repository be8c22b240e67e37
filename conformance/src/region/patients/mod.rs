//! Twelve people and what four providers wrote down about them. One file per person; read
//! them as stories. They do not always agree with each other, as in life.

mod ahmet_yildiz;
mod daan_visser;
mod fatima_el_amrani;
mod greetje_hoekstra;
mod henk_dijkstra;
mod jan_willem_bakker;
mod kees_mulder;
mod lieke_jansen;
mod mien_van_der_heuvel;
mod rob_van_dam;
mod sanne_de_graaf;
mod truus_peters;

use super::chart::Chart;
use super::person::Person;
use super::providers::Provider;

/// What one provider wrote: under which number of its own, and the telling of it.
pub struct Chapter {
    pub provider: &'static Provider,
    pub number: &'static str,
    tell: fn(&mut Chart),
}

/// A person and the chapters of this person's record.
pub struct Story {
    pub person: &'static Person,
    pub chapters: &'static [Chapter],
}

impl Chapter {
    /// The chart as it stands at the end of the telling.
    pub fn chart(&self, person: &'static Person) -> Chart {
        let mut chart = Chart::open(self.provider, person, self.number);
        (self.tell)(&mut chart);
        chart
    }
}

/// All twelve. The first is the one to show.
pub const STORIES: [&Story; 12] = [
    &mien_van_der_heuvel::STORY,
    &henk_dijkstra::STORY,
    &fatima_el_amrani::STORY,
    &jan_willem_bakker::STORY,
    &greetje_hoekstra::STORY,
    &daan_visser::STORY,
    &sanne_de_graaf::STORY,
    &kees_mulder::STORY,
    &ahmet_yildiz::STORY,
    &truus_peters::STORY,
    &rob_van_dam::STORY,
    &lieke_jansen::STORY,
];

const fn at(provider: &'static Provider, number: &'static str, tell: fn(&mut Chart)) -> Chapter {
    Chapter { provider, number, tell }
}

/// The words that the stories are told in.
mod words {
    pub use super::super::chart::Chart;
    pub use super::super::codes::{allergy, concept, device, medicine, problem, procedure, smoking};
    pub use super::super::person::{Gender, Person};
    pub use super::super::providers::{GENERAL_PRACTICE, HOSPITAL, NURSING_HOME, PHARMACY};
    pub use super::super::zib::{
        Against, Contact, Directive, Medicine, Severity, Soap, Stopping, ability, body, daily, lab, place, weekly,
    };
    pub(super) use super::{Story, at};
}
