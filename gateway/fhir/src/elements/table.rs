//! Reads the tables of elements, once per version.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::{Child, ElementDef, Form, TypeDef, TypeKind};
use crate::version::FhirVersion;

/// All types of a version. It lives as long as the program: what is handed out is borrowed from it.
pub(super) struct Table {
    pub types: &'static [TypeDef],
    by_name: HashMap<&'static str, usize>,
}

impl Table {
    pub(super) fn find(&self, name: &str) -> Option<&'static TypeDef> {
        self.types.get(*self.by_name.get(name)?)
    }
}

pub(super) fn table(version: FhirVersion) -> &'static Table {
    static STU3: OnceLock<Table> = OnceLock::new();
    static R4: OnceLock<Table> = OnceLock::new();
    match version {
        FhirVersion::Stu3 => STU3.get_or_init(|| read(version, text(version))),
        FhirVersion::R4 => R4.get_or_init(|| read(version, text(version))),
    }
}

pub(super) fn text(version: FhirVersion) -> &'static str {
    match version {
        FhirVersion::Stu3 => include_str!("stu3.tsv"),
        FhirVersion::R4 => include_str!("r4.tsv"),
    }
}

/// A type as its lines have it.
struct Block {
    name: &'static str,
    kind: TypeKind,
    is_abstract: bool,
    base: &'static str,
    extends: bool,
    lines: Vec<&'static str>,
}

fn read(version: FhirVersion, text: &'static str) -> Table {
    let mut blocks: Vec<Block> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix('=') {
            Some(head) => blocks.push(Block::new(head)),
            None => {
                if let Some(block) = blocks.last_mut() {
                    block.lines.push(line);
                }
            }
        }
    }
    blocks.sort_by_key(|block| block.name);
    let by_name: HashMap<&'static str, usize> = blocks.iter().enumerate().map(|(at, block)| (block.name, at)).collect();
    let kinds: Vec<TypeKind> = blocks.iter().map(|block| block.kind).collect();
    let resolve = Resolve { version, by_name: &by_name, kinds: &kinds };
    let types: Vec<TypeDef> = blocks
        .iter()
        .map(|block| {
            let elements: &'static [ElementDef] = elements(&blocks, &by_name, block).leak();
            TypeDef {
                name: block.name,
                kind: block.kind,
                base: block.base,
                is_abstract: block.is_abstract,
                elements,
                names: resolve.names(elements).leak(),
            }
        })
        .collect();
    Table { types: types.leak(), by_name }
}

impl Block {
    fn new(head: &'static str) -> Self {
        let mut columns = head.split('\t');
        let name = columns.next().unwrap_or_default();
        let kind = columns.next().unwrap_or_default();
        let (kind, is_abstract) = kind.strip_suffix('!').map_or((kind, false), |kind| (kind, true));
        let kind = match kind {
            "primitive" => TypeKind::Primitive,
            "backbone" => TypeKind::Backbone,
            "resource" => TypeKind::Resource,
            _ => TypeKind::Complex,
        };
        let base = columns.next().unwrap_or_default();
        Block { name, kind, is_abstract, base, extends: columns.next() == Some("+"), lines: Vec::new() }
    }
}

/// The elements of a type after those of its base.
fn elements(blocks: &[Block], by_name: &HashMap<&'static str, usize>, block: &Block) -> Vec<ElementDef> {
    let base = by_name.get(block.base).and_then(|at| blocks.get(*at)).filter(|_| block.extends);
    let mut found = base.map_or_else(Vec::new, |base| elements(blocks, by_name, base));
    for element in &mut found {
        element.owner = block.name;
    }
    found.extend(block.lines.iter().map(|line| element(block.name, line)));
    found
}

fn element(owner: &'static str, line: &'static str) -> ElementDef {
    let mut columns = line.split('\t');
    let mut next = || columns.next().unwrap_or_default();
    let (name, min, max, types, flags, content, targets, binding) =
        (next(), next(), next(), next(), next(), next(), next(), next());
    ElementDef {
        owner,
        name,
        min: min.parse().unwrap_or_default(),
        max: max.parse().ok(),
        types: types.split_whitespace().collect(),
        targets: targets.split_whitespace().collect(),
        is_summary: flags.contains('s'),
        is_modifier: flags.contains('m'),
        is_attribute: flags.contains('a'),
        content: Some(content).filter(|content| !content.is_empty()),
        required_binding: Some(binding).filter(|binding| !binding.is_empty()),
    }
}

/// Finds what the names of types mean.
struct Resolve<'t> {
    version: FhirVersion,
    by_name: &'t HashMap<&'static str, usize>,
    kinds: &'t [TypeKind],
}

impl Resolve<'_> {
    /// The names that these elements have in instances, sorted.
    fn names(&self, elements: &'static [ElementDef]) -> Vec<Child> {
        let mut names: Vec<Child> = Vec::with_capacity(elements.len());
        for (order, element) in elements.iter().enumerate() {
            match (element.choice(), element.types.first()) {
                (Some(stem), _) => names.extend(
                    element.types.iter().map(|of| self.child(order, element, capitalised(stem, of).leak(), of)),
                ),
                (None, Some(of)) => names.push(self.child(order, element, element.name, of)),
                (None, None) => {
                    let of = element.content.unwrap_or_else(|| element.path().leak());
                    names.push(self.child(order, element, element.name, of));
                }
            }
        }
        names.sort_unstable_by_key(|child| child.name);
        names
    }

    fn child(&self, order: usize, element: &'static ElementDef, name: &'static str, of: &'static str) -> Child {
        let content = self.by_name.get(of).copied().filter(|_| of != "Resource");
        let kind = content.and_then(|at| self.kinds.get(at));
        let form = match (of, kind) {
            ("Resource", _) => Form::Resource,
            ("boolean", _) => Form::Boolean,
            ("decimal" | "integer" | "positiveInt" | "unsignedInt", _) => Form::Number,
            ("xhtml", _) => Form::Xhtml,
            (_, Some(TypeKind::Primitive)) => Form::Text,
            _ => Form::Complex,
        };
        Child { name, type_name: of, form, order, element, version: self.version, content }
    }
}

/// `value` and `dateTime` make `valueDateTime`.
fn capitalised(stem: &str, of: &str) -> String {
    let (first, rest) = of.split_at(of.len().min(1));
    format!("{stem}{}{rest}", first.to_ascii_uppercase())
}
