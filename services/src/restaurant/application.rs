//! Applications: from the owner's first to what is reviewed of a shop later.

use domain::restaurant::{
    Application, ApplicationCommand, ApplicationRefusal, ApplicationStatus, Duty, Registration, Restaurant,
    RestaurantFact, SettlementAccount,
};
use domain::{
    ApplicationId, ExpectedVersion, Failure, Principal, Reason, Refused, RestaurantId, Role, Timestamp,
};
use store::Tx;
use store::restaurant as memory;

use super::{live, require};
use crate::{App, auth};

/// The reason in the audit log for the role of an owner.
const APPROVED: &str = "입점 승인";

/// What somebody applies for.
#[derive(Clone, Debug)]
pub struct NewApplication {
    /// The shop whose registration is to change; none opens a shop.
    pub restaurant: Option<RestaurantId>,
    /// What is to be.
    pub registration: Registration,
    /// Where the seller is to be paid to.
    pub account: SettlementAccount,
}

/// Which applications an admin looks at.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApplicationFilter {
    /// Only those of this status.
    pub status: Option<ApplicationStatus>,
    /// Only those after this one.
    pub after: Option<ApplicationId>,
}

/// What an admin decides.
#[derive(Clone, Debug)]
pub enum Decision {
    /// It takes effect.
    Approve,
    /// The applicant is asked something.
    AskBack(Reason),
    /// It is turned down.
    Refuse(Reason),
}

/// Applies for a shop, or for a change of what is reviewed of one.
pub async fn apply(app: &App, who: &Principal, new: NewApplication) -> Result<Application, Failure> {
    let NewApplication { restaurant, registration, mut account } = new;
    if let Some(id) = restaurant {
        require(app, who, id, Duty::Business).await?;
        super::find(app, id).await?.live()?;
    }
    let registration = located(app, registration.checked(&mut account)?);
    let application = Application {
        id: app.ids.uuid().into(),
        version: 0,
        applicant: who.user,
        restaurant: restaurant.unwrap_or_else(|| app.ids.uuid().into()),
        registration,
        account: Some(account),
        status: ApplicationStatus::Submitted,
        reason: None,
        submitted_at: app.now(),
        decided_by: None,
        decided_at: None,
    };
    let mut tx = app.store.begin().await?;
    if memory::open_applications(&mut tx, who.user).await? >= domain::restaurant::application::OPEN_MAX as u64
    {
        return Err(ApplicationRefusal::TooMany.into());
    }
    let saved = save(&mut tx, application).await?;
    tx.commit().await?;
    Ok(saved)
}

/// The registration with district and neighbourhood of its position, where they are known.
pub(super) fn located(app: &App, registration: Registration) -> Registration {
    match app.gazetteer.locate(registration.position) {
        Some(place) => Registration { gu: place.gu.clone(), dong: place.dong.clone(), ..registration },
        None => registration,
    }
}

async fn save(tx: &mut Tx, application: Application) -> Result<Application, Failure> {
    let saved = memory::save_application(tx, &application).await?;
    let version = saved.ok_or(ApplicationRefusal::OpenAlready)?;
    Ok(Application { version, ..application })
}

/// One's own applications, oldest first.
pub async fn my_applications(app: &App, who: &Principal) -> Result<Vec<Application>, Failure> {
    /// Far more than anybody has.
    const ALL: u32 = 200;
    Ok(memory::applications_of(&app.store, who.user, ALL).await?)
}

/// Applications, oldest first, for admins.
pub async fn applications(
    app: &App,
    who: &Principal,
    filter: ApplicationFilter,
    limit: u32,
) -> Result<Vec<Application>, Failure> {
    who.require(Role::Admin)?;
    Ok(memory::applications(&app.store, filter.status, filter.after, limit).await?)
}

/// An application, for its applicant and for admins; for everybody else it does not exist.
pub async fn application(app: &App, who: &Principal, id: ApplicationId) -> Result<Application, Failure> {
    let found = memory::application(&app.store, id).await?;
    let found = found.filter(|found| found.applicant == who.user || who.is(Role::Admin));
    found.ok_or_else(|| Failure::not_found("application"))
}

