//! How the cases ask for an overview of invented blocks, and read it.

use fhir::Resource;
use time::OffsetDateTime;

use crate::medication::{Because, Moment, Received, Treatments, Windows, treatments};
pub use crate::testing::{Block as B, NOW, block as b};

/// The overview of blocks from one source.
pub fn overview(blocks: &[B]) -> Treatments {
    of_sources(&blocks.iter().map(|block| (0, block.clone())).collect::<Vec<_>>(), false)
}

/// The overview of blocks from several sources, of which one is missing or none.
pub fn of_sources(blocks: &[(usize, B)], missing: bool) -> Treatments {
    at(blocks, missing, NOW, Windows::default())
}

pub fn at(blocks: &[(usize, B)], missing: bool, now: OffsetDateTime, windows: Windows) -> Treatments {
    let resources: Vec<(usize, Resource)> = blocks.iter().map(|(source, block)| (*source, block.build())).collect();
    let received: Vec<Received<'_>> =
        resources.iter().map(|(source, resource)| Received { source: *source, resource }).collect();
    treatments(&received, missing, Moment::from(now), windows)
}

/// `Current: MA1 TA1; Planned: MA2`: the sections with the ids of their lines.
pub fn told(overview: &Treatments) -> String {
    let parts = overview.shown.iter().map(|treatment| {
        let lines = treatment.lines.iter().map(|line| line.said.name.id.as_ref().map_or("-", |id| &*id.value));
        format!("{:?}: {}", treatment.section, lines.collect::<Vec<_>>().join(" "))
    });
    parts.collect::<Vec<_>>().join("; ")
}

/// What is said about the line of this id.
pub fn reasons(overview: &Treatments, id: &str) -> Vec<Because> {
    let lines = overview.shown.iter().flat_map(|treatment| &treatment.lines);
    let line = lines.into_iter().find(|line| line.said.name.id.as_ref().is_some_and(|own| *own.value == *id));
    line.unwrap_or_else(|| panic!("{id} is not on a line: {}", told(overview)))
        .reasons
        .iter()
        .map(|r| r.because)
        .collect()
}

/// Why the block of this id is not shown.
pub fn aside(overview: &Treatments, id: &str) -> Because {
    let found = overview.aside.iter().find(|aside| aside.name.id.as_ref().is_some_and(|own| *own.value == *id));
    found.unwrap_or_else(|| panic!("{id} is not aside: {}", told(overview))).reason.because
}
