//! Pictures that people upload: decoded in a bounded pool, stored as blobs.
//!
//! A picture is six files, one for each size and encoding of `domain::image`, which the room `images`
//! makes. A file is a blob, so its URL never changes its meaning. Whose a picture is, who
//! may see it and when it goes is the noun's to say.

use bytes::Bytes;
use domain::Failure;
use futures::future::try_join_all;

use crate::App;
use crate::blobs::{BlobArea, BlobKey};
use crate::blocking_pool::BlockingPool;

/// How many uploads may wait for each one that is decoded. Each has up to 10 MiB.
const WAITING_EACH: usize = 8;

/// Limits of uploads.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How many are decoded at once. Each takes a processor, and up to 160 MB of memory; a progressive
    /// JPEG up to 400 MB. Default 2.
    pub at_once: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { at_once: 2 }
    }
}

impl Settings {
    pub(crate) fn pool(self) -> BlockingPool {
        BlockingPool::new(self.at_once, WAITING_EACH)
    }
}

/// A picture whose files are made.
pub struct Made {
    /// The width of the largest file, in pixels.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// The average colour, `#rrggbb`.
    pub colour: String,
    area: BlobArea,
    files: Vec<Bytes>,
}

impl Made {
    /// The keys of the files: for each size, smallest first, one for each encoding. Those of a small
    /// picture may be the same.
    pub fn keys(&self) -> Vec<BlobKey> {
        self.files.iter().map(|file| BlobKey::of(self.area, file)).collect()
    }

    /// Stores the files.
    pub async fn store(&self, app: &App) -> Result<(), Failure> {
        let blobs = &app.third_parties.blobs;
        try_join_all(self.files.iter().map(|file| blobs.put(self.area, file.clone()))).await?;
        Ok(())
    }
}

/// Makes the files of an upload. Too many at once are refused as `overloaded`.
pub async fn make(app: &App, area: BlobArea, upload: Bytes) -> Result<Made, Failure> {
    let images::Made { width, height, colour: [red, green, blue], files } =
        app.image_pool.run(move || images::make(&upload)).await??;
    let colour = format!("#{red:02x}{green:02x}{blue:02x}");
    Ok(Made { width, height, colour, area, files: files.into_iter().map(Bytes::from).collect() })
}
