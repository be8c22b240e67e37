//! Number and quantity parameters (FHIR search, number and quantity). Numbers keep their digits: how exact a value is
//! counts when it is searched for.

use std::cmp::Ordering;

use super::prefix::Prefix;
use super::tokens;
use crate::json::{Kind, Value};

/// A decimal as written: `digits` × 10^-`scale`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal {
    digits: i128,
    scale: i32,
}

/// One alternative of a number or quantity parameter.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    prefix: Prefix,
    value: Decimal,
    /// Half the unit of the last digit: what `5.40` leaves open.
    half: Decimal,
    /// `system|code`; either may be empty. A unit without a system is the code or what is shown.
    unit: Option<(String, String)>,
}

impl Decimal {
    /// An optional sign, digits with an optional fraction, an optional exponent; at most 30 digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok().filter(|e| e.abs() <= 250)?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let unsigned = whole.strip_prefix(['-', '+']).unwrap_or(whole);
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let good = !unsigned.is_empty() && all_digits(unsigned) && all_digits(fraction) && !mantissa.ends_with('.');
        if !good || unsigned.len() + fraction.len() > 30 {
            return None;
        }
        let digits: i128 = format!("{unsigned}{fraction}").parse().ok()?;
        let digits = if whole.starts_with('-') { -digits } else { digits };
        Some(Decimal { digits, scale: i32::try_from(fraction.len()).ok()? - exponent })
    }

    /// This many times a whole number, rounded down.
    pub(super) fn times(self, whole: i128) -> Option<i128> {
        let product = self.digits.checked_mul(whole)?;
        match u32::try_from(self.scale) {
            Ok(scale) => product.checked_div(10i128.checked_pow(scale)?),
            Err(_) => product.checked_mul(10i128.checked_pow(self.scale.unsigned_abs())?),
        }
    }

    fn plus(self, other: Decimal) -> Option<Decimal> {
        let scale = self.scale.max(other.scale);
        let digits = self.at(scale)?.checked_add(other.at(scale)?)?;
        Some(Decimal { digits, scale })
    }

    fn minus(self, other: Decimal) -> Option<Decimal> {
        self.plus(Decimal { digits: -other.digits, ..other })
    }

    /// The digits at another scale, which must not be smaller.
    fn at(self, scale: i32) -> Option<i128> {
        if self.digits == 0 {
            return Some(0);
        }
        let more = u32::try_from(scale.checked_sub(self.scale)?).ok()?;
        self.digits.checked_mul(10i128.checked_pow(more)?)
    }

    pub(super) fn compare(self, other: Decimal) -> Ordering {
        let scale = self.scale.max(other.scale);
        match (self.at(scale), other.at(scale)) {
            (Some(one), Some(two)) => one.cmp(&two),
            // Too far apart to be written with the same digits: one is many times the other, and rough is exact.
            _ => self.rough().total_cmp(&other.rough()),
        }
    }

    #[allow(clippy::cast_precision_loss, clippy::as_conversions, reason = "only for numbers far apart")]
    fn rough(self) -> f64 {
        self.digits as f64 * 10f64.powi(-self.scale)
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compare(*other)
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Decimal {}

impl Wanted {
    /// `[prefix]number`.
    pub(super) fn number(text: &str) -> Option<Self> {
        Wanted::read(text.trim(), None)
    }

    /// `[prefix]number`, `[prefix]number|system|code` or `[prefix]number||code`.
    pub(super) fn quantity(text: &str) -> Option<Self> {
        let parts = tokens::split(text.trim());
        match parts.as_slice() {
            [number] => Wanted::read(number, None),
            [number, system, code] if !code.is_empty() => Wanted::read(number, Some((system.clone(), code.clone()))),
            _ => None,
        }
    }

    fn read(text: &str, unit: Option<(String, String)>) -> Option<Self> {
        let (prefix, number) = Prefix::take(text)?;
        let value = Decimal::parse(number)?;
        // `1e2` stands for [95, 105), `100` for [99.5, 100.5) (FHIR search, number).
        let exponent = number.contains(['e', 'E']);
        let half = Decimal { digits: 5, scale: value.scale.checked_add(1 + i32::from(exponent))? };
        Some(Wanted { prefix, value, half, unit })
    }

    /// Whether the element, a number, Quantity (of any name), Money or Range, stands in this relation to the value.
    pub(super) fn accepts(&self, element: Value<'_>) -> bool {
        match element.kind() {
            Kind::Number => {
                let number = Decimal::parse(element.raw());
                number.is_some_and(|number| self.relates(Some(number), Some(number)))
            }
            Kind::Object if element.get("low").is_some() || element.get("high").is_some() => {
                let end = |name: &str| element.get(name);
                let fits = [end("low"), end("high")].into_iter().flatten().all(|bound| self.unit_fits(bound));
                let number = |name: &str| end(name).and_then(number_of);
                // A bound that is there but cannot be read makes the whole range unreadable.
                let readable = ["low", "high"].iter().all(|name| end(name).is_none() || number(name).is_some());
                fits && readable && self.relates(number("low"), number("high"))
            }
            Kind::Object => {
                let Some(number) = number_of(element).filter(|_| self.unit_fits(element)) else { return false };
                let comparator = element.get("comparator").and_then(|comparator| comparator.as_text());
                match comparator.as_deref() {
                    Some("<" | "<=") => self.relates(None, Some(number)),
                    Some(">" | ">=") => self.relates(Some(number), None),
                    _ => self.relates(Some(number), Some(number)),
                }
            }
            Kind::Null | Kind::Bool | Kind::Text | Kind::List => false,
        }
    }

    fn unit_fits(&self, quantity: Value<'_>) -> bool {
        let Some((system, code)) = &self.unit else { return true };
        let is = |name: &str, wanted: &str| {
            quantity.get(name).and_then(|text| text.as_text()).is_some_and(|text| text == wanted)
        };
        // R4 Money has a currency, of ISO 4217.
        let money = system == "urn:iso:std:iso:4217" && is("currency", code);
        match system.is_empty() {
            true => is("code", code) || is("unit", code) || is("currency", code),
            false => (is("system", system) && is("code", code)) || money,
        }
    }

    /// Whether low to high (open where there is nothing) stands in this relation to the value.
    fn relates(&self, low: Option<Decimal>, high: Option<Decimal>) -> bool {
        let over = |bound: Option<Decimal>, limit: Decimal| bound.is_none_or(|bound| bound.compare(limit).is_gt());
        let under = |bound: Option<Decimal>, limit: Decimal| bound.is_none_or(|bound| bound.compare(limit).is_lt());
        let at_least = |bound: Option<Decimal>, limit: Decimal| bound.is_none_or(|bound| bound.compare(limit).is_ge());
        let at_most = |bound: Option<Decimal>, limit: Decimal| bound.is_none_or(|bound| bound.compare(limit).is_le());
        let (Some(from), Some(to)) = (self.value.minus(self.half), self.value.plus(self.half)) else { return false };
        let inside = low.is_some() && high.is_some() && at_least(low, from) && under(high, to);
        match self.prefix {
            Prefix::Eq => inside,
            Prefix::Ne => !inside,
            Prefix::Gt => over(high, self.value),
            Prefix::Lt => under(low, self.value),
            Prefix::Ge => at_least(high, self.value) || inside,
            Prefix::Le => at_most(low, self.value) || inside,
            Prefix::Sa => low.is_some() && over(low, self.value),
            Prefix::Eb => high.is_some() && under(high, self.value),
            // Ten percent, as the standard recommends, and never less than what the digits leave open.
            Prefix::Ap => {
                let tenth = Decimal { digits: self.value.digits.abs(), scale: self.value.scale.saturating_add(1) };
                let reach = if tenth.compare(self.half).is_gt() { tenth } else { self.half };
                let (Some(from), Some(to)) = (self.value.minus(reach), self.value.plus(reach)) else { return false };
                at_least(high, from) && at_most(low, to)
            }
        }
    }
}

/// The value of a Quantity.
pub(super) fn number_of(quantity: Value<'_>) -> Option<Decimal> {
    Decimal::parse(quantity.get("value")?.as_number()?)
}
