//! The limits that an operator may set: flags, each with its environment variable. The
//! defaults are those of [`Settings`], so that each number is defined once.

mod sockets;

use std::time::Duration;

use actor_kit as kit;
use chrono::TimeDelta;
use clap::Args;
use clap::builder::RangedU64ValueParser;
use domain::Percentage;
use domain::auth::{Lockout, SessionLife, SigningAlg};
use domain::order::Terms;
use hub::Limits;
use services::Settings;
use services::limits::{self, Outage, Rate};
use services::settings::ConnectionLimits;

use sockets::SocketArgs;

/// A parser for a number within a range, of the setting's type.
pub(crate) fn within<T>(least: u64, most: u64) -> RangedU64ValueParser<T>
where
    T: TryFrom<u64> + Clone + Send + Sync + 'static,
    <T as TryFrom<u64>>::Error: Send + Sync + 'static + std::error::Error + ToString,
{
    RangedU64ValueParser::new().range(least..=most)
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// All of them.
#[derive(Clone, Debug, Args)]
pub struct LimitArgs {
    #[command(flatten)]
    requests: RequestArgs,
    #[command(flatten)]
    connections: ConnectionArgs,
    #[command(flatten)]
    sockets: SocketArgs,
    #[command(flatten)]
    channels: ChannelArgs,
    #[command(flatten)]
    entities: EntityArgs,
    #[command(flatten)]
    sign_in: SignInArgs,
    #[command(flatten)]
    orders: OrderArgs,
    #[command(flatten)]
    images: ImageArgs,
}

impl LimitArgs {
    /// The settings with the operator's values.
    pub fn settings(&self) -> Settings {
        let mut settings = Settings {
            limits: self.requests.limits(),
            sockets: self.sockets.limits(),
            connections: self.connections.limits(),
            live: self.channels.limits(),
            entities: self.entities.limits(),
            ..Settings::default()
        };
        settings.auth.lockout = self.sign_in.lockout();
        settings.auth.hash.at_once = self.sign_in.passwords_at_once;
        settings.auth.session_life = self.sign_in.session_life();
        settings.auth.signing_alg = Some(self.sign_in.signing_alg);
        settings.auth.signing_key_life = TimeDelta::days(self.sign_in.signing_key_days.into());
        settings.images.at_once = self.images.images_at_once;
        settings.order.contact = TimeDelta::seconds(self.orders.contact_secs.into());
        settings.terms = Terms {
            commission: Percentage::new(self.orders.commission),
            reward: Percentage::new(self.orders.reward),
        };
        settings
    }
}

/// Requests over REST.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Requests")]
pub struct RequestArgs {
    /// Requests of one user to one service, as `count/seconds:burst:outage`; an outage of
    /// Redis leaves it `open`, counted by each process for itself, or `closed`.
    #[arg(long, env = "BAEDAL_LIMIT_USER", default_value = written(request_limits().user), value_parser = rate)]
    pub limit_user: Rate,

    /// Requests from one network address to one service.
    #[arg(long, env = "BAEDAL_LIMIT_ADDRESS", default_value = written(request_limits().address), value_parser = rate)]
    pub limit_address: Rate,

    /// Sign-ins from one network address.
    #[arg(long, env = "BAEDAL_LIMIT_SIGN_IN", default_value = written(request_limits().sign_in), value_parser = rate)]
    pub limit_sign_in: Rate,

    /// New accounts from one network address.
    #[arg(long, env = "BAEDAL_LIMIT_SIGN_UP", default_value = written(request_limits().sign_up), value_parser = rate)]
    pub limit_sign_up: Rate,

    /// Codes by mail and text message, asked for or tried, from one network address.
    #[arg(long, env = "BAEDAL_LIMIT_CODE", default_value = written(request_limits().code), value_parser = rate)]
    pub limit_code: Rate,

    /// Searches of one operator, who can search by telephone number.
    #[arg(long, env = "BAEDAL_LIMIT_SEARCH", default_value = written(request_limits().search), value_parser = rate)]
    pub limit_search: Rate,

    /// Pictures that one user uploads.
    #[arg(long, env = "BAEDAL_LIMIT_UPLOAD", default_value = written(request_limits().upload), value_parser = rate)]
    pub limit_upload: Rate,
}

fn request_limits() -> limits::Limits {
    limits::Limits::default()
}

fn written(rate: Rate) -> String {
    let outage = match rate.outage {
        Outage::Open => "open",
        Outage::Closed => "closed",
    };
    format!("{}/{}:{}:{outage}", rate.limit, rate.per.as_secs(), rate.burst)
}

fn rate(text: &str) -> Result<Rate, String> {
    let parts = || {
        let (limit, rest) = text.split_once('/')?;
        let [per, burst, outage] = rest.split(':').collect::<Vec<_>>().try_into().ok()?;
        let number = |text: &str| text.parse::<u32>().ok().filter(|number| (1..=1_000_000).contains(number));
        let outage = match outage {
            "open" => Outage::Open,
            "closed" => Outage::Closed,
            _ => return None,
        };
        let per = Duration::from_secs(number(per)?.into());
        Some(Rate { limit: number(limit)?, per, burst: number(burst)?, outage })
    };
    parts().ok_or_else(|| {
        "a limit is written as count/seconds:burst:open or count/seconds:burst:closed, \
         with numbers of 1..=1000000"
            .to_owned()
    })
}

impl RequestArgs {
    fn limits(&self) -> limits::Limits {
        limits::Limits {
            user: self.limit_user,
            address: self.limit_address,
            sign_in: self.limit_sign_in,
            sign_up: self.limit_sign_up,
            code: self.limit_code,
            search: self.limit_search,
            upload: self.limit_upload,
        }
    }
}

/// Network connections, on all ports together.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Connections")]
pub struct ConnectionArgs {
    /// Open connections of this process, sockets included; fewer where it may not open as many
    /// files. Beyond, a connection is answered 503 and closed.
    #[arg(long, env = "BAEDAL_CONNECTIONS", default_value_t = ConnectionLimits::default().in_all,
          value_parser = within::<usize>(1, 1_000_000))]
    pub connections: usize,

    /// Open connections from one network address; networks without limit and trusted proxies are exempt.
    #[arg(long, env = "BAEDAL_CONNECTIONS_PER_ADDRESS", default_value_t = ConnectionLimits::default().per_address,
          value_parser = within::<usize>(1, 1_000_000))]
    pub connections_per_address: usize,

    /// Seconds that the head of a request may take.
    #[arg(long, env = "BAEDAL_HEADER_SECS", default_value_t = ConnectionLimits::default().header_within.as_secs(),
          value_parser = within::<u64>(1, 300))]
    pub header_secs: u64,

    /// Seconds that a connection may rest after an answer: more than the gateway's and other proxies' own.
    #[arg(long, env = "BAEDAL_KEEP_ALIVE_SECS", default_value_t = ConnectionLimits::default().idle.as_secs(),
          value_parser = within::<u64>(1, 3_600))]
    pub keep_alive_secs: u64,

    /// Bytes of a request's head, its address and headers.
    #[arg(long, env = "BAEDAL_HEADER_BYTES", default_value_t = ConnectionLimits::default().header_bytes,
          value_parser = within::<usize>(8_192, 1_048_576))]
    pub header_bytes: usize,

    /// Seconds that a body may take; bytes that came by then give it more.
    #[arg(long, env = "BAEDAL_BODY_SECS", default_value_t = ConnectionLimits::default().body_within.as_secs(),
          value_parser = within::<u64>(1, 300))]
    pub body_secs: u64,

    /// Bytes of a body for which it may take another second.
    #[arg(long, env = "BAEDAL_BODY_BYTES_PER_SEC", default_value_t = ConnectionLimits::default().body_pace,
          value_parser = within::<u32>(1, 1_048_576))]
    pub body_bytes_per_sec: u32,
}

