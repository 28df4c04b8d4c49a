//! Owners change their cards. Every change is one version of the card.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::menu::Edit;
use domain::{ExpectedVersion, Failure, MenuGroupId, MenuId, OptionGroupId, OptionId, Principal};
use domain::{RestaurantId, Role};
use serde::Serialize;
use services::App;
use services::menu::{self, Changed, Item, Subject};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::body::{CardBody, DishBody, Reader};
use super::draft::{
    AvailabilityChange, MenuDraft, MenuGroupDraft, MenuOptionDraft, OptionGroupDraft, OrderDraft,
};
use super::{MENU, signed, tagged};
use crate::kit::{IfMatch, IfMatchHeader, IfNoneMatch, Json, Path, Problem, ProblemBody, Tagged, Who};

/// The routes of this file.
pub(super) fn routes() -> OpenApiRouter<App> {
    let owner = MENU.role(Role::Owner);
    OpenApiRouter::new()
        .routes(owner.on(routes!(owned_card)))
        .routes(owner.on(routes!(add_group)))
        .routes(owner.on(routes!(order_groups)))
        .routes(owner.on(routes!(change_group, remove_group)))
        .routes(owner.on(routes!(add_menu)))
        .routes(owner.on(routes!(order_menus)))
        .routes(owner.on(routes!(change_menu, sell_out, remove_menu)))
        .routes(owner.on(routes!(add_option_group)))
        .routes(owner.on(routes!(order_option_groups)))
        .routes(owner.on(routes!(change_option_group, remove_option_group)))
        .routes(owner.on(routes!(add_option)))
        .routes(owner.on(routes!(order_options)))
        .routes(owner.on(routes!(change_option, sell_out_option, remove_option)))
}

/// A card after a change.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CardChanged)]
struct ChangedBody {
    #[schema(value_type = Uuid)]
    restaurant_id: RestaurantId,
    /// The version of the card; the same as before if nothing was changed.
    version: u64,
    /// What was added; absent after any other change.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
}

/// 201 with the id of what was added.
struct Added(Tagged<ChangedBody>);

impl IntoResponse for Added {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, self.0).into_response()
    }
}

fn changed(Changed { card, .. }: &Changed, id: Option<Uuid>) -> Result<Tagged<ChangedBody>, Failure> {
    let body = ChangedBody { restaurant_id: card.restaurant_id, version: card.version, id };
    Ok(Tagged::new(signed(card.version)?, body))
}

/// Who changes what, at which version.
struct Change<'a> {
    app: &'a App,
    who: &'a Principal,
    expected: &'a ExpectedVersion,
}

impl Change<'_> {
    async fn make(&self, of: Subject, edit: Edit) -> Result<Tagged<ChangedBody>, Problem> {
        Ok(changed(&menu::change(self.app, self.who, of, self.expected, edit).await?, None)?)
    }

    async fn add(&self, of: Subject, edit: impl FnOnce(Uuid) -> Edit) -> Result<Added, Problem> {
        let id = self.app.ids.uuid();
        let outcome = menu::change(self.app, self.who, of, self.expected, edit(id)).await?;
        Ok(Added(changed(&outcome, Some(id))?))
    }
}

/// The whole card with what customers do not see, for those who run the restaurant.
#[utoipa::path(get, path = "/v1/restaurants/{id}/card", tag = "menu",
    params(("id" = Uuid, Path, description = "The restaurant")),
    responses((status = 200, body = CardBody), (status = 304, description = "You have it already")))]
async fn owned_card(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<RestaurantId>,
    known: IfNoneMatch,
) -> Result<Tagged<CardBody>, Problem> {
    let (card, now) = (menu::owned_card(&app, &who, id).await?, app.now());
    let body = Tagged::new(signed(card.version)?, Reader { runs: true, now }.card(&card));
    Ok(if card.is_restocked(now) { body } else { body.unless(&known) })
}

/// Adds a heading, as the last one.
#[utoipa::path(post, path = "/v1/restaurants/{id}/menu-groups", tag = "menu", request_body = MenuGroupDraft,
    params(("id" = Uuid, Path, description = "The restaurant"), IfMatchHeader),
    responses((status = 201, body = ChangedBody),
        (status = 412, description = "The card has changed", body = ProblemBody)))]
