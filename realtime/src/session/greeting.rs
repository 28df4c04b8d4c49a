//! A session's first frames: authentication and admission.

use std::sync::Arc;

use domain::{Failure, Role, refusal};
use hub::{ConnectionGuard, Outbox};
use services::auth::{self, Verified};
use tokio_tungstenite::tungstenite::Message;

use super::frames::refusal;
use crate::close::Close;
use crate::frame::{BadFrame, ClientFrame, Request};
use crate::routes::Port;
use crate::wire::{Turn, Wire};

/// Waits for a valid token. `Err(None)`: the client is gone.
pub(super) async fn greet(
    port: &Port,
    wire: &mut Wire,
    token: Option<String>,
) -> Result<Verified, Option<Close>> {
    let (reference, token) = match token {
        Some(token) => (None, token),
        None => {
            let first = first_frame(wire);
            match tokio::time::timeout(port.limits.auth_within, first).await {
                Ok(Ok(auth)) => auth,
                Ok(Err(closing)) => return Err(closing),
                Err(_) => return Err(Some(Close::AuthTimeout)),
            }
        }
    };
    let verified = auth::verify(&port.app, &token, port.app.now()).await.and_then(person);
    verified.map_err(|failure| {
        wire.say(refusal(reference.as_deref(), failure.into()));
        Some(Close::Unauthenticated)
    })
}

/// Refuses a program that calls in its own name: sockets are people's.
fn person(verified: Verified) -> Result<Verified, Failure> {
    if verified.principal.is(Role::Service) { Err(Failure::forbidden()) } else { Ok(verified) }
}

async fn first_frame(wire: &mut Wire) -> Result<(Option<String>, String), Option<Close>> {
    let nobody = Outbox::new(0);
    loop {
        let text = match std::future::poll_fn(|cx| wire.poll_turn(&nobody, true, cx)).await {
            Turn::Came(Message::Text(text)) => text,
            Turn::Came(Message::Binary(_)) => return Err(Some(Close::BadFrame)),
            Turn::Came(_) => continue,
            Turn::Stop(_) => return Err(None),
            Turn::Over(closing) => return Err(closing),
        };
        return match Request::read(&text) {
            Ok(Request { reference, frame: ClientFrame::Auth { token } }) => Ok((reference, token)),
            Ok(Request { reference, .. }) => {
                let first = "Send auth first, or an Authorization header.";
                let refused = refusal::unauthenticated().because(first);
                wire.say(refusal(reference.as_deref(), refused.into()));
                Err(Some(Close::Unauthenticated))
            }
            Err(BadFrame { reference, refused }) => {
                wire.say(refusal(reference.as_deref(), (*refused).into()));
                Err(Some(Close::BadFrame))
            }
        };
    }
}

/// Adds the session to the connection registry.
pub(super) fn enter(port: &Port, verified: &Verified) -> Result<(ConnectionGuard, Arc<Outbox>), Close> {
    let outbox = Outbox::new(port.limits.outbox_bytes);
    let connection = port.hub.connections().enter(&verified.principal, &outbox, port.limits.sockets_per_user);
    Ok((connection.map_err(|_| Close::TooManySockets)?, outbox))
}
