//! Blobs in a local folder, or in an object store with S3's protocol
//! (docs.aws.amazon.com/AmazonS3/latest/API; also MinIO, Ceph, Naver Cloud and NHN Cloud).
//! Both use the `object_store` crate.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    ClientOptions, Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutMode, RetryConfig,
};
use services::blobs::{Blob, BlobArea, BlobError, BlobInfo, BlobKey, Blobs};
use tokio::time::Instant;

use crate::party::{Outcome, record};
use crate::{Limits, OpenError};

const NAME: &str = "blobs";

/// How long one request to an object store may take; enough for the largest blob.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// The storage of blobs, and their largest size.
#[derive(Clone)]
pub struct Settings {
    /// The storage.
    pub place: Place,
    /// The most bytes of one blob. Default 16 MiB.
    pub max_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { place: Place::default(), max_bytes: 16 * 1024 * 1024 }
    }
}

/// A storage of blobs.
#[derive(Clone, Default)]
pub enum Place {
    /// None: blobs are refused.
    #[default]
    Nowhere,
    /// This folder, which is created if it is missing.
    Folder(PathBuf),
    /// A bucket of an object store.
    S3(Bucket),
}

/// A bucket of an object store. Never log it: it holds the secret key.
#[derive(Clone, Default)]
pub struct Bucket {
    /// The name of the bucket.
    pub name: String,
    /// The URL of the store, for example `https://kr.object.example`; if none, AWS in `region`.
    pub endpoint: Option<String>,
    /// The region, which is part of each signature.
    pub region: String,
    /// The access key id.
    pub access_key: String,
    /// The secret access key.
    pub secret_key: String,
}

/// An open storage of blobs.
pub(crate) struct BlobStore {
    store: Arc<dyn ObjectStore>,
    max_bytes: usize,
}

/// Opens the configured storage; none if none is configured.
pub(crate) fn open(settings: &Settings, limits: Limits) -> Result<Option<BlobStore>, OpenError> {
    let wrong = |cause: String| OpenError { party: NAME, cause };
    let store: Arc<dyn ObjectStore> = match &settings.place {
        Place::Nowhere => return Ok(None),
        Place::Folder(folder) => {
            let named = |error: &dyn std::fmt::Display| wrong(format!("{}: {error}", folder.display()));
            std::fs::create_dir_all(folder).map_err(|error| named(&error))?;
            let local = LocalFileSystem::new_with_prefix(folder).map_err(|error| named(&error))?;
            // With fsync, `put` returns only after the blob is durable, as in an object store.
            Arc::new(local.with_fsync(true))
        }
        Place::S3(bucket) => Arc::new(s3(bucket, limits).map_err(|error| wrong(error.to_string()))?),
    };
    Ok(Some(BlobStore { store, max_bytes: settings.max_bytes }))
}

fn s3(bucket: &Bucket, limits: Limits) -> Result<AmazonS3, Error> {
    let mut client =
        ClientOptions::new().with_connect_timeout(limits.connect_within).with_timeout(ANSWER_WITHIN);
    let mut builder = AmazonS3Builder::new();
    if let Some(endpoint) = &bucket.endpoint {
        builder = builder.with_endpoint(endpoint);
        if endpoint.starts_with("http://") {
            // Avoids loading the system's certificates, which fails on a machine without any.
            client = client.with_allow_http(true).with_no_system_certificates(true);
        }
    }
    let retries = usize::try_from(limits.tries.saturating_sub(1)).unwrap_or_default();
    builder
        .with_bucket_name(&bucket.name)
        .with_region(&bucket.region)
        .with_access_key_id(&bucket.access_key)
        .with_secret_access_key(&bucket.secret_key)
        .with_client_options(client)
        .with_retry(RetryConfig {
            max_retries: retries,
            retry_timeout: ANSWER_WITHIN,
            ..RetryConfig::default()
        })
        .build()
}

fn path(key: &BlobKey) -> Path {
    // A key has only characters that need no escaping.
    Path::from(key.as_str())
}

fn unavailable(error: &Error) -> BlobError {
    tracing::warn!(party = NAME, %error, "the place of blobs does not answer");
    BlobError::Unavailable
}

