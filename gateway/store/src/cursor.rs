//! How far somebody has come who reads the access log on: one number in a file of its own, which is there, after whatever
//! happened, as it was before or as it is now. Who reads on, and what for, is not known here.

use std::io;
use std::path::Path;

use crate::access_log::disk::{Disk, OsDisk};
use crate::private;
use crate::small_file::{load, replace};

/// Name of the file, in the cursor's folder.
const NAME: &str = "cursor";
/// What its text begins with, so that later layouts can be told apart.
const LAYOUT: &str = "zorgsluis-cursor/1";

/// A number that outlives the process. To begin anew, take its folder away while nobody has it open.
#[derive(Debug)]
pub struct Cursor<D: Disk = OsDisk> {
    disk: D,
}

/// What was found where the number should stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    At(u64),
    /// Nobody has come anywhere yet.
    Nothing,
    /// A file that says something else.
    Unreadable,
}

impl Cursor {
    /// Opens the cursor in this folder, or makes the folder.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(folder: &Path) -> io::Result<(Self, Found)> {
        private::make_folder(folder)?;
        Cursor::on(OsDisk { folder: folder.to_owned() })
    }
}

impl<D: Disk> Cursor<D> {
    pub(crate) fn on(disk: D) -> io::Result<(Self, Found)> {
        let found = load(&disk, NAME)?.map_or(Found::Nothing, |text| read(&text).map_or(Found::Unreadable, Found::At));
        Ok((Cursor { disk }, found))
    }

    /// Keeps the number; it is on disk when this returns.
    ///
    /// # Errors
    /// When it cannot be written. The last one stays.
    pub fn put(&self, index: u64) -> io::Result<()> {
        replace(&self.disk, NAME, write(index).as_bytes())
    }
}

fn write(index: u64) -> String {
    format!("{LAYOUT} {index} {:08x}\n", crc32c::crc32c(index.to_string().as_bytes()))
}

fn read(text: &[u8]) -> Option<u64> {
    let mut words = std::str::from_utf8(text).ok()?.split_ascii_whitespace();
    let index = words.nth(1)?.parse().ok()?;
    (write(index).as_bytes() == text).then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_log::simulated_disk::{Dice, SimulatedDisk};

    #[test]
    fn the_number_is_found_again_and_nothing_else_is_taken_for_one() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("deep").join("cursor");
        let (cursor, found) = Cursor::open(&place).unwrap();
        assert_eq!(found, Found::Nothing);
        for index in [0, 7, 256, u64::MAX] {
            cursor.put(index).unwrap();
            assert_eq!(Cursor::open(&place).unwrap().1, Found::At(index));
        }
        let good = write(12);
        for bad in ["", "12", &good[..good.len() - 1], &good.replace("12 ", "13 "), &good.replace("/1", "/2"), "\u{0}"]
        {
            std::fs::write(place.join(NAME), bad).unwrap();
            assert_eq!(Cursor::open(&place).unwrap().1, Found::Unreadable, "{bad}");
        }
        assert!(Cursor::open(&place.join(NAME)).is_err());
    }

    #[test]
    fn after_a_power_cut_it_is_one_that_was_put_and_no_older_than_the_last_that_was_said_to_be() {
        for seed in 0..200 {
            let (mut dice, disk) = (Dice(seed), SimulatedDisk::default());
            let (cursor, _) = Cursor::on(disk.clone()).unwrap();
            let last = dice.below(5) as u64;
            (0..last).for_each(|index| cursor.put(index).unwrap());
            // The next one breaks off somewhere.
            disk.faults(|faults| faults.operations_left = Some(dice.below(6)));
            let broken = cursor.put(last).is_err();
            let (_, found) = Cursor::on(disk.cut_power(&mut dice)).unwrap();
            let before = last.checked_sub(1).map_or(Found::Nothing, Found::At);
            assert!(found == Found::At(last) || broken && found == before, "{seed}: {found:?} of {last}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_no_cursor() {
        let disk = SimulatedDisk::default();
        disk.create(NAME, 2 << 20).unwrap();
        assert!(Cursor::on(disk).is_err());
    }
}