impl ConnectionArgs {
    fn limits(&self) -> ConnectionLimits {
        ConnectionLimits {
            in_all: self.connections,
            per_address: self.connections_per_address,
            header_within: Duration::from_secs(self.header_secs),
            idle: Duration::from_secs(self.keep_alive_secs),
            body_within: Duration::from_secs(self.body_secs),
            body_pace: self.body_bytes_per_sec,
            header_bytes: self.header_bytes,
        }
    }
}

/// Live channels.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Live channels")]
pub struct ChannelArgs {
    /// Who missed more events of a channel than this gets a snapshot instead.
    #[arg(long, env = "BAEDAL_REPLAY_MAX", default_value_t = Limits::default().replay_max,
          value_parser = within::<u32>(1, 100_000))]
    pub replay_max: u32,

    /// Events kept per channel for those who lag a little.
    #[arg(long, env = "BAEDAL_RECENT_KEPT", default_value_t = Limits::default().recent_kept,
          value_parser = within::<usize>(0, 100_000))]
    pub recent_kept: usize,

    /// Seconds between two comparisons of all followed channels with the database.
    #[arg(long, env = "BAEDAL_COMPARE_SECS", default_value_t = Limits::default().compare_every.as_secs(),
          value_parser = within::<u64>(1, 600))]
    pub compare_secs: u64,
}

impl ChannelArgs {
    fn limits(&self) -> Limits {
        Limits {
            replay_max: self.replay_max,
            recent_kept: self.recent_kept,
            compare_every: Duration::from_secs(self.compare_secs),
            ..Limits::default()
        }
    }
}

