//! What a crate's `Cargo.toml` names, with the line it stands on. Reads the three kinds of dependencies, also per target,
//! and sees through a renamed package. Must not know which names are allowed.

use toml::{Table, Value};

use crate::tree::{File, Tree};

const SECTIONS: [(&str, Section); 3] =
    [("dependencies", Section::Normal), ("dev-dependencies", Section::Dev), ("build-dependencies", Section::Build)];

/// Which of the manifest's tables a dependency stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Normal,
    Dev,
    Build,
}

/// One dependency of a crate.
#[derive(Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The package's name on the registry or in the workspace, whatever the crate calls it.
    pub package: String,
    pub section: Section,
    pub optional: bool,
    pub line: usize,
}

/// One crate of the workspace.
#[derive(Debug)]
pub struct Manifest {
    pub path: String,
    pub package: String,
    pub dependencies: Vec<Dependency>,
}

/// Every crate of the tree. A manifest that cannot be read is left to cargo, which refuses it with a better sentence.
pub fn crates(tree: &Tree) -> Vec<Manifest> {
    let shared = tree
        .file("Cargo.toml")
        .and_then(|file| file.text().parse::<Table>().ok())
        .and_then(|root| root.get("workspace")?.get("dependencies")?.as_table().cloned())
        .unwrap_or_default();
    tree.files()
        .iter()
        .filter(|file| file.path().ends_with("/Cargo.toml"))
        .filter_map(|file| read(file, &shared))
        .collect()
}

fn read(file: &File, shared: &Table) -> Option<Manifest> {
    let table = file.text().parse::<Table>().ok()?;
    let package = table.get("package")?.get("name")?.as_str()?.to_owned();
    let mut dependencies = Vec::new();
    let per_target = table.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    for place in per_target.filter_map(Value::as_table).chain([&table]) {
        for (name, section) in SECTIONS {
            let named = place.get(name).and_then(Value::as_table).into_iter().flatten();
            dependencies.extend(named.map(|(key, value)| Dependency {
                package: package_name(key, value, shared),
                section,
                optional: value.get("optional").and_then(Value::as_bool).unwrap_or(false),
                line: line_of(file.text(), name, key),
            }));
        }
    }
    Some(Manifest { path: file.path().to_owned(), package, dependencies })
}

fn package_name(key: &str, value: &Value, shared: &Table) -> String {
    let inherited = value.get("workspace").and_then(Value::as_bool).unwrap_or(false);
    let described = if inherited { shared.get(key) } else { Some(value) };
    described.and_then(|described| described.get("package")?.as_str()).unwrap_or(key).to_owned()
}

/// The line that names `key` in a table called `section`; 1 when it is written in a way that is not recognised.
fn line_of(text: &str, section: &str, key: &str) -> usize {
    let mut inside = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let is = |wanted: &str| header == wanted || header.ends_with(&format!(".{wanted}"));
            inside = is(section);
            if is(&format!("{section}.{key}")) {
                return index + 1;
            }
        } else if inside
            && line.trim_start_matches('"').strip_prefix(key).is_some_and(|rest| rest.starts_with([' ', '.', '=', '"']))
        {
            return index + 1;
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(root: &str, manifest: &str) -> Vec<Dependency> {
        let tree = Tree::made_up(&[("Cargo.toml", root), ("gateway/a/Cargo.toml", manifest)]);
        crates(&tree).remove(0).dependencies
    }

    #[test]
    fn dependencies_come_with_section_line_and_whether_they_are_optional() {
        let manifest = "[package]\nname = \"a\"\n[dependencies]\nserde.workspace = true\n\
                        store = { path = \"../store\", optional = true }\n[dev-dependencies.tempfile]\nversion = \"3\"\n";
        let dependency = |package: &str, section, optional, line| Dependency {
            package: package.to_owned(),
            section,
            optional,
            line,
        };
        assert_eq!(
            only("", manifest),
            [
                dependency("serde", Section::Normal, false, 4),
                dependency("store", Section::Normal, true, 5),
                dependency("tempfile", Section::Dev, false, 6),
            ]
        );
    }

    #[test]
    fn a_new_name_does_not_hide_a_package() {
        let here = "[package]\nname = \"a\"\n[dependencies]\nweb = { package = \"actix-web\", version = \"4\" }\n";
        assert_eq!(only("", here)[0].package, "actix-web");
        let root = "[workspace.dependencies]\nweb = { package = \"actix-web\", version = \"4\" }\n";
        let inherited = "[package]\nname = \"a\"\n[dependencies]\nweb.workspace = true\n";
        assert_eq!(only(root, inherited)[0].package, "actix-web");
    }

    #[test]
    fn a_dependency_for_one_target_is_seen() {
        let manifest = "[package]\nname = \"a\"\n[target.'cfg(unix)'.dependencies]\nsled = \"0.34\"\n";
        let found = only("", manifest);
        assert_eq!((found[0].package.as_str(), found[0].line), ("sled", 4));
    }
}
