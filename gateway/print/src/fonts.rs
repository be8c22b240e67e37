//! The two fonts of a document (DejaVu Sans, under its free licence), and how wide text is in them.

use krilla::text::Font;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider};

use crate::PrintFault;

/// Weight of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Regular,
    Bold,
}

/// Both fonts.
pub struct Fonts {
    regular: Face,
    bold: Face,
}

struct Face {
    font: Font,
    read: FontRef<'static>,
}

impl Fonts {
    /// # Errors
    /// The fonts that this program was built with cannot be read.
    pub fn load() -> Result<Self, PrintFault> {
        Ok(Fonts { regular: Face::of(dejavu::sans::regular())?, bold: Face::of(dejavu::sans::bold())? })
    }

    pub fn font(&self, weight: Weight) -> Font {
        self.face(weight).font.clone()
    }

    /// The text with what cannot be drawn rightly written as its code point, so that nothing is lost unseen.
    pub fn writable(&self, text: &str, weight: Weight) -> String {
        let mut written = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\n' => written.push('\n'),
                c if c.is_control() || c.is_whitespace() => written.push(' '),
                c if self.draws(c, weight) => written.push(c),
                c => written.push_str(&format!("[U+{:04X}]", u32::from(c))),
            }
        }
        written
    }

    /// Whether something of this text is written as its code point.
    pub fn lacks(&self, text: &str) -> bool {
        let breaks = |c: char| c.is_control() || c.is_whitespace();
        let drawn = |c: char| self.draws(c, Weight::Regular) && self.draws(c, Weight::Bold);
        text.chars().any(|c| !breaks(c) && !drawn(c))
    }

    fn draws(&self, c: char, weight: Weight) -> bool {
        let glyph = self.face(weight).read.charmap().map(c);
        !is_unwritten(c) && glyph.is_some_and(|glyph| glyph.to_u32() != 0)
    }

    /// How wide a text is at this size, in points.
    pub fn width(&self, text: &str, weight: Weight, size: f32) -> f32 {
        let face = self.face(weight);
        let (characters, metrics) = (face.read.charmap(), face.metrics(size));
        text.chars().filter_map(|c| metrics.advance_width(characters.map(c)?)).sum()
    }

    fn face(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }
}

/// What has no place in a line that runs from left to right, glyph or not.
fn is_unwritten(c: char) -> bool {
    matches!(c,
        // Scripts that run from right to left, which would come out backwards.
        '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFF}'
        | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}'
        // What turns the direction around or is not seen.
        | '\u{00AD}' | '\u{034F}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FFF0}'..='\u{FFFF}' | '\u{E0000}'..='\u{E0FFF}'
        // Of nobody's meaning: the standard wants to know what is read (ISO 19005-2, 6.2.11.7.3).
        | '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')
}

impl Face {
    fn of(bytes: &'static [u8]) -> Result<Self, PrintFault> {
        let fault = || PrintFault::NotWritten("a font cannot be read".to_owned());
        let font = Font::new(bytes.to_vec().into(), 0).ok_or_else(fault)?;
        Ok(Face { font, read: FontRef::new(bytes).map_err(|_| fault())? })
    }

    fn metrics(&self, size: f32) -> GlyphMetrics<'_> {
        self.read.glyph_metrics(Size::new(size), LocationRef::default())
    }
}
