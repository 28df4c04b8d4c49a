//! Third parties: flags of `baedal serve`, and the sandbox that replaces them.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use domain::Clock;
use domain::auth::Email;
use integrations::{Limits, Settings, blobs, fcm, kakao_local, resend, social, solapi, toss};
use sim::sandbox::Sandbox;

use crate::limits::within;
use crate::system::SystemClock;

/// Where third parties are, and how long they may take.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Third parties")]
pub struct ThirdPartyArgs {
    /// Where the API of Toss Payments begins; by default, at the sandbox on this machine
    /// (`baedal sandbox`).
    #[arg(long, env = "BAEDAL_TOSS_URL", default_value_t = toss::Settings::default().url,
          value_parser = integrations::http_url)]
    pub toss_url: String,

    /// The secret key of the account at Toss Payments. The sandbox takes any.
    #[arg(long, env = "BAEDAL_TOSS_SECRET_KEY", hide_env_values = true,
          default_value_t = toss::Settings::default().secret_key)]
    pub toss_secret_key: String,

    /// The key of the account at Toss Payments that pages know.
    #[arg(long, env = "BAEDAL_TOSS_CLIENT_KEY", default_value_t = toss::Settings::default().client_key)]
    pub toss_client_key: String,

    /// Where browsers find the script that opens the payment window of Toss Payments
    /// (`https://js.tosspayments.com/v2/standard`); by default, at the sandbox on this machine.
    #[arg(long, env = "BAEDAL_TOSS_SCRIPT_URL", default_value_t = toss::Settings::default().script_url,
          value_parser = integrations::http_url)]
    pub toss_script_url: String,

    /// The error with which Toss Payments answers each call that changes something
    /// (`TossPayments-Test-Code`), to see what comes of it; only with keys of a test account.
    #[arg(long, env = "BAEDAL_TOSS_TEST_CODE")]
    pub toss_test_code: Option<String>,

    /// Milliseconds that a third party may take for one try.
    #[arg(long, env = "BAEDAL_THIRD_PARTY_MS", default_value_t = integrations::ANSWER_WITHIN_MS,
          value_parser = within::<u64>(50, 60_000))]
    pub third_party_ms: u64,

    /// A file that `baedal breach-filter` made: no account gets a password that is in it. Unset:
    /// none is looked up.
    #[arg(long, env = "BAEDAL_BREACHED_PASSWORDS")]
    breached_passwords: Option<PathBuf>,

    /// Where the range API of Have I Been Pwned begins (`https://api.pwnedpasswords.com`). It is told
    /// five digits of the hash of a new password, and where it does not answer, the password is
    /// taken. Unset: it is told nothing.
    #[arg(long, env = "BAEDAL_PWNED_URL", default_value = "", value_parser = none_or_url)]
    pwned_url: String,

    #[command(flatten)]
    senders: SenderArgs,

    #[command(flatten)]
    geocoder: GeocoderArgs,

    #[command(flatten)]
    blobs: BlobArgs,

    #[command(flatten)]
    social: SocialArgs,
}

/// A setting that another one requires is missing, or a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum WrongSetting {
    /// A setting requires another one.
    #[error("{set} is set, so {missing} must be, too")]
    Missing {
        /// The setting that is set.
        set: &'static str,
        /// The one that is missing.
        missing: &'static str,
    },
    /// A file that it names cannot be read.
    #[error("{setting}: {}: {cause}", file.display())]
    Unreadable {
        /// The setting.
        setting: &'static str,
        /// Its value.
        file: PathBuf,
        /// The error.
        cause: std::io::Error,
    },
    /// The list of providers cannot be used.
    #[error("BAEDAL_PROVIDERS: {0}")]
    Providers(#[from] social::SettingsError),
}

impl ThirdPartyArgs {
    /// The settings for the integrations.
    pub fn settings(&self) -> Result<Settings, WrongSetting> {
        Ok(Settings {
            toss: toss::Settings {
                url: self.toss_url.clone(),
                secret_key: self.toss_secret_key.clone(),
                client_key: self.toss_client_key.clone(),
                script_url: self.toss_script_url.clone(),
                test_code: self.toss_test_code.clone(),
            },
            blobs: self.blobs.settings()?,
            mail: self.senders.mail()?,
            sms: self.senders.sms()?,
            push: self.senders.push()?,
            geocoder: self.geocoder.settings(),
            social: self.social.settings()?,
            breach_filter: self.breached_passwords.clone().filter(|file| !file.as_os_str().is_empty()),
            pwned_url: some(&self.pwned_url),
            limits: Limits { answer_within: Duration::from_millis(self.third_party_ms), ..Limits::default() },
        })
    }
}