async fn add_group(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<RestaurantId>,
    IfMatch(expected): IfMatch,
    Json(draft): Json<MenuGroupDraft>,
) -> Result<Added, Problem> {
    let change = Change { app: &app, who: &who, expected: &expected };
    change.add(Subject::Card(id), |id| Edit::AddGroup(draft.with_id(id))).await
}

/// Puts all headings into an order.
#[utoipa::path(put, path = "/v1/restaurants/{id}/menu-groups/order", tag = "menu", request_body = OrderDraft,
    params(("id" = Uuid, Path, description = "The restaurant"), IfMatchHeader),
    responses((status = 200, body = ChangedBody),
        (status = 412, description = "The card has changed", body = ProblemBody)))]
async fn order_groups(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<RestaurantId>,
    IfMatch(expected): IfMatch,
    Json(order): Json<OrderDraft>,
) -> Result<Tagged<ChangedBody>, Problem> {
    let ids = order.ids.into_iter().map(MenuGroupId).collect();
    Change { app: &app, who: &who, expected: &expected }.make(Subject::Card(id), Edit::OrderGroups(ids)).await
}

/// Changes a heading; its dishes stay.
#[utoipa::path(put, path = "/v1/menu-groups/{id}", tag = "menu", request_body = MenuGroupDraft,
    params(("id" = Uuid, Path, description = "The heading"), IfMatchHeader),
    responses((status = 200, body = ChangedBody),
        (status = 412, description = "The card has changed", body = ProblemBody)))]
async fn change_group(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<MenuGroupId>,
    IfMatch(expected): IfMatch,
    Json(draft): Json<MenuGroupDraft>,
) -> Result<Tagged<ChangedBody>, Problem> {
    Change { app: &app, who: &who, expected: &expected }
        .make(Subject::Item(Item::Group(id)), Edit::ChangeGroup(draft.with_id(id.0)))
        .await
}

/// Removes a heading with its dishes.
#[utoipa::path(delete, path = "/v1/menu-groups/{id}", tag = "menu",
    params(("id" = Uuid, Path, description = "The heading"), IfMatchHeader),
    responses((status = 200, body = ChangedBody),
        (status = 412, description = "The card has changed", body = ProblemBody)))]
async fn remove_group(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<MenuGroupId>,
    IfMatch(expected): IfMatch,
) -> Result<Tagged<ChangedBody>, Problem> {
    Change { app: &app, who: &who, expected: &expected }
        .make(Subject::Item(Item::Group(id)), Edit::RemoveGroup(id))
        .await
}

/// Adds a dish, as the last one of the heading.
#[utoipa::path(post, path = "/v1/menu-groups/{id}/menus", tag = "menu", request_body = MenuDraft,
    params(("id" = Uuid, Path, description = "The heading"), IfMatchHeader),
    responses((status = 201, body = ChangedBody),
        (status = 412, description = "The card has changed", body = ProblemBody)))]
async fn add_menu(
    State(app): State<App>,
    Who(who): Who,
    Path(group): Path<MenuGroupId>,
    IfMatch(expected): IfMatch,
    Json(draft): Json<MenuDraft>,
) -> Result<Added, Problem> {
    let change = Change { app: &app, who: &who, expected: &expected };
    change.add(Subject::Item(Item::Group(group)), |id| Edit::AddMenu(group, draft.with_id(id))).await
}

/// Puts the dishes of a heading into an order. A dish of another heading of the card moves here.
#[utoipa::path(put, path = "/v1/menu-groups/{id}/menus/order", tag = "menu", request_body = OrderDraft,
    params(("id" = Uuid, Path, description = "The heading"), IfMatchHeader),
    responses((status = 200, body = ChangedBody),
        (status = 412, description = "The card has changed", body = ProblemBody)))]
async fn order_menus(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<MenuGroupId>,
    IfMatch(expected): IfMatch,
    Json(order): Json<OrderDraft>,
) -> Result<Tagged<ChangedBody>, Problem> {
    let ids = order.ids.into_iter().map(MenuId).collect();
    Change { app: &app, who: &who, expected: &expected }
        .make(Subject::Item(Item::Group(id)), Edit::OrderMenus(id, ids))
        .await
}

/// Changes a dish; its options, its picture and whether it is sold out stay.
#[utoipa::path(put, path = "/v1/menus/{id}", tag = "menu", request_body = MenuDraft,
    params(("id" = Uuid, Path, description = "The dish"), IfMatchHeader),
    responses((status = 200, body = ChangedBody),
        (status = 412, description = "The card has changed", body = ProblemBody)))]
