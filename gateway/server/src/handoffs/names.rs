//! How transfers are named: ids, and what makes one that comes again the one that is there.

use aws_lc_rs::digest;
use fhir::identifiers::Reader;
use fhir::{Bsn, FhirVersion, Ura};
use flows::eoverdracht::RoutedTo;
use store::once::Digest;
use store::transfers::Id;
use uuid::Uuid;

/// A new id, that nobody can guess.
pub fn fresh() -> Id {
    *Uuid::new_v4().as_bytes()
}

/// An id as people and systems see it: 32 hexadecimal digits.
pub fn shown(id: Id) -> String {
    Uuid::from_bytes(id).simple().to_string()
}

/// The id in a text.
pub fn read(text: &str) -> Option<Id> {
    let plain = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    plain.then(|| Uuid::parse_str(text).ok().map(|id| *id.as_bytes()))?
}

/// The same bytes in the same version for the same receiver, and the same place within it, are the same push, with or without a
/// print.
pub fn of_push(
    receiver: &Ura,
    routed: Option<&RoutedTo>,
    (version, bundle): (FhirVersion, &[u8]),
    printed: bool,
) -> Digest {
    let kind: &[u8] = match (version, printed) {
        (FhirVersion::Stu3, false) => b"push",
        (FhirVersion::Stu3, true) => b"push with print",
        (FhirVersion::R4, false) => b"push in R4",
        (FhirVersion::R4, true) => b"push in R4 with print",
    };
    let receiver = receiver.as_str().as_bytes();
    match routed {
        None => digest_of(&[kind, receiver, bundle]),
        Some(to) => digest_of(&[kind, receiver, bundle, to.system.as_bytes(), to.value.as_bytes()]),
    }
}

/// The same name of a record system's for the same patient and receiver is the same handoff that was made of sources.
pub fn of_made(receiver: &Ura, patient: &Bsn, name: &str) -> Digest {
    let patient = patient.reveal_to(Reader::OwnRegister);
    digest_of(&[b"made", receiver.as_str().as_bytes(), patient.as_bytes(), name.as_bytes()])
}

/// The same episode of the same patient for the same receiver is the same referral.
pub fn of_referral(receiver: &Ura, patient: &Bsn, episode: &str) -> Digest {
    let patient = patient.reveal_to(Reader::OwnRegister);
    digest_of(&[b"referral", receiver.as_str().as_bytes(), patient.as_bytes(), episode.as_bytes()])
}

/// A notification is its sender's.
pub fn of_notification(sender: &Ura, identifier: &str) -> Digest {
    digest_of(&[b"notification", sender.as_str().as_bytes(), identifier.as_bytes()])
}

/// A Task is its sender's.
pub fn of_task(sender: &Ura, task: &str) -> Digest {
    digest_of(&[b"task", sender.as_str().as_bytes(), task.as_bytes()])
}

/// Which handoff a Task offers, of what it says of it: never 0.
pub fn of_edition(says: &str) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = digest_of(&[b"edition", says.as_bytes()]);
    u64::from_be_bytes([a, b, c, d, e, f, g, h]).max(1)
}

fn digest_of(parts: &[&[u8]]) -> Digest {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use flows::eoverdracht::Place;

    use super::*;

    #[test]
    fn an_id_reads_back_and_nothing_else_is_one() {
        let id = fresh();
        assert_eq!(read(&shown(id)), Some(id));
        for bad in ["", "x", &shown(id).to_uppercase(), &shown(id)[1..], &Uuid::from_bytes(id).to_string()] {
            assert!(read(bad).is_none() || *bad == shown(id), "{bad}");
        }
    }

    #[test]
    fn names_of_different_things_differ() {
        let (one, other) = (Ura::parse("90000101").unwrap(), Ura::parse("90000401").unwrap());
        assert_eq!(of_task(&one, "t"), of_task(&one, "t"));
        assert_ne!(of_task(&one, "t"), of_task(&other, "t"));
        assert_ne!(of_task(&one, "t"), of_push(&one, None, (FhirVersion::Stu3, b"t"), false));
        let names =
            FhirVersion::ALL.map(|version| [true, false].map(|printed| of_push(&one, None, (version, b"t"), printed)));
        assert!(names[0].iter().all(|name| !names[1].contains(name)) && names[1][0] != names[1][1]);
        let to = RoutedTo { kind: Place::Service, system: "s".into(), value: "v".into(), name: "n".into() };
        assert_ne!(
            of_push(&one, Some(&to), (FhirVersion::Stu3, b"t"), false),
            of_push(&one, None, (FhirVersion::Stu3, b"t"), false)
        );
    }
}
