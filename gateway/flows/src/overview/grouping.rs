//! Brings together what several providers say about one and the same thing, without choosing between them.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::kinds::{Aspect, SectionKind};
use super::line::Line;

/// Lines about one and the same thing: they share a code, or the very words of their title.
#[derive(Clone, PartialEq, Eq)]
pub struct Group {
    /// The title of its newest line.
    pub title: Option<String>,
    /// Newest first, undated last.
    pub lines: Vec<Line>,
    /// The sources that know of it: places in `Overview::sources`, ascending.
    pub known_at: Vec<usize>,
    /// Sources that answered in full and could have mentioned it, but did not. Told of
    /// allergies, medication and directives, where an omission can do harm.
    pub not_mentioned_at: Vec<usize>,
    /// Sources contradict each other about it (status, dosage, criticality …).
    pub differs: bool,
}

/// One section of the overview; never empty.
#[derive(Clone, PartialEq, Eq)]
pub struct Section {
    pub kind: SectionKind,
    pub groups: Vec<Group>,
}

impl Section {
    pub fn lines(&self) -> usize {
        self.groups.iter().map(|group| group.lines.len()).sum()
    }
}

/// Sorts lines into sections and groups. `answered` are the sources from which everything was received.
pub(super) fn sections(lines: Vec<(SectionKind, Line)>, answered: &[usize]) -> Vec<Section> {
    let mut by_kind: BTreeMap<SectionKind, Vec<Line>> = BTreeMap::new();
    for (kind, line) in lines {
        by_kind.entry(kind).or_default().push(line);
    }
    by_kind.into_iter().map(|(kind, lines)| Section { kind, groups: groups(kind, lines, answered) }).collect()
}

fn groups(kind: SectionKind, lines: Vec<Line>, answered: &[usize]) -> Vec<Group> {
    let here: BTreeSet<usize> = lines.iter().map(|line| line.source).collect();
    let expected: Vec<usize> = match kind {
        // Whoever answered and mentions no allergy at all contradicts the one who knows of it.
        SectionKind::Allergies => answered.to_vec(),
        // A list of medication or directives that leaves one out; who keeps none says nothing by it.
        SectionKind::Medication | SectionKind::Directives => {
            answered.iter().copied().filter(|source| here.contains(source)).collect()
        }
        _ => Vec::new(),
    };
    let mut groups: Vec<Group> = together(kind, lines).into_iter().map(|lines| group(kind, lines, &expected)).collect();
    groups.sort_by(|one, other| match (one.lines.first(), other.lines.first()) {
        (Some(one), Some(other)) => newest_first(one, other),
        (one, other) => one.is_none().cmp(&other.is_none()),
    });
    groups
}

fn group(kind: SectionKind, mut lines: Vec<Line>, expected: &[usize]) -> Group {
    lines.sort_by(newest_first);
    let known_at: BTreeSet<usize> = lines.iter().map(|line| line.source).collect();
    Group {
        title: lines.first().and_then(|line| line.title.clone()),
        not_mentioned_at: expected.iter().copied().filter(|source| !known_at.contains(source)).collect(),
        differs: kind.describes_a_state() && differs(&lines),
        known_at: known_at.into_iter().collect(),
        lines,
    }
}

/// What a source leaves out is taken to hold, so saying it is no difference.
const AFFIRMATIVE: [&str; 2] = ["active", "confirmed"];

/// Whether two sources contradict each other. A dispense differs from a request anyway, except that its dosage should
/// not: resources of different types are compared by dosage alone.
fn differs(lines: &[Line]) -> bool {
    lines.iter().enumerate().any(|(at, one)| {
        lines.iter().skip(at + 1).filter(|other| one.source != other.source).any(|other| {
            if one.resource_type == other.resource_type {
                qualifying(one) != qualifying(other)
                    || details_differ(one, other, |aspect| !matches!(aspect, Aspect::Note | Aspect::By))
            } else {
                details_differ(one, other, |aspect| aspect == Aspect::Dosage)
            }
        })
    })
}

fn qualifying(line: &Line) -> BTreeSet<&str> {
    line.status.iter().map(String::as_str).filter(|code| !AFFIRMATIVE.contains(code)).collect()
}

/// Whether both tell one of these aspects, in different words. Notes and names of people differ everywhere.
fn details_differ(one: &Line, other: &Line, counts: impl Fn(Aspect) -> bool) -> bool {
    let told = |line: &Line, aspect: Aspect| -> Vec<String> {
        line.details.iter().filter(|detail| detail.aspect == aspect).map(|detail| detail.text.to_lowercase()).collect()
    };
    one.details.iter().map(|detail| detail.aspect).filter(|aspect| counts(*aspect)).any(|aspect| {
        let there = told(other, aspect);
        !there.is_empty() && there != told(one, aspect)
    })
}

/// Newest first, undated last; then by content, so that the order of the sources decides nothing.
fn newest_first(one: &Line, other: &Line) -> Ordering {
    match (&one.date, &other.date) {
        (Some(one), Some(other)) => other.cmp(one),
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (None, None) => Ordering::Equal,
    }
    .then_with(|| one.title.cmp(&other.title))
    .then_with(|| one.cmp(other))
}

/// Lines that share a key end up together, also by way of a third.
fn together(kind: SectionKind, lines: Vec<Line>) -> Vec<Vec<Line>> {
    if !kind.groups() {
        return lines.into_iter().map(|line| vec![line]).collect();
    }
    let mut parents: Vec<usize> = (0..lines.len()).collect();
    let mut first: HashMap<(String, String), usize> = HashMap::new();
    for (at, line) in lines.iter().enumerate() {
        for key in keys(line) {
            match first.get(&key) {
                None => {
                    first.insert(key, at);
                }
                Some(known) => {
                    let (one, other) = (root(&parents, *known), root(&parents, at));
                    if let Some(parent) = parents.get_mut(one.max(other)) {
                        *parent = one.min(other);
                    }
                }
            }
        }
    }
    let mut groups: BTreeMap<usize, Vec<Line>> = BTreeMap::new();
    for (at, line) in lines.into_iter().enumerate() {
        groups.entry(root(&parents, at)).or_default().push(line);
    }
    groups.into_values().collect()
}

fn root(parents: &[usize], mut at: usize) -> usize {
    // A parent never stands after its child, so this ends.
    while let Some(parent) = parents.get(at).copied().filter(|parent| *parent < at) {
        at = parent;
    }
    at
}

fn keys(line: &Line) -> impl Iterator<Item = (String, String)> {
    let codes = line.codes.iter().map(|code| (code.system.clone(), code.code.clone()));
    let words = line.title.iter().map(|title| (String::new(), title.to_lowercase()));
    codes.chain(words)
}
