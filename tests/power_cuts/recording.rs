//! What a process wrote to the files of a folder, and what of it a power cut would have left.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// A disk writes this much or nothing.
const SECTOR: usize = 512;
const HEAD: usize = 48;

/// Notes what a process does, from when it is started with these settings.
pub(crate) struct Recorder {
    folder: TempDir,
}

impl Recorder {
    /// Builds the library that the process is to load.
    pub(crate) fn new() -> Self {
        let recorder = Self { folder: tempfile::tempdir().unwrap() };
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("power_cuts/recorder.c");
        let built = Command::new(std::env::var("CC").unwrap_or_else(|_| "cc".to_owned()))
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&recorder.library(), &source])
            .args(["-ldl", "-lpthread"])
            .status()
            .expect("there is a C compiler");
        assert!(built.success(), "expected the recorder to be built");
        recorder
    }

    /// The settings that let a process be recorded.
    pub(crate) fn settings(&self, recorded: &Path) -> [(&'static str, String); 3] {
        [
            ("LD_PRELOAD", self.library().display().to_string()),
            ("RECORDED_FOLDER", recorded.display().to_string()),
            ("RECORDING", self.recording().display().to_string()),
        ]
    }

    /// How much has been noted so far: a place in time.
    pub(crate) fn place(&self) -> u64 {
        fs::metadata(self.recording()).map_or(0, |recording| recording.len())
    }

    /// All that was noted.
    pub(crate) fn events(&self) -> Vec<Event> {
        let bytes = fs::read(self.recording()).unwrap();
        let mut rest = bytes.as_slice();
        let mut events = vec![];
        while let Some((event, after)) = Event::read(rest) {
            rest = after;
            events.push(Event { ends_at: (bytes.len() - rest.len()) as u64, ..event });
        }
        events
    }

    fn library(&self) -> PathBuf {
        self.folder.path().join("recorder.so")
    }

    fn recording(&self) -> PathBuf {
        self.folder.path().join("recording")
    }
}

/// Something that was done to a file.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// The place in time from which on it has happened.
    pub(crate) ends_at: u64,
    file: String,
    done: Done,
}

#[derive(Clone, Debug)]
enum Done {
    Written { offset: usize, data: Vec<u8> },
    Truncated { length: usize },
    Synced,
}

impl Event {
    /// The first of some records, and what comes after it; the last may be cut off.
    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let number = |index: usize| {
            let bytes = bytes.get(index * 8..index * 8 + 8)?.try_into().ok()?;
            usize::try_from(u64::from_ne_bytes(bytes)).ok()
        };
        let (kind, offset, length, name_length) = (number(0)?, number(2)?, number(3)?, number(4)?);
        let name = bytes.get(HEAD..HEAD + name_length)?;
        let data = bytes.get(HEAD + name_length..HEAD + name_length + length)?;
        let done = match kind {
            1 => Done::Written { offset, data: data.to_vec() },
            2 => Done::Truncated { length: offset },
            3 => Done::Synced,
            other => panic!("a record of the kind {other}"),
        };
        let event = Self { ends_at: 0, file: String::from_utf8_lossy(name).into_owned(), done };
        Some((event, &bytes[HEAD + name_length + length..]))
    }

    /// Whether it had a file brought to the disk.
    pub(crate) fn is_sync(&self) -> bool {
        matches!(self.done, Done::Synced)
    }
}

/// What of the writes that were not yet brought to the disk a power cut leaves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Left {
    Nothing,
    Everything,
    /// Any of their sectors, in no order.
    AnySectors {
        seed: u64,
    },
}

/// The files of a folder as a disk has them.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    files: BTreeMap<String, Vec<u8>>,
}

impl Disk {
    /// The files of a folder, all of which have been there for long.
    pub(crate) fn of(folder: &Path) -> Self {
        let files = fs::read_dir(folder).unwrap().map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
        });
        Self { files: files.collect() }
    }

    /// The disk after a power cut, when so much had been done.
    pub(crate) fn after(mut self, done: &[Event], left: Left) -> Self {
        let mut pending: BTreeMap<&str, Vec<&Done>> = BTreeMap::new();
        for event in done {
            let of_file = pending.entry(&event.file).or_default();
            match &event.done {
                Done::Synced => of_file.drain(..).for_each(|done| self.apply(&event.file, done)),
                done => of_file.push(done),
            }
        }
        for (file, unsynced) in pending {
            self.leave(file, &unsynced, left);
        }
        self
    }

    fn leave(&mut self, file: &str, unsynced: &[&Done], left: Left) {
        match left {
            Left::Nothing => {}
            Left::Everything => unsynced.iter().for_each(|done| self.apply(file, done)),
            Left::AnySectors { seed } => {
                let mut random = fastrand::Rng::with_seed(seed);
                for done in unsynced {
                    self.apply_any_sectors(file, done, &mut random);
                }
            }
        }
    }

    fn apply_any_sectors(&mut self, file: &str, done: &Done, random: &mut fastrand::Rng) {
        let Done::Written { offset, data } = done else {
            if random.bool() {
                self.apply(file, done);
            }
            return;
        };
        for (sector, part) in data.chunks(SECTOR).enumerate() {
            if random.bool() {
                let offset = offset + sector * SECTOR;
                self.apply(file, &Done::Written { offset, data: part.to_vec() });
            }
        }
    }

    fn apply(&mut self, file: &str, done: &Done) {
        let content = self.files.entry(file.to_owned()).or_default();
        match done {
            Done::Written { offset, data } => {
                let end = offset + data.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*offset..end].copy_from_slice(data);
            }
            Done::Truncated { length } => content.resize(*length, 0),
            Done::Synced => {}
        }
    }

    /// Puts the files into a folder.
    pub(crate) fn put_into(&self, folder: &Path) {
        for (name, content) in &self.files {
            fs::write(folder.join(name), content).unwrap();
        }
    }
}
