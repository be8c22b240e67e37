//! The folder of official FHIR packages that a node validates with: adding one, listing them, loading them.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use fhir::FhirVersion;
use validation::{Package, PackageLimits, Registry};

/// Where packages are kept unless the command line says otherwise.
pub const FOLDER: &str = "profiles/packages";

/// Largest package file, in bytes, packed.
const LARGEST: u64 = 64 << 20;

/// Checks that a package loads and copies it into the folder; what it holds, in a sentence.
pub fn add(file: &Path, folder: &Path) -> Result<String, String> {
    let bytes = read(file, LARGEST)?;
    let package = unpack(file, &bytes)?;
    let name =
        file_name(&package).ok_or_else(|| format!("{}: its package.json gives no name and version", file.display()))?;
    let trouble = |fault: std::io::Error| format!("{}: {fault}", folder.display());
    fs::create_dir_all(folder).map_err(trouble)?;
    // Never a torn package under its final name.
    let part = folder.join(format!("{name}.part"));
    fs::write(&part, &bytes).map_err(trouble)?;
    fs::rename(&part, folder.join(&name)).map_err(trouble)?;
    Ok(held(&package))
}

/// What each package in the folder holds, a sentence each.
pub fn list(folder: &Path) -> Result<Vec<String>, String> {
    packages_in(folder)?.iter().map(|file| Ok(held(&unpack(file, &read(file, LARGEST)?)?))).collect()
}

/// Puts what was added to the folder, if it is there, into the registry. An official definition replaces what we state
/// of the same profile ourselves.
pub fn load_added(folder: &Path, registry: &mut Registry) -> Result<(), String> {
    if folder.is_dir() {
        for file in packages_in(folder)? {
            unpack(&file, &read(&file, LARGEST)?)?.add_to(registry);
        }
    }
    Ok(())
}

/// Puts the packages named (archives or folders of definitions) into the registry.
pub fn load_named(named: &[PathBuf], fhir: Option<FhirVersion>, registry: &mut Registry) -> Result<(), String> {
    for path in named {
        let package = if path.is_dir() {
            let limits = PackageLimits::default();
            let mut files = Vec::new();
            for file in files_in(path, limits.files)? {
                files.push((file.display().to_string(), Bytes::from(read(&file, limits.file)?)));
            }
            Package::read_files(files, fhir, &limits).map_err(|fault| format!("{}: {fault}", path.display()))?
        } else {
            unpack(path, &read(path, LARGEST)?)?
        };
        package.add_to(registry);
    }
    Ok(())
}

/// The JSON and XML files below a folder, by name; links are not followed.
pub fn files_in(folder: &Path, most: usize) -> Result<Vec<PathBuf>, String> {
    let trouble = |fault: std::io::Error| format!("{}: {fault}", folder.display());
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).map_err(trouble)? {
            let entry = entry.map_err(trouble)?;
            let (kind, path) = (entry.file_type().map_err(trouble)?, entry.path());
            let is_wanted = path.extension().is_some_and(|ending| ending == "json" || ending == "xml");
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() && is_wanted {
                files.push(path);
            }
            if files.len() + folders.len() > most {
                return Err(format!("{}: more than {most} files", folder.display()));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Reads a file of at most so many bytes.
pub fn read(file: &Path, most: u64) -> Result<Vec<u8>, String> {
    let trouble = |fault: std::io::Error| format!("{}: {fault}", file.display());
    if fs::metadata(file).map_err(trouble)?.len() > most {
        return Err(format!("{}: larger than {most} bytes", file.display()));
    }
    fs::read(file).map_err(trouble)
}

fn unpack(file: &Path, bytes: &[u8]) -> Result<Package, String> {
    Package::read_tgz(bytes, &PackageLimits::default()).map_err(|fault| format!("{}: {fault}", file.display()))
}

fn packages_in(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|fault| format!("{}: {fault}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "tgz"));
    files.sort();
    Ok(files)
}

/// `name-version.tgz`, when both are plain names: a package does not choose where it is written.
fn file_name(package: &Package) -> Option<String> {
    let is_plain = |text: &&str| {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'+');
        !text.is_empty() && text.len() <= 100 && !text.starts_with('.') && text.bytes().all(good)
    };
    let name = package.name.as_deref().filter(is_plain)?;
    let version = package.version.as_deref().filter(is_plain)?;
    Some(format!("{name}-{version}.tgz"))
}

fn held(package: &Package) -> String {
    format!(
        "{} {} ({}): {} profiles, {} value sets, {} code systems, {} search parameters; {} files could not be read",
        package.name.as_deref().unwrap_or("unnamed"),
        package.version.as_deref().unwrap_or("without version"),
        package.fhir.map_or_else(|| "FHIR version not said".to_owned(), |fhir| fhir.to_string()),
        package.profiles.len(),
        package.value_sets.len(),
        package.code_systems.len(),
        package.search_parameters.len(),
        package.refused.len(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_written_under_a_plain_name_or_not_at_all() {
        let named = |name: &str, version: &str| {
            file_name(&Package { name: Some(name.into()), version: Some(version.into()), ..Package::default() })
        };
        assert_eq!(named("demo.profiles", "1.0.0-beta.1").as_deref(), Some("demo.profiles-1.0.0-beta.1.tgz"));
        for (name, version) in [("../demo", "1.0.0"), ("demo", "1/0"), ("", "1"), ("demo", ""), (".demo", "1")] {
            assert_eq!(named(name, version), None, "{name} {version}");
        }
        assert_eq!(file_name(&Package::default()), None);
    }

    #[test]
    fn what_is_no_package_is_not_added() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.tgz");
        fs::write(&file, "no archive").unwrap();
        let packages = folder.path().join("packages");
        assert!(add(&file, &packages).unwrap_err().contains("cannot be unpacked"));
        assert!(!packages.exists());
        assert!(list(&packages).is_err());
        let mut registry = Registry::default();
        load_added(&packages, &mut registry).unwrap();
        assert_eq!(registry.counts(), (0, 0, 0));
    }
}
