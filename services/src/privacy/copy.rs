//! Copies of what the service knows about a person: asked for, made by a durable job, fetched once.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use domain::privacy::{self, COPY_KEPT, Format, LINK_LIFE, PrivacyReminder};
use domain::{Failure, Principal, Timestamp, UserId};
use futures::TryStreamExt as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;
use store::jobs;
use store::privacy::Copy;
use store::vault::SealedColumn;
use uuid::Uuid;

use super::require_proof;
use crate::blobs::{BlobArea, BlobError, BlobKey};
use crate::{App, user};

const AREA: BlobArea = BlobArea::new("privacy_copy");

/// A copy is a file, which the vault seals for its row. A file lives for a day, so no rotation of
/// keys seals it anew.
const FILE: SealedColumn = SealedColumn {
    purpose: "privacy.copy",
    table: "privacy.copies",
    column: "blob",
    row: "id::text",
    plain: None,
};

/// How far a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyStatus {
    /// It is being made.
    Preparing,
    /// It waits to be fetched.
    Ready,
    /// It was fetched, and is gone.
    Fetched,
}

/// A link that leads to a copy, once.
#[derive(Clone)]
pub struct Link {
    /// What the link ends with.
    pub secret: String,
    /// Until when it leads there.
    pub expires_at: Timestamp,
}

/// A copy as it is handed out.
pub struct File {
    /// Its format.
    pub format: Format,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Asks for a copy of all that one can see. One is made at a time.
pub async fn ask_copy(
    app: &App,
    who: &Principal,
    format: Format,
    password: Option<&str>,
    from: IpAddr,
) -> Result<Uuid, Failure> {
    require_proof(app, who, password, from).await?;
    let now = app.now();
    if store::privacy::unfinished(&app.store, who.user, now - COPY_KEPT).await? {
        return Err(privacy::copy_under_way().into());
    }
    let id = app.ids.uuid();
    let copy =
        Copy { id, user: who.user, format, asked_at: now, blob: None, made_at: None, fetched_at: None };
    let mut tx = app.store.begin().await?;
    store::privacy::add_copy(&mut tx, &copy).await?;
    jobs::remind(&mut tx, &format!("copy-{id}"), now, PrivacyReminder::CopyAsked { copy: id });
    tx.commit().await?;
    Ok(id)
}

/// How far one of one's copies is.
pub async fn copy(app: &App, who: &Principal, id: Uuid) -> Result<CopyStatus, Failure> {
    let copy = theirs(app, who, id).await?;
    Ok(match (copy.made_at, copy.blob) {
        (None, _) => CopyStatus::Preparing,
        (Some(_), Some(_)) => CopyStatus::Ready,
        (Some(_), None) => CopyStatus::Fetched,
    })
}

async fn theirs(app: &App, who: &Principal, id: Uuid) -> Result<Copy, Failure> {
    let copy = store::privacy::copy(&app.store, id).await?.filter(|copy| copy.user == who.user);
    copy.ok_or_else(|| Failure::not_found("copy"))
}

/// Makes the copy. The file is durable before the copy says that it is made.
pub(super) async fn make(app: &App, id: Uuid) -> Result<(), Failure> {
    let Some(copy) = store::privacy::copy(&app.store, id).await?.filter(|copy| copy.made_at.is_none()) else {
        return Ok(());
    };
    let mut all = store::privacy::everything(&app.store, copy.user).await?;
    add_photo(app, copy.user, &mut all).await?;
    let plain = match copy.format {
        Format::Json => json(&all, copy.asked_at)?,
        Format::Csv => csv(&all),
    };
    let sealed = app.store.vault().seal(&FILE, id, plain.as_bytes());
    let key = app.third_parties.blobs.put(AREA, Bytes::from(sealed)).await?;
    if !store::privacy::copy_made(&app.store, id, key.as_str(), app.now()).await? {
        app.third_parties.blobs.delete(&key).await?;
    }
    Ok(())
}

/// Puts the picture itself beside what the database knows of it.
async fn add_photo(app: &App, user: UserId, all: &mut BTreeMap<String, Vec<Value>>) -> Result<(), Failure> {
    let Some(picture) = user::largest_photo(app, user).await? else { return Ok(()) };
    let picture = format!("data:image/jpeg;base64,{}", BASE64_STANDARD.encode(picture));
    for row in all.get_mut("users.photos").into_iter().flatten().filter(|row| row["shown"] == true) {
        row["picture"] = json!(picture);
    }
    Ok(())
}

fn json(all: &BTreeMap<String, Vec<Value>>, at: Timestamp) -> Result<String, Failure> {
    serde_json::to_string_pretty(&json!({ "at": at, "data": all })).map_err(Failure::fault)
}

/// One line for each value: where it stands, in which row of that, and what it is. Begins with the
/// mark by which spreadsheets read Korean, and no value can be taken for a formula.
fn csv(all: &BTreeMap<String, Vec<Value>>) -> String {
    let mut text = "\u{feff}section,row,field,value\r\n".to_owned();
    for (section, rows) in all {
        for (number, row) in (1..).zip(rows) {
            lines(&mut text, section, number, "", row);
        }
    }
    text
}

fn lines(text: &mut String, section: &str, number: usize, field: &str, value: &Value) {
    let below = |name: &str| if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") };
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| lines(text, section, number, &below(name), value));
        }
        Value::Array(values) => {
            for (place, value) in values.iter().enumerate() {
                lines(text, section, number, &below(&place.to_string()), value);
            }
        }
        Value::Null => {}
        value => {
            let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
            let _ = write!(text, "{section},{number},{field},{}\r\n", quoted(&value));
        }
    }
}

