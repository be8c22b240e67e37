//! A dosing scheme in Dutch words, for a dosage that has no words of its own. What it cannot say it leaves out:
//! the sender's own text, where there is one, always goes first.

use fhir::json::Value;

use super::fields::{reach, text};

/// What a Timing says (FHIR R4, Timing): its code's words, or its frequency.
pub(crate) fn say(timing: Value<'_>) -> Option<String> {
    text(timing, "code.text").or_else(|| text(timing, "code.coding.display")).or_else(|| repeat(timing.get("repeat")?))
}

fn repeat(repeat: Value<'_>) -> Option<String> {
    let mut parts = Vec::new();
    let number = |name: &str| repeat.get(name).and_then(|value| value.as_number());
    if let (Some(period), Some(unit)) = (number("period"), text(repeat, "periodUnit")) {
        let frequency = number("frequency").unwrap_or("1");
        let upto = number("frequencyMax").map(|most| format!(" tot {most}")).unwrap_or_default();
        let unit = unit_in_dutch(&unit, period == "1");
        parts.push(match period {
            "1" => format!("{frequency}{upto} keer per {unit}"),
            _ => format!("{frequency}{upto} keer per {period} {unit}"),
        });
    }
    let at: Vec<String> = reach(repeat, "timeOfDay").iter().filter_map(|time| time.as_text()).map(hour).collect();
    if !at.is_empty() {
        parts.push(format!("om {}", at.join(", ")));
    }
    let when: Vec<String> =
        reach(repeat, "when").iter().filter_map(|when| when.as_text()).map(|when| moment(&when)).collect();
    if !when.is_empty() {
        parts.push(when.join(", "));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// `08:00:00` as a clock shows it.
fn hour(time: impl AsRef<str>) -> String {
    let time = time.as_ref();
    time.get(..5).unwrap_or(time).to_owned()
}

/// UCUM units of time (FHIR R4, units-of-time).
fn unit_in_dutch(unit: &str, one: bool) -> &str {
    match (unit, one) {
        ("s", true) => "seconde",
        ("s", false) => "seconden",
        ("min", true) => "minuut",
        ("min", false) => "minuten",
        ("h", _) => "uur",
        ("d", true) => "dag",
        ("d", false) => "dagen",
        ("wk", true) => "week",
        ("wk", false) => "weken",
        ("mo", true) => "maand",
        ("mo", false) => "maanden",
        ("a", _) => "jaar",
        (other, _) => other,
    }
}

/// Codes of <http://hl7.org/fhir/event-timing> that dosing uses; any other is shown as it is.
fn moment(code: &str) -> String {
    match code {
        "MORN" => "'s ochtends",
        "AFT" => "'s middags",
        "EVE" => "'s avonds",
        "NIGHT" => "'s nachts",
        "HS" => "voor het slapen",
        "AC" => "voor de maaltijd",
        "PC" => "na de maaltijd",
        "C" => "bij de maaltijd",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::resource;

    #[test]
    fn a_scheme_reads_as_one_says_it() {
        let cases = [
            (r#"{"code":{"text":"1x daags"},"repeat":{"frequency":2,"period":1,"periodUnit":"d"}}"#, Some("1x daags")),
            (r#"{"repeat":{"frequency":2,"period":1,"periodUnit":"d"}}"#, Some("2 keer per dag")),
            (
                r#"{"repeat":{"frequency":1,"frequencyMax":3,"period":2,"periodUnit":"wk"}}"#,
                Some("1 tot 3 keer per 2 weken"),
            ),
            (r#"{"repeat":{"period":8,"periodUnit":"h"}}"#, Some("1 keer per 8 uur")),
            (r#"{"repeat":{"timeOfDay":["08:00:00","20:00:00"]}}"#, Some("om 08:00, 20:00")),
            (r#"{"repeat":{"when":["MORN","ACM"]}}"#, Some("'s ochtends, ACM")),
            (r#"{"repeat":{}}"#, None),
            ("{}", None),
        ];
        for (timing, expected) in cases {
            let found = resource(&format!(r#"{{"resourceType":"Basic","timing":{timing}}}"#));
            assert_eq!(say(found.root().get("timing").unwrap()).as_deref(), expected, "{timing}");
        }
    }
}
