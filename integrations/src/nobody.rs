//! The adapter used when no third party is configured: it refuses every call with
//! `NotConfigured`.

use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use services::blobs::{Blob, BlobArea, BlobError, BlobInfo, BlobKey, Blobs};
use services::geocoding::{FoundAddress, GeocodeError, Geocoder};
use services::senders::{Mail, MailSender, Push, PushSender, SendError, Sms, SmsSender};

/// See the module.
pub(crate) struct Nobody;

#[async_trait]
impl Blobs for Nobody {
    async fn put(&self, _: BlobArea, _: Bytes) -> Result<BlobKey, BlobError> {
        Err(BlobError::NotConfigured)
    }

    async fn get(&self, _: &BlobKey, _: Option<Range<u64>>) -> Result<Option<Blob>, BlobError> {
        Err(BlobError::NotConfigured)
    }

    async fn delete(&self, _: &BlobKey) -> Result<(), BlobError> {
        Err(BlobError::NotConfigured)
    }

    fn list(&self, _: BlobArea) -> BoxStream<'static, Result<BlobInfo, BlobError>> {
        stream::once(async { Err(BlobError::NotConfigured) }).boxed()
    }
}

#[async_trait]
impl MailSender for Nobody {
    async fn send(&self, _: &Mail) -> Result<(), SendError> {
        Err(SendError::NotConfigured)
    }
}

#[async_trait]
impl SmsSender for Nobody {
    async fn send(&self, _: &Sms) -> Result<(), SendError> {
        Err(SendError::NotConfigured)
    }
}

#[async_trait]
impl PushSender for Nobody {
    async fn send(&self, _: &Push) -> Result<(), SendError> {
        Err(SendError::NotConfigured)
    }
}

#[async_trait]
impl Geocoder for Nobody {
    async fn search(&self, _: &str, _: u8) -> Result<Vec<FoundAddress>, GeocodeError> {
        Err(GeocodeError::NotConfigured)
    }
}
