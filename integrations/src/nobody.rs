//! Who stands where no setting names a third party: whatever is asked is refused, as
//! unavailable.

use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use services::blobs::{Blob, BlobArea, BlobError, BlobInfo, BlobKey, Blobs};
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
