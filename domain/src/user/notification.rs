//! Who is notified of what, on which channel, and when.
//!
//! [`decide`] is the whole rule; whoever sends notifications asks it, and asks again when what it
//! held is due.
//!
//! 1. What is critical is sent at once; nobody can mute it.
//! 2. What the person muted on a channel is dropped there.
//! 3. Advertising needs the consent to it, and between 21:00 and 08:00 the consent to advertising
//!    at night; without that one it waits until 08:00 (정보통신망법 제50조 제1항, 제3항).
//! 4. In the person's quiet hours, what can wait waits until they end, on the channels that make a
//!    sound.
//!
//! All times of day are those of Korea.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{NaiveTime, TimeDelta, Timelike as _};
use serde::{Deserialize, Serialize};

use super::consent::{Ledger, Purpose};
use crate::clock::seoul;
use crate::{Fault, Timestamp, fault};

/// When the night begins, in hours.
const NIGHT_FROM: u32 = 21;

/// When it ends.
const NIGHT_UNTIL: u32 = 8;

/// What a notification is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// The state of an order and of its delivery.
    OrderStatus,
    /// A message in a conversation.
    Chat,
    /// The request to review an order. One that promises a reward is [`Category::Promotion`].
    ReviewRequest,
    /// Advertising.
    Promotion,
    /// The safety of the account: a new device, a changed password.
    Security,
    /// What the law demands to tell: results of consents, changes of terms, a possible leak.
    Legal,
}

impl Category {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 6] =
        [Self::OrderStatus, Self::Chat, Self::ReviewRequest, Self::Promotion, Self::Security, Self::Legal];

    /// Its name, as in the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OrderStatus => "order_status",
            Self::Chat => "chat",
            Self::ReviewRequest => "review_request",
            Self::Promotion => "promotion",
            Self::Security => "security",
            Self::Legal => "legal",
        }
    }

    /// Whether it can be muted.
    pub fn is_critical(self) -> bool {
        matches!(self, Self::Security | Self::Legal)
    }

    fn is_advertising(self) -> bool {
        self == Self::Promotion
    }

    /// Whether it can wait until quiet hours end. The state of an order cannot: the food comes now.
    fn can_wait(self) -> bool {
        matches!(self, Self::Chat | Self::ReviewRequest | Self::Promotion)
    }
}

/// How a notification reaches the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The list of notifications in the app.
    InApp,
    /// A push notification.
    Push,
    /// A text message or an AlimTalk.
    Sms,
    /// A mail.
    Mail,
}

impl Channel {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::InApp, Self::Push, Self::Sms, Self::Mail];

    /// Its name, as in the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InApp => "in_app",
            Self::Push => "push",
            Self::Sms => "sms",
            Self::Mail => "mail",
        }
    }

    /// Whether it makes a sound.
    fn rings(self) -> bool {
        matches!(self, Self::Push | Self::Sms)
    }
}

/// One category on one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Route {
    /// What about.
    pub category: Category,
    /// How.
    pub channel: Channel,
}

impl Route {
    /// All, by category and channel.
    pub fn all() -> impl Iterator<Item = Self> {
        Category::ALL
            .into_iter()
            .flat_map(|category| Channel::ALL.into_iter().map(move |channel| Self { category, channel }))
    }

    /// The route of that name, as it prints.
    pub fn parse(name: &str) -> Option<Self> {
        Self::all().find(|route| route.to_string() == name)
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.category.as_str(), self.channel.as_str())
    }
}

/// A span of each day, of whole minutes, that may cross midnight. Its end is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    from: NaiveTime,
    until: NaiveTime,
}

impl QuietHours {
    /// From one time of day until another.
    ///
    /// # Errors
    /// The times are equal, or not whole minutes.
    pub fn new(from: NaiveTime, until: NaiveTime) -> Result<Self, Fault> {
        let whole = |time: NaiveTime| time.second() == 0 && time.nanosecond() == 0;
        if from == until || !whole(from) || !whole(until) {
            let detail = "two different times of day, in whole minutes";
            return Err(Fault::new("/quiet_hours", fault::INVALID, detail));
        }
        Ok(Self { from, until })
    }

    /// When they begin.
    pub fn from(self) -> NaiveTime {
        self.from
    }

    /// When they end.
    pub fn until(self) -> NaiveTime {
        self.until
    }

    /// When the hours around `now` end; `None` outside of them.
    fn end(self, now: Timestamp) -> Option<Timestamp> {
        let local = now.with_timezone(&seoul());
        let time = local.time();
        let (since, length) = (time - self.from, self.until - self.from);
        let day = TimeDelta::days(1);
        let of_day = |span: TimeDelta| if span < TimeDelta::zero() { span + day } else { span };
        let (since, length) = (of_day(since), of_day(length));
        (since < length).then(|| now + (length - since))
    }
}

/// What a person chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotificationSettings {
    muted: BTreeSet<Route>,
    quiet_hours: Option<QuietHours>,
}

