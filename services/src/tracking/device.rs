//! Phones with public tracking apps as couriers' devices: their tokens and their reports.

use actors::position_log::Ack;
use domain::tracking::{Batch, RawFix, SpeedUnit};
use domain::{Failure, Principal, Timestamp, refusal};
use sha2::{Digest, Sha256};
use store::tracking;
pub use store::tracking::Device;
use uuid::Uuid;

use super::courier;
use crate::App;

/// The prefix of a device's token, so that secret scanners can recognise a leaked one.
const TOKEN_PREFIX: &str = "bdv_";

/// Adds a device, and returns the token that it sends fixes with. The token is shown only here.
pub async fn add(
    app: &App,
    who: &Principal,
    name: &str,
    speed_unit: SpeedUnit,
) -> Result<(Device, String), Failure> {
    let courier = who.courier().ok_or_else(Failure::forbidden)?;
    courier::enter(app, courier).await?;
    let name = courier::called(name)?;
    let token = format!("{TOKEN_PREFIX}{}", hex::encode(app.ids.random()));
    let (id, called) = ((app.ids.uuid(), courier), (name.as_str(), speed_unit));
    let device = tracking::add_device(&app.store, id, called, &hashed(&token), app.now()).await?;
    Ok((device, token))
}

/// The courier's devices, in the order in which they were added.
pub async fn list(
    app: &App,
    who: &Principal,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Device>, Failure> {
    let courier = who.courier().ok_or_else(Failure::forbidden)?;
    Ok(tracking::devices(&app.store, courier, after, limit).await?)
}

/// Changes a device's name, or the unit of its speeds.
pub async fn change(
    app: &App,
    who: &Principal,
    id: Uuid,
    name: Option<&str>,
    speed_unit: Option<SpeedUnit>,
) -> Result<Device, Failure> {
    let courier = who.courier().ok_or_else(Failure::forbidden)?;
    let name = name.map(courier::called).transpose()?;
    let name = name.as_ref().map(domain::Text::as_str);
    let changed = tracking::change_device(&app.store, (id, courier), name, speed_unit).await?;
    changed.ok_or_else(|| Failure::not_found("device"))
}

/// Removes a device: its token is refused from now on, as each report is authenticated by itself.
pub async fn revoke(app: &App, who: &Principal, id: Uuid) -> Result<(), Failure> {
    let courier = who.courier().ok_or_else(Failure::forbidden)?;
    let gone = tracking::remove_device(&app.store, id, courier).await?;
    if gone { Ok(()) } else { Err(Failure::not_found("device")) }
}

/// A report of a public tracking app: one position, without a sequence number.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// When the device was there.
    pub at: Timestamp,
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// The accuracy in metres.
    pub accuracy_m: Option<f64>,
    /// The speed.
    pub speed: Option<Speed>,
    /// Degrees clockwise from north.
    pub heading_deg: Option<f64>,
}

/// A speed, as the protocol of the app gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed {
    /// The number.
    pub value: f64,
    /// Its unit; if the protocol does not define one, the device's setting applies.
    pub unit: Option<SpeedUnit>,
}

/// Records a report of a device. Returns only after the fix is stored.
///
/// Such apps send no sequence numbers, so the fix's time in milliseconds is used: a repeated report
/// is the same fix. The track number is assigned by us, below zero.
pub async fn report(app: &App, token: &str, report: Report) -> Result<Ack, Failure> {
    let device = known(app, token).await?;
    let in_mps = |Speed { value, unit }: Speed| unit.unwrap_or(device.speed_unit).in_mps(value);
    let fix = RawFix {
        seq: report.at.timestamp_millis(),
        at: report.at,
        lat: report.lat,
        lon: report.lon,
        accuracy_m: report.accuracy_m,
        speed_mps: report.speed.map(in_mps),
        heading_deg: report.heading_deg,
    };
    courier::fixes(app, device.courier, None, Batch::of_device(device.number, fix)).await
}

/// The device with this token; refused if there is none.
pub async fn known(app: &App, token: &str) -> Result<Device, Failure> {
    let known = tracking::device_by_token(&app.store, &hashed(token)).await?;
    known.ok_or_else(|| refusal::unauthenticated().because("This device's token is not known.").into())
}

/// Tokens are 256 random bits, so a plain hash protects them sufficiently.
fn hashed(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
