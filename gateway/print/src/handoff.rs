//! A nursing handoff on paper: the same that the page shows, in the same order.

use flows::eoverdracht::readable::{Block, Part, Readable, Said};

use crate::drawing::{Edges, write};
use crate::flowing::{Flow, Kind, Look, MARGIN};
use crate::fonts::{Fonts, Weight};
use crate::{About, PrintFault};

/// Names the document and no patient.
const TITLE: &str = "Verpleegkundige overdracht";
/// Said where a character stands as its code point.
const LACKING: &str = "Tekens die in dit document niet kunnen worden afgedrukt, staan er als hun codepunt tussen vierkante haken. \
    De gegevens zelf zijn ongewijzigd.";
/// How far what belongs to something stands from it.
const STEP: f32 = 14.0;
/// Deeper is not shifted further.
const DEEPEST: u16 = 6;

const PLAIN: Look = Look { size: 9.0, weight: Weight::Regular, soft: false };
const STRONG: Look = Look { size: 9.5, weight: Weight::Bold, soft: false };

/// The handoff as PDF/A-2a.
///
/// # Errors
/// It is too long, or cannot be written.
pub fn handoff(readable: &Readable, about: &About<'_>) -> Result<Vec<u8>, PrintFault> {
    let fonts = Fonts::load()?;
    let mut flow = Flow::new(&fonts);
    head(&mut flow, readable, about)?;
    for part in &readable.parts {
        self::part(&mut flow, part, 2)?;
    }
    if !readable.beside.is_empty() {
        heading(&mut flow, 2, "Genoemde personen en organisaties")?;
        readable.beside.iter().try_for_each(|one| block(&mut flow, one))?;
    }
    if flow.lacking {
        flow.gap(14.0);
        flow.paragraph(Kind::Text, Look { soft: true, ..PLAIN }, MARGIN, LACKING)?;
    }
    let patient = &readable.patient;
    let whom = format!("{}, geboren {}", or_unknown(&patient.name), or_unknown(&patient.born));
    write(&flow, &fonts, &Edges { title: TITLE, whom: &whom }, about)
}

fn or_unknown(text: &str) -> String {
    if text.is_empty() { "niet bekend".to_owned() } else { text.to_owned() }
}

fn head(flow: &mut Flow<'_>, readable: &Readable, about: &About<'_>) -> Result<(), PrintFault> {
    let patient = &readable.patient;
    flow.paragraph(Kind::Heading(1), Look { size: 17.0, weight: Weight::Bold, soft: false }, MARGIN, TITLE)?;
    flow.gap(6.0);
    for (name, text) in [
        ("Patiënt", or_unknown(&patient.name)),
        ("Geboren", or_unknown(&patient.born)),
        ("Geslacht", or_unknown(&patient.gender)),
        ("Van", about.from.to_owned()),
        ("Aan", about.to.to_owned()),
        ("Overdracht op", or_unknown(readable.transfer.as_deref().unwrap_or_default())),
        ("Opgesteld op", or_unknown(readable.date.as_deref().unwrap_or_default())),
        ("Opgesteld door", or_unknown(&readable.authors.join(", "))),
    ] {
        flow.row(name, &text, STRONG, MARGIN)?;
    }
    if let Some(all) = &patient.block {
        flow.gap(6.0);
        said(flow, &all.said, 0)?;
    }
    Ok(())
}

fn part(flow: &mut Flow<'_>, part: &Part, level: u16) -> Result<(), PrintFault> {
    let unknown = if part.known { "" } else { " (onbekend soort onderdeel)" };
    heading(flow, level, &format!("{}{unknown}", part.title))?;
    if part.is_empty() {
        flow.paragraph(Kind::Text, Look { soft: true, ..PLAIN }, MARGIN, "De afzender heeft hier niets ingevuld.")?;
    }
    said(flow, &part.said, 0)?;
    part.blocks.iter().try_for_each(|one| block(flow, one))?;
    for missing in &part.missing {
        flow.paragraph(Kind::Text, STRONG, MARGIN, &format!("Niet meegestuurd: {missing}"))?;
    }
    part.parts.iter().try_for_each(|inner| self::part(flow, inner, (level + 1).min(DEEPEST)))
}

fn heading(flow: &mut Flow<'_>, level: u16, text: &str) -> Result<(), PrintFault> {
    let size = match level {
        2 => 13.0,
        3 => 11.0,
        _ => 10.0,
    };
    flow.gap(if level == 2 { 14.0 } else { 8.0 });
    flow.paragraph(Kind::Heading(level), Look { size, weight: Weight::Bold, soft: false }, MARGIN, text)?;
    flow.gap(2.0);
    Ok(())
}

fn block(flow: &mut Flow<'_>, block: &Block) -> Result<(), PrintFault> {
    flow.gap(5.0);
    flow.begin_together(STRONG)?;
    let title = block.title.as_deref().map(|title| format!(": {title}")).unwrap_or_default();
    let unknown = if block.known { "" } else { " (onbekend soort)" };
    flow.paragraph(Kind::Text, STRONG, MARGIN, &format!("{}{unknown}{title}", block.kind))?;
    said(flow, &block.said, 0)?;
    for file in &block.files {
        flow.row("Bestand", &format!("{} ({})", file.title, file.content_type), PLAIN, MARGIN + STEP)?;
    }
    Ok(())
}

fn said(flow: &mut Flow<'_>, all: &[Said], depth: u16) -> Result<(), PrintFault> {
    let x = MARGIN + STEP * f32::from((depth + 1).min(DEEPEST));
    for one in all {
        flow.row(&one.name, &one.text, PLAIN, x)?;
        said(flow, &one.inner, depth.saturating_add(1))?;
    }
    Ok(())
}
