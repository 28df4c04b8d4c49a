//! The vault: what it seals can be read in no row, dump or backup of the database without its keys.
//!
//! A value is sealed with XChaCha20-Poly1305. Its nonces have 192 bits, so random ones never meet,
//! and processes need not agree on a counter; those of AES-GCM have 96, which limits how much one
//! key may seal. A sealed value belongs to one column and one row: it opens nowhere else.
//!
//! Sealed bytes: version (1), length of the key's id, the key's id, nonce (24), ciphertext with its
//! tag (16). Whatever precedes the ciphertext is authenticated, and so are the purpose of the
//! column and the identity of the row.
//!
//! The first of the keys seals, all of them open. To rotate: put a new key in front, restart all
//! processes, run `baedal rotate-vault`, then take the old key away.

use std::collections::BTreeSet;
use std::fmt::{self, Display};
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use domain::Ids;
use sqlx::AssertSqlSafe;

use crate::auth::social;
use crate::{
    Store, StoreError, auth, cart, idempotency, order, payment, privacy, restaurant, tracking, user,
};

/// A column of sealed values. Each noun declares its own; [`SEALED`] lists them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedColumn {
    /// What its values are. A part of what is authenticated, so it never changes.
    pub purpose: &'static str,
    /// The table, with its schema.
    pub table: &'static str,
    /// The column: `bytea`, null where there is nothing to seal.
    pub column: &'static str,
    /// The identity of a row, as a text in SQL; the same that [`Vault::seal`] is given.
    pub row: &'static str,
    /// Where values stand that were written before they were sealed.
    pub plain: Option<Plain>,
}

/// Values that were written before they were sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plain {
    /// The value as bytes, in SQL.
    pub value: &'static str,
    /// Whether a row has one, in SQL. An index of these rows makes them quick to find.
    pub is_there: &'static str,
    /// What is set so that a row has none, in SQL.
    pub emptied: &'static str,
}

/// All columns of sealed values: those that a rotation seals anew.
pub const SEALED: [&SealedColumn; 16] = [
    &auth::PRIVATE_KEY,
    &auth::SESSION_SECRET,
    &auth::CODE_DIGITS,
    &user::ENTRANCE_NOTE,
    &cart::ENTRANCE_NOTE,
    &order::ENTRANCE_NOTE,
    &tracking::ENTRANCE_NOTE,
    &idempotency::BODY,
    &social::NEWCOMER_TOKEN,
    &social::IDENTITY_TOKEN,
    &social::LINK_TOKEN,
    &privacy::RECORD,
    &restaurant::APPLICATION_ACCOUNT,
    &restaurant::ACCOUNT,
    &payment::method::BILLING_KEY,
    &payment::method::AUTH_KEY,
];

/// The first byte of a sealed value.
const VERSION: u8 = 1;

/// Bytes of a nonce.
const NONCE: usize = 24;

/// The longest id of a key, in bytes.
const MAX_ID: usize = 32;

/// Rows that one transaction seals which were plain before.
const ROWS: i64 = 500;

/// Blocks of a table that one transaction of a rotation reads: at most some thousand rows.
const BLOCKS: i64 = 64;

/// One key: an id, which each sealed value names, and 32 secret bytes.
#[derive(Clone, PartialEq, Eq)]
struct VaultKey {
    id: String,
    secret: [u8; 32],
}

/// The keys of a vault as configured, at least one: `ID:BASE64`, separated by commas.
#[derive(Clone, PartialEq, Eq)]
pub struct VaultKeys(Vec<VaultKey>);

/// Why keys are refused. Says nothing of the secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultKeysError {
    /// There is none.
    #[error("no key is given")]
    None,
    /// The text is not `ID:BASE64`, or the id is too long or has other characters.
    #[error("a key is written as ID:BASE64, its id in at most 32 of a–z, 0–9 and -")]
    Malformed,
    /// The secret has not 32 bytes.
    #[error("the secret of a key has 32 bytes, in Base64")]
    Secret,
    /// Two keys have the same id.
    #[error("two keys have the same id")]
    Twice,
}

