//! Files that people upload: where they are kept is behind a port.
//!
//! A blob is named by what it contains. So it never changes, is kept once however often it
//! comes, and its address may be cached for ever. Whoever refers to one keeps the key; nobody
//! counts references, so a noun removes its orphans by [`Blobs::list`].

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use async_trait::async_trait;
use bytes::Bytes;
use domain::{Failure, Refused, Timestamp};
use futures::stream::BoxStream;
use sha2::{Digest, Sha256};

/// What sort of files: one area for each use, as `menu_image`. Each is listed by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobArea(&'static str);

impl BlobArea {
    /// A name of lower-case letters, digits and `_`, which begins with a letter. In a constant,
    /// a wrong one does not compile.
    pub const fn new(name: &'static str) -> Self {
        assert!(is_area(name), "a name of an area is lower-case letters, digits and _");
        Self(name)
    }

    /// The name.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

const fn is_area(name: &str) -> bool {
    let name = name.as_bytes();
    if name.is_empty() || name.len() > 32 || !name[0].is_ascii_lowercase() {
        return false;
    }
    let mut at = 0;
    while at < name.len() {
        if !(name[at].is_ascii_lowercase() || name[at].is_ascii_digit() || name[at] == b'_') {
            return false;
        }
        at += 1;
    }
    true
}

/// The name of a blob: `area/ab/ab12…`, its area and the SHA-256 of its bytes in lower-case
/// hexadecimal digits, whose first two are a folder, so that none gets too many files.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BlobKey(String);

/// The text is no name of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the key of a blob")]
pub struct NotABlobKey;

impl BlobKey {
    /// The name of these bytes.
    pub fn of(area: BlobArea, bytes: &[u8]) -> Self {
        let hash = hex::encode(Sha256::digest(bytes));
        Self(format!("{}/{}/{hash}", area.0, &hash[..2]))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BlobKey {
    type Err = NotABlobKey;

    /// Takes what [`BlobKey::of`] writes and nothing else: a key that somebody sent leads to no
    /// other file.
    fn from_str(text: &str) -> Result<Self, NotABlobKey> {
        let parts: [&str; 3] = text.split('/').collect::<Vec<_>>().try_into().map_err(|_| NotABlobKey)?;
        let [area, folder, hash] = parts;
        let digits = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let good = is_area(area)
            && hash.len() == 64
            && digits(hash)
            && folder.len() == 2
            && hash.starts_with(folder);
        if good { Ok(Self(text.to_owned())) } else { Err(NotABlobKey) }
    }
}

impl fmt::Display for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A blob, or a part of it, as it is read.
pub struct Blob {
    /// Bytes of the whole.
    pub size: u64,
    /// Which of them come.
    pub range: Range<u64>,
    /// They. A stream that breaks off ends with an error.
    pub bytes: BoxStream<'static, Result<Bytes, BlobError>>,
}

/// A blob that is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobInfo {
    /// Its name.
    pub key: BlobKey,
    /// Its bytes.
    pub size: u64,
    /// When it was first put.
    pub put_at: Timestamp,
}

/// Why blobs are not at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// More bytes than a blob may have.
    #[error("a blob has at most {max} bytes")]
    TooLarge {
        /// How many it may have.
        max: usize,
    },
    /// The blob is shorter than where the range begins, or the range is empty.
    #[error("the blob has {size} bytes, and none in that range")]
    OutOfRange {
        /// How many it has.
        size: u64,
    },
    /// They are kept nowhere: no setting says where.
    #[error("no place for blobs is configured")]
    NotConfigured,
    /// The place does not answer. What was to be put or deleted may be; both can be repeated.
    #[error("the place of blobs does not answer")]
    Unavailable,
}

impl From<BlobError> for Failure {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::NotConfigured | BlobError::Unavailable => {
                Refused::unavailable(30).because("Files can't be kept or read right now.").into()
            }
            BlobError::TooLarge { .. } | BlobError::OutOfRange { .. } => Self::fault(error),
        }
    }
}

/// Where blobs are kept. Everything may be repeated.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Keeps these bytes. They are safe when this returns.
    async fn put(&self, area: BlobArea, bytes: Bytes) -> Result<BlobKey, BlobError>;

    /// A blob, or the part of it that `range` and it have in common; none if there is no such
    /// blob.
    async fn get(&self, key: &BlobKey, range: Option<Range<u64>>) -> Result<Option<Blob>, BlobError>;

    /// Removes a blob, if it is there.
    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError>;

    /// All blobs of an area, in no order.
    fn list(&self, area: BlobArea) -> BoxStream<'static, Result<BlobInfo, BlobError>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: BlobArea = BlobArea::new("menu_image");

    #[test]
    fn a_key_names_the_content_and_is_read_only_as_it_is_written() {
        let key = BlobKey::of(AREA, b"bytes");
        assert_eq!(key.as_str().parse(), Ok(key.clone()));
        assert_ne!(BlobKey::of(AREA, b"other bytes"), key);
        let hash = &key.as_str()[14..];
        assert_eq!(key.as_str(), format!("menu_image/{}/{hash}", &hash[..2]));
        for hostile in [
            String::new(),
            "/".into(),
            "..".into(),
            format!("../{}/{hash}", &hash[..2]),
            format!("menu_image/../{hash}"),
            format!("menu_image/{}/../../../etc/passwd", &hash[..2]),
            format!("/menu_image/{}/{hash}", &hash[..2]),
            format!("menu_image//{hash}"),
            format!("menu_image/zz/{hash}"),
            format!("menu_image/{}/{}", &hash[..2], hash.to_uppercase()),
            format!("menu_image/{}/{hash}\0", &hash[..2]),
            format!("menu_image/{}/{hash}/", &hash[..2]),
            format!("menu_image\\{}\\{hash}", &hash[..2]),
            format!("menu%2Fimage/{}/{hash}", &hash[..2]),
            format!("메뉴/{}/{hash}", &hash[..2]),
            format!("menu_image/{}/{}", &hash[..2], &hash[..63]),
            format!("menu_image/é/{hash}"),
        ] {
            assert_eq!(hostile.parse::<BlobKey>(), Err(NotABlobKey), "{hostile:?}");
        }
    }
}
