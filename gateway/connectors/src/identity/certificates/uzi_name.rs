//! The name by which the UZI register (UZI-register) identifies the holder of a certificate, in an otherName of the subject
//! alternative name: `<OID of the CA>-<version>-<UZI number>-<pass type>-<URA>-<role>-<AGB>`.
//!
//! Pure: a text in, its parts out. Source: handbook, generic functions, 1.2.1; the order of the parts also in the Nuts
//! specification of the UziServerCertificateCredential, the letters of the pass types in the ministry's reader of UZI cards.

use std::fmt;

use fhir::Ura;

/// The arc below which the register's test authorities name their certificates (handbook: generic functions, 1.2.1).
const TEST_BRANCH: &str = "2.16.528.1.1007.99.";
/// No role: what a server certificate says.
const NO_ROLE: &str = "00.000";
/// The longest UZI number that is read. Those of persons have nine digits.
const LONGEST_NUMBER: usize = 16;
/// The longest AGB code (eight digits; all zeroes for none).
const LONGEST_AGB: usize = 8;

/// Who holds a certificate of the UZI register (pastype).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UziPass {
    /// `S`: a system of the subscriber (servercertificaat).
    Server,
    /// `Z`: a care professional (zorgverlenerpas).
    Professional,
    /// `N`: an employee by name (medewerkerpas op naam).
    NamedEmployee,
    /// `M`: whoever of the employees holds the card (medewerkerpas niet op naam): nobody in particular.
    UnnamedEmployee,
}

/// What an UZI name says. Debug shows nothing of a person.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UziName {
    pub pass: UziPass,
    /// Of the card or certificate; nine digits for persons.
    pub number: String,
    /// The subscriber (abonnee).
    pub ura: Ura,
    /// UZI role code (OID 2.16.840.1.113883.2.4.15.111); none for `00.000`.
    pub role: Option<String>,
    /// AGB code of the professional or the organisation; none when it is all zeroes.
    pub agb: Option<String>,
    /// Issued under the register's test branch: nobody has looked who asked for it.
    pub for_tests: bool,
}

impl UziName {
    /// Reads a name; nothing when any part is not as the register writes it.
    pub fn parse(name: &str) -> Option<Self> {
        let parts: Vec<&str> = name.split('-').collect();
        let [authority, version, number, pass, ura, role, agb] = parts.as_slice() else {
            return None;
        };
        let pass = UziPass::parse(pass)?;
        let named = is_oid(authority)
            && are_digits(version, LONGEST_NUMBER)
            && are_digits(number, LONGEST_NUMBER)
            && are_digits(agb, LONGEST_AGB)
            && is_role(role);
        // A server acts for its subscriber and has no profession.
        let consistent = pass != UziPass::Server || *role == NO_ROLE;
        if !named || !consistent {
            return None;
        }
        Some(UziName {
            pass,
            number: (*number).to_owned(),
            ura: Ura::parse(ura).ok()?,
            role: (*role != NO_ROLE).then(|| (*role).to_owned()),
            agb: agb.bytes().any(|digit| digit != b'0').then(|| (*agb).to_owned()),
            for_tests: authority.starts_with(TEST_BRANCH),
        })
    }
}

impl fmt::Debug for UziName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UziName({:?} of {})", self.pass, self.ura)
    }
}

impl UziPass {
    fn parse(letter: &str) -> Option<Self> {
        match letter {
            "S" => Some(UziPass::Server),
            "Z" => Some(UziPass::Professional),
            "N" => Some(UziPass::NamedEmployee),
            "M" => Some(UziPass::UnnamedEmployee),
            _ => None,
        }
    }
}

