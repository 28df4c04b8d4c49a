//! The rules of a restaurant in JSON: what its people read and replace as one document.

use chrono::{NaiveDate, Weekday};
use domain::gazetteer::DongCode;
use domain::restaurant::{Closing, DayRange, Hours, Preparation, PreparationTime, Rules, SpecialDay, Zone};
use domain::tip::{DistanceSteps, DongSurcharge, Tier, TimeSurcharge, TipPlan};
use domain::week::Span;
use domain::{LatLon, Won};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kit::Position;

/// When, where to, for how much and how fast a restaurant sells.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RestaurantRules)]
pub(super) struct RulesBody {
    /// The smallest subtotal that can be ordered.
    #[schema(minimum = 0, maximum = 1_000_000, example = 15_000)]
    minimum_order_won: i64,
    tip: TipBody,
    hours: HoursBody,
    /// It delivers to what one of these covers…
    #[schema(max_items = 50)]
    zones: Vec<ZoneBody>,
    /// … and none of these does.
    #[schema(max_items = 50)]
    exclusions: Vec<ZoneBody>,
    preparation: PreparationBody,
    /// Whether customers may collect their orders.
    takes_pickup: bool,
    /// Whether orders are accepted without anybody's doing.
    accepts_automatically: bool,
    /// The most orders that are scheduled for one half-hour; null for no limit.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000)]
    orders_per_slot: Option<u32>,
}

/// The delivery tip: the tier of the subtotal, and what each of the other rules adds.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TipPlan)]
struct TipBody {
    /// By subtotal, rising; the first starts at 0.
    #[schema(min_items = 1, max_items = 20)]
    tiers: Vec<TierBody>,
    /// By distance; null for none.
    distance: Option<DistanceBody>,
    /// By neighbourhood.
    #[schema(max_items = 200)]
    dongs: Vec<DongSurchargeBody>,
    /// By time of the week.
    #[schema(max_items = 100)]
    times: Vec<TimeSurchargeBody>,
    /// On public holidays, all day.
    #[schema(minimum = 0, maximum = 50_000)]
    holiday_won: i64,
}

/// The tip for subtotals from an amount on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TipTier)]
struct TierBody {
    /// The smallest subtotal with this tip, inclusive.
    #[schema(minimum = 0)]
    from_won: i64,
    #[schema(minimum = 0, maximum = 50_000)]
    tip_won: i64,
}

/// A surcharge for each started step beyond a distance.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TipDistance)]
struct DistanceBody {
    /// Metres in a straight line without a surcharge.
    base_m: u32,
    /// Metres of a step.
    #[schema(minimum = 1)]
    step_m: u32,
    #[schema(minimum = 0, maximum = 50_000)]
    step_won: i64,
}

/// A surcharge for a neighbourhood.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TipDong)]
struct DongSurchargeBody {
    /// The code of the legal neighbourhood (법정동), eight digits.
    dong: u32,
    #[schema(minimum = 0, maximum = 50_000)]
    surcharge_won: i64,
}

/// A surcharge at certain times of the week.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TipTime)]
struct TimeSurchargeBody {
    spans: Vec<SpanBody>,
    #[schema(minimum = 0, maximum = 50_000)]
    surcharge_won: i64,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Weekday)]
