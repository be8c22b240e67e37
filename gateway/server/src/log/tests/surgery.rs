//! Hands that know the format of a segment: they change what stands in it and get all checksums right.

use std::fs;
use std::path::Path;

const HEADER: usize = 512;
const BATCH: usize = 28;
const TRAILER: [u8; 4] = [0xE5, 0xD7, 0xB3, 0x9F];
const MARK: u32 = 1 << 31;

/// What stands at a record's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Record(Vec<u8>),
    Erased(Vec<u8>),
}

/// Writes the segment of these records anew, of which some were erased, with one place changed.
pub fn change(folder: &Path, index: u64, change: impl FnOnce(&Place) -> Place) {
    let segments = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let first = |file: &Path| file.file_name()?.to_str()?.strip_suffix(".log")?.parse::<u64>().ok();
    let file = segments.filter(|file| first(file).is_some_and(|first| first <= index)).max().unwrap();
    let first = first(&file).unwrap();
    let bytes = fs::read(&file).unwrap();
    let mut places = places(&bytes[HEADER..]);
    let at = (index - first) as usize;
    places[at] = change(&places[at]);
    fs::write(file, written(&bytes[..HEADER], first, &places)).unwrap();
}

fn places(mut rest: &[u8]) -> Vec<Place> {
    let mut places = Vec::new();
    while !rest.is_empty() {
        let body_bytes = u32_at(rest, 4) as usize;
        let mut body = &rest[BATCH..BATCH + body_bytes];
        while !body.is_empty() {
            let word = u32_at(body, 0);
            let content = body[8..8 + (word & !MARK) as usize].to_vec();
            body = &body[8 + content.len()..];
            places.push(if word & MARK == 0 { Place::Record(content) } else { Place::Erased(content) });
        }
        rest = &rest[BATCH + body_bytes + TRAILER.len()..];
    }
    places
}

/// The segment with these places, in one batch.
fn written(header: &[u8], first: u64, places: &[Place]) -> Vec<u8> {
    let mut body = Vec::new();
    for (index, place) in (first..).zip(places) {
        let (mark, content) = match place {
            Place::Record(content) => (0, content),
            Place::Erased(content) => (MARK, content),
        };
        body.extend((mark | content.len() as u32).to_le_bytes());
        body.extend(crc(&[index.to_le_bytes().as_slice(), content].concat()).to_le_bytes());
        body.extend(content);
    }
    let mut out = header.to_vec();
    let whole = (HEADER + BATCH + body.len() + TRAILER.len()) as u64;
    out[20..28].copy_from_slice(&whole.to_le_bytes());
    let sum = crc(&out[..HEADER - 4]);
    out[HEADER - 4..].copy_from_slice(&sum.to_le_bytes());
    let mut batch = vec![0x5A, 0xF1, 0x0B, 0xA7];
    batch.extend((body.len() as u32).to_le_bytes());
    batch.extend(first.to_le_bytes());
    batch.extend((places.len() as u32).to_le_bytes());
    batch.extend(crc(&body).to_le_bytes());
    batch.extend(crc(&batch).to_le_bytes());
    [out, batch, body, TRAILER.to_vec()].concat()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// CRC-32C (Castagnoli), a bit at a time.
fn crc(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _| if sum & 1 == 1 { sum >> 1 ^ 0x82F6_3B78 } else { sum >> 1 };
    !bytes.iter().fold(!0_u32, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), step))
}

#[test]
fn the_checksum_is_the_published_one() {
    // RFC 3720, section B.4: 32 bytes of zeros, 32 of ones.
    assert_eq!((crc(&[0; 32]), crc(&[0xFF; 32])), (0x8A91_36AA, 0x62A8_AB43));
}
