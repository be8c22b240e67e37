//! What the sections of a nursing handoff are called: they are recognised by code only (Nictiz eOverdracht 4.0 to 4.2;
//! SNOMED CT).

/// The Dutch title of a section by its code; nothing for a code that no release has.
pub(super) fn title(code: &str) -> Option<&'static str> {
    Some(match code {
        "405624007" => "Administratieve gegevens",
        "302147001" => "Persoonsgegevens en verzekering",
        "185362004" => "Versturende partij",
        "275645009" => "Ontvangende partij", // not a BSN
        "109481000146101" => "Persoonlijke en sociale situatie",
        "365512000" => "Woonsituatie",
        "108329005" => "Sociale context en wilsverklaringen",
        "365474007" => "Gezinssituatie",
        "365867006" => "Juridische situatie",
        "365448001" => "Participatie en hulp van anderen",
        "371524004" => "Medische gegevens",
        "405623001" => "Behandelaar",
        "52870002" => "Reden van overdracht (diagnose)",
        "417662000" => "Voorgeschiedenis",
        "420134006" => "Allergieën en intoleranties",
        "308813009" => "Waarschuwingen (alerts)",
        "363788007" => "Metingen en lichamelijk onderzoek",
        "225317005" => "Vrijheidsbeperking",
        "11011000146108" => "Pijn",
        "773130005" => "Verpleegkundig zorgplan",
        "86644006" => "Verpleegkundige diagnosen en interventies",
        "722091001" => "Uitkomst van zorg",
        "308335008" => "Contacten en afspraken",
        "5531000179105" => "Verpleegkundig verslag",
        "300893006" => "Voeding en vocht",
        "365178001" => "Zelfzorg",
        "364832000" => "Mobiliteit",
        "106019003" => "Uitscheiding",
        "106076001" => "Huid en wonden",
        "106147001" => "Zintuigen",
        "284465006" => "Ziektebeleving",
        "36456004" => "Mentale toestand",
        "118232004" => "Zwangerschap",
        "397966007" => "Documenten",
        _ => return None,
    })
}