impl VaultKeys {
    /// A new key under a new id.
    pub fn generate(ids: &dyn Ids) -> Self {
        let id = hex::encode(&ids.random()[..4]);
        Self(vec![VaultKey { id, secret: ids.random() }])
    }

    /// The configuration that stands for these keys.
    pub fn reveal(&self) -> String {
        let keys = self.0.iter().map(|key| format!("{}:{}", key.id, BASE64_STANDARD.encode(key.secret)));
        keys.collect::<Vec<_>>().join(",")
    }
}

impl FromStr for VaultKeys {
    type Err = VaultKeysError;

    fn from_str(text: &str) -> Result<Self, VaultKeysError> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let keys = parts.map(str::parse).collect::<Result<Vec<VaultKey>, _>>()?;
        if keys.is_empty() {
            return Err(VaultKeysError::None);
        }
        let ids: BTreeSet<_> = keys.iter().map(|key| &key.id).collect();
        if ids.len() == keys.len() { Ok(Self(keys)) } else { Err(VaultKeysError::Twice) }
    }
}

impl FromStr for VaultKey {
    type Err = VaultKeysError;

    fn from_str(text: &str) -> Result<Self, VaultKeysError> {
        let (id, secret) = text.split_once(':').ok_or(VaultKeysError::Malformed)?;
        let is_known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=MAX_ID).contains(&id.len()) || !id.bytes().all(is_known) {
            return Err(VaultKeysError::Malformed);
        }
        let secret = BASE64_STANDARD.decode(secret).ok().and_then(|bytes| bytes.try_into().ok());
        Ok(Self { id: id.to_owned(), secret: secret.ok_or(VaultKeysError::Secret)? })
    }
}

impl fmt::Debug for VaultKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

/// Why a value cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It is no sealed value, or only a part of one, or of a newer version.
    #[error("not a sealed value")]
    Malformed,
    /// The vault has no key of this id.
    #[error("sealed with the key {0}, which BAEDAL_VAULT_KEYS does not name")]
    UnknownKey(String),
    /// It was changed, it belongs to another row or column, or the key's secret is another one.
    #[error("a sealed value was changed, or moved, or sealed with another key of the same id")]
    Forged,
}

impl From<OpenError> for StoreError {
    fn from(error: OpenError) -> Self {
        Self::Fault(error.into())
    }
}

/// See the [module](self).
pub struct Vault {
    keys: Vec<(String, XChaCha20Poly1305)>,
    ids: Arc<dyn Ids>,
}

impl Vault {
    /// A vault with these keys. `ids` gives it nonces.
    pub fn new(keys: &VaultKeys, ids: Arc<dyn Ids>) -> Self {
        let cipher = |key: &VaultKey| (key.id.clone(), XChaCha20Poly1305::new(&key.secret.into()));
        Self { keys: keys.0.iter().map(cipher).collect(), ids }
    }

