//! Files that people upload, and the port to their storage.
//!
//! A blob is addressed by its content. So it never changes, is stored once however often it is
//! uploaded, and its URL may be cached for ever. Nouns store the keys of their blobs. References
//! are not counted, so a noun must find and remove its orphans by [`Blobs::list`].

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use async_trait::async_trait;
use bytes::Bytes;
use domain::{Failure, Refused, Timestamp};
use futures::stream::BoxStream;
use sha2::{Digest, Sha256};

/// An area of blobs, one per use, for example `menu_image`. Each area is listed separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobArea(&'static str);

impl BlobArea {
    /// A name of 1 to 32 lower-case letters, digits and `_`, which begins with a letter. An invalid
    /// name panics; in a constant it does not compile.
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

/// The key of a blob, `area/ab/ab12…`: its area, and the SHA-256 of its bytes in lower-case
/// hexadecimal. The first two digits form a folder, so that no folder gets too many files.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BlobKey(String);

/// The text is not the key of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the key of a blob")]
pub struct NotABlobKey;

impl BlobKey {
    /// The key of these bytes.
    pub fn of(area: BlobArea, bytes: &[u8]) -> Self {
        let hash = hex::encode(Sha256::digest(bytes));
        Self(format!("{}/{}/{hash}", area.0, &hash[..2]))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BlobKey {
    type Err = NotABlobKey;

    /// Accepts only the format that [`BlobKey::of`] writes, so that a key from a client cannot
    /// refer to any other file.
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

/// A blob, or a part of it, for reading.
pub struct Blob {
    /// The size of the whole blob, in bytes.
    pub size: u64,
    /// The range of bytes in the stream.
    pub range: Range<u64>,
    /// The bytes. A stream that is interrupted ends with an error.
    pub bytes: BoxStream<'static, Result<Bytes, BlobError>>,
}

/// An entry of a list of blobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobInfo {
    /// Its key.
    pub key: BlobKey,
    /// Its size in bytes.
    pub size: u64,
    /// When it was first stored.
    pub put_at: Timestamp,
}

/// Why an operation on blobs failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// More bytes than a blob may have.
    #[error("a blob has at most {max} bytes")]
    TooLarge {
        /// The most bytes of a blob.
        max: usize,
    },
    /// The range begins at or after the end of the blob, or is empty.
    #[error("the blob has {size} bytes, and none in that range")]
    OutOfRange {
        /// The size of the blob in bytes.
        size: u64,
    },
    /// No storage is configured.
    #[error("no place for blobs is configured")]
    NotConfigured,
    /// The storage does not answer. A put or delete may have happened; both can be repeated.
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

/// A storage of blobs. Every operation may be repeated.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Stores these bytes. They are durable when this returns.
    async fn put(&self, area: BlobArea, bytes: Bytes) -> Result<BlobKey, BlobError>;

    /// A blob, or the part of it that lies in `range`; none if there is no such blob.
    async fn get(&self, key: &BlobKey, range: Option<Range<u64>>) -> Result<Option<Blob>, BlobError>;

    /// Removes a blob, if it exists.
    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError>;

    /// All blobs of an area, in no particular order.
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
