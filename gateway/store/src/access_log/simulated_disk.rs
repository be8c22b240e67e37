//! A disk for tests: it keeps what was synced, and when the power is cut it loses a random part of
//! the rest, sector by sector. It can also be full, slow, or fail to sync.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::disk::{Disk, SegmentFile};
use super::format::SECTOR_BYTES;

#[derive(Debug, Clone, Default)]
pub struct SimulatedDisk(Arc<Mutex<World>>);

#[derive(Debug)]
pub struct SimulatedFile {
    world: Arc<Mutex<World>>,
    id: u64,
}

#[derive(Debug, Default)]
struct World {
    files: HashMap<u64, Content>,
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    /// The folder as it was after each change since its last sync.
    name_history: Vec<BTreeMap<String, u64>>,
    next_id: u64,
    faults: Faults,
    syncs: usize,
}

/// What the disk does wrong at present.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// Bytes that files may still take, if bounded.
    pub room: Option<u64>,
    pub sync_takes: Duration,
    pub sync_fails: bool,
    /// After so many more operations that change something, every one fails.
    pub operations_left: Option<usize>,
    /// A write stops after this many bytes and fails.
    pub write_stops_after: Option<usize>,
}

#[derive(Debug, Clone, Default)]
struct Content {
    seen: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<(usize, Vec<u8>)>,
}

/// A small reproducible source of randomness (SplitMix64).
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }
}

impl SimulatedDisk {
    pub fn faults(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.0.lock().unwrap().faults);
    }

    pub fn syncs(&self) -> usize {
        self.0.lock().unwrap().syncs
    }

    /// The disk as it is found after the power went now. The running one is left as it is.
    pub fn cut_power(&self, dice: &mut Dice) -> Self {
        let world = self.0.lock().unwrap();
        let kept = dice.below(world.name_history.len() + 1);
        let names = if kept == 0 { &world.durable_names } else { &world.name_history[kept - 1] };
        let mut left =
            World { next_id: world.next_id, names: names.clone(), durable_names: names.clone(), ..World::default() };
        for id in names.values() {
            let content = world.files[id].after_power_cut(dice);
            left.files.insert(*id, content);
        }
        Self(Arc::new(Mutex::new(left)))
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        let world = self.0.lock().unwrap();
        world.files[&world.names[name]].seen.clone()
    }

    fn file(&self, name: &str) -> io::Result<SimulatedFile> {
        let world = self.0.lock().unwrap();
        let id = *world.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(SimulatedFile { world: Arc::clone(&self.0), id })
    }

    fn change_names(&self, change: impl FnOnce(&mut World) -> io::Result<()>) -> io::Result<()> {
        let mut world = self.0.lock().unwrap();
        world.faults.spend()?;
        change(&mut world)?;
        let after = world.names.clone();
        world.name_history.push(after);
        Ok(())
    }
}

impl Faults {
    fn spend(&mut self) -> io::Result<()> {
        match &mut self.operations_left {
            Some(0) => Err(io::Error::other("the disk is gone")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl Content {
    fn after_power_cut(&self, dice: &mut Dice) -> Self {
        let mut durable = self.durable.clone();
        // A change of size may have reached the disk without the bytes.
        if dice.below(2) == 0 && durable.len() < self.seen.len() {
            durable.resize(self.seen.len(), 0);
        }
        for (offset, bytes) in &self.unsynced {
            // All of it, none of it, its first sectors, or any of its sectors.
            let fate = dice.below(4);
            let cut_at = offset + dice.below(bytes.len() + 1);
            for (at, byte) in (*offset..).zip(bytes) {
                let sector = at / SECTOR_BYTES;
                let keep = match fate {
                    0 => true,
                    1 => false,
                    2 => sector < cut_at / SECTOR_BYTES,
                    _ => Dice(sector as u64 ^ cut_at as u64).below(2) == 0,
                };
                if keep && at < durable.len() {
                    durable[at] = *byte;
                }
            }
        }
        Self { seen: durable.clone(), durable, unsynced: Vec::new() }
    }
}

impl Disk for SimulatedDisk {
    type File = SimulatedFile;

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.0.lock().unwrap().names.keys().cloned().collect())
    }

    fn create(&self, name: &str, bytes: u64) -> io::Result<SimulatedFile> {
        self.change_names(|world| {
            let id = world.next_id;
            world.next_id += 1;
            world.names.insert(name.into(), id);
            let room = world.faults.room.unwrap_or(u64::MAX);
            if room < bytes {
                world.files.insert(id, Content { seen: vec![0; room as usize], ..Content::default() });
                return Err(io::ErrorKind::StorageFull.into());
            }
            world.faults.room = world.faults.room.map(|room| room - bytes);
            world.files.insert(id, Content { seen: vec![0; bytes as usize], ..Content::default() });
            Ok(())
        })?;
        self.file(name)
    }

    fn open(&self, name: &str) -> io::Result<SimulatedFile> {
        self.file(name)
    }

    fn open_to_write(&self, name: &str) -> io::Result<SimulatedFile> {
        self.file(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.change_names(|world| {
            let id = world.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
            world.names.insert(to.into(), id);
            Ok(())
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.change_names(|world| world.names.remove(name).map(|_| ()).ok_or_else(|| io::ErrorKind::NotFound.into()))
    }

    fn sync_folder(&self) -> io::Result<()> {
        let mut world = self.0.lock().unwrap();
        world.faults.spend()?;
        world.durable_names = world.names.clone();
        world.name_history.clear();
        Ok(())
    }
}

impl SegmentFile for SimulatedFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.world.lock().unwrap().files[&self.id].seen.len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let world = self.world.lock().unwrap();
        let seen = &world.files[&self.id].seen;
        let from = (offset as usize).min(seen.len());
        let length = buffer.len().min(seen.len() - from);
        buffer[..length].copy_from_slice(&seen[from..from + length]);
        Ok(length)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut world = self.world.lock().unwrap();
        world.faults.spend()?;
        let stop = world.faults.write_stops_after;
        let bytes = &bytes[..stop.unwrap_or(bytes.len()).min(bytes.len())];
        let content = world.files.get_mut(&self.id).unwrap();
        let offset = offset as usize;
        assert!(offset + bytes.len() <= content.seen.len(), "the log writes only where it has taken room");
        content.seen[offset..offset + bytes.len()].copy_from_slice(bytes);
        content.unsynced.push((offset, bytes.to_vec()));
        if stop.is_some() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn sync(&self) -> io::Result<()> {
        let (writes, takes) = {
            let world = self.world.lock().unwrap();
            (world.files[&self.id].unsynced.len(), world.faults.sync_takes)
        };
        std::thread::sleep(takes);
        let mut world = self.world.lock().unwrap();
        world.faults.spend()?;
        if world.faults.sync_fails {
            // As operating systems do: what could not be written counts as written from now on.
            world.files.get_mut(&self.id).unwrap().unsynced.clear();
            return Err(io::Error::other("the disk does not answer"));
        }
        world.syncs += 1;
        let content = world.files.get_mut(&self.id).unwrap();
        content.durable.resize(content.seen.len(), 0);
        for (offset, bytes) in content.unsynced.drain(..writes) {
            content.durable[offset..offset + bytes.len()].copy_from_slice(&bytes);
        }
        Ok(())
    }
}
