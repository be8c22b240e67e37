//! Writes what was placed as PDF/A, with its structure beside it.

use std::num::NonZeroU16;

use krilla::color::rgb;
use krilla::configure::{Configuration, Validator};
use krilla::error::KrillaError;
use krilla::geom::Point;
use krilla::metadata::{DateTime, Metadata};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{ArtifactType, ContentTag, Identifier, Node, SpanTag, Tag, TagGroup, TagKind, TagTree};
use krilla::text::TextDirection;
use krilla::{Document, SerializeSettings};
use time::{OffsetDateTime, UtcOffset};

use crate::flowing::{Flow, HEIGHT, Kind, Look, MARGIN, Placed, WIDTH};
use crate::fonts::{Fonts, Weight};
use crate::{About, PrintFault};

const INK: (u8, u8, u8) = (0x17, 0x26, 0x2b);
const SOFT: (u8, u8, u8) = (0x51, 0x63, 0x6a);
const EDGE: Look = Look { size: 8.0, weight: Weight::Regular, soft: true };

/// What stands at every page's edge.
pub struct Edges<'a> {
    /// Below, and where programs show names of files: it names no patient.
    pub title: &'a str,
    /// Above every page but the first: whom it is about, so that a loose sheet is nobody else's.
    pub whom: &'a str,
}

/// The document as bytes: the same for the same of everything.
///
/// # Errors
/// It would not be PDF/A-2a.
pub fn write(flow: &Flow<'_>, fonts: &Fonts, edges: &Edges<'_>, about: &About<'_>) -> Result<Vec<u8>, PrintFault> {
    let configuration = Configuration::new_with_validator(Validator::A2_A);
    let settings = SerializeSettings { configuration, enable_tagging: true, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    let mut lines: Vec<Vec<(bool, Identifier)>> = vec![Vec::new(); flow.paragraphs.len()];
    let size = PageSettings::from_wh(WIDTH, HEIGHT).ok_or_else(|| PrintFault::NotWritten("the size".to_owned()))?;
    let whom = flow.first_line(edges.whom, EDGE);
    let mut placed = flow.placed.iter().peekable();
    for page in 0..flow.pages() {
        let mut sheet = document.start_page_with(size.clone());
        let mut surface = sheet.surface();
        if page > 0 {
            edge(&mut surface, fonts, ArtifactType::Header, page, &whom);
        }
        while let Some(placed) = placed.next_if(|placed| placed.page == page) {
            let id = surface.start_tagged(ContentTag::Span(SpanTag::empty()));
            draw(&mut surface, fonts, placed);
            surface.end_tagged();
            if let Some(of) = lines.get_mut(placed.paragraph) {
                of.push((placed.beside, id));
            }
        }
        let foot = fonts.writable(&format!("{}, pagina {} van {}", edges.title, page + 1, flow.pages()), EDGE.weight);
        edge(&mut surface, fonts, ArtifactType::Footer, page, &foot);
        surface.finish();
        sheet.finish();
    }
    document.set_tag_tree(tree(&flow.paragraphs, lines));
    document.set_metadata(
        Metadata::new()
            .title(edges.title.to_owned())
            .language("nl".to_owned())
            .authors(vec![about.from.to_owned()])
            .creator("Zorgsluis".to_owned())
            .creation_date(moment(about.made))
            .document_id(about.id.to_owned()),
    );
    document.finish().map_err(|fault| PrintFault::NotWritten(words(&fault)))
}

fn draw(surface: &mut Surface<'_>, fonts: &Fonts, placed: &Placed) {
    let (red, green, blue) = if placed.look.soft { SOFT } else { INK };
    surface.set_fill(Some(Fill { paint: rgb::Color::new(red, green, blue).into(), ..Fill::default() }));
    let point = Point::from_xy(placed.x, placed.y);
    let font = fonts.font(placed.look.weight);
    surface.draw_text(point, font, placed.look.size, &placed.text, false, TextDirection::LeftToRight);
}

/// Above or below a page: not of the document itself.
fn edge(surface: &mut Surface<'_>, fonts: &Fonts, kind: ArtifactType, page: usize, text: &str) {
    let y = if kind == ArtifactType::Header { MARGIN - 16.0 } else { HEIGHT - 34.0 };
    surface.start_tagged(ContentTag::Artifact(kind));
    draw(
        surface,
        fonts,
        &Placed { page, x: MARGIN, y, look: EDGE, text: text.to_owned(), paragraph: 0, beside: false },
    );
    surface.end_tagged();
}

/// The structure: headings and paragraphs in the order of reading.
fn tree(paragraphs: &[Kind], lines: Vec<Vec<(bool, Identifier)>>) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some("nl".to_owned()));
    for (kind, mut lines) in paragraphs.iter().zip(lines).filter(|(_, lines)| !lines.is_empty()) {
        lines.sort_by_key(|(beside, _)| *beside);
        let tag: TagKind = match kind {
            Kind::Heading(level) => Tag::Hn(NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN), None).into(),
            Kind::Text => Tag::P.into(),
        };
        tree.push(TagGroup::with_children(tag, lines.into_iter().map(|(_, id)| Node::from(id)).collect()));
    }
    tree
}

fn moment(at: OffsetDateTime) -> DateTime {
    let at = at.to_offset(UtcOffset::UTC);
    DateTime::new(u16::try_from(at.year()).unwrap_or_default())
        .month(u8::from(at.month()))
        .day(at.day())
        .hour(at.hour())
        .minute(at.minute())
        .second(at.second())
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

/// What went wrong, without what stands in the document.
fn words(fault: &KrillaError) -> String {
    match fault {
        KrillaError::Validation(all) => {
            let first = all.first().map(|fault| format!("{fault:?}")).unwrap_or_default();
            // The name of the rule stands before what broke it.
            first.split(['(', '{', ' ']).next().unwrap_or_default().to_owned()
        }
        KrillaError::Font(..) => "a font".to_owned(),
        KrillaError::DuplicateTagId(..) | KrillaError::UnknownTagId(..) => "its structure".to_owned(),
    }
}