/// Entities: orders, carts, couriers, conversations.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Entities")]
pub struct EntityArgs {
    /// Commands that may wait for one entity; the next is told to come back.
    #[arg(long, env = "BAEDAL_COMMANDS_PER_ENTITY", default_value_t = kit::Limits::default().in_flight_per_entity,
          value_parser = within::<usize>(1, 10_000))]
    pub commands_per_entity: usize,

    /// Commands that may wait for all entities of one kind.
    #[arg(long, env = "BAEDAL_COMMANDS_PER_KIND", default_value_t = kit::Limits::default().in_flight,
          value_parser = within::<usize>(1, 1_000_000))]
    pub commands_per_kind: usize,

    /// Seconds that a command may take until its caller is told so.
    #[arg(long, env = "BAEDAL_COMMAND_SECS", default_value_t = kit::Limits::default().call_timeout.as_secs(),
          value_parser = within::<u64>(1, 60))]
    pub command_secs: u64,

    /// Seconds without commands after which an entity leaves the memory.
    #[arg(long, env = "BAEDAL_ENTITY_IDLE_SECS", default_value_t = kit::Limits::default().idle.as_secs(),
          value_parser = within::<u64>(1, 86_400))]
    pub entity_idle_secs: u64,
}

impl EntityArgs {
    fn limits(&self) -> kit::Limits {
        kit::Limits {
            in_flight_per_entity: self.commands_per_entity,
            in_flight: self.commands_per_kind,
            call_timeout: Duration::from_secs(self.command_secs),
            idle: Duration::from_secs(self.entity_idle_secs),
            ..kit::Limits::default()
        }
    }
}

/// Signing in.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Signing in")]
pub struct SignInArgs {
    /// The wrong password with this number, from one address, is followed by a wait.
    #[arg(long, env = "BAEDAL_WRONG_PASSWORDS_FORGIVEN", default_value_t = Lockout::default().forgiven,
          value_parser = within::<u32>(1, 100))]
    pub wrong_passwords_forgiven: u32,

    /// Seconds of the first wait; it doubles with each further wrong password.
    #[arg(long, env = "BAEDAL_LOCKOUT_FIRST_SECS", default_value_t = secs(Lockout::default().first_wait),
          value_parser = within::<u32>(1, 3_600))]
    pub lockout_first_secs: u32,

    /// Seconds of the longest wait.
    #[arg(long, env = "BAEDAL_LOCKOUT_LONGEST_SECS", default_value_t = secs(Lockout::default().longest_wait),
          value_parser = within::<u32>(1, 86_400))]
    pub lockout_longest_secs: u32,

    /// Seconds without a wrong password after which the earlier ones are forgotten.
    #[arg(long, env = "BAEDAL_LOCKOUT_FORGOTTEN_SECS", default_value_t = secs(Lockout::default().forgotten_after),
          value_parser = within::<u32>(60, 31_536_000))]
    pub lockout_forgotten_secs: u32,

    /// Wrong passwords in 24 hours for one account, from wherever, on devices that it does not know.
    #[arg(long, env = "BAEDAL_WRONG_PASSWORDS_A_DAY", default_value_t = Lockout::default().strangers_a_day,
          value_parser = within::<u32>(2, 1_000_000))]
    pub wrong_passwords_a_day: u32,

    /// Passwords that are hashed at the same time, each with 19 MiB and one core.
    #[arg(long, env = "BAEDAL_PASSWORDS_AT_ONCE",
          default_value_t = services::auth::HashCost::default().at_once, value_parser = within::<usize>(1, 256))]
    pub passwords_at_once: usize,

    /// Days that a session lasts without a refresh.
    #[arg(long, env = "BAEDAL_SESSION_IDLE_DAYS", default_value_t = days(tokens().session_life.idle),
          value_parser = within::<u32>(1, 365))]
    pub session_idle_days: u32,

    /// Days that a session lasts after its person proved who they are, however often it is refreshed.
    #[arg(long, env = "BAEDAL_SESSION_DAYS", default_value_t = days(tokens().session_life.absolute),
          value_parser = within::<u32>(1, 3_650))]
    pub session_days: u32,

    /// How access tokens are signed: `ES256`, or `EdDSA`. All processes have the same; after a change
    /// a key of the new kind signs within an hour, and what the old one signed stays good.
    #[arg(long, env = "BAEDAL_SIGNING_ALG", default_value = SigningAlg::Es256.as_str())]
    pub signing_alg: SigningAlg,

    /// Days that a key of access tokens signs until the next one does.
    #[arg(long, env = "BAEDAL_SIGNING_KEY_DAYS", default_value_t = days(tokens().signing_key_life),
          value_parser = within::<u32>(1, 365))]
    pub signing_key_days: u32,
}

