//! A small certificate authority for development and demonstration, made at set-up.
//!
//! Its certificates look like those of the UZI register (servers and persons) and of PKIoverheid. It must never be trusted
//! outside a state folder: its keys lie beside its certificates. [`AuthorityServer`] lists and answers what it revoked, as
//! an authority does (RFC 5280, RFC 6960), and fails to on order.

mod answers;
mod http;
mod server;

pub use server::{AuthorityHandle, AuthorityServer, CaFault};

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CrlDistributionPoint, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType, SerialNumber,
};
use serde::Deserialize;
use thiserror::Error;
use time::{Duration, OffsetDateTime};
use x509_cert::der::{Decode, Encode};

/// The otherName's type: the attribute that UZI certificates carry their identification in.
const OTHER_NAME_TYPE: [u64; 4] = [2, 5, 5, 5];

/// The prefix of the UZI register's test authority (UZI subject alternative name; the last
/// arc says server certificate of the test hierarchy).
const UZI_TEST_AUTHORITY: &str = "2.16.528.1.1007.99.2110";

/// `id-ad-ocsp`, DER; the extensions that it and policies stand in; the policy of PKIoverheid for servers of organisations
/// (Programma van Eisen, part 3e: 2.16.528.1.1003.1.2.5.6), DER.
const ID_AD_OCSP: [u8; 10] = [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01];
const AUTHORITY_INFO_ACCESS: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 1, 1];
const CERTIFICATE_POLICIES: [u64; 4] = [2, 5, 29, 32];
const PKIOVERHEID_SERVER_POLICY: [u8; 12] = [0x06, 0x0a, 0x60, 0x84, 0x10, 0x01, 0x87, 0x6b, 0x01, 0x02, 0x05, 0x06];

/// The revocation list that a certificate stands on when no other one is named.
const LIST: &str = "list";
/// A development certificate should outlive a demonstration, not a year of neglect.
const VALID_FOR: Duration = Duration::days(90);
const AUTHORITY_VALID_FOR: Duration = Duration::days(365);

/// Why a certificate could not be made.
#[derive(Debug, Error)]
pub enum CaError {
    #[error("a URA has eight digits")]
    Ura,
    #[error("the certificate could not be made: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("what was made cannot be written: {0}")]
    Encoding(#[from] x509_cert::der::Error),
}

/// What a certificate is to say of its holder.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// The organisation's name (subject O); on a card its holder's (CN).
    pub name: &'a str,
    /// Host names beside `localhost`, which every certificate has, as it has 127.0.0.1.
    pub dns_names: &'a [&'a str],
}

/// A root and its key.
pub struct CertificateAuthority {
    certificate_pem: String,
    key_pem: String,
    issuer: Issuer<'static, KeyPair>,
    /// The same key, to sign answers with.
    key: KeyPair,
    /// Its name, DER, as it stands in what it issues.
    name: Vec<u8>,
    /// Where it lists and answers, without a slash at the end; none for one that does neither.
    base: Option<String>,
}

/// A certificate and its key, PEM.
pub struct Issued {
    pub certificate_pem: String,
    pub key_pem: String,
    /// Its serial number.
    pub serial: Vec<u8>,
}

/// What kind of certificate is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "profile")]
pub enum Profile {
    /// Of an organisation in the UZI register.
    UziServer { ura: String },
    /// The card of a person: `Z` a professional, `N` a named employee, `M` any employee.
    UziPerson { ura: String, pass: char, number: String, role: String },
    /// Of an organisation as national facilities know it.
    PkiOverheid { oin: String },
    /// Of nobody in particular.
    Plain,
}

/// When a certificate is valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Validity {
    #[default]
    Now,
    /// Until yesterday.
    Expired,
    /// From tomorrow.
    NotYet,
}

