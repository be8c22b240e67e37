//! The bar above every page: where one is, where one can go, and who one is.

use audit::Language;
use maud::{Markup, html};

use super::{Frame, icons, token};
use crate::desk::{Kind, Session};
use crate::words;

/// A page that the bar leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Search,
    Handoffs,
    Referrals,
    Quality,
    Certificates,
    Access,
    Configuration,
    Directory,
    Log,
    Review,
    Hints,
    Explain,
    Proof,
    OwnLog,
}

impl Place {
    const fn path(self) -> &'static str {
        match self {
            Place::Search => "/portal/",
            Place::Handoffs => "/portal/handoffs",
            Place::Referrals => "/portal/referrals",
            Place::Quality => "/portal/quality",
            Place::Certificates => "/portal/certificates",
            Place::Access => "/portal/access",
            Place::Configuration => "/portal/configuration",
            Place::Directory => "/portal/directory",
            Place::Log => "/portal/log",
            Place::Review => "/portal/log/review",
            Place::Hints => "/portal/log/hints",
            Place::Explain => "/portal/log/explain",
            Place::Proof => "/portal/log/proof",
            Place::OwnLog => "/portal/my-log",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Place::Search => "Patiënt zoeken",
            Place::Handoffs => "Overdrachten",
            Place::Referrals => "Verwijzingen",
            Place::Quality => "Gegevenskwaliteit",
            Place::Certificates => "Certificaten",
            Place::Access => "Aanmeldingen",
            Place::Configuration => "Configuratie",
            Place::Directory => "Adresboek",
            Place::Log => "Toegangslog",
            Place::Review => "Noodprocedures",
            Place::Hints => "Opvallend",
            Place::Explain => "Uitleg",
            Place::Proof => "Bewijs",
            Place::OwnLog => "Mijn inzage",
        }
    }

    /// The pages of a session, in the order of the bar. A patient has one page only, to which nothing need lead.
    const fn of(kind: Kind) -> &'static [Place] {
        match kind {
            Kind::Practitioner => &[Place::Search, Place::Handoffs, Place::Referrals, Place::Quality],
            Kind::Auditor => &[
                Place::Log,
                Place::Review,
                Place::Hints,
                Place::Explain,
                Place::Proof,
                Place::Quality,
                Place::Certificates,
                Place::Directory,
            ],
            Kind::Administrator => {
                &[Place::Access, Place::Certificates, Place::Directory, Place::Quality, Place::Configuration]
            }
            Kind::Patient => &[],
        }
    }
}

/// The path on which a session of this kind begins.
pub(crate) const fn start_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Practitioner => Place::Search.path(),
        Kind::Auditor => Place::Log.path(),
        Kind::Patient => Place::OwnLog.path(),
        Kind::Administrator => Place::Access.path(),
    }
}

pub(super) fn bar(frame: &Frame<'_>) -> Markup {
    let (language, english) = match frame.language {
        Language::Dutch => ("", false),
        Language::English => ("?lang=en", true),
    };
    let home = match frame.session.map(|session| session.kind) {
        Some(Kind::Patient) => format!("{}{language}", Place::OwnLog.path()),
        _ => Place::Search.path().to_owned(),
    };
    html! {
        header.bar {
            a.home href=(home) {
                (icons::gate())
                span { span.provider { (frame.provider) } span.product { "Zorgsluis" } }
            }
            @if let Some(session) = frame.session {
                (places(frame, session))
                form.who method="post" action="/portal/sign-out" {
                    p {
                        a.name href="/portal/sessions" { (session.name) }
                        span.role { (role(session, english)) }
                        @if let Some(mandate) = session.acting.and_then(|index| session.mandates.get(index)) {
                            span.role { @if english { "for " } @else { "namens " } (mandate) }
                        }
                    }
                    (token(&session.csrf))
                    button.quiet type="submit" { @if english { "Sign out" } @else { "Afmelden" } }
                }
            }
        }
    }
}

fn places(frame: &Frame<'_>, session: &Session) -> Markup {
    let theirs = |place: &&Place| match place {
        Place::Handoffs => session.inbox || session.outbox,
        Place::Referrals => session.referred || session.refers,
        _ => true,
    };
    let places: Vec<&Place> = Place::of(session.kind).iter().filter(theirs).collect();
    html! {
        @if !places.is_empty() {
            nav.places aria-label="Pagina's" {
                ul {
                    @for place in places {
                        li {
                            a href=(place.path()) aria-current=[(frame.place == Some(*place)).then_some("page")] {
                                (place.name())
                            }
                        }
                    }
                }
            }
        }
    }
}

fn role(session: &Session, english: bool) -> &str {
    match (session.kind, english) {
        (Kind::Practitioner, _) => words::role(&session.role),
        (Kind::Auditor, _) => "Auditor",
        (Kind::Administrator, false) => "Beheerder",
        (Kind::Administrator, true) => "Administrator",
        (Kind::Patient, false) => "Patiënt",
        (Kind::Patient, true) => "Patient",
    }
}
