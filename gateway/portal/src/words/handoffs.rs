//! How far a handoff is, and what comes next, as a nurse says it.

use flows::eoverdracht::{Closed, Notice, Stage, TaskStatus};

use crate::desk::{HandoffAct, Progress, TransferShown};

/// How far it is, in two words.
pub(crate) fn state(transfer: &TransferShown) -> &'static str {
    if transfer.given_up {
        return "Vastgelopen";
    }
    match transfer.progress {
        Progress::Received(stage) => match stage {
            Stage::Told => "Aangekondigd",
            Stage::Waiting(status) => asked(transfer, status).0,
            Stage::Offered => "Te ontvangen",
            Stage::Taking => "Wordt opgehaald",
            Stage::Taken => "Opgehaald",
            Stage::Completed if transfer.read.is_some() => "Gelezen",
            Stage::Completed => "Te lezen",
            Stage::Closed(Closed::Refused) => "Geweigerd",
            Stage::Closed(Closed::Cancelled) => "Ingetrokken",
            Stage::Closed(Closed::Rejected) => "Afgewezen",
            Stage::Closed(Closed::CompletedWithoutUs) => "Niet ontvangen",
        },
        Progress::Sent { status, told } => match status {
            TaskStatus::InProgress if told => "Aangeboden",
            TaskStatus::InProgress => "Klaargezet",
            TaskStatus::Completed => "Ontvangen",
            TaskStatus::Cancelled => "Ingetrokken",
            TaskStatus::Requested => "Gevraagd",
            TaskStatus::Accepted => "Aanvaard",
            TaskStatus::OnHold => "Andere datum",
            TaskStatus::Rejected => "Afgewezen",
        },
        Progress::Unreadable => "Onleesbaar",
    }
}

/// What comes next, and who does it.
pub(crate) fn next(transfer: &TransferShown) -> &'static str {
    if transfer.given_up && transfer.stored == Some(false) {
        return "De overdracht is ontvangen en te lezen, maar staat niet in het eigen dossier. Staat de patiënt daar \
                ingeschreven, één keer, met het BSN? Probeer het dan opnieuw of waarschuw uw beheerder.";
    }
    if transfer.given_up {
        return "Het lukt niet, ook niet na herhaald proberen. Probeer het opnieuw of waarschuw uw beheerder.";
    }
    match transfer.progress {
        Progress::Received(stage) => match stage {
            Stage::Told => "De aankondiging wordt bij de afzender nagelezen.",
            Stage::Waiting(status) => asked(transfer, status).1,
            Stage::Offered => "Ontvang de overdracht: dan worden alle gegevens opgehaald.",
            Stage::Taking => "De gegevens worden opgehaald; meestal duurt dat enkele seconden.",
            Stage::Taken => "Alle gegevens zijn binnen. De afzender wordt ingelicht.",
            Stage::Completed if transfer.read.is_some() && transfer.stored == Some(false) => {
                "De overdracht wordt in het eigen dossier gezet. U hoeft niets te doen."
            }
            Stage::Completed if transfer.read.is_some() => "Klaar.",
            Stage::Completed => "Lees de overdracht en teken af dat u haar gelezen heeft.",
            Stage::Closed(Closed::Refused) => {
                "De overdracht is niet voor deze organisatie, of klopt niet. Neem contact op met de afzender."
            }
            Stage::Closed(Closed::Cancelled) => "De afzender heeft de overdracht ingetrokken. U hoeft niets te doen.",
            Stage::Closed(Closed::Rejected) => {
                "U heeft laten weten dat de patiënt niet kan komen. U hoeft niets te doen."
            }
            Stage::Closed(Closed::CompletedWithoutUs) => {
                "De afzender houdt de overdracht voor afgerond, maar hier is niets ontvangen. Bel de afzender."
            }
        },
        Progress::Sent { status, told } => match (status, told) {
            (TaskStatus::InProgress, false) => "De ontvanger wordt ingelicht.",
            (TaskStatus::InProgress, true) => "De ontvanger is ingelicht en moet de overdracht nog ontvangen.",
            (TaskStatus::Completed, _) => "Klaar: de ontvanger heeft alle gegevens.",
            (TaskStatus::Cancelled, false) => "De gegevens zijn afgesloten. De ontvanger wordt ingelicht.",
            (TaskStatus::Cancelled, true) => "Klaar: de gegevens zijn afgesloten en de ontvanger is ingelicht.",
            (TaskStatus::Requested | TaskStatus::Accepted, _) => "De ontvanger beslist of de patiënt kan komen.",
            (TaskStatus::OnHold, _) => "De ontvanger stelt een andere datum voor.",
            (TaskStatus::Rejected, _) => "De ontvanger kan de patiënt niet overnemen.",
        },
        Progress::Unreadable => "Waarschuw uw beheerder.",
    }
}