fn are_digits(part: &str, longest: usize) -> bool {
    (1..=longest).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_oid(part: &str) -> bool {
    part.contains('.') && part.split('.').all(|arc| are_digits(arc, LONGEST_NUMBER))
}

/// Two digits, a dot, three digits.
fn is_role(part: &str) -> bool {
    matches!(part.split_once('.'), Some((profession, specialism))
        if profession.len() == 2 && specialism.len() == 3 && are_digits(profession, 2) && are_digits(specialism, 3))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn server(ura: &str) -> String {
        format!("2.16.528.1.1007.99.2110-1-900012345-S-{ura}-00.000-01234567")
    }

    #[test]
    fn a_name_is_read_by_its_pass_type() {
        let ura = Ura::parse("90000901").unwrap();
        for (name, pass, role, agb, for_tests) in [
            (server("90000901"), UziPass::Server, None, Some("01234567"), true),
            ("2.16.528.1.1007.3.3-1-900012345-S-90000901-00.000-00000000".into(), UziPass::Server, None, None, false),
            (
                "2.16.528.1.1003.1.3.5.5.2-1-000012345-Z-90000901-01.015-01004567".into(),
                UziPass::Professional,
                Some("01.015"),
                Some("01004567"),
                false,
            ),
            (
                "2.16.528.1.1003.1.3.5.5.3-1-000012345-N-90000901-00.000-00000000".into(),
                UziPass::NamedEmployee,
                None,
                None,
                false,
            ),
            (
                "2.16.528.1.1003.1.3.5.5.4-1-000012345-M-90000901-00.000-00000000".into(),
                UziPass::UnnamedEmployee,
                None,
                None,
                false,
            ),
        ] {
            let read = UziName::parse(&name).unwrap();
            assert_eq!((read.pass, &read.ura, read.for_tests), (pass, &ura, for_tests), "{name}");
            assert_eq!((read.role.as_deref(), read.agb.as_deref()), (role, agb), "{name}");
        }
    }

    #[test]
    fn nothing_else_is_an_uzi_name() {
        for (case, name) in [
            ("a role of a server", "2.16.528.1.1007.99.2110-1-900012345-S-90000901-01.015-01234567"),
            ("an unknown pass type", "2.16.528.1.1007.99.2110-1-900012345-X-90000901-00.000-01234567"),
            ("a small letter", "2.16.528.1.1007.99.2110-1-900012345-s-90000901-00.000-01234567"),
            ("seven digits", "2.16.528.1.1007.99.2110-1-900012345-S-9000901-00.000-01234567"),
            ("nine digits", "2.16.528.1.1007.99.2110-1-900012345-S-900009011-00.000-01234567"),
            ("all zeroes", "2.16.528.1.1007.99.2110-1-900012345-S-00000000-00.000-01234567"),
            ("a part too many", "2.16.528.1.1007.99.2110-1-900012345-S-90000901-00.000-01234567-1"),
            ("a part too few", "2.16.528.1.1007.99.2110-900012345-S-90000901-00.000-01234567"),
            ("no AGB", "2.16.528.1.1007.99.2110-1-900012345-S-90000901-00.000-"),
            ("a long AGB", "2.16.528.1.1007.99.2110-1-900012345-S-90000901-00.000-012345678"),
            ("a role without its dot", "2.16.528.1.1007.99.2110-1-900012345-Z-90000901-01015-01234567"),
            ("a short role", "2.16.528.1.1007.99.2110-1-900012345-Z-90000901-1.015-01234567"),
            ("letters in the OID", "2.16.a-1-900012345-S-90000901-00.000-01234567"),
            ("an empty arc", "2..16-1-900012345-S-90000901-00.000-01234567"),
            ("a name inside another", "x2.16-1-900012345-S-90000901-00.000-01234567"),
            ("a blank behind it", "2.16.528.1.1007.99.2110-1-900012345-S-90000901-00.000-01234567 "),
            ("nothing", ""),
        ] {
            assert_eq!(UziName::parse(name), None, "{case}");
        }
    }

    #[test]
    fn debug_shows_no_person() {
        let read = UziName::parse("2.16.528.1.1003.1.3.5.5.2-1-000012345-Z-90000901-01.015-01004567").unwrap();
        assert_eq!(format!("{read:?}"), "UziName(Professional of 90000901)");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_passed_over(text in "\\PC{0,120}") {
            let _ = UziName::parse(&text);
        }

        #[test]
        fn what_is_read_is_what_was_written(
            number in "[0-9]{1,16}", ura in "[1-9][0-9]{7}", agb in "[0-9]{8}",
            pass in "[SZNM]", role in "[0-9]{2}\\.[0-9]{3}",
        ) {
            let role = if pass == "S" { NO_ROLE.to_owned() } else { role };
            let read = UziName::parse(&format!("2.16.528.1.1007.3.1-1-{number}-{pass}-{ura}-{role}-{agb}")).unwrap();
            prop_assert_eq!(&read.number, &number);
            prop_assert_eq!(read.ura.as_str(), ura);
            prop_assert_eq!(read.role.unwrap_or_else(|| NO_ROLE.to_owned()), role);
            prop_assert_eq!(read.agb.unwrap_or_else(|| "00000000".to_owned()), agb);
        }

        /// Whatever one character more or less does, it never makes a name of another organisation.
        #[test]
        fn a_damaged_name_never_names_another_organisation(at in 0usize..62, letter in any::<char>()) {
            let mut name = server("90000901");
            if name.is_char_boundary(at) && at <= name.len() {
                name.insert(at, letter);
            }
            if let Some(read) = UziName::parse(&name) {
                prop_assert_eq!(read.ura.as_str(), "90000901");
            }
        }
    }
}