/// Where an [`Issued`] was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl CertificateAuthority {
    /// A new root (ECDSA P-256). `name` tells two authorities apart: a second one is the
    /// rogue of a test.
    ///
    /// # Errors
    /// The cryptography fails.
    pub fn new(name: &str) -> Result<Self, CaError> {
        Self::make(name, None)
    }

    /// A new root whose certificates say that it lists (`/list.crl`) and answers (`/ocsp`) below this base.
    ///
    /// # Errors
    /// The cryptography fails.
    pub fn new_at(name: &str, base: &str) -> Result<Self, CaError> {
        Self::make(name, Some(base.to_owned()))
    }

    fn make(name: &str, base: Option<String>) -> Result<Self, CaError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CountryName, "NL");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        validity(&mut params, Validity::Now, AUTHORITY_VALID_FOR);
        let certificate = params.self_signed(&key)?;
        let parsed = x509_cert::Certificate::from_der(certificate.der())?;
        let again = KeyPair::from_pem(&key.serialize_pem())?;
        Ok(CertificateAuthority {
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            issuer: Issuer::new(params, key),
            key: again,
            name: parsed.tbs_certificate.subject.to_der()?,
            base,
        })
    }

    /// The root certificate.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// A certificate for a provider, for both sides of mutual TLS, with the URA in the
    /// otherName as the UZI register writes it:
    /// `<authority>-1-<UZI number>-S-<URA>-00.000-<AGB>`.
    ///
    /// # Errors
    /// The URA has not eight digits, or the cryptography fails.
    pub fn issue_server(&self, ura: &str, subject: &Subject<'_>) -> Result<Issued, CaError> {
        self.issue(&Profile::UziServer { ura: ura.to_owned() }, subject, Validity::Now)
    }

    /// A certificate of the same authority that names no organisation number.
    ///
    /// # Errors
    /// The cryptography fails.
    pub fn issue_without_ura(&self, subject: &Subject<'_>) -> Result<Issued, CaError> {
        self.issue(&Profile::Plain, subject, Validity::Now)
    }

    /// A certificate whose validity ended yesterday.
    ///
    /// # Errors
    /// As [`Self::issue_server`].
    pub fn issue_expired(&self, ura: &str, subject: &Subject<'_>) -> Result<Issued, CaError> {
        self.issue(&Profile::UziServer { ura: ura.to_owned() }, subject, Validity::Expired)
    }

    /// Writes `<name>.pem` and `<name>-key.pem`, the latter readable by the owner only.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(&self, folder: &Path, name: &str) -> io::Result<Files> {
        write_pair(folder, name, &self.certificate_pem, &self.key_pem)
    }

    /// A certificate of any kind and validity, for both sides of mutual TLS.
    ///
    /// # Errors
    /// The URA has not eight digits, or the cryptography fails.
    pub fn issue(&self, profile: &Profile, subject: &Subject<'_>, when: Validity) -> Result<Issued, CaError> {
        self.issue_on(LIST, profile, subject, when)
    }

    /// As [`Self::issue`], on the revocation list of this name: an authority of many certificates has more than one.
    ///
    /// # Errors
    /// As there.
    pub fn issue_on(
        &self,
        list: &str,
        profile: &Profile,
        subject: &Subject<'_>,
        when: Validity,
    ) -> Result<Issued, CaError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let card = matches!(profile, Profile::UziPerson { .. });
        let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        names.extend(subject.dns_names.iter().map(|name| (*name).to_owned()));
        // A card has no place in the network.
        let mut params = CertificateParams::new(if card { Vec::new() } else { names })?;
        let name = &mut params.distinguished_name;
        *name = DistinguishedName::new();
        name.push(DnType::CountryName, "NL");
        if card {
            // The certificate of a card is its holder's.
            name.push(DnType::CommonName, subject.name);
        } else {
            name.push(DnType::OrganizationName, subject.name);
            name.push(DnType::CommonName, subject.dns_names.first().copied().unwrap_or("localhost"));
        }
        profile.write(&mut params)?;
        self.write_places(&mut params, list);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = match card {
            true => vec![ExtendedKeyUsagePurpose::ClientAuth],
            false => vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth],
        };
        params.use_authority_key_identifier_extension = true;
        // Positive and of full length: a first byte that is neither zero nor negative.
        let mut serial = uuid::Uuid::new_v4().into_bytes().to_vec();
        if let Some(first) = serial.first_mut() {
            *first = (*first & 0x7f) | 0x40;
        }
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        validity(&mut params, when, VALID_FOR);
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued { certificate_pem: certificate.pem(), key_pem: key.serialize_pem(), serial })
    }

    /// Where it lists and answers, as RFC 5280, 4.2.1.13 and 4.2.2.1 have it.
    fn write_places(&self, params: &mut CertificateParams, list: &str) {
        let Some(base) = &self.base else { return };
        params.crl_distribution_points = vec![CrlDistributionPoint { uris: vec![format!("{base}/{list}.crl")] }];
        let place = format!("{base}/ocsp");
        // SEQUENCE { SEQUENCE { id-ad-ocsp, [6] place } }
        let one = [&ID_AD_OCSP[..], &tagged(0x86, place.as_bytes())].concat();
        let content = tagged(0x30, &tagged(0x30, &one));
        params.custom_extensions.push(CustomExtension::from_oid_content(&AUTHORITY_INFO_ACCESS, content));
    }
}

