//! The fixtures that the scripts name, with dates filled in, as JSON: each Task, and everything that its handoff leads to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::counts::Definitions;
use crate::handoff::fresh;
use crate::suites::Flaw;
use crate::xml::Element;

pub struct Fixtures {
    pub definitions: Definitions,
    /// By file name.
    tasks: BTreeMap<String, Value>,
    /// By `Type/id`.
    resources: BTreeMap<String, Value>,
}

impl Fixtures {
    /// # Errors
    /// The definitions, or a fixture, cannot be read.
    pub fn read(shared: &Path) -> Result<Self, Flaw> {
        let not = |why: String| Flaw::NotRun(why);
        let definitions = shared.join("conformance/definitions/stu3/StructureDefinition.ndjson.gz");
        let definitions = Definitions::read(&definitions).map_err(not)?;
        let mut fixtures = Fixtures { definitions, tasks: BTreeMap::new(), resources: BTreeMap::new() };
        for release in ["eoverdracht-4-0", "eoverdracht-4-1", "eoverdracht-4-2"] {
            let mut files = Vec::new();
            walk(&shared.join("eoverdracht/rendered").join(release), &mut files);
            for file in files {
                let text = std::fs::read_to_string(&file).map_err(|fault| Flaw::NotRun(fault.to_string()))?;
                let Ok(resource) = fixtures.json(&text) else { continue };
                let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                if resource["resourceType"] == "Task" {
                    fixtures.tasks.entry(name).or_insert(resource);
                } else {
                    fixtures.resources.entry(name_of(&resource)).or_insert(resource);
                }
            }
        }
        Ok(fixtures)
    }

    /// A resource in XML as JSON.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    pub fn json(&self, text: &str) -> Result<Value, String> {
        let root = Element::read(text).map_err(str::to_owned)?;
        self.definitions.resource(&root, text)
    }

    /// Adds those below a folder, whose Tasks have names that others have too: they are given back by file name.
    ///
    /// # Errors
    /// A fixture cannot be read.
    pub fn add(&mut self, folder: &Path) -> Result<BTreeMap<String, Value>, Flaw> {
        let (mut files, mut tasks) = (Vec::new(), BTreeMap::new());
        walk(folder, &mut files);
        for file in files {
            let text = std::fs::read_to_string(&file).map_err(|fault| Flaw::NotRun(fault.to_string()))?;
            let resource = self.json(&text).map_err(Flaw::NotRun)?;
            let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if resource["resourceType"] == "Task" {
                tasks.insert(name, resource);
            } else {
                self.resources.entry(name_of(&resource)).or_insert(resource);
            }
        }
        Ok(tasks)
    }

    /// This Task and every fixture that it leads to.
    pub fn with_all_that_it_leads_to(&self, task: &Value) -> Vec<Value> {
        let mut names = Vec::new();
        references(task, &mut names);
        let mut at = 0;
        while let Some(name) = names.get(at).cloned() {
            let mut found = Vec::new();
            self.resources.get(&name).into_iter().for_each(|one| references(one, &mut found));
            found.into_iter().for_each(|name| {
                if !names.contains(&name) {
                    names.push(name);
                }
            });
            at += 1;
        }
        let reached = names.iter().filter_map(|name| self.resources.get(name)).cloned();
        std::iter::once(task.clone()).chain(reached).collect()
    }

    /// The Task that a script begins with, and its handoff as a document of its own.
    ///
    /// # Errors
    /// There is none.
    pub fn of(&self, files: &[String]) -> Result<(Value, Value), Flaw> {
        let task = files.iter().filter_map(|file| self.tasks.get(file)).find(|task| task["status"] == "in-progress");
        let task = task.ok_or_else(|| Flaw::NotRun("the script names no Task that is in progress".to_owned()))?;
        let inputs = task["input"].as_array().into_iter().flatten();
        let mut handoff = inputs.filter_map(|input| input["valueReference"]["reference"].as_str());
        let handoff = handoff.rfind(|name| name.starts_with("Composition/") && self.resources.contains_key(*name));
        let handoff = handoff.ok_or_else(|| Flaw::NotRun("the Task's handoff is no fixture".to_owned()))?;
        let mut reached = vec![handoff.to_owned()];
        let mut at = 0;
        while let Some(name) = reached.get(at).cloned() {
            let mut found = Vec::new();
            references(&self.resources[&name], &mut found);
            found.retain(|name| self.resources.contains_key(name));
            found.into_iter().for_each(|name| {
                if !reached.contains(&name) {
                    reached.push(name)
                }
            });
            at += 1;
        }
        let entries: Vec<Value> = reached.iter().map(|name| json!({"resource": self.resources[name]})).collect();
        // Of its own, so that it is another push than that of the same fixture in another script.
        let bundle =
            json!({"resourceType": "Bundle", "id": format!("b{}", fresh()), "type": "document", "entry": entries});
        Ok((task.clone(), bundle))
    }
}

/// Every file in XML below a folder.
pub fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|end| end == "xml") {
            files.push(path);
        }
    }
}

fn name_of(one: &Value) -> String {
    format!("{}/{}", one["resourceType"].as_str().unwrap_or_default(), one["id"].as_str().unwrap_or_default())
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("reference").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}
