//! Changes of a card. Each gives the whole next card, checked; ids of what stays never change,
//! because orders and carts refer to them.

use std::collections::HashMap;

use super::{Card, Menu, MenuGroup, MenuOption, OptionGroup, SoldOut};
use crate::image::Picture;
use crate::{Fault, MenuGroupId, MenuId, OptionGroupId, OptionId, Refused, fault};

/// A change of a card.
///
/// What is added or changed is given with its own fields; what stands below it, whether it is sold
/// out, and its picture are changed by commands of their own.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Adds a heading, as the last one.
    AddGroup(MenuGroup),
    /// Changes a heading's own fields.
    ChangeGroup(MenuGroup),
    /// Removes a heading with its dishes.
    RemoveGroup(MenuGroupId),
    /// Puts all headings into this order.
    OrderGroups(Vec<MenuGroupId>),
    /// Adds a dish with its option groups, as the last one of the heading.
    AddMenu(MenuGroupId, Menu),
    /// Changes a dish's own fields.
    ChangeMenu(Menu),
    /// Removes a dish.
    RemoveMenu(MenuId),
    /// Puts a heading's dishes into this order. A dish of another heading moves here.
    OrderMenus(MenuGroupId, Vec<MenuId>),
    /// Adds an option group with its options, as the last one of the dish.
    AddOptionGroup(MenuId, OptionGroup),
    /// Changes an option group's own fields.
    ChangeOptionGroup(OptionGroup),
    /// Removes an option group with its options.
    RemoveOptionGroup(OptionGroupId),
    /// Puts all option groups of a dish into this order.
    OrderOptionGroups(MenuId, Vec<OptionGroupId>),
    /// Adds an option, as the last one of its group.
    AddOption(OptionGroupId, MenuOption),
    /// Changes an option's own fields.
    ChangeOption(MenuOption),
    /// Removes an option.
    RemoveOption(OptionId),
    /// Puts all options of a group into this order.
    OrderOptions(OptionGroupId, Vec<OptionId>),
    /// Says whether dishes are sold out. Dishes that are not on the card are ignored.
    SellOut(Vec<MenuId>, SoldOut),
    /// Says whether an option is sold out.
    SellOutOption(OptionId, SoldOut),
    /// Clears the marks whose time has come by then.
    Restock(crate::Timestamp),
    /// Gives a dish another picture, or none.
    Depict(MenuId, Option<Picture>),
    /// Replaces the whole card; see `Card::matched`.
    Replace(Vec<MenuGroup>),
}

impl Card {
    /// The card after the change. The pointers of a refusal are relative to what is changed.
    pub fn apply(&self, edit: Edit) -> Result<Self, Refused> {
        let mut card = self.clone();
        let at = card.edit(edit)?;
        card.checked().map_err(|refused| relative(refused, &at))
    }

