//! Signing up by a provider's word.

use std::net::IpAddr;

use domain::auth::social::refusal;
use domain::auth::{Phone, Recognition};
use domain::user::consent::{Answers, Consent};
use domain::{Failure, Refused, Role, UserId};
use store::user::Profile;

use super::{check_name, check_phone, consent};
use crate::App;
use crate::auth::social::{Secrets, newcomer, welcome};
use crate::auth::{self, Grant, NewAccount, device_name};

/// Somebody whom a provider named, and who wants an account.
#[derive(Clone)]
pub struct SocialSignUp {
    /// The attempt that they came back from.
    pub secrets: Secrets,
    /// Their name.
    pub name: String,
    /// Their telephone number.
    pub phone: String,
    /// The name of the device.
    pub device: Option<String>,
    /// The address that the request comes from.
    pub from: IpAddr,
}

/// Opens an account as a customer for the person of an attempt, and signs them in to it. An
/// e-mail address that the provider vouches for is theirs. `answers` are those to the documents of
/// the law.
pub async fn register(app: &App, new: &SocialSignUp, answers: &Answers) -> Result<Grant, Failure> {
    let Checked { name, phone, device, consents } = check(app, new, answers)?;
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let newcomer = newcomer(app, &mut tx, &new.secrets).await?;
    let user = UserId(app.ids.uuid());
    let person = &newcomer.person;
    let account = NewAccount {
        user,
        roles: &[Role::Customer],
        by: Recognition::OpenId { issuer: person.issuer.clone(), subject: person.subject.clone() },
        verified_at: Some(now),
        password_hash: None,
    };
    let identity =
        auth::open_account(app, &mut tx, account, now).await?.ok_or_else(refusal::identity_taken)?;
    let profile =
        Profile { id: user, name, nickname: None, phone: phone.to_string(), version: 1, created_at: now };
    store::user::insert(&mut tx, &profile).await?;
    consent::begin(app, &mut tx, user, consents).await?;
    let grant = welcome(app, &mut tx, &newcomer, (user, identity), device.as_deref(), new.from).await?;
    tx.commit().await?;
    Ok(grant)
}

struct Checked {
    name: String,
    phone: Phone,
    device: Option<String>,
    consents: Vec<Consent>,
}

fn check(app: &App, new: &SocialSignUp, answers: &Answers) -> Result<Checked, Refused> {
    let device = new.device.as_deref().map(device_name).transpose();
    match (check_name(&new.name), check_phone(&new.phone), device, answers.entries(app.now())) {
        (Ok(name), Ok(phone), Ok(device), Ok(consents)) => {
            Ok(Checked { name, phone, device: device.flatten(), consents })
        }
        (name, phone, device, consents) => {
            let of_device = device.err().map(|refused| refused.faults).unwrap_or_default();
            let of_fields = name.err().into_iter().chain(phone.err()).chain(of_device);
            Err(Refused::invalid(of_fields.chain(consents.err().into_iter().flatten()).collect()))
        }
    }
}