enum WeekdayBody {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// A span of the week in Korean time, at most 24 hours. It belongs to the day on which it begins.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WeekSpan)]
struct SpanBody {
    weekday: WeekdayBody,
    /// Minutes after that day's midnight, inclusive.
    #[schema(minimum = 0, maximum = 1_439)]
    from_min: u16,
    /// Minutes after the same midnight, exclusive; beyond 1440 it reaches into the next day.
    #[schema(minimum = 1, maximum = 2_879)]
    to_min: u16,
}

/// When it is open, in Korean time.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OpeningHours)]
struct HoursBody {
    /// Several a day, past midnight; a weekday without one is closed.
    #[schema(max_items = 100)]
    ranges: Vec<SpanBody>,
    /// Breaks within the ranges.
    #[schema(max_items = 100)]
    breaks: Vec<SpanBody>,
    /// Days on which it is closed.
    #[schema(max_items = 100)]
    closings: Vec<ClosingBody>,
    /// Whether it is closed on public holidays.
    closed_on_holidays: bool,
    /// Dates with hours of their own, whatever all else says.
    #[schema(max_items = 100)]
    special_days: Vec<SpecialDayBody>,
}

/// A day on which it is closed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = Closing)]
enum ClosingBody {
    /// The n-th such weekday of every month.
    Monthly {
        /// 1 to 5.
        #[schema(minimum = 1, maximum = 5)]
        nth: u8,
        weekday: WeekdayBody,
    },
    /// One date.
    Date { date: NaiveDate },
}

/// A date with hours of its own.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SpecialDay)]
struct SpecialDayBody {
    date: NaiveDate,
    /// None: it is closed. The breaks of the week do not apply.
    ranges: Vec<DayRangeBody>,
}

/// A range of a special day.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DayRange)]
struct DayRangeBody {
    /// Minutes after midnight, inclusive.
    #[schema(minimum = 0, maximum = 1_439)]
    from_min: u16,
    /// Minutes after the same midnight, exclusive.
    #[schema(minimum = 1, maximum = 2_879)]
    to_min: u16,
}

/// Where it delivers to.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = DeliveryZone)]
enum ZoneBody {
    /// A circle around it.
    Radius {
        #[schema(minimum = 1, maximum = 20_000)]
        metres: u32,
    },
    /// Whole neighbourhoods, by the codes of legal neighbourhoods (법정동), eight digits.
    Dongs {
        #[schema(min_items = 1, max_items = 500)]
        dongs: Vec<u32>,
    },
    /// An outline whose sides do not cross.
    Polygon {
        #[schema(value_type = Vec<Position>, min_items = 3, max_items = 200)]
        outline: Vec<LatLon>,
    },
}

/// How long it cooks.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Preparation)]
struct PreparationBody {
    /// Usually.
    #[schema(minimum = 5, maximum = 90, example = 20)]
    usual_mins: u16,
    /// At certain times of the week; of several the longest counts.
    #[schema(max_items = 50)]
    times: Vec<PreparationTimeBody>,
}

/// How long it cooks at certain times of the week.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PreparationTime)]
struct PreparationTimeBody {
    spans: Vec<SpanBody>,
    #[schema(minimum = 5, maximum = 90)]
    mins: u16,
}

/// Converts a list, one by one.
fn each<A, B: From<A>>(all: Vec<A>) -> Vec<B> {
    all.into_iter().map(B::from).collect()
}

impl From<RulesBody> for Rules {
    fn from(body: RulesBody) -> Self {
        Self {
            minimum_order: Won(body.minimum_order_won),
            tip: body.tip.into(),
            hours: body.hours.into(),
            zones: each(body.zones),
            exclusions: each(body.exclusions),
            preparation: body.preparation.into(),
            takes_pickup: body.takes_pickup,
            accepts_automatically: body.accepts_automatically,
            orders_per_slot: body.orders_per_slot,
        }
    }
}

impl From<Rules> for RulesBody {
    fn from(rules: Rules) -> Self {
        Self {
            minimum_order_won: rules.minimum_order.0,
            tip: rules.tip.into(),
            hours: rules.hours.into(),
            zones: each(rules.zones),
            exclusions: each(rules.exclusions),
            preparation: rules.preparation.into(),
            takes_pickup: rules.takes_pickup,
            accepts_automatically: rules.accepts_automatically,
            orders_per_slot: rules.orders_per_slot,
        }
    }
}

impl From<TipBody> for TipPlan {
    fn from(body: TipBody) -> Self {
        let TipBody { tiers, distance, dongs, times, holiday_won } = body;
        let tier = |TierBody { from_won, tip_won }| Tier { from: Won(from_won), tip: Won(tip_won) };
        let steps =
            |DistanceBody { base_m, step_m, step_won }| DistanceSteps { base_m, step_m, step: Won(step_won) };
        let dong = |DongSurchargeBody { dong, surcharge_won }| DongSurcharge {
            dong: DongCode(dong),
            surcharge: Won(surcharge_won),
        };
        let time = |TimeSurchargeBody { spans, surcharge_won }| TimeSurcharge {
            spans: each(spans),
            surcharge: Won(surcharge_won),
        };
        Self {
            tiers: tiers.into_iter().map(tier).collect(),
            distance: distance.map(steps),
            dongs: dongs.into_iter().map(dong).collect(),
            times: times.into_iter().map(time).collect(),
            holiday: Won(holiday_won),
        }
    }
}

impl From<TipPlan> for TipBody {
    fn from(plan: TipPlan) -> Self {
        let TipPlan { tiers, distance, dongs, times, holiday } = plan;
        let tier = |tier: Tier| TierBody { from_won: tier.from.0, tip_won: tier.tip.0 };
        let steps =
            |DistanceSteps { base_m, step_m, step }| DistanceBody { base_m, step_m, step_won: step.0 };
        let dong = |DongSurcharge { dong, surcharge }| DongSurchargeBody {
            dong: dong.0,
            surcharge_won: surcharge.0,
        };
        let time = |TimeSurcharge { spans, surcharge }| TimeSurchargeBody {
            spans: each(spans),
            surcharge_won: surcharge.0,
        };
        Self {
            tiers: tiers.into_iter().map(tier).collect(),
            distance: distance.map(steps),
            dongs: dongs.into_iter().map(dong).collect(),
            times: times.into_iter().map(time).collect(),
            holiday_won: holiday.0,
        }
    }
}

impl From<WeekdayBody> for Weekday {
    fn from(day: WeekdayBody) -> Self {
        match day {
            WeekdayBody::Mon => Weekday::Mon,
            WeekdayBody::Tue => Weekday::Tue,
            WeekdayBody::Wed => Weekday::Wed,
            WeekdayBody::Thu => Weekday::Thu,
            WeekdayBody::Fri => Weekday::Fri,
            WeekdayBody::Sat => Weekday::Sat,
            WeekdayBody::Sun => Weekday::Sun,
        }
    }
}

impl From<Weekday> for WeekdayBody {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Mon => WeekdayBody::Mon,
            Weekday::Tue => WeekdayBody::Tue,
            Weekday::Wed => WeekdayBody::Wed,
            Weekday::Thu => WeekdayBody::Thu,
            Weekday::Fri => WeekdayBody::Fri,
            Weekday::Sat => WeekdayBody::Sat,
            Weekday::Sun => WeekdayBody::Sun,
        }
    }
}

