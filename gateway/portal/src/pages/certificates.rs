//! When certificates end, for whoever has to renew them in time: our own, those of the authorities that we believe, and
//! those of partners as far as they were shown. What ends within thirty days stands out.

use audit::Language;
use maud::{Markup, html};
use time::OffsetDateTime;

use super::{Frame, frame, icons};
use crate::words::moments::{iso_day, long_day};

/// So many days ahead a certificate has to be renewed.
pub const DAYS_AHEAD: i64 = 30;

/// The certificates that this node needs or met, the first to end in front.
#[derive(Clone, Debug, Default)]
pub struct CertificatesShown {
    pub rows: Vec<CertificateRow>,
    /// The files changed and cannot be used; those of before are in use.
    pub unusable: bool,
    /// Since the start: certificates that were refused as revoked, of which it could not be found out, and handshakes that
    /// were refused.
    pub revoked: u64,
    pub not_found_out: u64,
    pub handshakes: u64,
}

#[derive(Clone, Debug)]
pub struct CertificateRow {
    pub kind: CertificateKind,
    /// The name of its subject.
    pub name: String,
    pub not_after: OffsetDateTime,
    /// Whole days until then; negative when it is over.
    pub days: i64,
}

/// Whose certificate it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateKind {
    Outer,
    Inner,
    OuterAuthority,
    InnerAuthority,
    Cards,
    CardAuthority,
    Partner,
}

pub(crate) fn certificates(around: &Frame<'_>, shown: &CertificatesShown) -> Markup {
    let says = Says(around.language == Language::English);
    let body = html! {
        div.page {
            h1 { (says.title()) }
            p.lead { (says.lead()) }
            @if shown.unusable { (warning(says.unusable())) }
            @let soon = shown.rows.iter().filter(|row| row.days < DAYS_AHEAD).count();
            @if soon > 0 { (warning(&says.soon(soon))) } @else { p.hint { (says.none_soon()) } }
            section.section {
                table {
                    thead { tr {
                        th scope="col" { (says.name()) }
                        th scope="col" { (says.whose()) }
                        th scope="col" { (says.until()) }
                        th.number scope="col" { (says.days()) }
                    } }
                    tbody {
                        @for row in &shown.rows {
                            tr {
                                th scope="row" { (row.name) }
                                td { (says.kind(row.kind)) }
                                td { time datetime=(iso_day(row.not_after.date())) { (long_day(row.not_after.date(), around.language)) } }
                                td.number.qualified[row.days < DAYS_AHEAD] { (says.left(row.days)) }
                            }
                        }
                    }
                }
            }
            p.hint { (says.counts(shown)) }
        }
    };
    frame(around, says.title(), &body)
}

fn warning(text: &str) -> Markup {
    html! { section.banner.incomplete role="status" { (icons::warning()) div { p { (text) } } } }
}

/// The words of the page, in English or not.
struct Says(bool);

impl Says {
    fn pick(&self, dutch: &'static str, english: &'static str) -> &'static str {
        if self.0 { english } else { dutch }
    }
    fn title(&self) -> &'static str {
        self.pick("Certificaten", "Certificates")
    }
    fn lead(&self) -> &'static str {
        self.pick(
            "Wanneer de certificaten aflopen waarmee deze node en anderen zich bewijzen. Nieuwe bestanden worden vanzelf gelezen.",
            "When the certificates end by which this node and others prove who they are. New files are read by themselves.",
        )
    }
    fn unusable(&self) -> &'static str {
        self.pick(
            "De bestanden met certificaten zijn veranderd en niet bruikbaar; de vorige zijn nog in gebruik. Het technische log zegt wat er mis is.",
            "The files with certificates changed and cannot be used; those of before are still in use. The technical log says what is wrong.",
        )
    }
    fn soon(&self, count: usize) -> String {
        match (self.0, count) {
            (false, 1) => format!("Eén certificaat loopt af binnen {DAYS_AHEAD} dagen, of is al afgelopen."),
            (false, count) => format!("{count} certificaten lopen af binnen {DAYS_AHEAD} dagen, of zijn al afgelopen."),
            (true, 1) => format!("One certificate ends within {DAYS_AHEAD} days, or is over."),
            (true, count) => format!("{count} certificates end within {DAYS_AHEAD} days, or are over."),
        }
    }
    fn none_soon(&self) -> &'static str {
        self.pick("Geen certificaat loopt af binnen 30 dagen.", "No certificate ends within 30 days.")
    }
    fn name(&self) -> &'static str {
        self.pick("Naam", "Name")
    }
    fn whose(&self) -> &'static str {
        self.pick("Van", "Whose")
    }
    fn until(&self) -> &'static str {
        self.pick("Geldig tot en met", "Valid until")
    }
    fn days(&self) -> &'static str {
        self.pick("Dagen", "Days")
    }
    fn left(&self, days: i64) -> String {
        if days < 0 { self.pick("afgelopen", "over").to_owned() } else { days.to_string() }
    }
    fn kind(&self, kind: CertificateKind) -> &'static str {
        match kind {
            CertificateKind::Outer => self.pick("deze node, naar buiten", "this node, outside"),
            CertificateKind::Inner => self.pick("deze node, naar binnen", "this node, inside"),
            CertificateKind::OuterAuthority => self.pick("uitgever, buiten", "authority, outside"),
            CertificateKind::InnerAuthority => self.pick("uitgever, binnen", "authority, inside"),
            CertificateKind::Cards => self.pick("deze node, voor passen", "this node, for cards"),
            CertificateKind::CardAuthority => self.pick("uitgever van passen", "authority of cards"),
            CertificateKind::Partner => self.pick("andere zorgaanbieder", "another care provider"),
        }
    }
    fn counts(&self, shown: &CertificatesShown) -> String {
        let CertificatesShown { revoked, not_found_out, handshakes, .. } = shown;
        if self.0 {
            format!(
                "Since the start: {revoked} times a revoked certificate, {not_found_out} times it could not be found out, {handshakes} handshakes refused."
            )
        } else {
            format!(
                "Sinds de start: {revoked} keer een ingetrokken certificaat, {not_found_out} keer niet vast te stellen, {handshakes} keer geen verbinding toegestaan."
            )
        }
    }
}
