//! What a card must fulfil: every fault is told with its pointer.

use std::collections::HashSet;

use super::stock::DAILY_LIMIT_MAX;
use super::{
    CARD_OPTIONS_MAX, Card, DESCRIPTION_MAX, EXTERNAL_ID_MAX, GROUPS_MAX, MENUS_MAX, Menu, MenuOption,
    NAME_MAX, OPTION_GROUPS_MAX, OPTION_QUANTITY_MAX, OPTIONS_MAX, ORIGIN_MAX, ORIGINS_MAX, OptionGroup,
    PRICE_MAX,
};
use crate::{Fault, Refused, TextRule, Won, fault};

/// The faults found so far.
type Faults = Vec<Fault>;

/// The external ids of one kind of thing that were seen.
type Seen = HashSet<String>;

impl Card {
    /// Checks all fields and reports every invalid one; normalises the texts.
    pub fn checked(mut self) -> Result<Self, Refused> {
        let mut faults = Vec::new();
        if self.groups.len() > GROUPS_MAX {
            faults.push(too_many("/groups", GROUPS_MAX));
        }
        if self.menus().count() > MENUS_MAX {
            faults.push(too_many("/groups", MENUS_MAX));
        }
        let options = self.menus().flat_map(|menu| &menu.option_groups).map(|group| group.options.len());
        if options.sum::<usize>() > CARD_OPTIONS_MAX {
            faults.push(too_many("/groups", CARD_OPTIONS_MAX));
        }
        let (mut groups, mut menus) = (Seen::new(), Seen::new());
        for (g, group) in self.groups.iter_mut().enumerate() {
            let at = format!("/groups/{g}");
            read_name(&mut group.name, &at, &mut faults);
            read_external_id(&mut group.external_id, &mut groups, &at, &mut faults);
            for (m, menu) in group.menus.iter_mut().enumerate() {
                let at = format!("{at}/menus/{m}");
                read_external_id(&mut menu.external_id, &mut menus, &at, &mut faults);
                menu.check(&at, &mut faults);
            }
        }
        if faults.is_empty() { Ok(self) } else { Err(Refused::invalid(faults)) }
    }
}

impl Menu {
    fn check(&mut self, at: &str, faults: &mut Faults) {
        read_name(&mut self.name, at, faults);
        read_text(
            &mut self.description,
            TextRule::lines(DESCRIPTION_MAX),
            format!("{at}/description"),
            faults,
        );
        check_price(self.price, at, faults);
        if self.daily_limit.is_some_and(|limit| !(1..=DAILY_LIMIT_MAX).contains(&limit)) {
            let detail = format!("1 to {DAILY_LIMIT_MAX}, or null for no limit.");
            faults.push(Fault::new(format!("{at}/daily_limit"), fault::OUT_OF_RANGE, detail));
        }
        if self.origins.len() > ORIGINS_MAX {
            faults.push(too_many(format!("{at}/origins"), ORIGINS_MAX));
        }
        for (o, origin) in self.origins.iter_mut().enumerate() {
            let rule = TextRule::line(ORIGIN_MAX);
            for (name, text) in [("ingredient", &mut origin.ingredient), ("origin", &mut origin.origin)] {
                match rule.read(text) {
                    Ok(read) => *text = read.into_string(),
                    Err(flaw) => faults.push(flaw.at(format!("{at}/origins/{o}/{name}"))),
                }
            }
        }
        self.allergens.sort_unstable();
        self.allergens.dedup();
        if self.option_groups.len() > OPTION_GROUPS_MAX {
            faults.push(too_many(format!("{at}/option_groups"), OPTION_GROUPS_MAX));
        }
        let mut seen = Seen::new();
        for (g, group) in self.option_groups.iter_mut().enumerate() {
            let at = format!("{at}/option_groups/{g}");
            read_external_id(&mut group.external_id, &mut seen, &at, faults);
            group.check(&at, faults);
        }
    }
}

