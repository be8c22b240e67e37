//! FHIR dates as one writes them in the Netherlands. What is no date is shown as it is.

/// `2026-06-18T10:20:00+02:00` as `18-06-2026 10:20`; `2021-05` as `05-2021`. The time is the one that was written
/// down; when that was in UTC, it says so. Two dates of a period may stand in one text.
pub fn date(text: &str) -> String {
    match text.split_once(" – ") {
        Some((start, end)) => format!("{} – {}", one(start), one(end)),
        None => one(text.trim_end_matches(" –")) + if text.ends_with(" –") { " –" } else { "" },
    }
}

fn one(text: &str) -> String {
    let (day, time) = match text.split_once('T') {
        Some((day, time)) => (day, Some(time)),
        None => (text, None),
    };
    let parts: Vec<&str> = day.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let digits = parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let plausible = digits && matches!(lengths.as_slice(), [4] | [4, 2] | [4, 2, 2]);
    let time = match time {
        None => String::new(),
        Some(time) => match clock(time) {
            Some(clock) => format!(" {clock}"),
            None => return text.to_owned(),
        },
    };
    if !plausible {
        return text.to_owned();
    }
    let day: Vec<&str> = parts.into_iter().rev().collect();
    format!("{}{time}", day.join("-"))
}

fn clock(time: &str) -> Option<String> {
    let shown = time.get(..5)?;
    let good = shown.bytes().enumerate().all(|(at, byte)| if at == 2 { byte == b':' } else { byte.is_ascii_digit() });
    let utc = if time.ends_with('Z') { " UTC" } else { "" };
    good.then(|| format!("{shown}{utc}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_every_precision_read_as_in_the_netherlands() {
        for (written, shown) in [
            ("1941-03-12", "12-03-1941"),
            ("2021-05", "05-2021"),
            ("2008", "2008"),
            ("2026-06-18T10:20:00+02:00", "18-06-2026 10:20"),
            ("2026-06-18T10:20:00.123Z", "18-06-2026 10:20 UTC"),
            ("2024-01-01 – 2024-02-01", "01-01-2024 – 01-02-2024"),
            ("2024-01-01 –", "01-01-2024 –"),
            ("rond haar vijftigste", "rond haar vijftigste"),
            ("12 jaar", "12 jaar"),
            ("2024-1-1", "2024-1-1"),
            ("2024-01-01Tmorgen", "2024-01-01Tmorgen"),
            ("", ""),
        ] {
            assert_eq!(date(written), shown, "{written}");
        }
    }
}
