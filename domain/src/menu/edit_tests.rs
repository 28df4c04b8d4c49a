//! Changes of a card, and what differs after them.

use uuid::Uuid;

use super::tests::{card, chicken, option};
use super::{Card, Edit, Menu, MenuGroup, MenuOption, OptionGroup, Part, SoldOut, Things};
use crate::{MenuGroupId, MenuId, OptionGroupId, OptionId, Refused, Timestamp, Won};

fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number).into()
}

fn noon() -> Timestamp {
    "2026-11-27T03:00:00Z".parse().unwrap()
}

fn dish(number: u128) -> Menu {
    Menu::new(id(number), format!("메뉴 {number}"), Won(9_000))
}

/// A card of chicken and two dishes below one heading, and one dish below another one.
fn stands() -> Card {
    let mut stands = card(vec![chicken(), dish(101), dish(102)]);
    stands.groups.push(MenuGroup::new(id(6), "사이드", vec![dish(103)]));
    stands
}

fn ids(card: &Card, group: usize) -> Vec<u128> {
    card.groups[group].menus.iter().map(|menu| menu.id.0.as_u128()).collect()
}

fn pointers(refused: &Refused) -> Vec<&str> {
    refused.faults.iter().map(|fault| fault.pointer.as_str()).collect()
}

#[test]
fn what_is_changed_keeps_what_stands_below_it_and_its_marks() {
    let mut before = stands();
    before.groups[0].menus[0].sold_out = SoldOut::ForGood;
    let new = Menu { price: Won(19_000), ..dish(100) };
    let after = before.apply(Edit::ChangeMenu(new)).unwrap();
    let menu = &after.groups[0].menus[0];
    assert_eq!((menu.name.as_str(), menu.price), ("메뉴 100", Won(19_000)));
    assert_eq!((menu.sold_out, menu.option_groups.len()), (SoldOut::ForGood, 3));
    let group = OptionGroup { min: 0, max: 2, ..OptionGroup::new(id(10), "맵기") };
    let after = after.apply(Edit::ChangeOptionGroup(group)).unwrap();
    assert_eq!(after.groups[0].menus[0].option_groups[0].options.len(), 2);
    let after = after.apply(Edit::ChangeGroup(MenuGroup::new(id(5), "닭", vec![]))).unwrap();
    assert_eq!((after.groups[0].name.as_str(), after.groups[0].menus.len()), ("닭", 3));
}

#[test]
fn a_fault_points_into_what_was_sent_and_nothing_is_changed() {
    let stands = stands();
    let costs = MenuOption { is_default: true, ..option(11, 500, 1) };
    let refused = stands.apply(Edit::ChangeOption(costs)).unwrap_err();
    assert_eq!(pointers(&refused), ["/is_default"]);
    let refused = stands.apply(Edit::AddMenu(id(6), Menu { price: Won(-1), ..dish(104) })).unwrap_err();
    assert_eq!(pointers(&refused), ["/price_won"]);
    let group = OptionGroup { max: 0, ..OptionGroup::new(id(20), "추가") };
    let refused = stands.apply(Edit::ChangeOptionGroup(group)).unwrap_err();
    assert_eq!(pointers(&refused), ["/max"]);
}

#[test]
fn what_does_not_exist_is_refused_by_its_noun() {
    let stands = stands();
    let edits = [
        Edit::ChangeGroup(MenuGroup::new(id(9), "x", vec![])),
        Edit::RemoveGroup(id(9)),
        Edit::AddMenu(id(9), dish(104)),
        Edit::ChangeMenu(dish(999)),
        Edit::RemoveMenu(id(999)),
        Edit::AddOptionGroup(id(999), OptionGroup::new(id(40), "x")),
        Edit::RemoveOptionGroup(id(999)),
        Edit::AddOption(id(999), option(41, 0, 1)),
        Edit::ChangeOption(option(999, 0, 1)),
        Edit::RemoveOption(id(999)),
        Edit::SellOutOption(id(999), SoldOut::ForGood),
    ];
    for edit in edits {
        assert_eq!(stands.apply(edit.clone()).unwrap_err().code, "not_found", "{edit:?}");
    }
}

#[test]
fn an_order_names_each_exactly_once_and_a_dish_of_another_heading_moves() {
    let stands = stands();
    let order = |group: u128, wanted: &[u128]| {
        stands.apply(Edit::OrderMenus(id(group), wanted.iter().map(|one| id::<MenuId>(*one)).collect()))
    };
    assert_eq!(ids(&order(5, &[102, 100, 101]).unwrap(), 0), [102, 100, 101]);
    let moved = order(6, &[101, 103]).unwrap();
    assert_eq!((ids(&moved, 0), ids(&moved, 1)), (vec![100, 102], vec![101, 103]));
    for wrong in [&[100, 101][..], &[100, 101, 102, 102], &[100, 101, 102, 999], &[]] {
        assert_eq!(pointers(&order(5, wrong).unwrap_err()), ["/ids"], "{wrong:?}");
    }
    let groups = |wanted: &[u128]| {
        stands.apply(Edit::OrderGroups(wanted.iter().map(|one| id::<MenuGroupId>(*one)).collect()))
    };
    assert_eq!(groups(&[6, 5]).unwrap().groups[0].name, "사이드");
    for wrong in [&[5][..], &[5, 5], &[5, 6, 6], &[5, 6, 7]] {
        assert_eq!(pointers(&groups(wrong).unwrap_err()), ["/ids"], "{wrong:?}");
    }
    let options = Edit::OrderOptions(id(10), vec![id::<OptionId>(12), id(11)]);
    assert_eq!(stands.apply(options).unwrap().groups[0].menus[0].option_groups[0].options[0].id, id(12));
    let groups = Edit::OrderOptionGroups(id(100), vec![id::<OptionGroupId>(30), id(20), id(10)]);
    assert_eq!(stands.apply(groups).unwrap().groups[0].menus[0].option_groups[0].id, id(30));
}

