//! The thirteen services: their documented names and ports, and what each serves.

use std::fmt;
use std::str::FromStr;

use domain::Channel;
use http_adapters::kit;
use services::App;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// One of the thirteen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// Sign-in, tokens, sessions.
    Auth,
    /// The entry point: every route of every service, and the pages.
    Gateway,
    /// System alerts.
    Alert,
    /// Couriers and deliveries.
    Tracking,
    /// Conversations and FAQs.
    Support,
    /// Notifications.
    Notification,
    /// Reviews.
    Review,
    /// Payment methods, coupons, points.
    Payment,
    /// Orders.
    Order,
    /// Carts and quotes.
    Cart,
    /// Menus.
    Menu,
    /// Restaurants.
    Restaurant,
    /// People and their addresses.
    User,
}

impl Service {
    /// All of them, in the order of their ports.
    pub const ALL: [Service; 13] = [
        Service::Auth,
        Service::Gateway,
        Service::Alert,
        Service::Tracking,
        Service::Support,
        Service::Notification,
        Service::Review,
        Service::Payment,
        Service::Order,
        Service::Cart,
        Service::Menu,
        Service::Restaurant,
        Service::User,
    ];

    /// The documented name.
    pub fn name(self) -> &'static str {
        match self {
            Service::Auth => "auth_service",
            Service::Gateway => "gateway_service",
            Service::Alert => "system_alert_service",
            Service::Tracking => "delivery_tracking_service",
            Service::Support => "customer_support_service",
            Service::Notification => "notification_service",
            Service::Review => "review_service",
            Service::Payment => "payment_service",
            Service::Order => "order_service",
            Service::Cart => "cart_service",
            Service::Menu => "menu_service",
            Service::Restaurant => "restaurant_service",
            Service::User => "user_service",
        }
    }

    /// The offset of its port from the first one: the documented ports are 9101 to 9113.
    pub fn offset(self) -> u16 {
        self as u16
    }

    /// The description in the port's OpenAPI document.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Service::Auth => "Sign-in, tokens and sessions.",
            Service::Gateway => {
                "Every route of every service, the realtime socket for all channels, and the pages. Any service is \
                 also reached by its documented name: `/order_service/v1/orders`, and \
                 `/delivery_tracking_service/v1/realtime` for its own socket."
            }
            Service::Tracking => "Couriers, deliveries and where they are, live.",
            Service::Support => "Conversations with the support desk, live, and frequently asked questions.",
            Service::Order => "Orders, from the quote to the door.",
            Service::Cart => "The cart and its quote.",
            Service::Menu => "Menus, options, what is sold out.",
            Service::Restaurant => "Restaurants near a place, live, and the shops of their owners.",
            Service::User => "People, their profiles and addresses.",
            Service::Alert => "How the platform is, for those who run it.",
            Service::Payment => "Payments that wait for a decision, and refunds.",
            Service::Notification | Service::Review => {
                "Nothing is served here yet besides health and documents."
            }
        }
    }

    /// Which channels the port's realtime socket serves; `None` if it has no socket.
    pub(crate) fn channels(self) -> Option<fn(&Channel) -> bool> {
        match self {
            Service::Gateway => Some(|_| true),
            Service::Tracking => {
                Some(|channel| matches!(channel, Channel::Delivery(_) | Channel::Courier(_)))
            }
            Service::Support => Some(|channel| matches!(channel, Channel::Chat(_) | Channel::Desk)),
            Service::Alert => Some(|channel| matches!(channel, Channel::Alerts | Channel::Map(_))),
            Service::Order => Some(|channel| matches!(channel, Channel::Order(_) | Channel::Merchant(_))),
            Service::Cart => Some(|channel| matches!(channel, Channel::Cart(_))),
            Service::Restaurant => Some(|channel| matches!(channel, Channel::Restaurant(_))),
            _ => None,
        }
    }

    /// The service's own routes; some have none yet.
    pub(crate) fn routes(self) -> OpenApiRouter<App> {
        match self {
            Service::Alert => http_adapters::system::routes(),
            Service::Auth => http_adapters::auth::routes(),
            Service::Cart => http_adapters::cart::routes(),
            Service::Menu => http_adapters::menu::routes(),
            Service::Tracking => http_adapters::tracking::routes(),
            Service::Restaurant => http_adapters::restaurant::routes(),
            Service::Support => http_adapters::support::routes(),
            Service::Order => http_adapters::order::routes(),
            Service::Payment => http_adapters::payment::routes(),
            Service::User => http_adapters::user::routes(),
            _ => OpenApiRouter::new(),
        }
    }

    /// The operations of its port, as described by their routes; the gateway has those of all
    /// services.
    pub(crate) fn api(self) -> OpenApi {
        let own = match self {
            Service::Gateway => {
                Service::ALL.into_iter().fold(OpenApiRouter::new(), |all, each| all.merge(each.routes()))
            }
            service => service.routes(),
        };
        own.merge(http_adapters::system::process_routes()).into_openapi()
    }

    /// The OpenAPI document that its port serves, without a server.
    pub fn document(self) -> OpenApi {
        kit::document(self.name(), self.description(), self == Service::Gateway, self.api())
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Service {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|service| service.name() == name).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.map(Service::name).into();
            format!("there is no service of this name; the services are {}", known.join(", "))
        })
    }
}
