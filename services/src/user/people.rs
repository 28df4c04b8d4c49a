//! People, as staff see them: masked, and in full for a reason.
//!
//! Every look is a line of the access log, written before anything is shown; a look in full is
//! written in the transaction that reads what is shown.

use std::collections::HashMap;
use std::net::IpAddr;

use domain::auth::Email;
use domain::lookup::Lookup;
use domain::personal_data::mask;
use domain::user::{Access, Look};
use domain::{Failure, OrderId, Principal, Reason, Role, Timestamp, UserId};
use store::Tx;
use store::user::{AccessFilter, Contact, NewAccess};

use crate::auth::SeenAccount;
use crate::{App, auth};

/// The most people that a search finds by one meaning of its text.
const FOUND_MAX: u32 = 20;

/// A person, masked.
#[derive(Clone, Debug)]
pub struct MaskedPerson {
    /// Their id.
    pub id: UserId,
    /// The first letter of their name.
    pub name: String,
    /// The last digits of their telephone number.
    pub phone: String,
    /// A bit of their e-mail address, if they have one.
    pub email: Option<String>,
    /// Roles and status.
    pub account: SeenAccount,
}

/// A person whom a search found.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The person.
    pub person: MaskedPerson,
    /// What of them matches.
    pub found_by: FoundBy,
}

/// What of a person matches a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// Their id.
    Id,
    /// Their whole e-mail address.
    Email,
    /// The end of their telephone number.
    Phone,
    /// A part of their name.
    Name,
}

/// What is masked of a person.
#[derive(Clone, Debug)]
pub struct UnmaskedPerson {
    /// What they are called.
    pub name: String,
    /// E.164.
    pub phone: String,
    /// Their e-mail address, if they have one.
    pub email: Option<Email>,
}

/// Finds people by their id, e-mail address, the end of their telephone number, or a part of their
/// name; the newest first.
pub async fn find_people(app: &App, who: &Principal, text: &str, from: IpAddr) -> Result<Vec<Hit>, Failure> {
    who.require(Role::Admin)?;
    let lookup = Lookup::read(text)?;
    let mut found = HashMap::new();
    if let Some(name) = &lookup.name {
        let named = store::user::named(&app.store, name, FOUND_MAX).await?;
        found.extend(named.into_iter().map(|id| (id, FoundBy::Name)));
    }
    if let Some(ending) = &lookup.phone {
        let ending = super::by_phone(app, ending, FOUND_MAX).await?;
        found.extend(ending.into_iter().map(|id| (id, FoundBy::Phone)));
    }
    let with_email = auth::account_with(&app.store, text).await?;
    found.extend(with_email.map(|id| (id, FoundBy::Email)));
    if let Some(id) = lookup.id {
        found.insert(UserId(id), FoundBy::Id);
    }
    searched(app, who, found.len(), from).await?;
    let people = masked(app, &found.keys().copied().collect::<Vec<_>>()).await?;
    let hit = |person: MaskedPerson| Some(Hit { found_by: *found.get(&person.id)?, person });
    Ok(people.into_iter().filter_map(hit).collect())
}

/// A person's page, masked.
pub async fn masked_person(
    app: &App,
    who: &Principal,
    id: UserId,
    from: IpAddr,
) -> Result<MaskedPerson, Failure> {
    who.require(Role::Admin)?;
    let person = masked(app, &[id]).await?.pop().ok_or_else(|| Failure::not_found("user"))?;
    look(app, who, Some(id), Look::Person, from).await?;
    Ok(person)
}

/// The people with a profile among these, newest first.
async fn masked(app: &App, ids: &[UserId]) -> Result<Vec<MaskedPerson>, Failure> {
    let accounts = auth::seen_accounts(app, ids).await?;
    let mut accounts: HashMap<_, _> = accounts.into_iter().map(|seen| (seen.account.user, seen)).collect();
    let emails: HashMap<_, _> = auth::emails(app, ids).await?.into_iter().collect();
    let contacts = store::user::contacts(&app.store, ids).await?;
    let person = |contact: Contact| {
        Some(MaskedPerson {
            id: contact.id,
            name: mask::name(&contact.name),
            phone: mask::phone(&contact.phone),
            email: emails.get(&contact.id).map(|email| mask::email(email.as_str())),
            account: accounts.remove(&contact.id)?,
        })
    };
    Ok(contacts.into_iter().filter_map(person).collect())
}