async fn change_menu(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<MenuId>,
    IfMatch(expected): IfMatch,
    Json(draft): Json<MenuDraft>,
) -> Result<Tagged<ChangedBody>, Problem> {
    Change { app: &app, who: &who, expected: &expected }
        .make(Subject::Item(Item::Menu(id)), Edit::ChangeMenu(draft.with_id(id.0)))
        .await
}

/// The owner says whether a dish can be had.
#[utoipa::path(patch, path = "/v1/menus/{id}", tag = "menu", request_body = AvailabilityChange,
    params(("id" = Uuid, Path, description = "The dish"), IfMatchHeader),
    responses((status = 200, body = DishBody),
        (status = 412, description = "The menu has changed", body = ProblemBody)))]
async fn sell_out(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<MenuId>,
    IfMatch(expected): IfMatch,
    Json(change): Json<AvailabilityChange>,
) -> Result<Tagged<DishBody>, Problem> {
    tagged(menu::sell_out(&app, &who, id, change.into(), &expected).await?)
}

/// Removes a dish.
#[utoipa::path(delete, path = "/v1/menus/{id}", tag = "menu",
    params(("id" = Uuid, Path, description = "The dish"), IfMatchHeader),
    responses((status = 200, body = ChangedBody),
        (status = 412, description = "The card has changed", body = ProblemBody)))]
async fn remove_menu(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<MenuId>,
    IfMatch(expected): IfMatch,
) -> Result<Tagged<ChangedBody>, Problem> {
    Change { app: &app, who: &who, expected: &expected }
        .make(Subject::Item(Item::Menu(id)), Edit::RemoveMenu(id))
        .await
}

/// Adds an option group, as the last one of the dish.
#[utoipa::path(post, path = "/v1/menus/{id}/option-groups", tag = "menu", request_body = OptionGroupDraft,
    params(("id" = Uuid, Path, description = "The dish"), IfMatchHeader),
    responses((status = 201, body = ChangedBody),
        (status = 412, description = "The card has changed", body = ProblemBody)))]
async fn add_option_group(
    State(app): State<App>,
    Who(who): Who,
    Path(dish): Path<MenuId>,
    IfMatch(expected): IfMatch,
    Json(draft): Json<OptionGroupDraft>,
) -> Result<Added, Problem> {
    let change = Change { app: &app, who: &who, expected: &expected };
    change.add(Subject::Item(Item::Menu(dish)), |id| Edit::AddOptionGroup(dish, draft.with_id(id))).await
}

/// Puts all option groups of a dish into an order.
#[utoipa::path(put, path = "/v1/menus/{id}/option-groups/order", tag = "menu", request_body = OrderDraft,
    params(("id" = Uuid, Path, description = "The dish"), IfMatchHeader),
    responses((status = 200, body = ChangedBody),
        (status = 412, description = "The card has changed", body = ProblemBody)))]
async fn order_option_groups(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<MenuId>,
    IfMatch(expected): IfMatch,
    Json(order): Json<OrderDraft>,
) -> Result<Tagged<ChangedBody>, Problem> {
    let ids = order.ids.into_iter().map(OptionGroupId).collect();
    Change { app: &app, who: &who, expected: &expected }
        .make(Subject::Item(Item::Menu(id)), Edit::OrderOptionGroups(id, ids))
        .await
}

/// Changes an option group; its options stay.
#[utoipa::path(put, path = "/v1/option-groups/{id}", tag = "menu", request_body = OptionGroupDraft,
    params(("id" = Uuid, Path, description = "The option group"), IfMatchHeader),
    responses((status = 200, body = ChangedBody),
        (status = 412, description = "The card has changed", body = ProblemBody)))]
async fn change_option_group(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OptionGroupId>,
    IfMatch(expected): IfMatch,
    Json(draft): Json<OptionGroupDraft>,
) -> Result<Tagged<ChangedBody>, Problem> {
    Change { app: &app, who: &who, expected: &expected }
        .make(Subject::Item(Item::OptionGroup(id)), Edit::ChangeOptionGroup(draft.with_id(id.0)))
        .await
}

