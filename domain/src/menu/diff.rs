//! What differs between two states of a card: for the owner who looks before an upload, for the
//! history of prices, and for whoever follows the restaurant.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::{Card, Menu, MenuGroup, MenuOption, OptionGroup, SoldOut};
use crate::{MenuId, OptionId, Timestamp, Won};

/// What something on a card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A heading.
    Group,
    /// A dish.
    Menu,
    /// An option group.
    OptionGroup,
    /// An option.
    Option,
}

impl Part {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Group => "menu_group",
            Self::Menu => "menu",
            Self::OptionGroup => "option_group",
            Self::Option => "option",
        }
    }
}

/// Something that was added, changed or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is.
    pub part: Part,
    /// Its id.
    pub id: Uuid,
    /// Its id at the owner's system, if it has one.
    pub external_id: Option<String>,
    /// Its name; if that was changed, the new one.
    pub name: String,
    /// The fields that were changed, with the names of the wire; none if it was added or removed.
    /// `position` stands for another place or another parent.
    pub fields: Vec<&'static str>,
    /// Its price before and after, if that was changed.
    pub price: Option<(Won, Won)>,
}

/// The difference between two states of a card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// What was added, in the order of the card.
    pub added: Vec<Change>,
    /// What was changed, in the order of the card.
    pub changed: Vec<Change>,
    /// What was removed, in the order of the card before.
    pub removed: Vec<Change>,
}

impl Diff {
    /// Whether the states are the same.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

/// A dish or option that became another price, or one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceChange {
    /// The dish, or the dish of the option.
    pub menu_id: MenuId,
    /// The option.
    pub option_id: Option<OptionId>,
    /// Its name.
    pub name: String,
    /// The price before; none if it was added.
    pub from: Option<Won>,
    /// The price after; none if it was removed.
    pub to: Option<Won>,
}

/// One thing of a card, with its place.
#[derive(Clone, Copy)]
enum Thing<'a> {
    Group(&'a MenuGroup),
    Menu(&'a Menu),
    OptionGroup(&'a OptionGroup),
    Option(&'a MenuOption),
}

/// A thing with its parent.
type Placed<'a> = (Thing<'a>, Uuid);

impl<'a> Thing<'a> {
    fn part(self) -> Part {
        match self {
            Self::Group(_) => Part::Group,
            Self::Menu(_) => Part::Menu,
            Self::OptionGroup(_) => Part::OptionGroup,
            Self::Option(_) => Part::Option,
        }
    }

    fn id(self) -> Uuid {
        match self {
            Self::Group(group) => group.id.0,
            Self::Menu(menu) => menu.id.0,
            Self::OptionGroup(group) => group.id.0,
            Self::Option(option) => option.id.0,
        }
    }

    fn external_id(self) -> Option<&'a String> {
        match self {
            Self::Group(group) => group.external_id.as_ref(),
            Self::Menu(menu) => menu.external_id.as_ref(),
            Self::OptionGroup(group) => group.external_id.as_ref(),
            Self::Option(option) => option.external_id.as_ref(),
        }
    }

    fn name(self) -> &'a str {
        match self {
            Self::Group(group) => &group.name,
            Self::Menu(menu) => &menu.name,
            Self::OptionGroup(group) => &group.name,
            Self::Option(option) => &option.name,
        }
    }

    fn price(self) -> Option<Won> {
        match self {
            Self::Menu(menu) => Some(menu.price),
            Self::Option(option) => Some(option.price),
            Self::Group(_) | Self::OptionGroup(_) => None,
        }
    }

    /// The fields in which two of the same kind differ.
    fn fields(self, other: Self) -> Vec<&'static str> {
        let differ: Vec<(&'static str, bool)> = match (self, other) {
            (Self::Group(a), Self::Group(b)) => vec![
                ("external_id", a.external_id != b.external_id),
                ("name", a.name != b.name),
                ("hidden", a.hidden != b.hidden),
            ],
            (Self::Menu(a), Self::Menu(b)) => vec![
                ("external_id", a.external_id != b.external_id),
                ("name", a.name != b.name),
                ("description", a.description != b.description),
                ("price_won", a.price != b.price),
                ("kind", a.kind != b.kind),
                ("hidden", a.hidden != b.hidden),
                ("sold_out", a.sold_out != b.sold_out),
                ("daily_limit", a.daily_limit != b.daily_limit),
                ("origins", a.origins != b.origins),
                ("allergens", a.allergens != b.allergens),
                ("picture", a.picture != b.picture),
            ],
            (Self::OptionGroup(a), Self::OptionGroup(b)) => vec![
                ("external_id", a.external_id != b.external_id),
                ("name", a.name != b.name),
                ("min", a.min != b.min),
                ("max", a.max != b.max),
                ("unique", a.unique != b.unique),
                ("free_up_to", a.free_up_to != b.free_up_to),
            ],
            (Self::Option(a), Self::Option(b)) => vec![
                ("external_id", a.external_id != b.external_id),
                ("name", a.name != b.name),
                ("price_won", a.price != b.price),
                ("max_quantity", a.max_quantity != b.max_quantity),
                ("is_default", a.is_default != b.is_default),
                ("hidden", a.hidden != b.hidden),
                ("sold_out", a.sold_out != b.sold_out),
            ],
            _ => Vec::new(),
        };
        differ.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }

    fn change(self, fields: Vec<&'static str>, price: Option<(Won, Won)>) -> Change {
        let external_id = self.external_id().cloned();
        Change { part: self.part(), id: self.id(), external_id, name: self.name().to_owned(), fields, price }
    }
}