    /// Makes the change; returns the pointer of what is changed.
    fn edit(&mut self, edit: Edit) -> Result<String, Refused> {
        match edit {
            Edit::AddGroup(group) => {
                self.groups.push(group);
                return Ok(format!("/groups/{}", self.groups.len() - 1));
            }
            Edit::ChangeGroup(new) => {
                let (group, at) = self.group_mut(new.id)?;
                *group = MenuGroup { menus: std::mem::take(&mut group.menus), ..new };
                return Ok(at);
            }
            Edit::RemoveGroup(id) => remove(&mut self.groups, |group| group.id == id, "menu_group")?,
            Edit::OrderGroups(ids) => order(&mut self.groups, &ids, |group| group.id)?,
            Edit::AddMenu(group, menu) => {
                let (group, at) = self.group_mut(group)?;
                group.menus.push(menu);
                return Ok(format!("{at}/menus/{}", group.menus.len() - 1));
            }
            Edit::ChangeMenu(new) => {
                let (menu, at) = self.menu_mut(new.id)?;
                let option_groups = std::mem::take(&mut menu.option_groups);
                *menu = Menu { option_groups, sold_out: menu.sold_out, picture: menu.picture.take(), ..new };
                return Ok(at);
            }
            Edit::RemoveMenu(id) => {
                let group = self.groups.iter_mut().find(|group| group.menus.iter().any(|menu| menu.id == id));
                let group = group.ok_or_else(|| Refused::not_found("menu"))?;
                group.menus.retain(|menu| menu.id != id);
            }
            Edit::OrderMenus(group, ids) => self.order_menus(group, &ids)?,
            Edit::AddOptionGroup(menu, group) => {
                let (menu, at) = self.menu_mut(menu)?;
                menu.option_groups.push(group);
                return Ok(format!("{at}/option_groups/{}", menu.option_groups.len() - 1));
            }
            Edit::ChangeOptionGroup(new) => {
                let (group, at) = self.option_group_mut(new.id)?;
                *group = OptionGroup { options: std::mem::take(&mut group.options), ..new };
                return Ok(at);
            }
            Edit::RemoveOptionGroup(id) => {
                let groups = self.menus_mut().map(|menu| &mut menu.option_groups);
                let mut groups = groups.filter(|groups| groups.iter().any(|group| group.id == id));
                let groups = groups.next().ok_or_else(|| Refused::not_found("option_group"))?;
                groups.retain(|group| group.id != id);
            }
            Edit::OrderOptionGroups(menu, ids) => {
                order(&mut self.menu_mut(menu)?.0.option_groups, &ids, |group| group.id)?;
            }
            Edit::AddOption(group, option) => {
                let (group, at) = self.option_group_mut(group)?;
                group.options.push(option);
                return Ok(format!("{at}/options/{}", group.options.len() - 1));
            }
            Edit::ChangeOption(new) => {
                let (option, at) = self.option_mut(new.id)?;
                *option = MenuOption { sold_out: option.sold_out, ..new };
                return Ok(at);
            }
            Edit::RemoveOption(id) => {
                let groups = self.menus_mut().flat_map(|menu| &mut menu.option_groups);
                let mut groups = groups.filter(|group| group.options.iter().any(|option| option.id == id));
                let group = groups.next().ok_or_else(|| Refused::not_found("option"))?;
                group.options.retain(|option| option.id != id);
            }
            Edit::OrderOptions(group, ids) => {
                order(&mut self.option_group_mut(group)?.0.options, &ids, |option| option.id)?;
            }
            Edit::SellOut(ids, sold_out) => {
                self.menus_mut()
                    .filter(|menu| ids.contains(&menu.id))
                    .for_each(|menu| menu.sold_out = sold_out);
            }
            Edit::SellOutOption(id, sold_out) => self.option_mut(id)?.0.sold_out = sold_out,
            Edit::Restock(now) => {
                for menu in self.menus_mut() {
                    menu.sold_out = menu.sold_out.restocked(now);
                    let options = menu.option_groups.iter_mut().flat_map(|group| &mut group.options);
                    options.for_each(|option| option.sold_out = option.sold_out.restocked(now));
                }
            }
            Edit::Depict(id, picture) => self.menu_mut(id)?.0.picture = picture,
            Edit::Replace(groups) => self.groups = self.matched(groups),
        }
        Ok(String::new())
    }

    fn menus_mut(&mut self) -> impl Iterator<Item = &mut Menu> {
        self.groups.iter_mut().flat_map(|group| &mut group.menus)
    }

    fn group_mut(&mut self, id: MenuGroupId) -> Result<(&mut MenuGroup, String), Refused> {
        let mut groups = (0..).zip(&mut self.groups);
        let found = groups.find(|(_, group)| group.id == id);
        let (g, group) = found.ok_or_else(|| Refused::not_found("menu_group"))?;
        Ok((group, format!("/groups/{g}")))
    }

    fn menu_mut(&mut self, id: MenuId) -> Result<(&mut Menu, String), Refused> {
        for (g, group) in self.groups.iter_mut().enumerate() {
            if let Some((m, menu)) = (0..).zip(&mut group.menus).find(|(_, menu)| menu.id == id) {
                return Ok((menu, format!("/groups/{g}/menus/{m}")));
            }
        }
        Err(Refused::not_found("menu"))
    }

    fn option_group_mut(&mut self, id: OptionGroupId) -> Result<(&mut OptionGroup, String), Refused> {
        for (g, group) in self.groups.iter_mut().enumerate() {
            for (m, menu) in group.menus.iter_mut().enumerate() {
                if let Some((o, found)) = (0..).zip(&mut menu.option_groups).find(|(_, it)| it.id == id) {
                    return Ok((found, format!("/groups/{g}/menus/{m}/option_groups/{o}")));
                }
            }
        }
        Err(Refused::not_found("option_group"))
    }

    fn option_mut(&mut self, id: OptionId) -> Result<(&mut MenuOption, String), Refused> {
        let has = |group: &&OptionGroup| group.options.iter().any(|option| option.id == id);
        let group = self.menus().flat_map(|menu| &menu.option_groups).find(has).map(|group| group.id);
        let group = group.ok_or_else(|| Refused::not_found("option"))?;
        let (group, at) = self.option_group_mut(group)?;
        let found = (0..).zip(&mut group.options).find(|(_, option)| option.id == id);
        let (o, option) = found.ok_or_else(|| Refused::not_found("option"))?;
        Ok((option, format!("{at}/options/{o}")))
    }