impl From<SpanBody> for Span {
    fn from(SpanBody { weekday, from_min, to_min }: SpanBody) -> Self {
        Self { weekday: weekday.into(), from_min, to_min }
    }
}

impl From<Span> for SpanBody {
    fn from(Span { weekday, from_min, to_min }: Span) -> Self {
        Self { weekday: weekday.into(), from_min, to_min }
    }
}

impl From<HoursBody> for Hours {
    fn from(body: HoursBody) -> Self {
        let HoursBody { ranges, breaks, closings, closed_on_holidays, special_days } = body;
        Self {
            ranges: each(ranges),
            breaks: each(breaks),
            closings: each(closings),
            closed_on_holidays,
            special_days: each(special_days),
        }
    }
}

impl From<Hours> for HoursBody {
    fn from(hours: Hours) -> Self {
        let Hours { ranges, breaks, closings, closed_on_holidays, special_days } = hours;
        Self {
            ranges: each(ranges),
            breaks: each(breaks),
            closings: each(closings),
            closed_on_holidays,
            special_days: each(special_days),
        }
    }
}

impl From<ClosingBody> for Closing {
    fn from(body: ClosingBody) -> Self {
        match body {
            ClosingBody::Monthly { nth, weekday } => Self::Monthly { nth, weekday: weekday.into() },
            ClosingBody::Date { date } => Self::Date { date },
        }
    }
}

impl From<Closing> for ClosingBody {
    fn from(closing: Closing) -> Self {
        match closing {
            Closing::Monthly { nth, weekday } => Self::Monthly { nth, weekday: weekday.into() },
            Closing::Date { date } => Self::Date { date },
        }
    }
}

impl From<SpecialDayBody> for SpecialDay {
    fn from(SpecialDayBody { date, ranges }: SpecialDayBody) -> Self {
        let range = |DayRangeBody { from_min, to_min }| DayRange { from_min, to_min };
        Self { date, ranges: ranges.into_iter().map(range).collect() }
    }
}

impl From<SpecialDay> for SpecialDayBody {
    fn from(SpecialDay { date, ranges }: SpecialDay) -> Self {
        let range = |DayRange { from_min, to_min }| DayRangeBody { from_min, to_min };
        Self { date, ranges: ranges.into_iter().map(range).collect() }
    }
}

impl From<ZoneBody> for Zone {
    fn from(body: ZoneBody) -> Self {
        match body {
            ZoneBody::Radius { metres } => Self::Radius { metres },
            ZoneBody::Dongs { dongs } => Self::Dongs { dongs: dongs.into_iter().map(DongCode).collect() },
            ZoneBody::Polygon { outline } => Self::Polygon { outline },
        }
    }
}

impl From<Zone> for ZoneBody {
    fn from(zone: Zone) -> Self {
        match zone {
            Zone::Radius { metres } => Self::Radius { metres },
            Zone::Dongs { dongs } => Self::Dongs { dongs: dongs.into_iter().map(|dong| dong.0).collect() },
            Zone::Polygon { outline } => Self::Polygon { outline },
        }
    }
}

impl From<PreparationBody> for Preparation {
    fn from(PreparationBody { usual_mins, times }: PreparationBody) -> Self {
        let time = |PreparationTimeBody { spans, mins }| PreparationTime { spans: each(spans), mins };
        Self { usual_mins, times: times.into_iter().map(time).collect() }
    }
}

impl From<Preparation> for PreparationBody {
    fn from(Preparation { usual_mins, times }: Preparation) -> Self {
        let time = |PreparationTime { spans, mins }| PreparationTimeBody { spans: each(spans), mins };
        Self { usual_mins, times: times.into_iter().map(time).collect() }
    }
}