/// Orders.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Orders")]
pub struct OrderArgs {
    /// Seconds that a courier at the door waits for the customer, from the first attempt to
    /// reach them, and from their first answer.
    #[arg(long, env = "BAEDAL_CONTACT_SECS", default_value_t = secs(domain::order::Times::default().contact),
          value_parser = within::<u32>(1, 3_600))]
    pub contact_secs: u32,
    /// Hundredths of a percent of the food of new orders that are the platform's commission, without VAT.
    #[arg(long, env = "BAEDAL_COMMISSION", default_value_t = Terms::default().commission.hundredths(),
          value_parser = within::<u32>(0, Percentage::MAX.into()))]
    pub commission: u32,
    /// Hundredths of a percent of what customers pay for the food of new orders that they get in points.
    #[arg(long, env = "BAEDAL_REWARD", default_value_t = Terms::default().reward.hundredths(),
          value_parser = within::<u32>(0, Percentage::MAX.into()))]
    pub reward: u32,
}

/// Uploaded pictures.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Pictures")]
pub struct ImageArgs {
    /// Uploaded pictures that are decoded at the same time, each with one core and up to 160 MB; a
    /// progressive JPEG takes up to 400 MB.
    #[arg(long, env = "BAEDAL_IMAGES_AT_ONCE",
          default_value_t = services::images::Settings::default().at_once, value_parser = within::<usize>(1, 64))]
    pub images_at_once: usize,
}

fn secs(delta: TimeDelta) -> u32 {
    u32::try_from(delta.num_seconds()).unwrap_or(u32::MAX)
}

fn days(delta: TimeDelta) -> u32 {
    u32::try_from(delta.num_days()).unwrap_or(u32::MAX)
}

fn tokens() -> services::auth::Settings {
    services::auth::Settings::default()
}

impl SignInArgs {
    fn session_life(&self) -> SessionLife {
        let days = |days: u32| TimeDelta::days(days.into());
        SessionLife { idle: days(self.session_idle_days), absolute: days(self.session_days) }
    }

    fn lockout(&self) -> Lockout {
        let seconds = |secs: u32| TimeDelta::seconds(secs.into());
        Lockout {
            forgiven: self.wrong_passwords_forgiven,
            first_wait: seconds(self.lockout_first_secs),
            longest_wait: seconds(self.lockout_longest_secs),
            forgotten_after: seconds(self.lockout_forgotten_secs),
            strangers_a_day: self.wrong_passwords_a_day,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command, CommandFactory as _, Parser as _};

    use super::*;
    use crate::cli::{Cli, named};

    const SERVE: [&str; 3] = ["baedal", "serve", "--database-url=postgres://localhost/x"];

    #[derive(Debug, clap::Parser)]
    struct Alone {
        #[command(flatten)]
        limits: LimitArgs,
    }

    fn serve() -> Command {
        named(Cli::command()).find_subcommand("serve").cloned().unwrap_or_default()
    }

    /// Every flag of `serve` with its variable.
    fn variables(serve: &Command) -> Vec<(&Arg, String)> {
        let with = |arg: &Arg| arg.get_env().map(|name| name.to_string_lossy().into_owned());
        serve.get_arguments().filter_map(|arg| Some((arg, with(arg)?))).collect()
    }

    #[test]
    fn without_flags_the_settings_are_the_defaults() {
        let settings = Alone::parse_from(["baedal"]).limits.settings();
        assert_eq!(format!("{settings:?}"), format!("{:?}", Settings::default()));
    }

    #[test]
    fn a_wrong_value_is_refused_with_the_variables_name_and_what_is_allowed() {
        let serve = serve();
        let mut refused = 0;
        for (arg, variable) in variables(&serve) {
            let Some(flag) = arg.get_long() else { continue };
            for wrong in ["-1", "99999999999999999999", "many"] {
                let asked = SERVE.map(str::to_owned).into_iter().chain([format!("--{flag}={wrong}")]);
                let Err(error) = named(Cli::command()).try_get_matches_from(asked) else { continue };
                let said = error.to_string();
                assert!(said.contains(&variable), "{said}");
                refused += 1;
            }
        }
        assert!(refused > 90, "{refused}");
        let said = |flag: &str| {
            let asked = SERVE.into_iter().chain([flag]);
            named(Cli::command()).try_get_matches_from(asked).unwrap_err().to_string()
        };
        assert!(said("--heartbeat-secs=0").contains("BAEDAL_HEARTBEAT_SECS"));
        assert!(said("--heartbeat-secs=0").contains("1..=600"));
        assert!(said("--allowed-origins=https://app.example/").contains("did you mean https://app.example?"));
        assert!(said("--limit-user=10/0:5:open").contains("count/seconds:burst:open"));
        assert!(said("--unlimited-networks=10.0.0.0/99").contains("BAEDAL_UNLIMITED_NETWORKS"));
    }
}