/// Submits an application again, to answer a question or to correct it.
pub async fn submit_again(
    app: &App,
    who: &Principal,
    id: ApplicationId,
    registration: Registration,
    mut account: SettlementAccount,
    expected: &ExpectedVersion,
) -> Result<Application, Failure> {
    let registration = located(app, registration.checked(&mut account)?);
    let command = ApplicationCommand::Submit(Box::new(registration), account);
    as_applicant(app, who, id, command, expected).await
}

/// Takes an application back.
pub async fn withdraw(app: &App, who: &Principal, id: ApplicationId) -> Result<Application, Failure> {
    as_applicant(app, who, id, ApplicationCommand::Withdraw, &ExpectedVersion::Any).await
}

async fn as_applicant(
    app: &App,
    who: &Principal,
    id: ApplicationId,
    command: ApplicationCommand,
    expected: &ExpectedVersion,
) -> Result<Application, Failure> {
    let mut tx = app.store.begin().await?;
    let found = memory::lock_application(&mut tx, id).await?;
    let found = found.filter(|found| found.applicant == who.user);
    let found = found.ok_or_else(|| Failure::not_found("application"))?;
    check_version(&found, expected)?;
    let saved = save(&mut tx, found.apply(command, app.now())?).await?;
    tx.commit().await?;
    Ok(saved)
}

fn check_version(application: &Application, expected: &ExpectedVersion) -> Result<(), Refused> {
    let allowed = i64::try_from(application.version).is_ok_and(|version| expected.allows(version));
    if allowed { Ok(()) } else { Err(Refused::stale("application")) }
}

/// Decides on an application, on behalf of an admin who looked at that version of it. What is approved
/// takes effect with the decision: the shop is there or changed, its owner has the role, and the
/// account is the one that is paid to.
pub async fn decide(
    app: &App,
    who: &Principal,
    id: ApplicationId,
    decision: Decision,
    expected: &ExpectedVersion,
) -> Result<Application, Failure> {
    who.require(Role::Admin)?;
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let found = memory::lock_application(&mut tx, id).await?;
    let found = found.ok_or_else(|| Failure::not_found("application"))?;
    check_version(&found, expected)?;
    let command = match decision {
        Decision::Approve => ApplicationCommand::Approve(who.user),
        Decision::AskBack(question) => ApplicationCommand::AskBack(who.user, question),
        Decision::Refuse(why) => ApplicationCommand::Refuse(who.user, why),
    };
    let decided = save(&mut tx, found.apply(command, now)?).await?;
    if decided.status == ApplicationStatus::Approved {
        take_effect(app, &mut tx, &decided, now).await?;
    }
    tx.commit().await?;
    tracing::info!(by = %who.user, application = %id, status = decided.status.as_str(), "an application was decided");
    Ok(decided)
}

async fn take_effect(app: &App, tx: &mut Tx, approved: &Application, now: Timestamp) -> Result<(), Failure> {
    let registration = approved.registration.clone();
    let there = memory::lock(tx, approved.restaurant).await?;
    let is_new = there.is_none();
    let mut restaurant = match there {
        Some(there) if there.owner != approved.applicant => {
            return Err(ApplicationRefusal::OtherOwner.into());
        }
        Some(there) => {
            there.live()?;
            there.registered_as(registration)
        }
        None => Restaurant::opened(approved.restaurant, approved.applicant, registration),
    }
    .checked()?;
    new_owner(app, tx, &restaurant).await?;
    restaurant.version = memory::save(tx, &restaurant).await?;
    if let Some(account) = &approved.account {
        memory::keep_account(tx, restaurant.id, account).await?;
    }
    if !is_new {
        live::append(app, tx, &restaurant, RestaurantFact::Changed);
        live::remind_of_ends(tx, &restaurant, now);
    }
    Ok(())
}

/// Gives the owner of a shop their role, unless another owner's shop has the business number.
pub(super) async fn new_owner(app: &App, tx: &mut Tx, restaurant: &Restaurant) -> Result<(), Failure> {
    if let Some(seller) = &restaurant.seller
        && memory::is_number_taken(tx, &seller.business_number, (restaurant.id, restaurant.owner)).await?
    {
        return Err(ApplicationRefusal::BusinessNumberTaken.into());
    }
    auth::grant_role(app, tx, restaurant.owner, Role::Owner, &Reason::read(APPROVED)?).await
}
