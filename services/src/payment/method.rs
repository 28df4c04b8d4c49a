//! Saved means of payment. The customer agrees in the gateway's window; what they come back with is
//! kept before the gateway is asked for the billing key, and looked after until the method is saved or
//! refused, so that nobody's card stays at the gateway without being shown here. A deleted method is
//! charged no more from that moment; a job has the gateway forget it.

use chrono::TimeDelta;
use domain::payment::{Method, MethodKind, MethodRefusal, Registration};
use domain::{Failure, Kind, MethodId, Principal, RegistrationId, UserId};
use store::StoreError;
use store::payment::method as rows;
use tokio::time::timeout;

use super::{GATEWAY_PATIENCE, Issued, Window};
use crate::{App, auth};

/// How soon somebody looks whether a method was saved.
const LOOK_AFTER: TimeDelta = TimeDelta::minutes(1);

/// How long registrations are kept of which nothing came.
const KEPT: TimeDelta = TimeDelta::days(1);

/// Begins the registration of a method: what the customer's page needs to open the window. Needs a
/// fresh proof that it is them (`auth.step_up_required`).
pub async fn register(app: &App, who: &Principal) -> Result<(Registration, Window), Failure> {
    auth::require_fresh_proof(app, who).await?;
    if list(app, who).await?.len() >= domain::payment::METHODS_MAX {
        return Err(MethodRefusal::TooMany.into());
    }
    let id = RegistrationId(app.ids.uuid());
    let registration = Registration { id, customer: who.user, created_at: app.now(), method: None };
    rows::begin(&app.store, &registration).await?;
    Ok((registration, app.third_parties.gateway.window()))
}

/// Saves what the customer agreed to in the window. May be repeated: the same registration gives the
/// same method.
pub async fn complete(
    app: &App,
    who: &Principal,
    id: RegistrationId,
    auth_key: &str,
) -> Result<Method, Failure> {
    let registration = registration(app, id).await?.filter(|found| found.customer == who.user);
    let registration = registration.ok_or_else(|| Failure::not_found("registration"))?;
    if registration.method.is_none() {
        registration.check_alive(app.now())?;
        rows::agreed(&app.store, id, auth_key, app.now() + LOOK_AFTER).await?;
        save(app, registration).await?;
    }
    let saved = self::registration(app, id).await?.and_then(|saved| saved.method);
    let method = list(app, who).await?.into_iter().find(|method| Some(method.id) == saved);
    method.ok_or_else(|| Failure::not_found("payment_method"))
}

async fn registration(app: &App, id: RegistrationId) -> Result<Option<Registration>, Failure> {
    Ok(rows::registration(&app.store, id).await?)
}

/// Asks the gateway for the billing key, and saves the method.
async fn save(app: &App, registration: Registration) -> Result<(), Failure> {
    let Some(auth_key) = rows::auth_key(&app.store, registration.id).await? else { return Ok(()) };
    let asked = app.third_parties.gateway.issue(&auth_key, registration.customer);
    let issued = timeout(GATEWAY_PATIENCE, asked).await;
    let issued = issued.map_err(|_| Failure::fault("the payment gateway does not answer"))??;
    let Issued::Done { billing_key, label } = issued else {
        rows::give_up(&app.store, registration.id).await?;
        return Err(MethodRefusal::NotAgreed.into());
    };
    let method = Method {
        id: MethodId(app.ids.uuid()),
        customer: registration.customer,
        label,
        is_default: false,
        created_at: app.now(),
    };
    match rows::save(&app.store, registration.id, &method, &billing_key).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(refusal)) => {
            // Nobody may charge what is not shown.
            app.third_parties.gateway.revoke(&billing_key).await?;
            rows::give_up(&app.store, registration.id).await?;
            Err(refusal.into())
        }
        Err(StoreError::Conflict) => match self::registration(app, registration.id).await? {
            // The other one of two who completed it at once was first.
            Some(_) => Ok(()),
            // Its customer has left meanwhile.
            None => app.third_parties.gateway.revoke(&billing_key).await,
        },
        Err(error) => Err(error.into()),
    }
}

/// Goes on with a registration that nobody may have completed (reminder).
pub(super) async fn look_after(app: &App, id: RegistrationId) -> Result<(), Failure> {
    let Some(registration) = registration(app, id).await? else { return Ok(()) };
    match save(app, registration).await {
        Err(Failure::Refused(refused)) if refused.kind == Kind::Rule => Ok(()),
        other => other,
    }
}

/// The customer's methods, oldest first.
pub async fn list(app: &App, who: &Principal) -> Result<Vec<Method>, Failure> {
    Ok(rows::of_customer(&app.store, who.user).await?)
}

/// Makes a method the one that is chosen beforehand.
pub async fn make_default(app: &App, who: &Principal, id: MethodId) -> Result<(), Failure> {
    if rows::make_default(&app.store, who.user, id).await? { Ok(()) } else { Err(unknown()) }
}

/// Deletes a method.
pub async fn delete(app: &App, who: &Principal, id: MethodId) -> Result<(), Failure> {
    if rows::delete(&app.store, who.user, id, app.now()).await? { Ok(()) } else { Err(unknown()) }
}

/// Deletes all methods of somebody who leaves.
pub(crate) async fn erase(app: &App, user: UserId) -> Result<(), Failure> {
    Ok(rows::erase(&app.store, user, app.now()).await?)
}

/// Has the gateway forget a method that was deleted (reminder).
pub(super) async fn revoke(app: &App, id: MethodId) -> Result<(), Failure> {
    if let Some(key) = rows::deleted_billing_key(&app.store, id).await? {
        app.third_parties.gateway.revoke(&key).await?;
        rows::forget(&app.store, id).await?;
    }
    Ok(())
}

/// By what the gateway charges a method of this customer, and how it pays.
pub(super) async fn billing_key(
    app: &App,
    who: &Principal,
    id: MethodId,
) -> Result<(MethodKind, String), Failure> {
    rows::billing_key(&app.store, who.user, id).await?.ok_or_else(unknown)
}

fn unknown() -> Failure {
    Failure::not_found("payment_method")
}

/// Forgets registrations of which nothing came.
pub(crate) async fn tidy(app: &App) -> Result<(), Failure> {
    rows::drop_registrations(&app.store, app.now() - KEPT).await?;
    Ok(())
}
