//! One WebSocket to a service that runs elsewhere.
//!
//! The handshake is forwarded like any request; after it both connections are joined byte by byte.
//! Frames are not parsed, so the service's own limits and close codes apply. An idle tunnel costs
//! two small buffers and a task. It ends when either end does, and when its replica is gone.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader, copy_buf, split};

use super::Gateway;
use super::forward::{drop_hop_by_hop_of, lost, outgoing, path_of, prepare, unavailable};
use super::place::caller;
use super::replicas::Replicas;
use crate::kit::Problem;

/// Bytes per read, in each direction: a chat message or a batch of fixes fits.
const BUFFER: usize = 2 * 1024;

/// How long both upgrades may take.
const JOINED_WITHIN: Duration = Duration::from_secs(10);

/// How long one end may take to close after the other did.
const GOODBYE_WITHIN: Duration = Duration::from_secs(5);

/// Whether the client asks for a WebSocket.
pub(super) fn is_asked_for(headers: &HeaderMap) -> bool {
    let says = |name, wanted: &str| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(wanted))
    };
    says(header::CONNECTION, "upgrade") && says(header::UPGRADE, "websocket")
}

impl Gateway {
    pub(super) async fn tunnel(&self, replicas: &Replicas, request: Request) -> Result<Response, Problem> {
        let (mut parts, _) = request.into_parts();
        let Some(client) = parts.extensions.remove::<OnUpgrade>() else {
            return Err(Problem::of_status(StatusCode::BAD_REQUEST)
                .because("This connection cannot become a WebSocket."));
        };
        prepare(&mut parts);
        upgrade(&mut parts.headers);
        // A socket is placed by its caller, whatever channels it will follow. A handshake has no
        // side effects, so it may be retried at any replica.
        for replica in self.candidates(replicas, caller(&parts.headers).as_deref()) {
            let Ok(_room) = replica.room.try_acquire() else { continue };
            let request = outgoing(&parts, replica.origin.at(path_of(&parts)), Body::empty());
            let answer = tokio::select! {
                answer = self.client.request(request) => answer.map_err(Some),
                () = replica.gone() => Err(None),
            };
            match answer {
                Ok(mut answer) if answer.status() == StatusCode::SWITCHING_PROTOCOLS => {
                    let service = hyper::upgrade::on(&mut answer);
                    tokio::spawn(join(client, service, replica.gone()));
                    let mut head = answer.into_parts().0;
                    head.extensions.clear();
                    return Ok(Response::from_parts(head, Body::empty()));
                }
                Ok(refused) => {
                    let (mut head, body) = refused.into_parts();
                    head.extensions.clear();
                    drop_hop_by_hop_of(head.status, &mut head.headers);
                    return Ok(Response::from_parts(head, Body::new(body)));
                }
                Err(error) => lost(replicas, &replica, error.as_ref()),
            }
        }
        Err(unavailable(replicas.service()))
    }
}

fn upgrade(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
}

async fn join(client: OnUpgrade, service: OnUpgrade, gone: impl Future<Output = ()>) {
    let both = async { tokio::try_join!(client, service) };
    let (client, service) = match tokio::time::timeout(JOINED_WITHIN, both).await {
        Ok(Ok(ends)) => ends,
        // One of them went away during its handshake.
        Ok(Err(_)) | Err(_) => return,
    };
    metrics::gauge!("gateway_tunnels").increment(1);
    tokio::select! {
        () = pass(TokioIo::new(client), TokioIo::new(service)) => {}
        () = gone => {}
    }
    metrics::gauge!("gateway_tunnels").decrement(1);
}

/// Copies bytes both ways until both ends have closed; the second one gets a moment for that.
async fn pass(client: TokioIo<Upgraded>, service: TokioIo<Upgraded>) {
    let ((client_in, client_out), (service_in, service_out)) = (split(client), split(service));
    let up = one_way(client_in, service_out);
    let down = one_way(service_in, client_out);
    tokio::pin!(up, down);
    // An end that goes on after that is cut off.
    let _ = tokio::select! {
        () = &mut up => tokio::time::timeout(GOODBYE_WITHIN, down).await,
        () = &mut down => tokio::time::timeout(GOODBYE_WITHIN, up).await,
    };
}

async fn one_way(from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let mut from = BufReader::with_capacity(BUFFER, from);
    // After the end or an error, the shutdown tells the other end that the stream has ended.
    let _ = copy_buf(&mut from, &mut to).await;
    let _ = to.shutdown().await;
}
