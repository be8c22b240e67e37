//! Puts paragraphs below one another, line by line, page by page.

use crate::PrintFault;
use crate::fonts::{Fonts, Weight};

/// A4, in points.
pub const WIDTH: f32 = 595.28;
pub const HEIGHT: f32 = 841.89;
pub const MARGIN: f32 = 50.0;
/// Where the last line of a page may stand.
const BOTTOM: f32 = HEIGHT - 60.0;
/// Between a line and the next, in sizes.
const LEADING: f32 = 1.38;
/// How far a value stands from the beginning of its name.
const COLUMN: f32 = 135.0;
/// The narrowest that a column gets, however deep.
const NARROWEST: f32 = 120.0;
/// How much room a heading needs below it, so that it does not stand alone.
const COMPANY: f32 = 44.0;
/// More pages than this are no handoff: the largest of the standard's own examples has some twenty.
pub const MOST_PAGES: usize = 500;

/// What a paragraph is, for whoever reads it aloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// From 1.
    Heading(u16),
    Text,
}

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    pub size: f32,
    pub weight: Weight,
    /// Beside what matters.
    pub soft: bool,
}

/// One line where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    pub page: usize,
    pub x: f32,
    /// Of its baseline, from the top.
    pub y: f32,
    pub look: Look,
    pub text: String,
    /// To which paragraph it belongs.
    pub paragraph: usize,
    /// It is of the value that stands beside a name, and is read after all of the name.
    pub beside: bool,
}

/// A document as it grows.
pub struct Flow<'f> {
    fonts: &'f Fonts,
    pub placed: Vec<Placed>,
    pub paragraphs: Vec<Kind>,
    /// Something stands as its code point.
    pub lacking: bool,
    page: usize,
    y: f32,
}

impl<'f> Flow<'f> {
    pub fn new(fonts: &'f Fonts) -> Self {
        Flow { fonts, placed: Vec::new(), paragraphs: Vec::new(), lacking: false, page: 0, y: MARGIN }
    }

    pub fn pages(&self) -> usize {
        self.page + 1
    }

    /// Begins on the next page when a line of this look would stand alone at the foot of this one.
    ///
    /// # Errors
    /// The document gets too long.
    pub fn begin_together(&mut self, look: Look) -> Result<(), PrintFault> {
        if self.y + look.size * LEADING + COMPANY > BOTTOM { self.turn() } else { Ok(()) }
    }

    /// As much of a text as one line over the whole width holds.
    pub fn first_line(&self, text: &str, look: Look) -> String {
        self.wrap(text, look, WIDTH - 2.0 * MARGIN).into_iter().next().unwrap_or_default()
    }

    /// Leaves room.
    pub fn gap(&mut self, points: f32) {
        self.y += points;
    }

    /// A paragraph over the whole width from `x`.
    ///
    /// # Errors
    /// The document gets too long.
    pub fn paragraph(&mut self, kind: Kind, look: Look, x: f32, text: &str) -> Result<(), PrintFault> {
        if matches!(kind, Kind::Heading(_)) {
            self.begin_together(look)?;
        }
        let paragraph = self.begin(kind);
        let lines = self.wrap(text, look, WIDTH - MARGIN - x);
        self.lacking |= self.fonts.lacks(text);
        self.lines(&lines, look, x, paragraph)
    }

    /// A name with what it says beside it, as one paragraph.
    ///
    /// # Errors
    /// The document gets too long.
    pub fn row(&mut self, name: &str, text: &str, look: Look, x: f32) -> Result<(), PrintFault> {
        let soft = Look { soft: true, ..look };
        let beside = (x + COLUMN).min(WIDTH - MARGIN - NARROWEST);
        let names = self.wrap(&format!("{name}:"), soft, beside - x - 8.0);
        let texts = if text.is_empty() { Vec::new() } else { self.wrap(text, look, WIDTH - MARGIN - beside) };
        self.lacking |= self.fonts.lacks(name) || self.fonts.lacks(text);
        let paragraph = self.begin(Kind::Text);
        for at in 0..names.len().max(texts.len()) {
            self.next_line(look)?;
            // A space ends the name for whoever reads it aloud.
            if let Some(name) = names.get(at) {
                self.put(format!("{name} "), soft, x, paragraph, false);
            }
            if let Some(text) = texts.get(at) {
                let more = at + 1 < texts.len();
                self.put(if more { format!("{text} ") } else { text.clone() }, look, beside, paragraph, true);
            }
        }
        Ok(())
    }

    fn lines(&mut self, lines: &[String], look: Look, x: f32, paragraph: usize) -> Result<(), PrintFault> {
        for (at, line) in lines.iter().enumerate() {
            self.next_line(look)?;
            let more = at + 1 < lines.len();
            self.put(if more { format!("{line} ") } else { line.clone() }, look, x, paragraph, false);
        }
        Ok(())
    }

    fn begin(&mut self, kind: Kind) -> usize {
        self.paragraphs.push(kind);
        self.paragraphs.len() - 1
    }

    fn next_line(&mut self, look: Look) -> Result<(), PrintFault> {
        if self.y + look.size * LEADING > BOTTOM {
            self.turn()?;
        }
        self.y += look.size * LEADING;
        Ok(())
    }

    fn turn(&mut self) -> Result<(), PrintFault> {
        self.page += 1;
        self.y = MARGIN;
        if self.page < MOST_PAGES { Ok(()) } else { Err(PrintFault::TooLong(MOST_PAGES)) }
    }

    fn put(&mut self, text: String, look: Look, x: f32, paragraph: usize, beside: bool) {
        self.placed.push(Placed { page: self.page, x, y: self.y, look, text, paragraph, beside });
    }

    /// Breaks a text into lines that fit; a word that fits on none is broken.
    fn wrap(&self, text: &str, look: Look, width: f32) -> Vec<String> {
        let text = self.fonts.writable(text, look.weight);
        let wide = |text: &str| self.fonts.width(text, look.weight, look.size);
        let mut lines = Vec::new();
        for written in text.split('\n') {
            let mut line = String::new();
            for word in written.split(' ').filter(|word| !word.is_empty()) {
                let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
                if wide(&longer) <= width {
                    line = longer;
                    continue;
                }
                if !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                }
                for c in word.chars() {
                    line.push(c);
                    if wide(&line) > width && line.chars().count() > 1 {
                        line.pop();
                        lines.push(std::mem::replace(&mut line, c.to_string()));
                    }
                }
            }
            if !line.is_empty() {
                lines.push(line);
            }
        }
        lines
    }
}