/// Shows what is masked of a person, for a reason, to an admin who proved lately who they are.
pub async fn unmask_person(
    app: &App,
    who: &Principal,
    id: UserId,
    reason: &str,
    from: IpAddr,
) -> Result<UnmaskedPerson, Failure> {
    who.require(Role::Admin)?;
    let reason = Reason::read(reason)?;
    auth::require_fresh_proof(app, who).await?;
    let mut tx = app.store.begin().await?;
    let contact = store::user::contact(&mut tx, id).await?;
    let contact = contact.ok_or_else(|| Failure::not_found("user"))?;
    let email = auth::email_in(&mut tx, id).await?;
    let reason = Some(reason.as_str());
    let access = NewAccess { user: Some(id), reason, ..NewAccess::of(who.user, Look::Unmasked, from) };
    store::user::record_access(&mut tx, &access, app.now()).await?;
    tx.commit().await?;
    Ok(UnmaskedPerson { name: contact.name, phone: contact.phone, email })
}

/// The name of the customer of an order, read in the transaction that writes down who asks for it
/// and why. The caller commits before it shows anything.
pub(crate) async fn unmask_customer(
    app: &App,
    tx: &mut Tx,
    who: &Principal,
    (order, customer): (OrderId, UserId),
    reason: &Reason,
    from: IpAddr,
) -> Result<Option<String>, Failure> {
    let access = NewAccess {
        user: Some(customer),
        order: Some(order),
        reason: Some(reason.as_str()),
        ..NewAccess::of(who.user, Look::OrderUnmasked, from)
    };
    store::user::record_access(tx, &access, app.now()).await?;
    Ok(store::user::contact(tx, customer).await?.map(|contact| contact.name))
}

/// Writes down a look that needs no reason.
pub(crate) async fn look(
    app: &App,
    who: &Principal,
    user: Option<UserId>,
    look: Look,
    from: IpAddr,
) -> Result<(), Failure> {
    record(app, &NewAccess { user, ..NewAccess::of(who.user, look, from) }).await
}

/// Writes down a search for people, without its text, before any of those who were `found` is shown.
pub(crate) async fn searched(app: &App, who: &Principal, found: usize, from: IpAddr) -> Result<(), Failure> {
    let found = Some(u32::try_from(found).unwrap_or(u32::MAX));
    record(app, &NewAccess { found, ..NewAccess::of(who.user, Look::Search, from) }).await
}

async fn record(app: &App, access: &NewAccess<'_>) -> Result<(), Failure> {
    let mut tx = app.store.begin().await?;
    store::user::record_access(&mut tx, access, app.now()).await?;
    Ok(tx.commit().await?)
}

/// Lines of the access log, newest first, for an admin; that they looked is a line, too.
pub async fn accesses(
    app: &App,
    who: &Principal,
    filter: &AccessFilter,
    (after, limit): (Option<(Timestamp, i64)>, u32),
    from: IpAddr,
) -> Result<Vec<Access>, Failure> {
    who.require(Role::Admin)?;
    look(app, who, filter.user, Look::AccessLog, from).await?;
    Ok(store::user::accesses(&app.store, filter, after, limit).await?)
}

/// Who of the staff looked at one's own data, newest first.
pub async fn accesses_of_mine(
    app: &App,
    who: &Principal,
    (after, limit): (Option<(Timestamp, i64)>, u32),
) -> Result<Vec<Access>, Failure> {
    let filter = AccessFilter { user: Some(who.user), ..AccessFilter::default() };
    Ok(store::user::accesses(&app.store, &filter, after, limit).await?)
}
