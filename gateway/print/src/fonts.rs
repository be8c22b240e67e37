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

    /// The text with what the fonts have no glyph for written as its code point, so that nothing is lost unseen.
    pub fn writable(&self, text: &str, weight: Weight) -> String {
        let characters = self.face(weight).read.charmap();
        let mut written = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\n' => written.push('\n'),
                c if c.is_control() || c.is_whitespace() => written.push(' '),
                c if characters.map(c).is_some_and(|glyph| glyph.to_u32() != 0) => written.push(c),
                c => written.push_str(&format!("[U+{:04X}]", u32::from(c))),
            }
        }
        written
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
