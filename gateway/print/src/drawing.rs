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
use time::OffsetDateTime;

use crate::flowing::{Flow, HEIGHT, Kind, Look, MARGIN, Placed, WIDTH};
use crate::fonts::{Fonts, Weight};
use crate::{About, PrintFault};

const INK: (u8, u8, u8) = (0x17, 0x26, 0x2b);
const SOFT: (u8, u8, u8) = (0x51, 0x63, 0x6a);

/// The document as bytes. `title` names no patient: it stands where programs show names of files.
///
/// # Errors
/// It would not be PDF/A-2a.
pub fn write(flow: &Flow<'_>, fonts: &Fonts, title: &str, about: &About<'_>) -> Result<Vec<u8>, PrintFault> {
    let configuration = Configuration::new_with_validator(Validator::A2_A);
    let settings = SerializeSettings { configuration, enable_tagging: true, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    let mut lines: Vec<Vec<Identifier>> = vec![Vec::new(); flow.paragraphs.len()];
    let size = PageSettings::from_wh(WIDTH, HEIGHT).ok_or_else(|| PrintFault::NotWritten("the size".to_owned()))?;
    for page in 0..flow.pages() {
        let mut sheet = document.start_page_with(size.clone());
        let mut surface = sheet.surface();
        for placed in flow.placed.iter().filter(|placed| placed.page == page) {
            let id = surface.start_tagged(ContentTag::Span(SpanTag::empty()));
            draw(&mut surface, fonts, placed);
            surface.end_tagged();
            if let Some(of) = lines.get_mut(placed.paragraph) {
                of.push(id);
            }
        }
        foot(&mut surface, fonts, title, page + 1, flow.pages());
        surface.finish();
        sheet.finish();
    }
    document.set_tag_tree(tree(&flow.paragraphs, lines));
    document.set_metadata(
        Metadata::new()
            .title(title.to_owned())
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

/// Below each page: not of the document itself.
fn foot(surface: &mut Surface<'_>, fonts: &Fonts, title: &str, page: usize, pages: usize) {
    surface.start_tagged(ContentTag::Artifact(ArtifactType::Footer));
    let look = Look { size: 8.0, weight: Weight::Regular, soft: true };
    let text = fonts.writable(&format!("{title}, pagina {page} van {pages}"), look.weight);
    draw(surface, fonts, &Placed { page, x: MARGIN, y: HEIGHT - 34.0, look, text, paragraph: 0 });
    surface.end_tagged();
}

/// The structure: headings and paragraphs in the order of reading.
fn tree(paragraphs: &[Kind], lines: Vec<Vec<Identifier>>) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some("nl".to_owned()));
    for (kind, lines) in paragraphs.iter().zip(lines).filter(|(_, lines)| !lines.is_empty()) {
        let tag: TagKind = match kind {
            Kind::Heading(level) => Tag::Hn(NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN), None).into(),
            Kind::Text => Tag::P.into(),
        };
        tree.push(TagGroup::with_children(tag, lines.into_iter().map(Node::from).collect()));
    }
    tree
}

fn moment(at: OffsetDateTime) -> DateTime {
    let at = at.to_offset(time::UtcOffset::UTC);
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
