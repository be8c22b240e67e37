//! The lists of what both versions know: code systems, extensions, profiles.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use super::Way;

/// A code system that both versions have, perhaps under another URL.
#[derive(Debug)]
pub(super) struct System {
    urls: (&'static str, &'static str),
    /// Codes that only R4 has in it, and only STU3.
    alone: (HashSet<&'static str>, HashSet<&'static str>),
}

/// All of them, and where each is by its URL in either version.
#[derive(Debug)]
struct Systems {
    list: Vec<System>,
    r4: HashMap<&'static str, usize>,
    stu3: HashMap<&'static str, usize>,
}

/// What is known of a code system's URL in the version that is read.
#[derive(Debug)]
pub(super) enum KnownSystem {
    /// It goes by this URL in the other version.
    As(&'static str, &'static HashSet<&'static str>),
    /// It is the URL of the other version, for what has another here.
    OfTheOther,
    /// The same everywhere, as far as is known.
    Unlisted,
}

pub(super) fn system(way: Way, url: &str) -> KnownSystem {
    static LIST: OnceLock<Systems> = OnceLock::new();
    let Systems { list, r4, stu3 } = LIST.get_or_init(|| {
        let list: Vec<System> = include_str!("systems.tsv").lines().map(read_system).collect();
        let by = |of: fn(&System) -> &'static str| list.iter().enumerate().map(|(at, one)| (of(one), at)).collect();
        let (r4, stu3) = (by(|one| one.urls.0), by(|one| one.urls.1));
        Systems { list, r4, stu3 }
    });
    let (here, there) = way.of((r4, stu3));
    match here.get(url).and_then(|at| list.get(*at)) {
        Some(system) => {
            let ((_, to), (alone, _)) = (way.of(system.urls), way.of((&system.alone.0, &system.alone.1)));
            KnownSystem::As(to, alone)
        }
        None if there.contains_key(url) => KnownSystem::OfTheOther,
        None => KnownSystem::Unlisted,
    }
}

fn read_system(line: &'static str) -> System {
    let mut columns = line.split('\t');
    let mut next = || columns.next().unwrap_or_default();
    let urls = (next(), next());
    let (r4, stu3) = (next(), next());
    System { urls, alone: (r4.split_whitespace().collect(), stu3.split_whitespace().collect()) }
}

/// What an extension that STU3 knows holds.
#[derive(Debug)]
pub(super) enum Holds {
    /// One value of these types; where the codes differ between the versions, one of those that both have.
    Value(Vec<&'static str>, Vec<&'static str>),
    /// Extensions of these names, `(R4, STU3)`, each with a value of these types.
    Parts(Vec<((&'static str, &'static str), Vec<&'static str>)>),
}

/// The URL by which the extension goes in the other version, and what it holds.
pub(super) fn extension(way: Way, url: &str) -> Option<(&'static str, &'static Holds)> {
    static LIST: OnceLock<Vec<((&str, &str), Holds)>> = OnceLock::new();
    let list = LIST.get_or_init(|| include_str!("extensions.tsv").lines().map(read_extension).collect());
    let (urls, holds) = list.iter().find(|(urls, _)| way.of(*urls).0 == url)?;
    Some((way.of(*urls).1, holds))
}

fn read_extension(line: &'static str) -> ((&'static str, &'static str), Holds) {
    let mut columns = line.split('\t');
    let mut next = || columns.next().unwrap_or_default();
    let (stu3, r4, holds, codes) = (next(), next(), next(), next());
    let r4 = if r4 == "=" { stu3 } else { r4 };
    let parts = holds.strip_prefix('{').and_then(|parts| parts.strip_suffix('}'));
    let holds = match parts {
        None => Holds::Value(holds.split(' ').collect(), codes.split_whitespace().collect()),
        Some(parts) => Holds::Parts(parts.split(';').filter_map(read_part).collect()),
    };
    ((r4, stu3), holds)
}

fn read_part(part: &'static str) -> Option<((&'static str, &'static str), Vec<&'static str>)> {
    let (name, types) = part.split_once(':')?;
    let (stu3, r4) = name.split_once('=').unwrap_or((name, name));
    Some(((r4, stu3), types.split(' ').collect()))
}

/// Whether STU3 has this profile. A claim of it may stand in either shape: those of them that R4 (zib2020) has too are
/// abstract there, so that no R4 resource claims them.
pub(super) fn is_profile(url: &str) -> bool {
    static LIST: OnceLock<HashSet<&'static str>> = OnceLock::new();
    LIST.get_or_init(|| include_str!("profiles.tsv").lines().collect()).contains(url)
}
