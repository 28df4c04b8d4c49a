//! An offline list of stolen passwords: a binary fuse filter in a file.
//!
//! The filter has 18 bits for each password. It knows every password that it was made of, and takes
//! about one other in 65,536 for one of them, which only means that somebody chooses another.
//!
//! The file: `MAGIC`, the descriptor (seed, segment length, its mask, segment count length; 20
//! bytes) and the fingerprints (2 bytes each), all little-endian.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use async_trait::async_trait;
use domain::auth::normalised_password;
use services::auth::breached::{BreachedPasswords, PasswordHash, Unanswered};
use sha1::{Digest as _, Sha1};
use xorf::{BinaryFuse16, Descriptor, Filter as _};

use crate::OpenError;

/// How a file of such a filter begins.
const MAGIC: &[u8; 16] = b"baedal-breached1";

/// See the module.
pub struct BreachFilter(BinaryFuse16);

impl BreachFilter {
    /// Makes a filter of a list: a line has the SHA-1 of a password in hexadecimal digits, as the
    /// downloads of Have I Been Pwned do (`HASH:COUNT`), or else a password itself.
    pub fn of_list(list: impl BufRead) -> io::Result<Self> {
        let mut keys = HashSet::new();
        for line in list.split(b'\n') {
            let line = line?;
            let line = line.strip_suffix(b"\r").unwrap_or(&line);
            if !line.is_empty() {
                keys.insert(key(&hash_of(line)));
            }
        }
        let keys: Vec<_> = keys.into_iter().collect();
        BinaryFuse16::try_from(&keys).map(Self).map_err(io::Error::other)
    }

    /// Reads the file of a filter at this path.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let wrong = |cause: io::Error| OpenError {
            party: "the list of stolen passwords",
            cause: format!("{}: {cause}", path.display()),
        };
        let file = File::open(path).map_err(wrong)?;
        Self::read(BufReader::new(file)).map_err(wrong)
    }

    /// Reads the file of a filter.
    pub fn read(mut file: impl Read) -> io::Result<Self> {
        let wrong = |what: &'static str| io::Error::new(io::ErrorKind::InvalidData, what);
        let mut head = [0; 36];
        file.read_exact(&mut head)?;
        let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        if &head[..16] != MAGIC {
            return Err(wrong("not a filter that `baedal breach-filter` made"));
        }
        let descriptor = Descriptor {
            seed: u64::from(number(16)) | u64::from(number(20)) << 32,
            segment_length: number(24),
            segment_length_mask: number(28),
            segment_count_length: number(32),
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let fingerprints: Box<[u16]> =
            bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        // A look-up reads in three segments in a row, the last of which begins before this count ends.
        let needed = u64::from(descriptor.segment_count_length) + 2 * u64::from(descriptor.segment_length);
        let whole = bytes.len() % 2 == 0 && fingerprints.len() as u64 == needed;
        let sound = descriptor.segment_length.is_power_of_two()
            && descriptor.segment_length_mask == descriptor.segment_length - 1
            && descriptor.segment_count_length > 0;
        if !whole || !sound {
            return Err(wrong("a filter that is damaged"));
        }
        Ok(Self(BinaryFuse16 { descriptor, fingerprints }))
    }

    /// Writes the file.
    pub fn write(&self, mut file: impl Write) -> io::Result<()> {
        let Descriptor { seed, segment_length, segment_length_mask, segment_count_length } =
            self.0.descriptor;
        file.write_all(MAGIC)?;
        file.write_all(&seed.to_le_bytes())?;
        for number in [segment_length, segment_length_mask, segment_count_length] {
            file.write_all(&number.to_le_bytes())?;
        }
        for fingerprint in &self.0.fingerprints {
            file.write_all(&fingerprint.to_le_bytes())?;
        }
        file.flush()
    }
}

#[async_trait]
impl BreachedPasswords for BreachFilter {
    async fn has(&self, password: &PasswordHash) -> Result<bool, Unanswered> {
        Ok(self.0.contains(&key(password)))
    }
}

/// The key of a password in the filter: the first 8 bytes of its hash.
fn key(hash: &PasswordHash) -> u64 {
    hash[..8].iter().fold(0, |key, byte| key << 8 | u64::from(*byte))
}

/// The hash that a line of a list stands for.
fn hash_of(line: &[u8]) -> PasswordHash {
    let digits = line.get(..40).filter(|_| line.len() == 40 || line[40] == b':');
    let hash = digits.and_then(|digits| hex::decode(digits).ok()).and_then(|hash| hash.try_into().ok());
    hash.unwrap_or_else(|| match std::str::from_utf8(line) {
        Ok(password) => Sha1::digest(normalised_password(password)).into(),
        Err(_) => Sha1::digest(line).into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sha1(password: &str) -> PasswordHash {
        Sha1::digest(password).into()
    }

    fn made(list: &str) -> BreachFilter {
        BreachFilter::of_list(list.as_bytes()).unwrap()
    }

    #[tokio::test]
    async fn a_filter_is_read_as_it_was_written_and_knows_all_of_its_list() {
        let mut list: String = (0..2_000).map(|number| format!("stolen-{number}\n")).collect();
        list.push_str(&format!("{}:42\r\n", hex::encode_upper(sha1("hashed"))));
        list.push_str(&hex::encode(sha1("bare")));
        let mut file = Vec::new();
        made(&list).write(&mut file).unwrap();
        let filter = BreachFilter::read(&file[..]).unwrap();
        for number in 0..2_000 {
            assert!(filter.has(&sha1(&format!("stolen-{number}"))).await.unwrap(), "{number}");
        }
        assert!(filter.has(&sha1("hashed")).await.unwrap() && filter.has(&sha1("bare")).await.unwrap());
        let mut taken_for_one = 0;
        for number in 0..20_000 {
            taken_for_one += usize::from(filter.has(&sha1(&format!("own-{number}"))).await.unwrap());
        }
        assert!(taken_for_one < 10, "{taken_for_one}");
    }

    #[test]
    fn a_file_that_is_damaged_is_refused() {
        let mut file = Vec::new();
        made("one\ntwo\nthree\n").write(&mut file).unwrap();
        assert!(BreachFilter::read(&file[..]).is_ok());
        for end in 0..file.len() {
            assert!(BreachFilter::read(&file[..end]).is_err(), "{end}");
        }
        // What its numbers say is not what it holds.
        for at in (0..16).chain(24..36) {
            let mut wrong = file.clone();
            wrong[at] ^= 1;
            assert!(BreachFilter::read(&wrong[..]).is_err(), "{at}");
        }
    }
}
