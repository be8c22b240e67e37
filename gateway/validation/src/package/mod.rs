//! An official FHIR package: StructureDefinitions, value sets, code systems and search parameters, read at run time from
//! a gzipped tar archive in the layout of npm (`package/*.json`), or from a folder's files, which may be XML.
//!
//! A package comes from outside: everything about it is bounded, and nothing is ever written by a name it gives.

mod archive;
mod definition;
mod lists;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use fhir::json::{self, Kind, Value};
use fhir::resource::ResourceFault;
use fhir::{FhirVersion, Resource};
use thiserror::Error;

use crate::profile::Profile;
use crate::registry::Registry;
use crate::terminology::{CodeSystem, ValueSet};

/// What a package holds, as far as a validator can use it.
#[derive(Debug, Default)]
pub struct Package {
    /// As in `package.json`.
    pub name: Option<String>,
    pub version: Option<String>,
    pub fhir: Option<FhirVersion>,
    pub profiles: Vec<Profile>,
    pub value_sets: Vec<ValueSet>,
    pub code_systems: Vec<CodeSystem>,
    pub search_parameters: Vec<Resource>,
    /// Resources of other types, and definitions that say nothing about validation.
    pub others: usize,
    /// Files that could not be read: their names and why.
    pub refused: Vec<(String, String)>,
}

/// Bounds on one package.
#[derive(Clone, Copy, Debug)]
pub struct PackageLimits {
    /// Most files in the archive.
    pub files: usize,
    /// Largest file, in bytes, unpacked.
    pub file: u64,
    /// All files together, in bytes, unpacked.
    pub total: u64,
}

impl Default for PackageLimits {
    /// 20 000 files, 16 MiB each, 512 MiB together: the core package of R4 fits.
    fn default() -> Self {
        PackageLimits { files: 20_000, file: 16 << 20, total: 512 << 20 }
    }
}

/// Why a package cannot be used at all.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PackageFault {
    #[error("the archive cannot be unpacked")]
    NotAnArchive,
    #[error("the archive has more than {0} files")]
    TooManyFiles(usize),
    #[error("the archive has a file of more than {0} bytes")]
    FileTooLarge(u64),
    #[error("the archive unpacks to more than {0} bytes")]
    TooLarge(u64),
    #[error("the archive has a file whose path leads outside it")]
    Outside,
    #[error("the package is for another version of FHIR than STU3 or R4")]
    OtherVersion,
    #[error("there is no definition in it")]
    Empty,
}

impl Package {
    /// Reads a package as it is published (`.tgz`).
    pub fn read_tgz(archive: &[u8], limits: &PackageLimits) -> Result<Package, PackageFault> {
        Package::read_files(archive::files(archive, limits)?, None, limits)
    }

    /// Reads files by name; what is neither JSON nor XML is passed over. `fhir`: the version to assume where neither
    /// `package.json` nor a StructureDefinition says it.
    pub fn read_files(
        files: impl IntoIterator<Item = (String, Bytes)>,
        fhir: Option<FhirVersion>,
        limits: &PackageLimits,
    ) -> Result<Package, PackageFault> {
        let mut package = Package::default();
        let mut held: Vec<(String, Bytes)> = Vec::new();
        let mut total = 0_u64;
        for (name, bytes) in files {
            total += bytes.len() as u64;
            if total > limits.total {
                return Err(PackageFault::TooLarge(limits.total));
            }
            if held.len() >= limits.files {
                return Err(PackageFault::TooManyFiles(limits.files));
            }
            if name == "package.json" || name.ends_with("/package.json") {
                package.manifest(bytes)?;
            } else if name.ends_with(".json") && !name.ends_with(".index.json") || name.ends_with(".xml") {
                held.push((name, bytes));
            }
        }
        package.fhir = package.fhir.or(fhir).or_else(|| held.iter().find_map(|(_, bytes)| declared(bytes)));
        for (name, bytes) in held {
            package.file(name, bytes);
        }
        if package.is_empty() {
            return Err(PackageFault::Empty);
        }
        Ok(package)
    }

    /// Puts everything into a registry; what was there under the same canonical URL and version is replaced.
    pub fn add_to(self, registry: &mut Registry) {
        self.profiles.into_iter().for_each(|profile| registry.add_profile(profile));
        self.value_sets.into_iter().for_each(|set| registry.add_value_set(set));
        self.code_systems.into_iter().for_each(|system| registry.add_code_system(system));
    }

    fn is_empty(&self) -> bool {
        self.profiles.is_empty()
            && self.value_sets.is_empty()
            && self.code_systems.is_empty()
            && self.search_parameters.is_empty()
    }