/// All things of a card in its order.
fn things(card: &Card) -> Vec<Placed<'_>> {
    let mut all = Vec::new();
    for group in &card.groups {
        all.push((Thing::Group(group), card.restaurant_id.0));
        for menu in &group.menus {
            all.push((Thing::Menu(menu), group.id.0));
            for options in &menu.option_groups {
                all.push((Thing::OptionGroup(options), menu.id.0));
                all.extend(options.options.iter().map(|option| (Thing::Option(option), options.id.0)));
            }
        }
    }
    all
}

/// The place of each thing among those siblings that stand below the same parent in `others` too, so
/// that what is added or removed moves nothing.
fn places(things: &[Placed<'_>], others: &HashMap<Uuid, Uuid>) -> HashMap<Uuid, usize> {
    let mut next = HashMap::<Uuid, usize>::new();
    let stay = things.iter().filter(|(thing, parent)| others.get(&thing.id()) == Some(parent));
    let place = |(thing, parent): &Placed<'_>| {
        let place = next.entry(*parent).or_default();
        *place += 1;
        (thing.id(), *place)
    };
    stay.map(place).collect()
}

impl Card {
    /// What differs in `after`.
    pub fn diff(&self, after: &Card) -> Diff {
        let (old, new) = (things(self), things(after));
        let parents = |things: &[Placed<'_>]| -> HashMap<Uuid, Uuid> {
            things.iter().map(|(thing, parent)| (thing.id(), *parent)).collect()
        };
        let (was_below, stays) = (parents(&old), parents(&new));
        let (was_at, is_at) = (places(&old, &stays), places(&new, &was_below));
        let known: HashMap<Uuid, Thing<'_>> = old.iter().map(|(thing, _)| (thing.id(), *thing)).collect();
        let mut diff = Diff::default();
        for (thing, parent) in &new {
            let Some(was) = known.get(&thing.id()) else {
                diff.added.push(thing.change(Vec::new(), None));
                continue;
            };
            let id = thing.id();
            let mut fields = was.fields(*thing);
            if was_below.get(&id) != Some(parent) || was_at.get(&id) != is_at.get(&id) {
                fields.push("position");
            }
            if !fields.is_empty() {
                let price = was.price().zip(thing.price()).filter(|(from, to)| from != to);
                diff.changed.push(thing.change(fields, price));
            }
        }
        let gone = old.iter().filter(|(thing, _)| !stays.contains_key(&thing.id()));
        diff.removed = gone.map(|(thing, _)| thing.change(Vec::new(), None)).collect();
        diff
    }

    /// The prices that differ in `after`, in the order of the cards.
    pub fn price_changes(&self, after: &Card) -> Vec<PriceChange> {
        let (old, new) = (prices(self), prices(after));
        let known: BTreeMap<_, _> = old.iter().map(|one| (one.key(), one)).collect();
        let stays: HashSet<_> = new.iter().map(Priced::key).collect();
        let of = |one: &Priced<'_>, from, to| PriceChange {
            menu_id: one.menu_id,
            option_id: one.option_id,
            name: one.name.to_owned(),
            from,
            to,
        };
        let changed = new.iter().filter_map(|one| {
            let from = known.get(&one.key()).map(|was| was.price);
            (from != Some(one.price)).then(|| of(one, from, Some(one.price)))
        });
        let gone = old.iter().filter(|one| !stays.contains(&one.key()));
        changed.chain(gone.map(|one| of(one, Some(one.price), None))).collect()
    }

    /// What became sold out in `after`, and what can be had again, at `now`.
    pub fn sold_out_changes(&self, after: &Card, now: Timestamp) -> (Things, Things) {
        let was: BTreeMap<Marked, SoldOut> = self.marks().collect();
        let (mut out, mut back) = (Things::default(), Things::default());
        for (thing, is) in after.marks() {
            match was.get(&thing) {
                Some(was) if *was == is => {}
                Some(SoldOut::No) | None if is.at(now) => out.add(thing),
                Some(SoldOut::Until(_) | SoldOut::ForGood) if !is.at(now) => back.add(thing),
                _ => {}
            }
        }
        (out, back)
    }

    /// Whether each dish and option is sold out.
    fn marks(&self) -> impl Iterator<Item = (Marked, SoldOut)> {
        self.menus().flat_map(|menu| {
            let options = menu.option_groups.iter().flat_map(|group| &group.options);
            let options = options.map(|option| (Marked::Option(option.id), option.sold_out));
            std::iter::once((Marked::Menu(menu.id), menu.sold_out)).chain(options)
        })
    }
}

/// Dishes and options.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Things {
    /// The dishes.
    pub menus: Vec<MenuId>,
    /// The options.
    pub options: Vec<OptionId>,
}

impl Things {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.menus.is_empty() && self.options.is_empty()
    }

    fn add(&mut self, thing: Marked) {
        match thing {
            Marked::Menu(id) => self.menus.push(id),
            Marked::Option(id) => self.options.push(id),
        }
    }
}

/// What can be sold out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Marked {
    Menu(MenuId),
    Option(OptionId),
}

/// A dish or option with its price.
struct Priced<'a> {
    menu_id: MenuId,
    option_id: Option<OptionId>,
    name: &'a str,
    price: Won,
}

impl Priced<'_> {
    fn key(&self) -> (MenuId, Option<OptionId>) {
        (self.menu_id, self.option_id)
    }
}

fn prices(card: &Card) -> Vec<Priced<'_>> {
    let mut all = Vec::new();
    for menu in card.menus() {
        all.push(Priced { menu_id: menu.id, option_id: None, name: &menu.name, price: menu.price });
        for option in menu.option_groups.iter().flat_map(|group| &group.options) {
            let option_id = Some(option.id);
            all.push(Priced { menu_id: menu.id, option_id, name: &option.name, price: option.price });
        }
    }
    all
}