/// A field of CSV (RFC 4180). What a spreadsheet would calculate gets an apostrophe in front.
fn quoted(value: &str) -> String {
    let is_formula = value.starts_with(['=', '+', '-', '@', '\t', '\r']) && value.parse::<f64>().is_err();
    let mark = if is_formula { "'" } else { "" };
    format!("\"{mark}{}\"", value.replace('"', "\"\""))
}

/// A new link to a copy, in the place of the one before. Needs a fresh proof, as whoever has the link
/// has the data.
pub async fn link_copy(
    app: &App,
    who: &Principal,
    id: Uuid,
    password: Option<&str>,
    from: IpAddr,
) -> Result<Link, Failure> {
    require_proof(app, who, password, from).await?;
    theirs(app, who, id).await?;
    let (secret, expires_at) = (app.ids.random(), app.now() + LINK_LIFE);
    let hash = Sha256::digest(secret).into();
    if !store::privacy::link_copy(&app.store, id, who.user, &hash, expires_at).await? {
        return Err(privacy::copy_not_ready().into());
    }
    Ok(Link { secret: BASE64_URL_SAFE_NO_PAD.encode(secret), expires_at })
}

/// The copy that a link leads to, whoever comes by it, once. Its file is removed.
pub async fn fetch_copy(app: &App, secret: &str) -> Result<File, Failure> {
    let nothing = || Failure::not_found("copy");
    let secret = BASE64_URL_SAFE_NO_PAD.decode(secret).map_err(|_| nothing())?;
    let hash = Sha256::digest(secret).into();
    let copy = store::privacy::fetch_copy(&app.store, &hash, app.now()).await?.ok_or_else(nothing)?;
    let key: BlobKey = copy.blob.ok_or_else(nothing)?.parse().map_err(Failure::fault)?;
    let blobs = &app.third_parties.blobs;
    let blob = blobs.get(&key, None).await?.ok_or_else(nothing)?;
    let sealed: Vec<Bytes> = blob.bytes.try_collect().await?;
    let bytes = app.store.vault().open(&FILE, copy.id, &sealed.concat()).map_err(Failure::fault)?;
    blobs.delete(&key).await?;
    Ok(File { format: copy.format, bytes })
}

/// Removes copies that were asked for before `until`.
pub(super) async fn drop_old(app: &App, until: Timestamp) -> Result<(), Failure> {
    for (id, blob) in store::privacy::old_copies(&app.store, until, 1_000).await? {
        drop_one(app, id, blob).await?;
    }
    Ok(())
}

/// Removes files from before `until`. The row that names a file is older than it, so it is gone by
/// then; a file without one was left by a process that died.
pub(super) async fn drop_orphans(app: &App, until: Timestamp) -> Result<(), Failure> {
    let blobs = &app.third_parties.blobs;
    let mut files = blobs.list(AREA);
    loop {
        match files.try_next().await {
            Ok(Some(file)) if file.put_at < until => blobs.delete(&file.key).await?,
            Ok(Some(_)) => {}
            Ok(None) | Err(BlobError::NotConfigured) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Removes all copies of one person.
pub(super) async fn drop_all(app: &App, user: UserId) -> Result<(), Failure> {
    for (id, blob) in store::privacy::copies_of(&app.store, user).await? {
        drop_one(app, id, blob).await?;
    }
    Ok(())
}

async fn drop_one(app: &App, id: Uuid, blob: Option<String>) -> Result<(), Failure> {
    if let Some(key) = blob.and_then(|blob| blob.parse().ok()) {
        app.third_parties.blobs.delete(&key).await?;
    }
    Ok(store::privacy::remove_copy(&app.store, id).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_line_for_each_value_and_no_formula() {
        let rows = vec![json!({ "a": "그는 \"네\"라고", "b": { "c": [1, -2.5], "d": null }, "e": "=1+1" })];
        let all = BTreeMap::from([("users.profiles".to_owned(), rows)]);
        let expected = "\u{feff}section,row,field,value\r\n\
            users.profiles,1,a,\"그는 \"\"네\"\"라고\"\r\n\
            users.profiles,1,b.c.0,\"1\"\r\n\
            users.profiles,1,b.c.1,\"-2.5\"\r\n\
            users.profiles,1,e,\"'=1+1\"\r\n";
        assert_eq!(csv(&all), expected);
    }
}
