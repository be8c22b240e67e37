//! What the patient's page says of itself, in both languages.

use audit::Language;

pub(super) struct Says {
    pub title: &'static str,
    pub lead: &'static str,
    pub nothing: &'static str,
    pub cut_off: &'static str,
    pub no_day: &'static str,
    pub again: &'static str,
    pub reference: &'static str,
    pub from_us: &'static str,
    pub from_others: &'static str,
    pub provider: &'static str,
    pub languages: &'static str,
    pub about: &'static str,
    pub explained: [&'static str; 4],
    language: Language,
}

const DUTCH: Says = Says {
    title: "Wie heeft mijn gegevens gezien en waarom",
    lead: "Hier staat wie uw gegevens bij ons heeft opgevraagd of gewijzigd, en wat wij voor u bij anderen hebben opgevraagd. Ook \
           geweigerde pogingen staan erbij.",
    nothing: "In deze periode heeft niemand uw gegevens bij ons opgevraagd of geprobeerd dat te doen.",
    cut_off: "Er was meer dan wij in één keer tonen; het oudste staat er niet bij. Kies een kortere periode.",
    no_day: "Dag niet bekend",
    again: "Op dezelfde dag ook om",
    reference: "Kenmerk",
    from_us: "Uit uw dossier bij ons.",
    from_others: "Opgevraagd bij",
    provider: "zorgaanbieder",
    languages: "Taal",
    about: "Uitleg",
    explained: [
        "U ziet de zorgaanbieder en het beroep. Wilt u weten welke persoon het was, vraag het ons dan met het kenmerk dat erbij staat.",
        "Zorgverleners mogen uw gegevens bekijken als zij u behandelen, en voor veel uitwisseling moet u toestemming hebben gegeven.",
        "Met de noodprocedure kan een zorgverlener in een noodsituatie bij uw gegevens zonder dat dit eerst kon worden nagegaan. Elke \
         noodprocedure wordt achteraf beoordeeld.",
        "Klopt er iets niet? Neem dan contact met ons op, of met onze functionaris gegevensbescherming. U kunt ook terecht bij de \
         Autoriteit Persoonsgegevens.",
    ],
    language: Language::Dutch,
};

const ENGLISH: Says = Says {
    title: "Who saw my data and why",
    lead: "This page shows who requested or changed your data with us, and what we requested about you from others. Refused \
           attempts are shown too.",
    nothing: "In this period nobody requested your data from us or tried to.",
    cut_off: "There was more than we show at once; the oldest is left out. Choose a shorter period.",
    no_day: "Day not known",
    again: "On the same day also at",
    reference: "Reference",
    from_us: "From your record with us.",
    from_others: "Requested from",
    provider: "care provider",
    languages: "Language",
    about: "Explanation",
    explained: [
        "You see the care provider and the profession. If you want to know which person it was, ask us and mention the reference \
         that is shown.",
        "Care professionals may view your data when they treat you, and for much of the exchange you must have given consent.",
        "With the emergency procedure a care professional can reach your data in an emergency before this could be checked. Every \
         use of it is reviewed afterwards.",
        "Is something not right? Please contact us or our data protection officer. You can also turn to the Dutch Data Protection \
         Authority.",
    ],
    language: Language::English,
};

impl Says {
    pub(super) const fn of(language: Language) -> &'static Says {
        match language {
            Language::Dutch => &DUTCH,
            Language::English => &ENGLISH,
        }
    }

    pub(super) fn looks(&self, looks: usize, organisations: usize) -> String {
        let of = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
        match self.language {
            Language::Dutch => {
                let by = of(organisations, "zorgaanbieder", "zorgaanbieders");
                format!("{} door {by}", of(looks, "gebeurtenis", "gebeurtenissen"))
            }
            Language::English => {
                format!("{} by {}", of(looks, "event", "events"), of(organisations, "care provider", "care providers"))
            }
        }
    }

    pub(super) fn emergencies(&self, count: usize) -> String {
        match (self.language, count) {
            (Language::Dutch, 1) => "Eén keer met de noodprocedure.".to_owned(),
            (Language::Dutch, many) => format!("{many} keer met de noodprocedure."),
            (Language::English, 1) => "Once by the emergency procedure.".to_owned(),
            (Language::English, many) => format!("{many} times by the emergency procedure."),
        }
    }

    pub(super) fn refused(&self, count: usize) -> String {
        match (self.language, count) {
            (Language::Dutch, 1) => "Eén poging is geweigerd.".to_owned(),
            (Language::Dutch, many) => format!("{many} pogingen zijn geweigerd."),
            (Language::English, 1) => "One attempt was refused.".to_owned(),
            (Language::English, many) => format!("{many} attempts were refused."),
        }
    }

    /// What opens the single reads of an entry.
    pub(super) fn single(&self, count: usize) -> String {
        match self.language {
            Language::Dutch => format!("De {count} afzonderlijke raadplegingen"),
            Language::English => format!("The {count} single requests"),
        }
    }

    /// How often it happened that day.
    pub(super) fn times(&self, count: usize) -> String {
        match self.language {
            Language::Dutch => format!("{count} keer"),
            Language::English => format!("{count} times"),
        }
    }
}
