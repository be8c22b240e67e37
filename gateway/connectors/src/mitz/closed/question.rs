//! Everything that a closed question carries, complete: what is not known is found out here, before anybody is asked.

use std::collections::BTreeSet;

use exchange::ports::ConsentQuestion;
use fhir::{Bsn, Ura};
use policy::{Person, Purpose};

use crate::mitz::categories::{Categories, Category, MOST};
use crate::mitz::names::UZI_OID;

/// A complete question. Two that are equal have the same answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::mitz) struct ClosedQuestion {
    pub(in crate::mitz) patient: Bsn,
    pub(in crate::mitz) holder: Ura,
    pub(super) holder_kind: String,
    pub(super) user: Ura,
    pub(super) user_kind: String,
    pub(super) role: String,
    pub(super) professional: Identifier,
    pub(super) mandated: Option<Identifier>,
    /// Code of v3 ActReason: `TREAT` or `COC`.
    pub(super) purpose: &'static str,
    pub(in crate::mitz) categories: BTreeSet<Category>,
}

/// An identifier of HL7 version 3 (II).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::mitz) struct Identifier {
    pub(in crate::mitz) root: String,
    pub(in crate::mitz) extension: String,
}

/// What is missing. A word for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mitz) enum Missing {
    Category,
    HolderKind,
    UserKind,
    Professional,
    Role,
    /// A number that is none of the UZI register, and no other register of numbers is configured.
    ProfessionalNumber,
    Purpose,
}

impl Missing {
    pub(in crate::mitz) const fn word(self) -> &'static str {
        match self {
            Missing::Category => "no-data-category",
            Missing::HolderKind => "no-holder-type",
            Missing::UserKind => "no-requester-type",
            Missing::Professional => "no-professional",
            Missing::Role => "no-role",
            Missing::ProfessionalNumber => "no-professional-number",
            Missing::Purpose => "no-purpose",
        }
    }
}

impl ClosedQuestion {
    /// Completes a question (C3). `other_root` is the OID under which people without a UZI number are named, where one
    /// was agreed.
    pub(in crate::mitz) fn of(
        asked: &ConsentQuestion<'_>,
        categories: &Categories,
        other_root: Option<&str>,
    ) -> Result<Self, Missing> {
        let purpose = purpose(asked.purpose).ok_or(Missing::Purpose)?;
        let categories = categories.of(&asked.resource_types).filter(|found| found.len() <= MOST);
        let professional = asked.professional.ok_or(Missing::Professional)?;
        Ok(ClosedQuestion {
            patient: asked.patient.clone(),
            holder: asked.holder.0.clone(),
            holder_kind: code(asked.holder_kind).ok_or(Missing::HolderKind)?,
            user: asked.user.ura.clone(),
            user_kind: code(asked.user.kind.as_deref()).ok_or(Missing::UserKind)?,
            role: role(&professional.role).ok_or(Missing::Role)?,
            professional: identifier(professional, other_root)?,
            mandated: asked.mandated.map(|person| identifier(person, other_root)).transpose()?,
            purpose,
            categories: categories.ok_or(Missing::Category)?,
        })
    }

    /// The same question about one category only.
    pub(in crate::mitz) fn about(&self, category: &Category) -> ClosedQuestion {
        ClosedQuestion { categories: BTreeSet::from([category.clone()]), ..self.clone() }
    }
}

/// The purposes that Mitz knows.
pub(in crate::mitz) fn purpose(purpose: Purpose) -> Option<&'static str> {
    match purpose {
        Purpose::Treat | Purpose::CoordinationOfCare => Some(purpose.code()),
        // In an emergency Mitz is never asked as if there were consent.
        Purpose::BreakTheGlass | Purpose::Compliance | Purpose::PatientRequest => None,
    }
}

/// A care provider type code: short and plain.
pub(in crate::mitz) fn code(kind: Option<&str>) -> Option<String> {
    let plain = |kind: &&str| (1..=8).contains(&kind.len()) && kind.bytes().all(|byte| byte.is_ascii_alphanumeric());
    kind.filter(plain).map(str::to_owned)
}

/// A UZI role code: two digits, a point, three digits.
pub(in crate::mitz) fn role(role: &str) -> Option<String> {
    let (profession, specialism) = role.split_once('.')?;
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(profession, 2) && digits(specialism, 3)).then(|| role.to_owned())
}

/// A UZI number has nine digits; anything else is named under the root that was agreed. At most 60 letters and digits, and
/// the marks that stand between them in a provider's own numbers: whether Mitz takes those, it says itself.
pub(in crate::mitz) fn identifier(person: &Person, other_root: Option<&str>) -> Result<Identifier, Missing> {
    let id = person.id.as_str();
    let uzi = id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_digit());
    let mark = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let plain = (1..=60).contains(&id.len()) && id.bytes().all(mark);
    let root = if uzi { Some(UZI_OID) } else { other_root.filter(|_| plain) };
    let root = root.ok_or(Missing::ProfessionalNumber)?;
    Ok(Identifier { root: root.to_owned(), extension: id.to_owned() })
}