impl NotificationSettings {
    /// Mutes these, and nothing else.
    ///
    /// # Errors
    /// One of them is critical.
    pub fn new(
        muted: impl IntoIterator<Item = Route>,
        quiet_hours: Option<QuietHours>,
    ) -> Result<Self, Vec<Fault>> {
        let muted: Vec<_> = muted.into_iter().collect();
        let critical = muted.iter().enumerate().filter(|(_, route)| route.category.is_critical());
        let faults: Vec<_> = critical
            .map(|(at, _)| {
                Fault::new(format!("/muted/{at}/category"), fault::CRITICAL, "this cannot be muted")
            })
            .collect();
        let muted = muted.into_iter().collect();
        if faults.is_empty() { Ok(Self { muted, quiet_hours }) } else { Err(faults) }
    }

    /// What is muted, by category and channel.
    pub fn muted(&self) -> impl Iterator<Item = Route> {
        self.muted.iter().copied()
    }

    /// When nothing that can wait makes a sound.
    pub fn quiet_hours(&self) -> Option<QuietHours> {
        self.quiet_hours
    }
}

/// The consents that matter for notifications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AdvertisingConsents {
    /// To advertising.
    pub advertising: bool,
    /// To advertising at night, too.
    pub at_night: bool,
}

impl From<&Ledger> for AdvertisingConsents {
    fn from(ledger: &Ledger) -> Self {
        let advertising = ledger.allows(Purpose::Advertising);
        Self { advertising, at_night: advertising && ledger.allows(Purpose::NightAdvertising) }
    }
}

/// What becomes of a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is sent now.
    Send,
    /// It waits; then the rule is asked again.
    HoldUntil(Timestamp),
    /// It is not sent.
    Drop(DropReason),
}

/// Why a notification is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// The person muted it.
    Muted,
    /// It is advertising, and they did not consent to that.
    NoConsent,
    /// Night and quiet hours leave no minute of the day.
    NeverAllowed,
}

/// Whether a notification is sent now, later or not at all.
pub fn decide(
    settings: &NotificationSettings,
    consents: AdvertisingConsents,
    route: Route,
    now: Timestamp,
) -> Decision {
    let Route { category, channel } = route;
    if category.is_critical() {
        return Decision::Send;
    }
    if settings.muted.contains(&route) {
        return Decision::Drop(DropReason::Muted);
    }
    if category.is_advertising() && !consents.advertising {
        return Decision::Drop(DropReason::NoConsent);
    }
    let night = (category.is_advertising() && !consents.at_night).then(night);
    let quiet = settings.quiet_hours.filter(|_| category.can_wait() && channel.rings());
    let spans = [night, quiet];
    let ends_at = |at| spans.into_iter().flatten().filter_map(|span: QuietHours| span.end(at)).max();
    let mut allowed = now;
    // One span may begin before the other has ended, and the first again before the second has.
    for _ in 0..3 {
        match ends_at(allowed) {
            None if allowed == now => return Decision::Send,
            None => return Decision::HoldUntil(allowed),
            Some(end) => allowed = end,
        }
    }
    Decision::Drop(DropReason::NeverAllowed)
}