/// Who sends messages to people outside the app. Whoever has no key sends none, and what needs
/// one is refused as unavailable.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Messages")]
struct SenderArgs {
    /// Where the API of Resend begins, which sends mail.
    #[arg(long, env = "BAEDAL_RESEND_URL", default_value_t = resend::Settings::default().url,
          value_parser = integrations::http_url)]
    resend_url: String,

    /// The API key of the account at Resend. Unset: no mail is sent.
    #[arg(long, env = "BAEDAL_RESEND_API_KEY", hide_env_values = true, default_value = "")]
    resend_api_key: String,

    /// Who mail is from, as `배달 <no-reply@baedal.example>`; of a domain that Resend has verified.
    #[arg(long, env = "BAEDAL_MAIL_FROM", default_value = "", value_parser = none_or_mailbox)]
    mail_from: String,

    /// Where the API of SOLAPI begins, which sends text messages.
    #[arg(long, env = "BAEDAL_SOLAPI_URL", default_value_t = solapi::Settings::default().url,
          value_parser = integrations::http_url)]
    solapi_url: String,

    /// The API key of the account at SOLAPI. Unset: no text messages are sent.
    #[arg(long, env = "BAEDAL_SOLAPI_API_KEY", hide_env_values = true, default_value = "")]
    solapi_api_key: String,

    /// The secret of that key.
    #[arg(long, env = "BAEDAL_SOLAPI_API_SECRET", hide_env_values = true, default_value = "")]
    solapi_api_secret: String,

    /// The number that text messages come from, registered at SOLAPI: digits alone.
    #[arg(long, env = "BAEDAL_SMS_FROM", default_value = "", value_parser = none_or_digits)]
    sms_from: String,

    /// Where the API of Firebase Cloud Messaging begins, which sends push notifications.
    #[arg(long, env = "BAEDAL_FCM_URL", default_value_t = fcm::Settings::default().url,
          value_parser = integrations::http_url)]
    fcm_url: String,

    /// The key file of the service account at Google. Unset: no push notifications are sent.
    #[arg(long, env = "BAEDAL_FCM_ACCOUNT", default_value = "")]
    fcm_account: String,

    /// Where the account's access tokens come from. Unset: from where its key file says.
    #[arg(long, env = "BAEDAL_FCM_TOKEN_URL", default_value = "", value_parser = none_or_url)]
    fcm_token_url: String,
}

/// Who finds addresses by their text. Without a key only neighbourhoods are found.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Addresses")]
struct GeocoderArgs {
    /// Where Kakao's Local API begins, which finds addresses.
    #[arg(long, env = "BAEDAL_KAKAO_LOCAL_URL", default_value_t = kakao_local::Settings::default().url,
          value_parser = integrations::http_url)]
    kakao_local_url: String,

    /// The REST API key of the app at Kakao. Unset: addresses are not searched for.
    #[arg(long, env = "BAEDAL_KAKAO_LOCAL_KEY", hide_env_values = true, default_value = "")]
    kakao_local_key: String,
}

impl GeocoderArgs {
    fn settings(&self) -> Option<kakao_local::Settings> {
        let api_key = some(&self.kakao_local_key)?;
        Some(kakao_local::Settings { url: self.kakao_local_url.clone(), api_key })
    }
}

impl SenderArgs {
    fn mail(&self) -> Result<Option<resend::Settings>, WrongSetting> {
        let Some(api_key) = some(&self.resend_api_key) else { return Ok(None) };
        let from = needed("BAEDAL_RESEND_API_KEY", "BAEDAL_MAIL_FROM", &self.mail_from)?;
        Ok(Some(resend::Settings { url: self.resend_url.clone(), api_key, from }))
    }

    fn sms(&self) -> Result<Option<solapi::Settings>, WrongSetting> {
        let Some(api_key) = some(&self.solapi_api_key) else { return Ok(None) };
        let need = |missing, value| needed("BAEDAL_SOLAPI_API_KEY", missing, value);
        let api_secret = need("BAEDAL_SOLAPI_API_SECRET", &self.solapi_api_secret)?;
        let from = need("BAEDAL_SMS_FROM", &self.sms_from)?;
        Ok(Some(solapi::Settings { url: self.solapi_url.clone(), api_key, api_secret, from }))
    }

    fn push(&self) -> Result<Option<fcm::Settings>, WrongSetting> {
        let Some(file) = some(&self.fcm_account).map(PathBuf::from) else { return Ok(None) };
        let account = std::fs::read_to_string(&file).map_err(|cause| WrongSetting::Unreadable {
            setting: "BAEDAL_FCM_ACCOUNT",
            file,
            cause,
        })?;
        Ok(Some(fcm::Settings { url: self.fcm_url.clone(), token_url: some(&self.fcm_token_url), account }))
    }
}

/// Where uploaded files are kept.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Files")]
struct BlobArgs {
    /// Where uploaded files are kept: a folder, or `s3://bucket` for an object store that speaks
    /// S3's protocol. Unset: nowhere, and uploads are refused. Processes share it.
    #[arg(long, env = "BAEDAL_BLOBS", default_value = "")]
    blobs: String,