    /// `package.json`.
    fn manifest(&mut self, bytes: Bytes) -> Result<(), PackageFault> {
        let Ok(document) = json::Document::parse(bytes, &json::Limits::default()) else { return Ok(()) };
        let root = document.root();
        self.name = text(root, "name");
        self.version = text(root, "version");
        let listed: Vec<String> = ["fhirVersions", "fhir-version-list"]
            .into_iter()
            .flat_map(|name| root.all(name))
            .filter_map(|item| Some(item.as_text()?.into_owned()))
            .collect();
        self.fhir = listed.iter().find_map(|number| version(number));
        if self.fhir.is_none() && !listed.is_empty() {
            return Err(PackageFault::OtherVersion);
        }
        let depends = |name: &str| root.get("dependencies").is_some_and(|list| list.get(name).is_some());
        self.fhir = self.fhir.or_else(|| match () {
            () if depends("hl7.fhir.r3.core") => Some(FhirVersion::Stu3),
            () if depends("hl7.fhir.r4.core") => Some(FhirVersion::R4),
            () => None,
        });
        Ok(())
    }

    fn file(&mut self, name: String, bytes: Bytes) {
        let Some(fhir) = declared(&bytes).or(self.fhir) else {
            self.refused.push((name, "the version of FHIR is not known".to_owned()));
            return;
        };
        let limits = json::Limits::default();
        let read = if name.ends_with(".xml") {
            fhir::xml::read(fhir, &bytes, &limits).map_err(|fault| fault.to_string())
        } else {
            match Resource::parse(bytes, &limits) {
                // Tools leave files of their own beside the definitions.
                Err(ResourceFault::NoType | ResourceFault::NotAnObject) => {
                    self.others += 1;
                    return;
                }
                read => read.map_err(|fault| fault.to_string()),
            }
        };
        match read {
            Ok(resource) => self.resource(&resource, fhir),
            Err(why) => self.refused.push((name, why)),
        }
    }

    fn resource(&mut self, resource: &Resource, fhir: FhirVersion) {
        let root = resource.root();
        let taken = match &*resource.resource_type() {
            "StructureDefinition" => definition::profile(root, fhir).map(|profile| self.profiles.push(profile)),
            "ValueSet" => lists::value_set(root, fhir).map(|set| self.value_sets.push(set)),
            "CodeSystem" => lists::code_system(root, fhir).map(|system| self.code_systems.push(system)),
            "SearchParameter" => {
                self.search_parameters.push(resource.clone());
                Some(())
            }
            "Bundle" => {
                let entries = root.all("entry.resource");
                let parts: Vec<_> = entries.into_iter().filter_map(|entry| resource.part(entry)).collect();
                // A Bundle within a Bundle is no way to publish definitions.
                for part in parts.iter().filter(|part| part.resource_type() != "Bundle") {
                    self.resource(part, fhir);
                }
                Some(())
            }
            _ => None,
        };
        if taken.is_none() {
            self.others += 1;
        }
    }
}

fn text(value: Value<'_>, name: &str) -> Option<String> {
    Some(value.get(name)?.as_text()?.into_owned())
}

fn texts(value: Value<'_>, name: &str) -> Vec<String> {
    let items = value.get(name).into_iter().flat_map(|list| list.each());
    items.filter_map(|item| Some(item.as_text()?.into_owned())).collect()
}

fn number(value: Value<'_>, name: &str) -> Option<u32> {
    value.get(name)?.as_number()?.parse().ok()
}

/// The version that a number like `4.0.1` is of.
fn version(number: &str) -> Option<FhirVersion> {
    match () {
        () if number.starts_with("3.0") => Some(FhirVersion::Stu3),
        () if number.starts_with("4.0") => Some(FhirVersion::R4),
        () => None,
    }
}

/// The version that a StructureDefinition says it is for, JSON or XML, without reading it whole.
fn declared(bytes: &[u8]) -> Option<FhirVersion> {
    let written = std::str::from_utf8(bytes).ok()?;
    let start = written.trim_start_matches('\u{feff}').trim_start();
    if start.starts_with('<') {
        let at = written.find("<fhirVersion")?;
        return version(written[at..].split(['"', '\'']).nth(1)?);
    }
    let document = written.find("\"fhirVersion\"")?;
    version(written[document..].split('"').nth(3)?)
}

/// Whether a value is an object.
fn is_object(value: Value<'_>) -> bool {
    value.kind() == Kind::Object
}