/// How far one is whose sender asks first, and what comes next.
fn asked(transfer: &TransferShown, status: TaskStatus) -> (&'static str, &'static str) {
    let negotiation = transfer.negotiation;
    match (status, negotiation.notice(), negotiation.answering()) {
        (TaskStatus::Requested, _, Some(_)) => ("Antwoord onderweg", "Uw antwoord wordt naar de afzender gestuurd."),
        (TaskStatus::Requested, Notice::Offered, None) => {
            ("Aanmelding", "De afzender vraagt of een patiënt kan komen. Open de aanmelding en beantwoord haar.")
        }
        (TaskStatus::Requested, Notice::Wanted, None) => ("Wordt opgehaald", "De aanmelding wordt opgehaald."),
        (TaskStatus::Requested, Notice::Held, None) => {
            ("Te beantwoorden", "Lees de aanmelding en laat weten of de patiënt kan komen.")
        }
        (TaskStatus::Accepted, ..) => ("Toegezegd", "De afzender weet dat de patiënt kan komen en beslist nu."),
        (TaskStatus::OnHold, ..) => ("Andere datum", "De afzender beslist of de andere datum past."),
        (TaskStatus::InProgress, ..) => ("Gekozen", "De patiënt komt. De overdracht zelf volgt nog."),
        (TaskStatus::Requested | TaskStatus::Rejected | TaskStatus::Cancelled | TaskStatus::Completed, ..) => {
            ("Nog niet klaar", "De afzender is nog niet zover. U hoeft niets te doen.")
        }
    }
}

/// What was answered.
pub(crate) const fn answer(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Accepted => "ja, op de gevraagde datum",
        TaskStatus::OnHold => "ja, op een andere datum",
        _ => "nee, de patiënt kan niet komen",
    }
}

/// What stands on the button.
pub(crate) const fn act(act: HandoffAct) -> &'static str {
    match act {
        HandoffAct::Take => "Ontvangen",
        HandoffAct::Open => "Aanmelding openen",
        HandoffAct::Retry => "Opnieuw proberen",
        HandoffAct::Read => "Aftekenen als gelezen",
        HandoffAct::Resend => "Ontvanger opnieuw inlichten",
        HandoffAct::Cancel => "Intrekken",
    }
}

/// Whether nothing is to be done about it any more.
pub(crate) fn is_over(transfer: &TransferShown) -> bool {
    match transfer.progress {
        _ if transfer.given_up => false,
        Progress::Received(Stage::Completed) => transfer.read.is_some() && transfer.stored != Some(false),
        Progress::Received(Stage::Closed(closed)) => matches!(closed, Closed::Cancelled | Closed::Rejected),
        Progress::Sent { status, told } => told && matches!(status, TaskStatus::Completed | TaskStatus::Cancelled),
        Progress::Received(_) | Progress::Unreadable => false,
    }
}

/// Whether a person of ours is to do something.
pub(crate) fn asks(transfer: &TransferShown) -> bool {
    match transfer.progress {
        _ if transfer.given_up => true,
        Progress::Received(Stage::Offered) => true,
        Progress::Received(Stage::Completed) => transfer.read.is_none(),
        Progress::Received(Stage::Waiting(TaskStatus::Requested)) => {
            let negotiation = transfer.negotiation;
            matches!(negotiation.notice(), Notice::Offered | Notice::Held) && negotiation.answering().is_none()
        }
        Progress::Received(Stage::Closed(closed)) => !matches!(closed, Closed::Cancelled | Closed::Rejected),
        Progress::Unreadable => true,
        Progress::Received(_) | Progress::Sent { .. } => false,
    }
}