/// Removes an option group with its options.
#[utoipa::path(delete, path = "/v1/option-groups/{id}", tag = "menu",
    params(("id" = Uuid, Path, description = "The option group"), IfMatchHeader),
    responses((status = 200, body = ChangedBody),
        (status = 412, description = "The card has changed", body = ProblemBody)))]
async fn remove_option_group(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OptionGroupId>,
    IfMatch(expected): IfMatch,
) -> Result<Tagged<ChangedBody>, Problem> {
    Change { app: &app, who: &who, expected: &expected }
        .make(Subject::Item(Item::OptionGroup(id)), Edit::RemoveOptionGroup(id))
        .await
}

/// Adds an option, as the last one of its group.
#[utoipa::path(post, path = "/v1/option-groups/{id}/options", tag = "menu", request_body = MenuOptionDraft,
    params(("id" = Uuid, Path, description = "The option group"), IfMatchHeader),
    responses((status = 201, body = ChangedBody),
        (status = 412, description = "The card has changed", body = ProblemBody)))]
async fn add_option(
    State(app): State<App>,
    Who(who): Who,
    Path(group): Path<OptionGroupId>,
    IfMatch(expected): IfMatch,
    Json(draft): Json<MenuOptionDraft>,
) -> Result<Added, Problem> {
    let change = Change { app: &app, who: &who, expected: &expected };
    let of = Subject::Item(Item::OptionGroup(group));
    change.add(of, |id| Edit::AddOption(group, draft.with_id(id))).await
}

/// Puts all options of a group into an order.
#[utoipa::path(put, path = "/v1/option-groups/{id}/options/order", tag = "menu", request_body = OrderDraft,
    params(("id" = Uuid, Path, description = "The option group"), IfMatchHeader),
    responses((status = 200, body = ChangedBody),
        (status = 412, description = "The card has changed", body = ProblemBody)))]
async fn order_options(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OptionGroupId>,
    IfMatch(expected): IfMatch,
    Json(order): Json<OrderDraft>,
) -> Result<Tagged<ChangedBody>, Problem> {
    let ids = order.ids.into_iter().map(OptionId).collect();
    Change { app: &app, who: &who, expected: &expected }
        .make(Subject::Item(Item::OptionGroup(id)), Edit::OrderOptions(id, ids))
        .await
}

/// Changes an option; whether it is sold out stays.
#[utoipa::path(put, path = "/v1/options/{id}", tag = "menu", request_body = MenuOptionDraft,
    params(("id" = Uuid, Path, description = "The option"), IfMatchHeader),
    responses((status = 200, body = ChangedBody),
        (status = 412, description = "The card has changed", body = ProblemBody)))]
async fn change_option(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OptionId>,
    IfMatch(expected): IfMatch,
    Json(draft): Json<MenuOptionDraft>,
) -> Result<Tagged<ChangedBody>, Problem> {
    Change { app: &app, who: &who, expected: &expected }
        .make(Subject::Item(Item::Option(id)), Edit::ChangeOption(draft.with_id(id.0)))
        .await
}

/// The owner says whether an option can be had.
#[utoipa::path(patch, path = "/v1/options/{id}", tag = "menu", request_body = AvailabilityChange,
    params(("id" = Uuid, Path, description = "The option"), IfMatchHeader),
    responses((status = 200, body = ChangedBody),
        (status = 412, description = "The menu has changed", body = ProblemBody)))]
async fn sell_out_option(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OptionId>,
    IfMatch(expected): IfMatch,
    Json(change): Json<AvailabilityChange>,
) -> Result<Tagged<ChangedBody>, Problem> {
    Ok(changed(&menu::sell_out_option(&app, &who, id, change.into(), &expected).await?, None)?)
}

/// Removes an option.
#[utoipa::path(delete, path = "/v1/options/{id}", tag = "menu",
    params(("id" = Uuid, Path, description = "The option"), IfMatchHeader),
    responses((status = 200, body = ChangedBody),
        (status = 412, description = "The card has changed", body = ProblemBody)))]
async fn remove_option(
    State(app): State<App>,
    Who(who): Who,
    Path(id): Path<OptionId>,
    IfMatch(expected): IfMatch,
) -> Result<Tagged<ChangedBody>, Problem> {
    Change { app: &app, who: &who, expected: &expected }
        .make(Subject::Item(Item::Option(id)), Edit::RemoveOption(id))
        .await
}