    /// Bytes of one uploaded file.
    #[arg(long, env = "BAEDAL_BLOB_BYTES", default_value_t = blobs::Settings::default().max_bytes,
          value_parser = within::<usize>(1_024, 1_073_741_824))]
    blob_bytes: usize,

    /// Where that object store is, as `https://kr.object.example`. Unset: AWS, in the region.
    #[arg(long, env = "BAEDAL_S3_URL", default_value = "", value_parser = none_or_url)]
    s3_url: String,

    /// The region of the bucket, which is a part of each signature.
    #[arg(long, env = "BAEDAL_S3_REGION", default_value = "ap-northeast-2")]
    s3_region: String,

    /// The access key id of the account at the object store.
    #[arg(long, env = "BAEDAL_S3_ACCESS_KEY", hide_env_values = true, default_value = "")]
    s3_access_key: String,

    /// The secret access key of that account.
    #[arg(long, env = "BAEDAL_S3_SECRET_KEY", hide_env_values = true, default_value = "")]
    s3_secret_key: String,
}

impl BlobArgs {
    fn settings(&self) -> Result<blobs::Settings, WrongSetting> {
        let need = |missing, value| needed("BAEDAL_BLOBS=s3://…", missing, value);
        let place = match self.blobs.strip_prefix("s3://") {
            Some(bucket) => blobs::Place::S3(blobs::Bucket {
                name: bucket.to_owned(),
                endpoint: some(&self.s3_url),
                region: self.s3_region.clone(),
                access_key: need("BAEDAL_S3_ACCESS_KEY", &self.s3_access_key)?,
                secret_key: need("BAEDAL_S3_SECRET_KEY", &self.s3_secret_key)?,
            }),
            None => {
                some(&self.blobs).map_or(blobs::Place::Nowhere, |folder| blobs::Place::Folder(folder.into()))
            }
        };
        Ok(blobs::Settings { place, max_bytes: self.blob_bytes })
    }
}

/// The companies by which people sign in, beside their passwords.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Social sign-in")]
struct SocialArgs {
    /// The file that lists them (docs/social-sign-in.md). Unset: none, and people sign in by
    /// password alone.
    #[arg(long, env = "BAEDAL_PROVIDERS", default_value = "")]
    providers: String,

    /// Their secrets, as `kakao=…,kakao.admin=…,naver=…`: that of the client at each, and Kakao's
    /// admin key.
    #[arg(long, env = "BAEDAL_PROVIDER_SECRETS", hide_env_values = true, default_value = "")]
    provider_secrets: String,
}

impl SocialArgs {
    fn settings(&self) -> Result<social::Settings, WrongSetting> {
        let Some(file) = some(&self.providers).map(PathBuf::from) else {
            return Ok(social::Settings::default());
        };
        let text = std::fs::read_to_string(&file).map_err(|cause| WrongSetting::Unreadable {
            setting: "BAEDAL_PROVIDERS",
            file: file.clone(),
            cause,
        })?;
        let folder = file.parent().unwrap_or(Path::new(""));
        let read = |name: &str| std::fs::read_to_string(folder.join(name));
        Ok(social::Settings::read(&text, &self.provider_secrets, read)?)
    }
}

/// An empty value counts as not set.
fn some(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

/// A setting that another one requires.
fn needed(set: &'static str, missing: &'static str, value: &str) -> Result<String, WrongSetting> {
    some(value).ok_or(WrongSetting::Missing { set, missing })
}

fn none_or_digits(text: &str) -> Result<String, String> {
    let good =
        text.is_empty() || (8..=12).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
    if good { Ok(text.to_owned()) } else { Err("a number is written in digits, as 0215881588".to_owned()) }
}

fn none_or_mailbox(text: &str) -> Result<String, String> {
    let address = text.strip_suffix('>').and_then(|text| Some(text.rsplit_once('<')?.1)).unwrap_or(text);
    let good = text.is_empty() || !text.contains(['\r', '\n']) && address.parse::<Email>().is_ok();
    if good {
        Ok(text.to_owned())
    } else {
        Err("a sender is written as 배달 <no-reply@baedal.example>".to_owned())
    }
}

fn none_or_url(text: &str) -> Result<String, String> {
    if text.is_empty() { Ok(String::new()) } else { integrations::http_url(text) }
}

/// The sandbox.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Sandbox of third parties")]
pub struct SandboxArgs {
    /// The address to listen on.
    #[arg(long, env = "BAEDAL_BIND", default_value = "127.0.0.1")]
    bind: IpAddr,

    /// The port to listen on.
    #[arg(long, env = "BAEDAL_SANDBOX_PORT", default_value_t = 9120)]
    port: u16,

    /// Where to keep what was done; without it, it is forgotten at the end.
    #[arg(long, env = "BAEDAL_SANDBOX_FOLDER")]
    folder: Option<PathBuf>,
}

impl SandboxArgs {
    /// Serves until the process is stopped.
    pub(crate) async fn run(self) -> Result<(), Box<dyn Error>> {
        let address = SocketAddr::new(self.bind, self.port);
        let folder = self.folder.filter(|folder| !folder.as_os_str().is_empty());
        let now = Arc::new(|| SystemClock.now());
        let sandbox = Sandbox::start(address, now, folder.as_deref()).await?;
        tracing::info!(address = %sandbox.address(), "the sandbox of third parties listens");
        Ok(sandbox.run().await?)
    }
}
