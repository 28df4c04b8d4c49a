//! Pictures of things, and which of their files nobody needs any more. Each noun that has pictures
//! has a table of its own, with the same columns.
//!
//! Files are named by their content, so two pictures may have the same ones. Whoever begins an upload
//! and whoever removes files lock each file, the first shared: a file is removed only while no row
//! names it and none can begin to.

use domain::Timestamp;
use domain::image::Picture;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::{Store, StoreError, Tx};

/// A noun's table of pictures.
#[derive(Clone, Copy, Debug)]
pub struct PictureTable {
    /// The table.
    pub(crate) table: &'static str,
    /// Its column with the id of whose picture it is.
    pub(crate) owner: &'static str,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    files: Vec<String>,
    width: i32,
    height: i32,
    colour: String,
}

impl From<Row> for Picture {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            files: row.files,
            width: row.width.unsigned_abs(),
            height: row.height.unsigned_abs(),
            colour: row.colour,
        }
    }
}

impl PictureTable {
    /// Begins an upload, before its files are stored. The caller has made sure, in this transaction,
    /// that there is such an owner.
    pub async fn begin(
        self,
        tx: &mut Tx,
        owner: Uuid,
        picture: &Picture,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "select pg_advisory_xact_lock_shared(hashtextextended(file, 0))
             from (select distinct unnest($1::text[]) as file order by 1) files",
        )
        .bind(&picture.files)
        .fetch_all(&mut **tx)
        .await?;
        let Self { table, owner: column } = self;
        let insert = format!(
            "insert into {table} (id, {column}, files, width, height, colour, uploaded_at)
             values ($1, $2, $3, $4, $5, $6, $7)"
        );
        sqlx::query(AssertSqlSafe(insert))
            .bind(picture.id)
            .bind(owner)
            .bind(&picture.files)
            .bind(i32::try_from(picture.width).unwrap_or(i32::MAX))
            .bind(i32::try_from(picture.height).unwrap_or(i32::MAX))
            .bind(&picture.colour)
            .bind(at)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    /// Shows a picture whose files are stored. False: it is gone.
    pub async fn show(self, tx: &mut Tx, picture: Uuid) -> Result<bool, StoreError> {
        let show = format!("update {} set shown = true where id = $1", self.table);
        let done = sqlx::query(AssertSqlSafe(show)).bind(picture).execute(&mut **tx).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Takes away the pictures that these owners show. The caller holds a lock, so that of two changes
    /// at once one waits for the other.
    pub async fn remove(self, tx: &mut Tx, owners: &[Uuid]) -> Result<Vec<Picture>, StoreError> {
        let Self { table, owner } = self;
        let delete = format!(
            "delete from {table} where {owner} = any($1) and shown
             returning id, files, width, height, colour"
        );
        let rows: Vec<Row> = sqlx::query_as(AssertSqlSafe(delete)).bind(owners).fetch_all(&mut **tx).await?;
        Ok(rows.into_iter().map(Picture::from).collect())
    }

    /// The picture that somebody or something shows.
    pub async fn find(self, store: &Store, owner: Uuid) -> Result<Option<Picture>, StoreError> {
        let Self { table, owner: column } = self;
        let select =
            format!("select id, files, width, height, colour from {table} where {column} = $1 and shown");
        let row: Option<Row> =
            sqlx::query_as(AssertSqlSafe(select)).bind(owner).fetch_optional(store.pool()).await?;
        Ok(row.map(Picture::from))
    }

    /// Forgets an upload that was never shown. Of `files`, those that no picture has are returned, and
    /// nobody begins to have one before the transaction ends.
    pub async fn unused_files(
        self,
        tx: &mut Tx,
        picture: Uuid,
        files: &[String],
    ) -> Result<Vec<String>, StoreError> {
        sqlx::query(
            "select pg_advisory_xact_lock(hashtextextended(file, 0))
             from (select distinct unnest($1::text[]) as file order by 1) files",
        )
        .bind(files)
        .fetch_all(&mut **tx)
        .await?;
        let Self { table, .. } = self;
        let forget = format!("delete from {table} where id = $1 and not shown");
        sqlx::query(AssertSqlSafe(forget)).bind(picture).execute(&mut **tx).await?;
        let unused = format!(
            "select distinct file from unnest($1::text[]) as file
             where not exists (select from {table} where files @> array[file])"
        );
        Ok(sqlx::query_scalar(AssertSqlSafe(unused)).bind(files).fetch_all(&mut **tx).await?)
    }
}