impl Profile {
    fn write(&self, params: &mut CertificateParams) -> Result<(), CaError> {
        let (identification, serial) = match self {
            Profile::UziServer { ura } => {
                eight_digits(ura)?;
                // A made-up card number: nine digits of which the last eight are the URA's.
                (Some(format!("{UZI_TEST_AUTHORITY}-1-9{ura}-S-{ura}-00.000-00000000")), Some(format!("9{ura}")))
            }
            Profile::UziPerson { ura, pass, number, role } => {
                eight_digits(ura)?;
                (Some(format!("{UZI_TEST_AUTHORITY}-1-{number}-{pass}-{ura}-{role}-00000000")), Some(number.clone()))
            }
            Profile::PkiOverheid { oin } => {
                let policies = tagged(0x30, &tagged(0x30, &PKIOVERHEID_SERVER_POLICY));
                params.custom_extensions.push(CustomExtension::from_oid_content(&CERTIFICATE_POLICIES, policies));
                (None, Some(oin.clone()))
            }
            Profile::Plain => (None, None),
        };
        if let Some(identification) = identification {
            let other = (OTHER_NAME_TYPE.to_vec(), identification.into());
            params.subject_alt_names.push(SanType::OtherName(other));
        }
        if let Some(serial) = serial {
            params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), serial);
        }
        Ok(())
    }
}

fn eight_digits(ura: &str) -> Result<(), CaError> {
    let good = ura.len() == 8 && ura.bytes().all(|byte| byte.is_ascii_digit());
    if good { Ok(()) } else { Err(CaError::Ura) }
}

/// A DER value of less than 128 bytes.
fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).ok().filter(|length| *length < 128).unwrap_or_default();
    [&[tag, length][..], content].concat()
}

impl Issued {
    /// Writes `<name>.pem` and `<name>-key.pem`, the latter readable by the owner only.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(&self, folder: &Path, name: &str) -> io::Result<Files> {
        write_pair(folder, name, &self.certificate_pem, &self.key_pem)
    }
}

fn validity(params: &mut CertificateParams, when: Validity, valid_for: Duration) {
    let now = OffsetDateTime::now_utc();
    // An hour back, for a peer whose clock is behind.
    (params.not_before, params.not_after) = match when {
        Validity::Now => (now - Duration::HOUR, now + valid_for),
        Validity::Expired => (now - Duration::days(30), now - Duration::DAY),
        Validity::NotYet => (now + Duration::DAY, now + Duration::DAY + valid_for),
    };
}

fn write_pair(folder: &Path, name: &str, certificate: &str, key: &str) -> io::Result<Files> {
    let files = Files { certificate: folder.join(format!("{name}.pem")), key: folder.join(format!("{name}-key.pem")) };
    fs::create_dir_all(folder)?;
    fs::write(&files.certificate, certificate)?;
    // A new file each time: the mode is only applied when the file is created.
    match fs::remove_file(&files.key) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&files.key)?;
    file.write_all(key.as_bytes())?;
    Ok(files)
}

#[cfg(test)]
mod tests;