    /// Seals a value for this row of this column.
    pub fn seal(&self, column: &SealedColumn, row: impl Display, plain: &[u8]) -> Vec<u8> {
        let (_, cipher) = &self.keys[0];
        let mut nonce = [0; NONCE];
        nonce.copy_from_slice(&self.ids.random()[..NONCE]);
        let mut sealed = self.head();
        sealed.extend_from_slice(&nonce);
        let aad = associated(&sealed, column, row);
        #[expect(clippy::expect_used, reason = "fails only for more than 256 GiB")]
        let ciphertext =
            cipher.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: &aad }).expect("it is short");
        sealed.extend_from_slice(&ciphertext);
        sealed
    }

    /// Opens a value that was sealed for this row of this column.
    pub fn open(
        &self,
        column: &SealedColumn,
        row: impl Display,
        sealed: &[u8],
    ) -> Result<Vec<u8>, OpenError> {
        let (id, nonce_at) = key_id(sealed).ok_or(OpenError::Malformed)?;
        let known = self.keys.iter().find(|(known, _)| known == id);
        let (_, cipher) = known.ok_or_else(|| OpenError::UnknownKey(id.to_owned()))?;
        let (head, ciphertext) = sealed.split_at_checked(nonce_at + NONCE).ok_or(OpenError::Malformed)?;
        let nonce: [u8; NONCE] = head[nonce_at..].try_into().map_err(|_| OpenError::Malformed)?;
        let aad = associated(head, column, row);
        let opened = cipher.decrypt(&XNonce::from(nonce), Payload { msg: ciphertext, aad: &aad });
        opened.map_err(|_| OpenError::Forged)
    }

    /// Seals a text; none if it is empty.
    pub fn seal_text(&self, column: &SealedColumn, row: impl Display, plain: &str) -> Option<Vec<u8>> {
        (!plain.is_empty()).then(|| self.seal(column, row, plain.as_bytes()))
    }

    /// Opens what [`seal_text`](Self::seal_text) sealed.
    pub fn open_text(
        &self,
        column: &SealedColumn,
        row: impl Display,
        sealed: Option<&[u8]>,
    ) -> Result<String, OpenError> {
        let Some(sealed) = sealed else { return Ok(String::new()) };
        String::from_utf8(self.open(column, row, sealed)?).map_err(|_| OpenError::Malformed)
    }

    /// A text that is sealed, unless it is still plain: then an older program wrote it last.
    pub(crate) fn open_either(
        &self,
        column: &SealedColumn,
        row: impl Display,
        sealed: Option<&[u8]>,
        plain: String,
    ) -> Result<String, OpenError> {
        if plain.is_empty() { self.open_text(column, row, sealed) } else { Ok(plain) }
    }

    /// How everything begins that the first key seals.
    fn head(&self) -> Vec<u8> {
        let (id, _) = &self.keys[0];
        // An id has at most `MAX_ID` bytes.
        let length = u8::try_from(id.len()).unwrap_or(u8::MAX);
        [&[VERSION, length], id.as_bytes()].concat()
    }
}

/// The id of the key that a value is sealed with, and where its nonce begins.
fn key_id(sealed: &[u8]) -> Option<(&str, usize)> {
    let [VERSION, length, rest @ ..] = sealed else { return None };
    let length = usize::from(*length);
    let id = std::str::from_utf8(rest.get(..length)?).ok()?;
    Some((id, 2 + length))
}

/// What is authenticated besides the value. No purpose holds a NUL, so no two pairs are alike.
fn associated(head: &[u8], column: &SealedColumn, row: impl Display) -> Vec<u8> {
    [head, column.purpose.as_bytes(), b"\0", row.to_string().as_bytes()].concat()
}

/// Seals what stands in the plain beside a column, and empties it there. Returns how many rows had
/// something. Each transaction leaves its rows sealed, so a stopped run goes on with the others;
/// what another process seals at the same time is left to it.
pub async fn seal_plain(store: &Store, at: &SealedColumn) -> Result<u64, StoreError> {
    let SealedColumn { table, column, row, plain, .. } = at;
    let Some(Plain { value, is_there, emptied }) = plain else { return Ok(0) };
    // Names of tables cannot be bound; these are the registry's.
    let select = format!(
        "select ctid::text, {row}, {value} from {table} where {is_there} limit $1 for update skip locked"
    );
    let update = format!(
        "update {table} set {column} = given.sealed, {emptied}
         from unnest($1::text[], $2::bytea[]) as given (at, sealed) where ctid = given.at::tid"
    );
    let mut count = 0;
    loop {
        let mut tx = store.begin_plain().await?;
        let rows: Vec<(String, String, Vec<u8>)> =
            sqlx::query_as(AssertSqlSafe(select.clone())).bind(ROWS).fetch_all(&mut *tx).await?;
        if rows.is_empty() {
            return Ok(count);
        }
        let seal =
            |(place, row, value): (String, String, Vec<u8>)| (place, store.vault().seal(at, row, &value));
        let (places, sealed): (Vec<_>, Vec<_>) = rows.into_iter().map(seal).unzip();
        let done =
            sqlx::query(AssertSqlSafe(update.clone())).bind(&places).bind(&sealed).execute(&mut *tx).await?;
        tx.commit().await?;
        count += done.rows_affected();
    }
}

