//! What the apps and devices of couriers send, and what they are answered.

use std::collections::BTreeMap;

use domain::Timestamp;
use domain::tracking::{Batch, BatchRefusal, RawFix, SpeedUnit};
use serde::{Deserialize, Serialize};
use services::tracking::courier::Ack;
use services::tracking::device::Device;
use utoipa::ToSchema;
use uuid::Uuid;

/// Fixes that a device sends together.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FixesBody {
    /// The device's own id of a run of sequence numbers; it outlives connections.
    #[schema(minimum = 0)]
    track: i64,
    /// In rising sequence.
    #[schema(min_items = 1, max_items = 500)]
    fixes: Vec<FixBody>,
}

/// Where a device was.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Fix)]
pub(super) struct FixBody {
    /// The device's own count.
    #[schema(minimum = 0)]
    seq: i64,
    /// When it was there.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Degrees north. What is no place is left out, and counted in the answer.
    lat: f64,
    /// Degrees east.
    lon: f64,
    /// Radius of 68 % confidence, metres.
    accuracy_m: Option<f64>,
    /// Metres a second.
    speed_mps: Option<f64>,
    /// Degrees clockwise from north.
    heading_deg: Option<f64>,
}

impl TryFrom<FixesBody> for Batch {
    type Error = BatchRefusal;

    fn try_from(body: FixesBody) -> Result<Self, BatchRefusal> {
        let raw = |fix: FixBody| RawFix {
            seq: fix.seq,
            at: fix.at,
            lat: fix.lat,
            lon: fix.lon,
            accuracy_m: fix.accuracy_m,
            speed_mps: fix.speed_mps,
            heading_deg: fix.heading_deg,
        };
        Batch::new(body.track, body.fixes.into_iter().map(raw).collect())
    }
}

/// What a device may forget.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FixesAck)]
pub(super) struct AckBody {
    /// The device's run of sequence numbers.
    track: i64,
    /// Everything up to this number is kept, or turned away for good.
    seq: i64,
    /// How many were turned away, by reason.
    rejected: BTreeMap<&'static str, u32>,
}

impl From<Ack> for AckBody {
    fn from(ack: Ack) -> Self {
        let rejected = ack.rejected.iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
        Self { track: ack.track, seq: ack.seq, rejected }
    }
}

/// The unit of a speed: knots, kilometres an hour, metres a second.
#[derive(ToSchema)]
#[schema(as = SpeedUnit, rename_all = "snake_case")]
#[expect(dead_code, reason = "it exists for its schema; domain's is what travels")]
pub(super) enum SpeedUnitWords {
    Kn,
    Kmh,
    Ms,
}

/// A device to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewDevice {
    /// What the courier calls it.
    #[schema(format = "text", min_length = 1, max_length = 60, example = "Traccar on the old phone")]
    pub(super) name: String,
    /// The unit in which its OsmAnd app sends speeds. The protocol says knots; some send others.
    #[serde(default)]
    #[schema(value_type = SpeedUnitWords, default = "kn")]
    pub(super) speed_unit: SpeedUnit,
}

/// What of a device shall change.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeviceChange {
    /// What the courier calls it.
    #[schema(format = "text", min_length = 1, max_length = 60)]
    pub(super) name: Option<String>,
    /// The unit in which its OsmAnd app sends speeds.
    #[schema(value_type = Option<SpeedUnitWords>)]
    pub(super) speed_unit: Option<SpeedUnit>,
}

/// A courier's device. Its token is shown when it is added, and never again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Device)]
pub(super) struct DeviceBody {
    /// Which one.
    device_id: Uuid,
    /// What the courier calls it.
    name: String,
    /// The unit in which its OsmAnd app sends speeds.
    #[schema(value_type = SpeedUnitWords)]
    speed_unit: SpeedUnit,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Device> for DeviceBody {
    fn from(device: Device) -> Self {
        Self {
            device_id: device.id,
            name: device.name,
            speed_unit: device.speed_unit,
            created_at: device.created_at,
        }
    }
}

/// An added device. The token is shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AddedDevice)]
pub(super) struct AddedDeviceBody {
    /// The device.
    #[serde(flatten)]
    pub(super) device: DeviceBody,
    /// What it proves itself with.
    pub(super) device_token: String,
}
