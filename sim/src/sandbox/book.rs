//! A third party's append-only journal, in a file if there is one.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The journal. Without a file, entries are discarded.
pub(super) struct Book(Option<File>);

impl Book {
    /// Opens the journal of this name and reads its entries.
    pub(super) fn open<T: DeserializeOwned>(
        folder: Option<&Path>,
        name: &str,
    ) -> std::io::Result<(Self, Vec<T>)> {
        let Some(folder) = folder else { return Ok((Self(None), Vec::new())) };
        std::fs::create_dir_all(folder)?;
        let path = folder.join(name);
        let file = OpenOptions::new().create(true).append(true).read(true).open(path)?;
        let (mut entries, mut whole) = (Vec::new(), 0);
        let mut reader = BufReader::new(&file);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line)? > 0 {
            // A torn last line: the process was killed while writing it, before it responded.
            if !line.ends_with(b"\n") {
                break;
            }
            entries.push(serde_json::from_slice(&line)?);
            whole += line.len() as u64;
            line.clear();
        }
        file.set_len(whole)?;
        Ok((Self(Some(file)), entries))
    }

    /// Writes an entry. Must be called before the response is sent.
    pub(super) fn write(&mut self, entry: &impl Serialize) -> std::io::Result<()> {
        let Some(file) = &mut self.0 else { return Ok(()) };
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        file.write_all(&line)
    }
}
