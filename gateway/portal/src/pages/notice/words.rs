//! What the notices say: a heading, what happened, and what one can do.

use audit::Language;

use super::Notice;

type Words = (&'static str, &'static str, &'static str);

pub(in crate::pages) const fn of(notice: Notice, language: Language) -> Words {
    match language {
        Language::Dutch => dutch(notice),
        Language::English => english(notice),
    }
}

const fn dutch(notice: Notice) -> Words {
    match notice {
        Notice::NotAvailable => (
            "Geen overzicht beschikbaar",
            "Voor dit BSN is geen overzicht beschikbaar.",
            "De patiënt is hier niet bekend, of er is geen behandelrelatie met u vastgelegd. Controleer het BSN. Klopt \
             het, laat dan de behandelrelatie vastleggen en probeer het opnieuw.",
        ),
        Notice::LogClosed => (
            "Inzage niet toegestaan",
            "Het beleid van deze zorgaanbieder staat deze inzage in het toegangslog niet toe.",
            "De poging is vastgelegd. Klopt dit niet, neem dan contact op met uw beheerder.",
        ),
        Notice::NoRecord => (
            "Niet gevonden",
            "Op deze plaats staat niets in het toegangslog.",
            "Ga terug naar het begin en zoek opnieuw.",
        ),
        Notice::OtherKind => (
            "Niet voor u",
            "Deze pagina hoort niet bij de manier waarop u bent aangemeld.",
            "Meld u af en meld u aan met de code die bij deze pagina hoort.",
        ),
        Notice::TooSlow => (
            "Het duurde te lang",
            "Het antwoord was niet op tijd klaar, dus er is niets getoond.",
            "Wacht even en probeer het opnieuw. Blijft het zo, neem dan contact op met uw beheerder.",
        ),
        Notice::Busy => {
            ("Even druk", "Er lopen nu te veel raadplegingen tegelijk.", "Probeer het over enkele seconden opnieuw.")
        }
        Notice::NoLog => (
            "Nu niet mogelijk",
            "De raadpleging kan niet worden vastgelegd, en zonder vastlegging worden geen gegevens getoond.",
            "Uw beheerder kan dit verhelpen. Probeer het later opnieuw.",
        ),
        Notice::SourceFailed => (
            "De bron antwoordt niet goed",
            "Het bronsysteem gaf geen bruikbaar antwoord, dus er is niets getoond.",
            "Probeer het later opnieuw. Blijft het zo, neem dan contact op met uw beheerder.",
        ),
        Notice::NotIdentified => {
            ("Nu niet mogelijk", "Er kon niet worden vastgesteld wie u bent.", "Probeer het later opnieuw.")
        }
        Notice::Defect => (
            "Er ging iets mis",
            "Er ging bij ons iets mis, en er is niets getoond.",
            "Probeer het opnieuw. Blijft het zo, geef dan het kenmerk hieronder door aan uw beheerder.",
        ),
        Notice::ForeignForm => (
            "Formulier niet aanvaard",
            "Dit formulier is verlopen of komt niet van deze pagina.",
            "Ga terug naar het begin en probeer het opnieuw.",
        ),
        Notice::UnreadableForm => (
            "Formulier niet leesbaar",
            "Wat u verstuurde kon niet worden gelezen.",
            "Ga terug naar het begin en probeer het opnieuw.",
        ),
        Notice::NoTransfer => (
            "Overdracht of verwijzing niet beschikbaar",
            "Deze overdracht of verwijzing is hier niet (meer), of u mag haar niet inzien.",
            "Ga terug naar de werklijst. Is zij ingetrokken, neem dan contact op met de afzender.",
        ),
        Notice::NotNow => (
            "Dat kan nu niet",
            "De overdracht of verwijzing is inmiddels verder, zodat dit niet meer kan.",
            "Ga terug naar de werklijst: daar staat hoe ver zij is.",
        ),
        Notice::NotHere => ("Niet gevonden", "Deze pagina bestaat niet.", "Ga terug naar het begin."),
    }
}

const fn english(notice: Notice) -> Words {
    match notice {
        Notice::NotAvailable => (
            "No overview available",
            "No overview is available for this BSN.",
            "The patient is not known here, or no treatment relation with you is on record.",
        ),
        Notice::LogClosed => (
            "Not allowed",
            "The policy of this care provider does not allow this look at the access log.",
            "The attempt is on record. If you think this is wrong, please contact your care provider.",
        ),
        Notice::NoRecord => ("Not found", "The access log has nothing here.", "Go back to the start and try again."),
        Notice::OtherKind => (
            "Not for you",
            "This page does not belong to the way in which you are signed in.",
            "Sign out, and sign in with the code that belongs to this page.",
        ),
        Notice::TooSlow => (
            "That took too long",
            "The answer was not ready in time, so nothing is shown.",
            "Wait a moment and try again. If it stays like this, please contact your care provider.",
        ),
        Notice::Busy => ("Busy for a moment", "Too many requests are running at once.", "Try again in a few seconds."),
        Notice::NoLog => (
            "Not possible now",
            "The request cannot be recorded, and without a record no data is shown.",
            "Please try again later.",
        ),
        Notice::SourceFailed => (
            "The source does not answer well",
            "The source system gave no usable answer, so nothing is shown.",
            "Please try again later.",
        ),
        Notice::NotIdentified => {
            ("Not possible now", "It could not be established who you are.", "Please try again later.")
        }
        Notice::Defect => (
            "Something went wrong",
            "Something went wrong on our side, and nothing is shown.",
            "Try again. If it stays like this, pass on the reference below to your care provider.",
        ),
        Notice::ForeignForm => (
            "Form not accepted",
            "This form has expired or does not come from this page.",
            "Go back to the start and try again.",
        ),
        Notice::UnreadableForm => {
            ("Form not readable", "What you sent could not be read.", "Go back to the start and try again.")
        }
        Notice::NoTransfer => (
            "No such handoff or referral",
            "This handoff or referral is not here, or not for you to see.",
            "Go back to the work list. If it was taken back, please contact its sender.",
        ),
        Notice::NotNow => (
            "Not possible now",
            "The handoff or referral has gone further meanwhile, so this cannot be done any more.",
            "Go back to the work list: it says how far it is.",
        ),
        Notice::NotHere => ("Not found", "This page does not exist.", "Go back to the start."),
    }
}