impl OptionGroup {
    fn check(&mut self, at: &str, faults: &mut Faults) {
        read_name(&mut self.name, at, faults);
        if self.options.len() > OPTIONS_MAX {
            faults.push(too_many(format!("{at}/options"), OPTIONS_MAX));
        }
        let mut wrong = |field: &str, detail: String| {
            faults.push(Fault::new(format!("{at}/{field}"), fault::OUT_OF_RANGE, detail));
        };
        if !(1..=OPTION_QUANTITY_MAX).contains(&self.max) || self.min > self.max {
            wrong("max", format!("1 to {OPTION_QUANTITY_MAX}, and not below the minimum."));
        }
        if self.free_up_to > self.max {
            wrong("free_up_to", "Not more can be free than can be chosen.".to_owned());
        }
        let possible: u64 = self.options.iter().map(|option| u64::from(self.max_of(option))).sum();
        // A group that was just made has no options yet, and no dish can be chosen with it.
        if possible < u64::from(self.min) && !self.options.is_empty() {
            wrong("min", "So many cannot be chosen.".to_owned());
        }
        if self.options.iter().filter(|option| option.is_default).count() > self.max as usize {
            wrong("max", "More options are chosen beforehand.".to_owned());
        }
        let mut seen = Seen::new();
        for (o, option) in self.options.iter_mut().enumerate() {
            let at = format!("{at}/options/{o}");
            read_external_id(&mut option.external_id, &mut seen, &at, faults);
            option.check(&at, faults);
        }
    }
}

impl MenuOption {
    fn check(&mut self, at: &str, faults: &mut Faults) {
        read_name(&mut self.name, at, faults);
        check_price(self.price, at, faults);
        if !(1..=OPTION_QUANTITY_MAX).contains(&self.max_quantity) {
            let detail = format!("1 to {OPTION_QUANTITY_MAX}");
            faults.push(Fault::new(format!("{at}/max_quantity"), fault::OUT_OF_RANGE, detail));
        }
        // Whoever does not look must not pay for it (전자상거래법 제21조의2: preselected extras).
        if self.is_default && self.price > Won::ZERO {
            let detail = "An option that costs something cannot be chosen beforehand.";
            faults.push(Fault::new(format!("{at}/is_default"), fault::DEFAULT_COSTS, detail));
        }
    }
}

fn check_price(price: Won, at: &str, faults: &mut Faults) {
    if !(Won::ZERO..=PRICE_MAX).contains(&price) {
        let detail = format!("A price is 0 to {}.", PRICE_MAX.0);
        faults.push(Fault::new(format!("{at}/price_won"), fault::OUT_OF_RANGE, detail));
    }
}

fn too_many(at: impl Into<String>, max: usize) -> Fault {
    Fault::new(at, fault::WRONG_LENGTH, format!("At most {max}."))
}

/// Normalises a name for storage, or reports its fault.
fn read_name(name: &mut String, at: &str, faults: &mut Faults) {
    match TextRule::line(NAME_MAX).read(name) {
        Ok(text) => *name = text.into_string(),
        Err(flaw) => faults.push(flaw.at(format!("{at}/name"))),
    }
}

/// The same for a text that may be empty.
fn read_text(text: &mut String, rule: TextRule, at: String, faults: &mut Faults) {
    if text.trim().is_empty() {
        text.clear();
        return;
    }
    match rule.read(text) {
        Ok(read) => *text = read.into_string(),
        Err(flaw) => faults.push(flaw.at(at)),
    }
}

/// The same for an external id, which no other of its kind may have.
fn read_external_id(id: &mut Option<String>, seen: &mut Seen, at: &str, faults: &mut Faults) {
    let Some(text) = id else { return };
    let at = format!("{at}/external_id");
    match TextRule::line(EXTERNAL_ID_MAX).read(text) {
        Ok(read) => *text = read.into_string(),
        Err(flaw) => return faults.push(flaw.at(at)),
    }
    if !seen.insert(text.clone()) {
        faults.push(Fault::new(at, fault::DUPLICATE, "Another one has this external id."));
    }
}
