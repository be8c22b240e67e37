//! The directories that say where others are reached: how old what is known of them is, what they said that they may not
//! say; and for one organisation, step by step, why it is or is not found.

use audit::Language;
use maud::{Markup, html};

use super::{Frame, frame, icons};

/// What is known of the directories, in sentences of the node's.
#[derive(Clone, Debug, Default)]
pub struct DirectoryShown {
    /// Whether this node copies directories at all.
    pub configured: bool,
    /// Each directory, and whether all is well with it.
    pub sources: Vec<(bool, String)>,
    /// The organisation that was asked for, as it was typed.
    pub asked: String,
    /// What was found of it; nothing when nobody asked.
    pub found: Option<Looked>,
}

/// A look-up in steps.
#[derive(Clone, Debug)]
pub enum Looked {
    /// What was typed is no URA.
    NoUra,
    /// The copy cannot be read.
    Failed,
    /// Each step, whether the way goes on there, and the last word.
    Told { steps: Vec<(bool, String)>, conclusion: String },
}

pub(crate) fn directory(around: &Frame<'_>, shown: &DirectoryShown) -> Markup {
    let says = Says(around.language == Language::English);
    let lang = if says.0 { "en" } else { "nl" };
    let body = html! {
        div.page {
            h1 { (says.title()) }
            p.lead { (says.lead()) }
            @if !shown.configured { p.hint { (says.none()) } } @else {
                section.section {
                    @if shown.sources.iter().any(|(well, _)| !well) {
                        section.banner.incomplete role="status" { (icons::warning()) div { p { (says.amiss()) } } }
                    }
                    ul { @for (_, text) in &shown.sources { li { (text) } } }
                }
                form.section method="get" action="/portal/directory" {
                    input type="hidden" name="lang" value=(lang);
                    label for="ura" { (says.ura()) }
                    input #ura name="ura" value=(shown.asked) inputmode="numeric" maxlength="8" autocomplete="off";
                    button type="submit" { (says.look()) }
                }
                @match &shown.found {
                    None => {}
                    Some(Looked::NoUra) => { p role="alert" { (says.no_ura()) } }
                    Some(Looked::Failed) => { p role="alert" { (says.failed()) } }
                    Some(Looked::Told { steps, conclusion }) => {
                        section.section {
                            ol { @for (holds, text) in steps { li { strong { (says.step(*holds)) } " " (text) } } }
                            p { strong { (conclusion) } }
                        }
                    }
                }
            }
        }
    };
    frame(around, says.title(), &body)
}

/// The words of the page, in English or not.
struct Says(bool);

impl Says {
    fn pick(&self, dutch: &'static str, english: &'static str) -> &'static str {
        if self.0 { english } else { dutch }
    }
    fn title(&self) -> &'static str {
        self.pick("Adresboek", "Directory")
    }
    fn lead(&self) -> &'static str {
        self.pick(
            "Waar andere zorgaanbieders bereikbaar zijn, volgens de landelijke adresboeken en die van henzelf.",
            "Where other care providers are reached, by the national directories and their own.",
        )
    }
    fn none(&self) -> &'static str {
        self.pick("Deze node leest geen adresboeken.", "This node reads no directories.")
    }
    fn amiss(&self) -> &'static str {
        self.pick(
            "Niet elk adresboek is bijgewerkt, of er is iets geweigerd. Wat bekend was, blijft in gebruik.",
            "Not every directory is up to date, or something was refused. What was known stays in use.",
        )
    }
    fn ura(&self) -> &'static str {
        self.pick("URA-nummer van een zorgaanbieder", "URA of a care provider")
    }
    fn look(&self) -> &'static str {
        self.pick("Opzoeken", "Look up")
    }
    fn no_ura(&self) -> &'static str {
        self.pick("Een URA-nummer heeft acht cijfers.", "A URA has eight digits.")
    }
    fn failed(&self) -> &'static str {
        self.pick("Het adresboek is nu niet te lezen.", "The directory cannot be read now.")
    }
    fn step(&self, holds: bool) -> &'static str {
        if holds { self.pick("Ja:", "Yes:") } else { self.pick("Nee:", "No:") }
    }
}
