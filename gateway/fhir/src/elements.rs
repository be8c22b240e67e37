//! The elements of every type of the two FHIR versions: facts that the XML codec, the structural check, summaries
//! and the validator act on. It knows no profiles and judges no content.
//!
//! The tables `elements/*.tsv` were made from the StructureDefinitions that the releases publish (STU3 3.0.2 and
//! R4 4.0.1). A line that begins with `=` opens a type: its name (a backbone element goes by its path), its kind
//! (`!` marks an abstract one), the type it specialises, and `+` when it starts with all elements of that one.
//! The lines below it are its further elements in the order of the standard: name, least, most, types, flags (`s`
//! in the summary, `m` modifier, `a` an attribute in XML), the path whose content it shares, the types that its
//! references may name, and the value set it is bound to when that binding is required.

mod table;
#[cfg(test)]
mod tests;

use crate::version::FhirVersion;

/// The type of this name: a resource, a data type (`HumanName`, `string`), or a backbone element by its path
/// (`Observation.component`).
pub fn type_of(version: FhirVersion, name: &str) -> Option<&'static TypeDef> {
    table::table(version).find(name)
}

/// All types of the version, sorted by name.
pub fn types(version: FhirVersion) -> &'static [TypeDef] {
    table::table(version).types
}

/// What a type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeKind {
    /// A value with an id and extensions of its own; [`TypeDef::children`] are those two.
    Primitive,
    Complex,
    /// The content of one element of another type, named by its path.
    Backbone,
    Resource,
}

/// One type with its elements.
#[derive(Debug)]
pub struct TypeDef {
    pub name: &'static str,
    pub kind: TypeKind,
    /// The type it specialises; empty for `Element` and `Resource`.
    pub base: &'static str,
    /// No instance has this type itself (`DomainResource`).
    pub is_abstract: bool,
    elements: &'static [ElementDef],
    /// Sorted by name.
    names: &'static [Child],
}

/// One element as the standard defines it (ElementDefinition).
#[derive(Debug)]
pub struct ElementDef {
    /// The type, or the backbone element's path, that has it.
    pub owner: &'static str,
    /// Its name; a choice of types ends in `[x]`.
    pub name: &'static str,
    pub min: u32,
    /// `None` for `*`.
    pub max: Option<u32>,
    /// The data types it may have. Empty for a backbone element and for one that shares another's content.
    pub types: Vec<&'static str>,
    /// The resource types that its references (or canonicals) may name; empty for any.
    pub targets: Vec<&'static str>,
    pub is_summary: bool,
    pub is_modifier: bool,
    /// In XML an attribute of its parent: the id of an element, the url of an extension.
    pub is_attribute: bool,
    /// The path whose content it shares (`contentReference`).
    pub content: Option<&'static str>,
    /// The value set it must be from (`binding` of strength `required`), without version.
    pub required_binding: Option<&'static str>,
}

/// An element under the name that it has in an instance: a choice occurs once per type (`valueQuantity`).
#[derive(Debug)]
pub struct Child {
    /// The member in JSON and the element in XML.
    pub name: &'static str,
    /// Its type; a backbone element's path for one that has no data type.
    pub type_name: &'static str,
    pub form: Form,
    /// Its place among the elements of its type; the names of one choice share it.
    pub order: usize,
    pub element: &'static ElementDef,
    version: FhirVersion,
    /// Where its type is in the table.
    content: Option<usize>,
}

/// The form of an element in JSON (FHIR json.html).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A primitive written as a string.
    Text,
    /// A primitive written as a number: decimal, integer, positiveInt, unsignedInt.
    Number,
    Boolean,
    /// The narrative's div: a string in JSON, elements in XML.
    Xhtml,
    /// An object: a data type or a backbone element.
    Complex,
    /// A resource of any type.
    Resource,
}

impl TypeDef {
    /// Its elements, those of its base included, in the order that XML prescribes.
    pub fn children(&self) -> &'static [ElementDef] {
        self.elements
    }

    /// The element that goes by this name in an instance. `_birthDate` is not a name: ask for `birthDate`.
    pub fn child(&self, name: &str) -> Option<&'static Child> {
        let at = self.names.binary_search_by(|child| child.name.cmp(name)).ok()?;
        self.names.get(at)
    }

    /// All names that its elements may have in an instance, sorted.
    pub fn names(&self) -> &'static [Child] {
        self.names
    }
}

impl ElementDef {
    /// The path of the element in the standard: `Observation.component.value[x]`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.owner, self.name)
    }

    /// Whether JSON writes it as a list.
    pub fn is_list(&self) -> bool {
        self.max.is_none_or(|most| most > 1)
    }

    /// The name without `[x]` when this is a choice of types.
    pub fn choice(&self) -> Option<&'static str> {
        self.name.strip_suffix("[x]")
    }
}

impl Child {
    pub fn is_list(&self) -> bool {
        self.element.is_list()
    }

    /// Whether it holds a value with an id and extensions beside it (`_birthDate` in JSON).
    pub fn is_primitive(&self) -> bool {
        !matches!(self.form, Form::Complex | Form::Resource)
    }

    /// The type of its content; of a primitive, the type that has its id and extensions. `None` for a resource,
    /// which names its own type.
    pub fn type_def(&self) -> Option<&'static TypeDef> {
        table::table(self.version).types.get(self.content?)
    }
}