/// The hours in which the law wants a consent of its own.
fn night() -> QuietHours {
    const HOUR: fn(u32) -> NaiveTime = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or(NaiveTime::MIN);
    QuietHours { from: HOUR(NIGHT_FROM), until: HOUR(NIGHT_UNTIL) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALLOWED: AdvertisingConsents = AdvertisingConsents { advertising: true, at_night: false };
    const AT_NIGHT: AdvertisingConsents = AdvertisingConsents { advertising: true, at_night: true };

    fn at(time: &str) -> Timestamp {
        format!("2026-11-26T{time}+09:00").parse::<chrono::DateTime<chrono::FixedOffset>>().unwrap().to_utc()
    }

    fn time(time: &str) -> NaiveTime {
        time.parse().unwrap()
    }

    fn quiet(from: &str, until: &str) -> NotificationSettings {
        let hours = QuietHours::new(time(from), time(until)).unwrap();
        NotificationSettings::new([], Some(hours)).unwrap()
    }

    fn push(category: Category) -> Route {
        Route { category, channel: Channel::Push }
    }

    #[test]
    fn advertising_at_night_waits_until_eight_without_its_own_consent() {
        let settings = NotificationSettings::default();
        let decide = |consents, time| decide(&settings, consents, push(Category::Promotion), at(time));
        let morning = at("08:00:00") + TimeDelta::days(1);
        for (time, decision) in [
            ("20:59:59.999999", Decision::Send),
            ("21:00:00", Decision::HoldUntil(morning)),
            ("23:59:59", Decision::HoldUntil(morning)),
            ("00:00:00", Decision::HoldUntil(at("08:00:00"))),
            ("07:59:59.999999", Decision::HoldUntil(at("08:00:00"))),
            ("08:00:00", Decision::Send),
        ] {
            assert_eq!(decide(ALLOWED, time), decision, "{time}");
            assert_eq!(decide(AT_NIGHT, time), Decision::Send, "{time}");
            let without = AdvertisingConsents { advertising: false, at_night: true };
            assert_eq!(decide(without, time), Decision::Drop(DropReason::NoConsent), "{time}");
        }
    }

    #[test]
    fn quiet_hours_hold_what_can_wait_where_it_makes_a_sound() {
        let settings = quiet("23:00:00", "07:00:00");
        let decide =
            |category, channel, time| decide(&settings, AT_NIGHT, Route { category, channel }, at(time));
        let held = Decision::HoldUntil(at("07:00:00"));
        for category in Category::ALL {
            let waits = matches!(category, Category::Chat | Category::ReviewRequest | Category::Promotion);
            for channel in Channel::ALL {
                let rings = matches!(channel, Channel::Push | Channel::Sms);
                let decision = if waits && rings { held } else { Decision::Send };
                assert_eq!(decide(category, channel, "06:59:59"), decision, "{category:?} {channel:?}");
                assert_eq!(decide(category, channel, "07:00:00"), Decision::Send);
                assert_eq!(decide(category, channel, "22:59:59"), Decision::Send);
            }
        }
    }

    #[test]
    fn what_is_critical_cannot_be_muted_and_is_always_sent() {
        for route in Route::all() {
            let muted = NotificationSettings::new([route], None);
            let Ok(muted) = muted else {
                assert!(route.category.is_critical());
                let faults = muted.unwrap_err();
                assert_eq!((faults[0].pointer.as_str(), faults[0].code()), ("/muted/0/category", "critical"));
                continue;
            };
            assert!(!route.category.is_critical());
            let dropped = Decision::Drop(DropReason::Muted);
            assert_eq!(decide(&muted, AT_NIGHT, route, at("12:00:00")), dropped);
            for other in Route::all().filter(|other| *other != route) {
                assert_eq!(decide(&muted, AT_NIGHT, other, at("12:00:00")), Decision::Send);
            }
        }
        let always_quiet = quiet("00:00:00", "23:59:00");
        let security = push(Category::Security);
        assert_eq!(decide(&always_quiet, ALLOWED, security, at("03:00:00")), Decision::Send);
    }

    #[test]
    fn where_night_and_quiet_hours_leave_no_minute_nothing_waits_for_ever() {
        let settings = quiet("08:00:00", "21:00:00");
        let promotion = push(Category::Promotion);
        let never = Decision::Drop(DropReason::NeverAllowed);
        assert_eq!(decide(&settings, ALLOWED, promotion, at("12:00:00")), never);
        assert_eq!(decide(&settings, ALLOWED, promotion, at("03:00:00")), never);
        assert_eq!(decide(&settings, AT_NIGHT, promotion, at("03:00:00")), Decision::Send);
    }

    #[test]
    fn quiet_hours_are_two_different_whole_minutes() {
        for (from, until) in [("23:00:00", "23:00:00"), ("23:00:01", "07:00:00"), ("23:00:00", "07:00:00.5")]
        {
            assert!(QuietHours::new(time(from), time(until)).is_err(), "{from} {until}");
        }
    }

    /// The reference: which minutes of a day are closed, one by one.
    fn closed(minute: i64, span: Option<(i64, i64)>) -> bool {
        span.is_some_and(|(from, until)| {
            if from < until { (from..until).contains(&minute) } else { minute >= from || minute < until }
        })
    }

    proptest! {
        #[test]
        fn a_notification_waits_for_the_first_minute_that_is_open(
            now in 0_i64..1_440, second in 0_i64..60, from in 0_i64..1_440, length in 1_i64..1_440,
            has_quiet in any::<bool>(), night in any::<bool>(), route in 0_usize..24,
        ) {
            let route = Route::all().nth(route).unwrap();
            let until = (from + length) % 1_440;
            let of_day = |minute: i64| NaiveTime::MIN + TimeDelta::minutes(minute);
            let hours = has_quiet.then(|| QuietHours::new(of_day(from), of_day(until)).unwrap());
            let settings = NotificationSettings::new([], hours).unwrap();
            let consents = AdvertisingConsents { advertising: true, at_night: night };
            let start = at("00:00:00");
            let moment = start + TimeDelta::minutes(now) + TimeDelta::seconds(second);

            let ad = route.category == Category::Promotion;
            let waits = matches!(route.category, Category::Chat | Category::ReviewRequest) || ad;
            let rings = matches!(route.channel, Channel::Push | Channel::Sms);
            let at_night = (ad && !night).then_some((21 * 60, 8 * 60));
            let at_quiet = (has_quiet && waits && rings).then_some((from, until));
            let is_open = |minute: i64| {
                !closed(minute % 1_440, at_night) && !closed(minute % 1_440, at_quiet)
            };
            let expected = match (now..now + 1_441).find(|minute| is_open(*minute)) {
                Some(minute) if minute == now => Decision::Send,
                Some(minute) => Decision::HoldUntil(start + TimeDelta::minutes(minute)),
                None => Decision::Drop(DropReason::NeverAllowed),
            };
            prop_assert_eq!(decide(&settings, consents, route, moment), expected);
        }
    }
}
