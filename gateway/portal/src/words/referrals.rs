//! How far a referral is, and what comes next, as people say it.

use flows::bgz::{End, Outcome, Stage, TaskStatus};

use crate::desk::{ReferralAct, ReferralProgress, ReferralShown};

/// How far it is, in two words.
pub(crate) fn state(referral: &ReferralShown) -> &'static str {
    if referral.given_up {
        return "Vastgelopen";
    }
    match referral.progress {
        ReferralProgress::Received(stage) => match stage {
            Stage::Told => "Aangekondigd",
            Stage::Offered => "Te beoordelen",
            Stage::Answering(_) => "Wordt beantwoord",
            Stage::Pulling => "Wordt opgehaald",
            Stage::Pulled if misses(referral) => "Niet alles opgehaald",
            Stage::Pulled => "In behandeling",
            Stage::Ended(End::Completed) => "Afgerond",
            Stage::Ended(End::Rejected) => "Afgewezen",
            Stage::Ended(End::Cancelled) => "Ingetrokken",
            Stage::Ended(End::NotForUs) => "Geweigerd",
            Stage::Ended(End::WithoutUs) => "Beëindigd",
        },
        ReferralProgress::Sent { status, told } => match status {
            TaskStatus::Requested if told => "Aangeboden",
            TaskStatus::Requested => "Klaargezet",
            TaskStatus::Received => "Ontvangen",
            TaskStatus::Accepted => "Aangenomen",
            TaskStatus::Rejected => "Afgewezen",
            TaskStatus::Cancelled => "Ingetrokken",
            TaskStatus::Completed => "Afgerond",
        },
        ReferralProgress::Unreadable => "Onleesbaar",
    }
}

/// What comes next, and who does it.
pub(crate) fn next(referral: &ReferralShown) -> &'static str {
    if referral.given_up {
        return "Het lukt niet, ook niet na herhaald proberen. Probeer het opnieuw of waarschuw uw beheerder.";
    }
    match referral.progress {
        ReferralProgress::Received(stage) => match stage {
            Stage::Told => "De verwijzing wordt bij de afzender nagelezen.",
            Stage::Offered => "Neem de patiënt aan of wijs de verwijzing af. Na aannemen worden de gegevens opgehaald.",
            Stage::Answering(_) => "De afzender wordt ingelicht.",
            Stage::Pulling => "De gegevens worden onderdeel voor onderdeel opgehaald.",
            Stage::Pulled if misses(referral) => {
                "Een deel kon niet worden opgehaald. Vraag het opnieuw of bel de afzender."
            }
            Stage::Pulled => "Alle gegevens zijn binnen. Meld de afzender wanneer de behandeling is afgerond.",
            Stage::Ended(End::Completed) => "Klaar: de behandeling is afgerond en de afzender weet het.",
            Stage::Ended(End::Rejected) => "Klaar: de verwijzing is afgewezen en de afzender weet het.",
            Stage::Ended(End::Cancelled) => "De verwijzing is ingetrokken. De gegevens zijn niet meer te lezen.",
            Stage::Ended(End::NotForUs) => {
                "De verwijzing is niet voor deze organisatie, of klopt niet. Neem contact op met de afzender."
            }
            Stage::Ended(End::WithoutUs) => {
                "De afzender houdt de verwijzing voor beëindigd, maar dat komt niet van ons. Bel de afzender."
            }
        },
        ReferralProgress::Sent { status, told } => match (status, told) {
            (TaskStatus::Cancelled, false) => "De gegevens zijn afgesloten. De ontvanger wordt ingelicht.",
            (TaskStatus::Cancelled, true) => "Klaar: de gegevens zijn afgesloten en de ontvanger is ingelicht.",
            (TaskStatus::Completed, _) => "Klaar: de ontvanger meldt dat de behandeling is afgerond.",
            (TaskStatus::Rejected, _) => "De ontvanger neemt de patiënt niet aan. De gegevens zijn afgesloten.",
            (_, false) => "De ontvanger wordt ingelicht.",
            (TaskStatus::Requested, true) => "De ontvanger is ingelicht en moet de verwijzing nog beoordelen.",
            (TaskStatus::Received, true) => "De ontvanger heeft de verwijzing en moet haar nog beoordelen.",
            (TaskStatus::Accepted, true) => "De ontvanger heeft de patiënt aangenomen en kan de gegevens ophalen.",
        },
        ReferralProgress::Unreadable => "Waarschuw uw beheerder.",
    }
}

/// What stands on the button.
pub(crate) const fn act(act: ReferralAct) -> &'static str {
    match act {
        ReferralAct::Take => "Aannemen",
        ReferralAct::Reject => "Afwijzen",
        ReferralAct::Retry => "Opnieuw ophalen",
        ReferralAct::Complete => "Behandeling afgerond",
        ReferralAct::CompleteAnyway => "Toch afronden",
        ReferralAct::Withdraw | ReferralAct::Cancel => "Intrekken",
        ReferralAct::Resend => "Ontvanger opnieuw inlichten",
        ReferralAct::Renew => "Gegevens opnieuw laten ophalen",
    }
}

/// What became of a part.
pub(crate) const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Due => "Nog niet opgehaald",
        Outcome::Complete => "Volledig",
        Outcome::Empty => "Leeg: de afzender heeft hier niets van",
        Outcome::Failed => "Mislukt",
    }
}

/// Whether parts could not be had.
pub(crate) fn misses(referral: &ReferralShown) -> bool {
    referral.parts.iter().any(|part| part.outcome == Outcome::Failed)
}

/// Whether nothing is to be done about it any more.
pub(crate) fn is_over(referral: &ReferralShown) -> bool {
    match referral.progress {
        _ if referral.given_up => false,
        ReferralProgress::Received(Stage::Ended(end)) => {
            matches!(end, End::Completed | End::Rejected | End::Cancelled)
        }
        ReferralProgress::Sent { status, told } => {
            told && matches!(status, TaskStatus::Completed | TaskStatus::Cancelled | TaskStatus::Rejected)
        }
        ReferralProgress::Received(_) | ReferralProgress::Unreadable => false,
    }
}

/// Whether a person of ours is to do something.
pub(crate) fn asks(referral: &ReferralShown) -> bool {
    match referral.progress {
        _ if referral.given_up => true,
        ReferralProgress::Received(Stage::Offered | Stage::Ended(End::NotForUs | End::WithoutUs)) => true,
        ReferralProgress::Received(Stage::Pulled) => misses(referral),
        ReferralProgress::Unreadable => true,
        ReferralProgress::Received(_) | ReferralProgress::Sent { .. } => false,
    }
}