/// Records the outcome of a call in the metrics, and returns the result unchanged.
fn noted<T>(call: &'static str, begun: Instant, result: Result<T, Error>) -> Result<T, Error> {
    let outcome = match &result {
        Ok(_) => Outcome::Answered,
        Err(Error::NotFound { .. } | Error::AlreadyExists { .. }) => Outcome::Refused,
        Err(_) => Outcome::Unheard,
    };
    record(NAME, call, begun, outcome);
    result
}

#[async_trait]
impl Blobs for BlobStore {
    async fn put(&self, area: BlobArea, bytes: Bytes) -> Result<BlobKey, BlobError> {
        if bytes.len() > self.max_bytes {
            return Err(BlobError::TooLarge { max: self.max_bytes });
        }
        let key = BlobKey::of(area, &bytes);
        let begun = Instant::now();
        let put = self.store.put_opts(&path(&key), bytes.into(), PutMode::Create.into()).await;
        match noted("put", begun, put) {
            // Keys are content hashes, so an existing blob with this key has the same bytes.
            Ok(_) | Err(Error::AlreadyExists { .. }) => Ok(key),
            Err(error) => Err(unavailable(&error)),
        }
    }

    async fn get(&self, key: &BlobKey, range: Option<Range<u64>>) -> Result<Option<Blob>, BlobError> {
        let (path, begun) = (path(key), Instant::now());
        let range = match range {
            None => None,
            Some(range) => match noted("head", begun, self.store.head(&path).await) {
                Err(Error::NotFound { .. }) => return Ok(None),
                Err(error) => return Err(unavailable(&error)),
                Ok(meta) if range.start >= range.end.min(meta.size) => {
                    return Err(BlobError::OutOfRange { size: meta.size });
                }
                Ok(meta) => Some(GetRange::Bounded(range.start..range.end.min(meta.size))),
            },
        };
        let begun = Instant::now();
        let found = self.store.get_opts(&path, GetOptions { range, ..GetOptions::default() }).await;
        match noted("get", begun, found) {
            Ok(found) => {
                let (size, range) = (found.meta.size, found.range.clone());
                let bytes = found.into_stream().map_err(|error| unavailable(&error)).boxed();
                Ok(Some(Blob { size, range, bytes }))
            }
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(unavailable(&error)),
        }
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        let begun = Instant::now();
        match noted("delete", begun, self.store.delete(&path(key)).await) {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unavailable(&error)),
        }
    }

    fn list(&self, area: BlobArea) -> BoxStream<'static, Result<BlobInfo, BlobError>> {
        let objects = self.store.list(Some(&Path::from(area.as_str())));
        let blobs = objects.map_err(|error| unavailable(&error)).try_filter_map(|object| async move {
            // Skips objects whose name is not a valid key: they are not ours.
            let key = object.location.as_ref().parse().ok();
            Ok(key.map(|key| BlobInfo { key, size: object.size, put_at: object.last_modified }))
        });
        blobs.boxed()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    const AREA: BlobArea = BlobArea::new("photo");

    struct Folder(PathBuf);

    impl Folder {
        fn new(test: &str) -> Self {
            Self(std::env::temp_dir().join(format!("blobs-{test}-{}", std::process::id())))
        }

        fn open(&self) -> BlobStore {
            let settings = Settings { place: Place::Folder(self.0.join("root")), max_bytes: 100 };
            open(&settings, Limits::default()).unwrap().unwrap()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    async fn read(blobs: &BlobStore, key: &BlobKey, range: Option<Range<u64>>) -> Option<Vec<u8>> {
        let blob = blobs.get(key, range).await.unwrap()?;
        Some(blob.bytes.try_collect::<Vec<Bytes>>().await.unwrap().concat())
    }

    #[tokio::test]
    async fn a_blob_is_kept_once_read_in_parts_listed_and_deleted() {
        let folder = Folder::new("kept");
        let blobs = folder.open();
        let key = blobs.put(AREA, Bytes::from_static(b"0123456789")).await.unwrap();
        assert_eq!(blobs.put(AREA, Bytes::from_static(b"0123456789")).await.unwrap(), key);
        let other = blobs.put(BlobArea::new("proof"), Bytes::from_static(b"other")).await.unwrap();

        let again = folder.open();
        assert_eq!(read(&again, &key, None).await.unwrap(), b"0123456789");
        assert_eq!(read(&again, &key, Some(2..5)).await.unwrap(), b"234");
        assert_eq!(read(&again, &key, Some(8..1000)).await.unwrap(), b"89");
        for beyond in [10..11, 3..3, u64::MAX - 1..u64::MAX] {
            let error = again.get(&key, Some(beyond)).await.err();
            assert_eq!(error, Some(BlobError::OutOfRange { size: 10 }));
        }
        let listed: Vec<_> =
            again.list(AREA).map_ok(|blob| (blob.key, blob.size)).try_collect().await.unwrap();
        assert_eq!(listed, [(key.clone(), 10)]);

        again.delete(&key).await.unwrap();
        again.delete(&key).await.unwrap();
        assert_eq!(read(&again, &key, None).await, None);
        assert_eq!(read(&again, &key, Some(0..1)).await, None);
        assert_eq!(read(&again, &other, None).await.unwrap(), b"other");
    }

    #[tokio::test]
    async fn one_that_is_too_large_is_refused_and_one_at_the_limit_is_kept() {
        let folder = Folder::new("large");
        let blobs = folder.open();
        let put = |bytes: usize| blobs.put(AREA, Bytes::from(vec![7; bytes]));
        assert_eq!(put(101).await, Err(BlobError::TooLarge { max: 100 }));
        assert!(put(100).await.is_ok());
        let nothing = put(0).await.unwrap();
        assert_eq!(read(&blobs, &nothing, None).await.unwrap(), b"");
    }

    #[tokio::test]
    async fn nothing_outside_the_folder_is_read_or_listed() {
        let folder = Folder::new("outside");
        let blobs = folder.open();
        std::fs::write(folder.0.join("secret"), "outside").unwrap();
        std::fs::create_dir_all(folder.0.join("root/photo/xx")).unwrap();
        std::fs::write(folder.0.join("root/photo/xx/not-a-hash"), "no blob").unwrap();
        for hostile in ["../secret", "photo/../../secret", "photo/xx/../../../secret", "photo/xx/not-a-hash"]
        {
            assert!(hostile.parse::<BlobKey>().is_err(), "{hostile}");
            // Even a path that was not checked by `BlobKey` must not leave the folder.
            let path = Path::from(hostile);
            assert!(blobs.store.get(&path).await.is_err() || !path.as_ref().contains(".."), "{hostile}");
        }
        assert_eq!(blobs.list(AREA).count().await, 0);
    }

    /// A server that gives one of `answers` to each request in turn, and returns the request lines.
    async fn server(answers: &'static [&'static str]) -> (String, tokio::task::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = tokio::spawn(async move {
            let mut asked = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (mut head, mut bytes) = (vec![0; 8192], 0);
                while !head[..bytes].windows(4).any(|end| end == b"\r\n\r\n") {
                    bytes += stream.read(&mut head[bytes..]).await.unwrap();
                }
                let text = String::from_utf8_lossy(&head[..bytes]).to_lowercase();
                assert!(text.contains("authorization: aws4-hmac-sha256 credential=key/"), "{text}");
                asked.push(text.lines().next().unwrap().to_owned());
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            asked
        });
        (url, asked)
    }

    #[tokio::test]
    async fn an_object_store_is_asked_by_s3s_protocol() {
        let (url, asked) = server(&[
            "HTTP/1.1 200 OK\r\netag: \"e\"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            "HTTP/1.1 412 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            "HTTP/1.1 404 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        ])
        .await;
        let bucket = Bucket {
            name: "bucket".into(),
            endpoint: Some(url),
            region: "kr-1".into(),
            access_key: "key".into(),
            secret_key: "secret".into(),
        };
        let settings = Settings { place: Place::S3(bucket), ..Settings::default() };
        let blobs = open(&settings, Limits { tries: 1, ..Limits::default() }).unwrap().unwrap();
        let key = blobs.put(AREA, Bytes::from_static(b"bytes")).await.unwrap();
        assert_eq!(blobs.put(AREA, Bytes::from_static(b"bytes")).await.unwrap(), key, "it is there already");
        assert!(blobs.get(&key, None).await.unwrap().is_none());
        assert_eq!(blobs.get(&key, None).await.err(), Some(BlobError::Unavailable));
        let path = format!("/bucket/{key}");
        let expected = [("put", &path), ("put", &path), ("get", &path), ("get", &path)];
        assert_eq!(asked.await.unwrap(), expected.map(|(verb, path)| format!("{verb} {path} http/1.1")));
    }
}