#[test]
fn a_mark_whose_time_has_come_is_cleared_and_no_other() {
    let mut before = stands();
    let later = noon() + chrono::Duration::hours(1);
    before.groups[0].menus[0].sold_out = SoldOut::Until(noon());
    before.groups[0].menus[1].sold_out = SoldOut::Until(later);
    before.groups[0].menus[2].sold_out = SoldOut::ForGood;
    before.groups[0].menus[0].option_groups[0].options[0].sold_out = SoldOut::Until(noon());
    assert!(before.is_restocked(noon()));
    let after = before.apply(Edit::Restock(noon())).unwrap();
    let marks: Vec<_> = after.menus().map(|menu| menu.sold_out).collect();
    assert_eq!(marks, [SoldOut::No, SoldOut::Until(later), SoldOut::ForGood, SoldOut::No]);
    assert!(!after.is_restocked(noon()));
    assert_eq!(after.restocked_at(), Some(later));
    let changes = before.sold_out_changes(&after, noon());
    let things = |menus: &[u128], options: &[u128]| Things {
        menus: menus.iter().map(|one| id(*one)).collect(),
        options: options.iter().map(|one| id(*one)).collect(),
    };
    assert_eq!(changes, (things(&[], &[]), things(&[100], &[11])));
    let sold_out = after.apply(Edit::SellOut(vec![id(103), id(999)], SoldOut::ForGood)).unwrap();
    assert_eq!(after.sold_out_changes(&sold_out, noon()), (things(&[103], &[]), things(&[], &[])));
}

#[test]
fn an_upload_keeps_ids_marks_and_pictures_by_external_ids() {
    let mut before = stands();
    before.groups[0].external_id = Some("g".into());
    let menu = &mut before.groups[0].menus[0];
    (menu.external_id, menu.sold_out) = (Some("m".into()), SoldOut::ForGood);
    menu.option_groups[0].external_id = Some("taste".into());
    menu.option_groups[0].options[1].external_id = Some("hot".into());
    let hot = MenuOption { external_id: Some("hot".into()), ..option(900, 1_500, 1) };
    let taste = OptionGroup {
        external_id: Some("taste".into()),
        options: vec![option(901, 0, 1), hot],
        ..OptionGroup::new(id(902), "맛")
    };
    let menu = Menu { external_id: Some("m".into()), option_groups: vec![taste], ..dish(903) };
    let moved = MenuGroup { external_id: Some("new".into()), ..MenuGroup::new(id(904), "새", vec![menu]) };
    let after = before.apply(Edit::Replace(vec![moved])).unwrap();
    assert_eq!(ids(&after, 0), [100]);
    let menu = &after.groups[0].menus[0];
    assert_eq!((menu.sold_out, menu.option_groups[0].id), (SoldOut::ForGood, id(10)));
    let options: Vec<_> = menu.option_groups[0].options.iter().map(|it| it.id.0.as_u128()).collect();
    assert_eq!(options, [901, 12]);
    assert_eq!(after.groups[0].id, id(904));

    let diff = before.diff(&after);
    let added: Vec<_> = diff.added.iter().map(|change| (change.part, change.id.as_u128())).collect();
    assert_eq!(added, [(Part::Group, 904), (Part::Option, 901)]);
    let changed: Vec<_> =
        diff.changed.iter().map(|change| (change.id.as_u128(), change.fields.clone())).collect();
    assert_eq!(
        changed,
        [
            (100, vec!["name", "price_won", "position"]),
            (10, vec!["min", "unique"]),
            (12, vec!["name", "price_won"]),
        ]
    );
    assert_eq!(diff.changed[0].price, Some((Won(18_000), Won(9_000))));
    assert_eq!(diff.removed.len(), 2 + 3 + 1 + 2 + 4);
    assert!(after.diff(&after.apply(Edit::Replace(after.groups.clone())).unwrap()).is_empty());

    let prices = before.price_changes(&after);
    let of = |number: u128| prices.iter().find(|one| one.option_id == Some(id(number))).unwrap();
    assert_eq!((of(12).from, of(12).to), (Some(Won(1_000)), Some(Won(1_500))));
    assert_eq!((of(901).from, of(901).to), (None, Some(Won(0))));
    assert_eq!((of(21).from, of(21).to), (Some(Won(2_000)), None));
    assert_eq!(prices[0].from, Some(Won(18_000)));
}

#[test]
fn what_is_added_or_removed_moves_nothing_else() {
    let before = stands();
    let after = before.apply(Edit::RemoveMenu(id(100))).unwrap();
    let diff = before.diff(&after);
    assert_eq!((diff.added.len(), diff.changed.len(), diff.removed.len()), (0, 0, 1 + 3 + 6));
}
