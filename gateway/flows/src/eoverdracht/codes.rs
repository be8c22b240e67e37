//! The codes and canonicals of the nursing handoff (Nictiz eOverdracht 4.0 to 4.2; TA Notified Pull).

pub const SNOMED: &str = "http://snomed.info/sct";
/// Transfer of care (overdracht van zorg): `Task.code`.
pub const TRANSFER_OF_CARE: &str = "308292007"; // not a BSN
/// Report of nursing handoff (verslag van verpleegkundige overdracht): `Composition.type`, and the Task's input.
pub const NURSING_HANDOFF: &str = "11171000146100";
/// Advance notice (aanmeldbericht) of the negotiation phase: `Composition.type`, and the Task's input.
pub const ADVANCE_NOTICE: &str = "721915006"; // not a BSN
/// Another date on which the patient could come (alternatieve datum voor overdracht van zorg): an output of the Task.
pub const ALTERNATIVE_DATE: &str = "146851000146105";
/// Section: referred by nurse, the sending party.
pub const SENDING_PARTY: &str = "185362004";
/// Section: referred to, the receiving party.
pub const RECEIVING_PARTY: &str = "275645009"; // not a BSN
/// Section: administrative documentation, which has the date of the transfer.
pub const TRANSFER_DATE_SECTION: &str = "405624007";
/// The extension with that date.
pub const TRANSFER_DATE: &str = "http://nictiz.nl/fhir/StructureDefinition/eOverdracht-TransferDate";
/// All sections of Nictiz eOverdracht 4.0, 4.1 and 4.2, and the optional one for documents (Nuts eOverdracht).
pub const SECTIONS: [&str; 34] = [
    "405624007",
    "302147001",
    "185362004",
    "275645009", // not a BSN
    "109481000146101",
    "365512000",
    "108329005",
    "365474007",
    "365867006",
    "365448001",
    "371524004",
    "405623001",
    "52870002",
    "417662000",
    "420134006",
    "308813009",
    "363788007",
    "225317005",
    "11011000146108",
    "773130005",
    "86644006",
    "722091001",
    "308335008",
    "5531000179105",
    "300893006",
    "365178001",
    "364832000",
    "106019003",
    "106076001",
    "106147001",
    "284465006",
    "36456004",
    "118232004",
    "397966007",
];
/// The profile of the Task, version 4.0.0.
pub const TASK_PROFILE: &str = "http://nictiz.nl/fhir/StructureDefinition/eOverdracht-Task";
/// Where the handoff is to go within the receiving organisation: a service, a location.
pub const ROUTED_TO: [&str; 2] = [
    "http://nuts-foundation.github.io/nl-generic-functions-ig/StructureDefinition/task-stu3-healthcareservice",
    "http://nuts-foundation.github.io/nl-generic-functions-ig/StructureDefinition/task-stu3-location",
];

/// What a Notification Task is (TA Notified Pull, Twiin-01): `Task.code`.
pub const TASK_CODE: &str = "http://fhir.nl/fhir/NamingSystem/TaskCode";
pub const PULL_NOTIFICATION: &str = "pull-notification";
/// The types of its inputs.
pub const TASK_PARAMETER: &str = "http://fhir.nl/fhir/NamingSystem/TaskParameter";
pub const AUTHORIZATION_BASE: &str = "authorization-base";
pub const GET_WORKFLOW_TASK: &str = "get-workflow-task";