    fn order_menus(&mut self, group: MenuGroupId, ids: &[MenuId]) -> Result<(), Refused> {
        let own = self.group_mut(group)?.0.menus.iter();
        if own.filter(|menu| ids.contains(&menu.id)).count() != self.group_mut(group)?.0.menus.len() {
            return Err(not_all());
        }
        let mut all: HashMap<MenuId, Menu> = HashMap::new();
        for each in &mut self.groups {
            let (named, others) =
                std::mem::take(&mut each.menus).into_iter().partition(|menu| ids.contains(&menu.id));
            each.menus = others;
            all.extend(Vec::into_iter(named).map(|menu: Menu| (menu.id, menu)));
        }
        let menus: Option<Vec<Menu>> = ids.iter().map(|id| all.remove(id)).collect();
        self.group_mut(group)?.0.menus = menus.ok_or_else(not_all)?;
        Ok(())
    }

    /// These headings with the ids, the marks of what is sold out, and the pictures of what has the
    /// same external id on this card; all else is new. Option groups are matched within their dish,
    /// options within their group.
    fn matched(&self, mut groups: Vec<MenuGroup>) -> Vec<MenuGroup> {
        let known_groups = by_external_id(&self.groups, |group| group.external_id.as_deref());
        let known_menus = by_external_id(self.menus(), |menu| menu.external_id.as_deref());
        for group in &mut groups {
            if let Some(known) = find(&known_groups, group.external_id.as_deref()) {
                group.id = known.id;
            }
            for menu in &mut group.menus {
                let Some(known) = find(&known_menus, menu.external_id.as_deref()) else { continue };
                (menu.id, menu.sold_out) = (known.id, known.sold_out);
                menu.picture.clone_from(&known.picture);
                let known_groups = by_external_id(&known.option_groups, |group| group.external_id.as_deref());
                for group in &mut menu.option_groups {
                    let Some(known) = find(&known_groups, group.external_id.as_deref()) else { continue };
                    group.id = known.id;
                    let known = by_external_id(&known.options, |option| option.external_id.as_deref());
                    for option in &mut group.options {
                        if let Some(known) = find(&known, option.external_id.as_deref()) {
                            (option.id, option.sold_out) = (known.id, known.sold_out);
                        }
                    }
                }
            }
        }
        groups
    }
}

/// Things by their external ids.
type Known<'a, T> = HashMap<&'a str, &'a T>;

fn by_external_id<'a, T>(
    things: impl IntoIterator<Item = &'a T>,
    id: impl Fn(&'a T) -> Option<&'a str>,
) -> Known<'a, T> {
    things.into_iter().filter_map(|thing| Some((id(thing)?, thing))).collect()
}

fn find<'a, T>(known: &Known<'a, T>, id: Option<&str>) -> Option<&'a T> {
    known.get(id?.trim()).copied()
}

fn remove<T>(things: &mut Vec<T>, is: impl Fn(&T) -> bool, noun: &str) -> Result<(), Refused> {
    let at = things.iter().position(is).ok_or_else(|| Refused::not_found(noun))?;
    things.remove(at);
    Ok(())
}

/// Puts things into the order of `ids`, which must name each of them exactly once.
fn order<T, I: PartialEq>(things: &mut Vec<T>, ids: &[I], id: impl Fn(&T) -> I) -> Result<(), Refused> {
    let place = |thing: &T| ids.iter().position(|each| *each == id(thing));
    let places: Option<Vec<usize>> = things.iter().map(place).collect();
    let places = places.filter(|places| places.len() == ids.len()).ok_or_else(not_all)?;
    let mut placed: Vec<(usize, T)> = places.into_iter().zip(std::mem::take(things)).collect();
    placed.sort_by_key(|(place, _)| *place);
    *things = placed.into_iter().map(|(_, thing)| thing).collect();
    Ok(())
}

fn not_all() -> Refused {
    Refused::field("/ids", fault::INVALID, "Name each of them exactly once.")
}

/// Makes the pointers relative to `at`. A fault elsewhere keeps its pointer into the card.
fn relative(mut refused: Refused, at: &str) -> Refused {
    for Fault { pointer, .. } in &mut refused.faults {
        if let Some(rest) = pointer.strip_prefix(at).filter(|rest| rest.starts_with('/')) {
            *pointer = rest.to_owned();
        }
    }
    refused
}