/// Seals every value of a column anew that another key than the first sealed. Returns how many.
///
/// The table is read in ranges of blocks, a transaction each; what was sealed anew is not touched
/// again, so a rotation that was stopped goes on when it is started again. Rows that others move
/// meanwhile are found by a further pass: the last one finds none.
pub async fn rotate(store: &Store, column: &SealedColumn) -> Result<u64, StoreError> {
    let mut rotated = 0;
    loop {
        let pass = rotate_once(store, column).await?;
        rotated += pass;
        if pass == 0 {
            return Ok(rotated);
        }
    }
}

async fn rotate_once(store: &Store, at: &SealedColumn) -> Result<u64, StoreError> {
    let SealedColumn { table, column, row, .. } = at;
    let head = store.vault().head();
    let blocks: i64 =
        sqlx::query_scalar("select pg_relation_size($1::regclass) / current_setting('block_size')::bigint")
            .bind(table)
            .fetch_one(store.pool())
            .await?;
    // Names of tables cannot be bound; these are the registry's.
    let select = format!(
        "select ctid::text, {row}, {column} from {table}
         where ctid >= format('(%s,0)', $2)::tid and ctid < format('(%s,0)', $3)::tid
           and substring({column} for octet_length($1)) <> $1 for update"
    );
    let update = format!(
        "update {table} set {column} = given.sealed
         from unnest($1::text[], $2::bytea[]) as given (at, sealed) where ctid = given.at::tid"
    );
    let mut rotated = 0;
    for first in (0..=blocks).step_by(usize::try_from(BLOCKS).unwrap_or(1)) {
        let mut tx = store.begin_plain().await?;
        let rows: Vec<(String, String, Vec<u8>)> = sqlx::query_as(AssertSqlSafe(select.clone()))
            .bind(&head)
            .bind(first)
            .bind(first + BLOCKS)
            .fetch_all(&mut *tx)
            .await?;
        let (mut places, mut sealed) = (Vec::new(), Vec::new());
        for (place, row, value) in rows {
            let plain = store.vault().open(at, &row, &value)?;
            places.push(place);
            sealed.push(store.vault().seal(at, &row, &plain));
        }
        if places.is_empty() {
            continue;
        }
        let done =
            sqlx::query(AssertSqlSafe(update.clone())).bind(&places).bind(&sealed).execute(&mut *tx).await?;
        tx.commit().await?;
        rotated += done.rows_affected();
    }
    Ok(rotated)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    const NOTE: SealedColumn =
        SealedColumn { purpose: "a.note", table: "a.b", column: "note", row: "id::text", plain: None };
    const CODE: SealedColumn = SealedColumn { purpose: "a.code", ..NOTE };

    /// Other bytes each time.
    #[derive(Default)]
    struct InARow(AtomicU8);

    impl Ids for InARow {
        fn uuid(&self) -> Uuid {
            Uuid::nil()
        }

        fn random(&self) -> [u8; 32] {
            [self.0.fetch_add(1, Ordering::Relaxed); 32]
        }
    }

    fn keys(first: u8, ids: &[&str]) -> VaultKeys {
        let secret = |at: usize| [first + u8::try_from(at).unwrap(); 32];
        let key = |(at, id): (usize, &&str)| VaultKey { id: (*id).to_owned(), secret: secret(at) };
        VaultKeys(ids.iter().enumerate().map(key).collect())
    }

    fn vault(keys: &VaultKeys) -> Vault {
        Vault::new(keys, Arc::new(InARow::default()))
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_for_its_row_and_column_alone(
            plain in prop::collection::vec(any::<u8>(), 0..300), row in any::<u128>(), other in any::<u128>(),
        ) {
            let vault = vault(&keys(1, &["new", "old"]));
            let sealed = vault.seal(&NOTE, Uuid::from_u128(row), &plain);
            prop_assert_eq!(vault.open(&NOTE, Uuid::from_u128(row), &sealed), Ok(plain));
            prop_assert_eq!(vault.open(&CODE, Uuid::from_u128(row), &sealed), Err(OpenError::Forged));
            if row != other {
                prop_assert_eq!(vault.open(&NOTE, Uuid::from_u128(other), &sealed), Err(OpenError::Forged));
            }
        }

        #[test]
        fn bytes_that_are_not_sealed_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(vault(&keys(1, &["a"])).open(&NOTE, "1", &bytes).is_err());
        }
    }

    #[test]
    fn a_flipped_bit_or_a_missing_byte_is_noticed_wherever_it_is() {
        let vault = vault(&keys(1, &["new"]));
        let sealed = vault.seal(&NOTE, "1", "공동현관 #1234".as_bytes());
        assert!(vault.open(&NOTE, "1", &sealed).is_ok());
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(vault.open(&NOTE, "1", &flipped).is_err(), "bit {bit}");
        }
        for end in 0..sealed.len() {
            assert!(vault.open(&NOTE, "1", &sealed[..end]).is_err(), "{end} bytes");
        }
        assert!(vault.open(&NOTE, "1", &[&sealed[..], &[0]].concat()).is_err(), "a byte more");
        assert_eq!(vault.open(&NOTE, "1", b""), Err(OpenError::Malformed));
    }

    #[test]
    fn the_first_key_seals_and_all_open() {
        let old = vault(&keys(5, &["old"]));
        let sealed = old.seal(&NOTE, "1", b"1234");
        let both = VaultKeys([keys(9, &["new"]).0, keys(5, &["old"]).0].concat());
        let both = vault(&both);
        assert_eq!(both.open(&NOTE, "1", &sealed).unwrap(), b"1234");
        let anew = both.seal(&NOTE, "1", b"1234");
        assert_eq!(key_id(&anew).unwrap().0, "new");
        assert_eq!(old.open(&NOTE, "1", &anew), Err(OpenError::UnknownKey("new".to_owned())));
        // Another secret under the same id.
        assert_eq!(vault(&keys(6, &["old"])).open(&NOTE, "1", &sealed), Err(OpenError::Forged));
    }

    #[test]
    fn the_same_value_is_sealed_otherwise_each_time_and_nothing_of_it_shows() {
        let vault = vault(&keys(1, &["new"]));
        let (one, other) = (vault.seal(&NOTE, "1", b"#1234#"), vault.seal(&NOTE, "1", b"#1234#"));
        assert_ne!(one, other);
        assert!(!one.windows(4).any(|part| part == b"1234"));
        assert_eq!(vault.seal_text(&NOTE, "1", ""), None);
        assert_eq!(vault.open_text(&NOTE, "1", None).unwrap(), "");
    }

    #[test]
    fn keys_are_read_as_they_are_written_and_never_shown() {
        let made = VaultKeys::generate(&InARow::default());
        let text = made.reveal();
        assert_eq!(text.parse(), Ok(made.clone()));
        let (id, secret) = text.split_once(':').unwrap();
        let shown = format!("{made:?}");
        assert!(shown.contains(id) && !shown.contains(secret), "{shown}");
        let two = format!(" {text}, other:{secret},");
        assert_eq!(two.parse::<VaultKeys>().unwrap().0.len(), 2);
        for (wrong, why) in [
            (String::new(), VaultKeysError::None),
            (" , ".to_owned(), VaultKeysError::None),
            (secret.to_owned(), VaultKeysError::Malformed),
            (format!(":{secret}"), VaultKeysError::Malformed),
            (format!("Ä:{secret}"), VaultKeysError::Malformed),
            (format!("{}:{secret}", "a".repeat(33)), VaultKeysError::Malformed),
            ("a:".to_owned(), VaultKeysError::Secret),
            ("a:not base64".to_owned(), VaultKeysError::Secret),
            (format!("a:{}", BASE64_STANDARD.encode([0; 31])), VaultKeysError::Secret),
            (format!("{text},{text}"), VaultKeysError::Twice),
        ] {
            assert_eq!(wrong.parse::<VaultKeys>(), Err(why), "{wrong}");
        }
    }
}
