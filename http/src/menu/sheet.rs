//! A card as a table of comma-separated values (RFC 4180).

use std::collections::HashMap;

use csv::{Reader, ReaderBuilder, StringRecord, Trim};
use domain::menu::Kind;
use domain::{Fault, Refused, Won, Words, fault};

use super::body::{AllergenName, OriginBody};
use super::draft::{CardUpload, GroupUpload, MenuUpload, OptionGroupUpload, OptionUpload};
use super::upload::Lines;

/// The names that a table may have.
const COLUMNS: [&str; 24] = [
    "group_external_id",
    "group_name",
    "group_hidden",
    "menu_external_id",
    "menu_name",
    "description",
    "price_won",
    "kind",
    "hidden",
    "daily_limit",
    "origins",
    "allergens",
    "option_group_external_id",
    "option_group_name",
    "min",
    "max",
    "unique",
    "free_up_to",
    "option_external_id",
    "option_name",
    "option_price_won",
    "max_quantity",
    "is_default",
    "option_hidden",
];

/// The names that a table must have.
const NEEDED: [&str; 5] = ["group_external_id", "group_name", "menu_external_id", "menu_name", "price_won"];

/// Reads a table. Every field that cannot be read is told with its line.
pub(super) fn read(text: &str) -> Result<(CardUpload, Lines), Refused> {
    // What spreadsheets write first to say that it is UTF-8.
    // Lines are counted by their `\n`.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(text.as_bytes());
    let columns = columns(&mut reader)?;
    let mut card = Card::default();
    let mut faults = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            let detail = format!("Line {line}: it has more or fewer fields than the first line.");
            Refused::field(format!("/lines/{line}"), fault::WRONG_LENGTH, detail)
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        let mut fields = Fields { columns: &columns, record: &record, line, faults: &mut faults };
        card.add(&mut fields);
    }
    if faults.is_empty() {
        Ok((CardUpload::of(card.groups), card.lines))
    } else {
        Err(Refused::invalid(faults))
    }
}

/// The places of the columns by their names.
type Columns = HashMap<String, usize>;

fn columns(reader: &mut Reader<&[u8]>) -> Result<Columns, Refused> {
    let unreadable = || Refused::field("/lines/1", fault::INVALID, "The first line cannot be read.");
    let names = reader.headers().map_err(|_| unreadable())?;
    let mut columns = Columns::new();
    let mut faults = Vec::new();
    for (place, name) in names.iter().enumerate() {
        if !COLUMNS.contains(&name) {
            let detail = format!("Line 1: column {} has an unknown name.", place + 1);
            faults.push(Fault::new(format!("/lines/1/{place}"), fault::UNKNOWN_FIELD, detail));
        } else if columns.insert(name.to_owned(), place).is_some() {
            let detail = format!("Line 1: {name} is there twice.");
            faults.push(Fault::new(format!("/lines/1/{name}"), fault::DUPLICATE, detail));
        }
    }
    for name in NEEDED.iter().filter(|name| !columns.contains_key(**name)) {
        let detail = format!("Line 1: there is no column {name}.");
        faults.push(Fault::new(format!("/lines/1/{name}"), fault::MISSING, detail));
    }
    if faults.is_empty() { Ok(columns) } else { Err(Refused::invalid(faults)) }
}

/// The fields of a line.
struct Fields<'a> {
    columns: &'a Columns,
    record: &'a StringRecord,
    line: u64,
    faults: &'a mut Vec<Fault>,
}

impl Fields<'_> {
    /// A field; none if it is blank or not in the table.
    fn text(&self, name: &str) -> Option<&str> {
        let text = self.record.get(*self.columns.get(name)?)?;
        (!text.is_empty()).then_some(text)
    }

    fn wrong(&mut self, name: &str, words: &'static Words, detail: &str) {
        let at = format!("/lines/{}/{name}", self.line);
        self.faults.push(Fault::new(at, words, format!("Line {}: {detail}", self.line)));
    }

    /// A field that must be there.
    fn needed(&mut self, name: &str) -> String {
        match self.text(name) {
            Some(text) => text.to_owned(),
            None => {
                self.wrong(name, fault::REQUIRED, &format!("{name} is needed."));
                String::new()
            }
        }
    }

    fn number<T: std::str::FromStr>(&mut self, name: &str) -> Option<T> {
        let number = self.text(name)?.parse();
        if number.is_err() {
            self.wrong(name, fault::WRONG_TYPE, &format!("{name} is a whole number."));
        }
        number.ok()
    }

    fn flag(&mut self, name: &str) -> bool {
        match self.text(name) {
            None => false,
            Some(text) if text.eq_ignore_ascii_case("true") || text == "1" => true,
            Some(text) if text.eq_ignore_ascii_case("false") || text == "0" => false,
            Some(_) => {
                self.wrong(name, fault::WRONG_TYPE, &format!("{name} is true or false."));
                false
            }
        }
    }

    fn origins(&mut self) -> Vec<OriginBody> {
        let parts = self.text("origins").map(str::to_owned).unwrap_or_default();
        let pair = |part: &str| {
            let (ingredient, origin) = part.split_once(':')?;
            Some(OriginBody::new(ingredient.trim(), origin.trim()))
        };
        let origins: Option<Vec<_>> =
            parts.split('|').filter(|part| !part.trim().is_empty()).map(pair).collect();
        if origins.is_none() {
            self.wrong("origins", fault::INVALID, "Origins are written 닭고기:국내산|쌀:국내산.");
        }
        origins.unwrap_or_default()
    }

    fn allergens(&mut self) -> Vec<AllergenName> {
        let parts = self.text("allergens").map(str::to_owned).unwrap_or_default();
        let names = parts.split('|').map(str::trim).filter(|part| !part.is_empty());
        let names: Result<Vec<_>, ()> = names.map(|name| name.parse().map(AllergenName)).collect();
        if names.is_err() {
            self.wrong("allergens", fault::UNKNOWN_VALUE, "Allergens are names as egg|milk.");
        }
        names.unwrap_or_default()
    }

    fn kind(&mut self) -> Kind {
        let kind = self.text("kind").map_or(Ok(Kind::Food), str::parse);
        if kind.is_err() {
            self.wrong("kind", fault::UNKNOWN_VALUE, "A kind is food, alcohol or disposable.");
        }
        kind.unwrap_or_default()
    }
}

/// The card so far.
#[derive(Default)]
struct Card {
    groups: Vec<GroupUpload>,
    lines: Lines,
    group_places: HashMap<String, usize>,
    /// Dishes by their external ids.
    menu_places: HashMap<String, (usize, usize)>,
}

impl Card {
    /// Adds what a line names and no line before it has.
    fn add(&mut self, fields: &mut Fields<'_>) {
        let group = self.group(fields);
        if fields.text("menu_external_id").is_none() && fields.text("menu_name").is_none() {
            return;
        }
        let (g, m) = self.menu(group, fields);
        if fields.text("option_group_external_id").is_none() {
            return;
        }
        let menu = &mut self.groups[g].menus[m];
        let at = format!("/groups/{g}/menus/{m}/option_groups");
        let id = fields.needed("option_group_external_id");
        let place = menu.option_groups.iter().position(|group| group.external_id == id);
        let place = place.unwrap_or_else(|| {
            self.lines.0.push((format!("{at}/{}", menu.option_groups.len()), fields.line));
            menu.option_groups.push(option_group(id, fields));
            menu.option_groups.len() - 1
        });
        if fields.text("option_external_id").is_some() {
            let options = &mut menu.option_groups[place].options;
            self.lines.0.push((format!("{at}/{place}/options/{}", options.len()), fields.line));
            options.push(option(fields));
        }
    }

    fn group(&mut self, fields: &mut Fields<'_>) -> usize {
        let external_id = fields.needed("group_external_id");
        if let Some(place) = self.group_places.get(&external_id) {
            return *place;
        }
        let place = self.groups.len();
        self.lines.0.push((format!("/groups/{place}"), fields.line));
        self.group_places.insert(external_id.clone(), place);
        let (name, hidden) = (fields.needed("group_name"), fields.flag("group_hidden"));
        self.groups.push(GroupUpload { external_id, name, hidden, menus: Vec::new() });
        place
    }

    fn menu(&mut self, group: usize, fields: &mut Fields<'_>) -> (usize, usize) {
        let external_id = fields.needed("menu_external_id");
        if let Some((within, place)) = self.menu_places.get(&external_id).copied() {
            if within != group {
                fields.wrong("group_external_id", fault::DUPLICATE, "The dish stands below another heading.");
            }
            return (within, place);
        }
        let place = (group, self.groups[group].menus.len());
        self.lines.0.push((format!("/groups/{group}/menus/{}", place.1), fields.line));
        self.menu_places.insert(external_id.clone(), place);
        if fields.text("price_won").is_none() {
            fields.wrong("price_won", fault::REQUIRED, "price_won is needed.");
        }
        self.groups[group].menus.push(MenuUpload {
            external_id,
            name: fields.needed("menu_name"),
            description: fields.text("description").unwrap_or_default().to_owned(),
            price_won: Won(fields.number("price_won").unwrap_or_default()),
            kind: fields.kind().into(),
            hidden: fields.flag("hidden"),
            daily_limit: fields.number("daily_limit"),
            origins: fields.origins(),
            allergens: fields.allergens(),
            option_groups: Vec::new(),
        });
        place
    }
}

fn option_group(external_id: String, fields: &mut Fields<'_>) -> OptionGroupUpload {
    OptionGroupUpload {
        external_id,
        name: fields.needed("option_group_name"),
        min: fields.number("min").unwrap_or(0),
        max: fields.number("max").unwrap_or(1),
        unique: fields.flag("unique"),
        free_up_to: fields.number("free_up_to").unwrap_or(0),
        options: Vec::new(),
    }
}

fn option(fields: &mut Fields<'_>) -> OptionUpload {
    OptionUpload {
        external_id: fields.needed("option_external_id"),
        name: fields.needed("option_name"),
        price_won: Won(fields.number("option_price_won").unwrap_or(0)),
        max_quantity: fields.number("max_quantity").unwrap_or(1),
        is_default: fields.flag("is_default"),
        hidden: fields.flag("option_hidden"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<(String, &'static str)> {
        let refused = read(text).unwrap_err();
        refused.faults.iter().map(|fault| (fault.pointer.clone(), fault.code())).collect()
    }

    #[test]
    fn a_line_is_an_option_a_dish_or_a_heading() {
        let table = "\u{feff}group_external_id,group_name,menu_external_id,menu_name,price_won,origins,allergens,\
             option_group_external_id,option_group_name,max,option_external_id,option_name,option_price_won\r\n\
             g1,치킨,m1,\"후라이드, 한 마리\",18000,닭고기:국내산|쌀:국내산,egg | milk,t,맛,1,a,순한맛,\r\n\
             g1,,m1,,,,,t,,,b,매운맛,500\r\n\
             g1,,m2,양념,19000,,,,,,,,\r\n\
             g2,사이드,,,,,,,,,,,\r\n";
        let (card, lines) = read(table).unwrap();
        let groups = card.into_groups();
        assert_eq!((groups.len(), groups[0].menus.len(), groups[1].menus.len()), (2, 2, 0));
        let menu = &groups[0].menus[0];
        assert_eq!(
            (menu.name.as_str(), menu.price_won, menu.allergens.len()),
            ("후라이드, 한 마리", Won(18_000), 2)
        );
        assert_eq!(menu.origins.len(), 2);
        assert_eq!(menu.option_groups[0].options[1].price_won, Won(500));
        let line = |at: &str| lines.0.iter().find(|(pointer, _)| pointer == at).map(|(_, line)| *line);
        assert_eq!(line("/groups/0/menus/0/option_groups/0/options/1"), Some(3));
        assert_eq!(line("/groups/0/menus/1"), Some(4));
        assert_eq!(line("/groups/1"), Some(5));
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        assert_eq!(
            faults("group_external_id,group_name,menu_external_id,menu_name,colour\n"),
            [("/lines/1/4".into(), "unknown_field"), ("/lines/1/price_won".into(), "missing")]
        );
        let head = "group_external_id,group_name,menu_external_id,menu_name,price_won,hidden,kind,origins\n";
        assert_eq!(
            faults(&format!("{head}g,치킨,m,후라이드,만원,maybe,meat,닭\n,,,,,,,\n")),
            [
                ("/lines/2/price_won".into(), "wrong_type"),
                ("/lines/2/kind".into(), "unknown_value"),
                ("/lines/2/hidden".into(), "wrong_type"),
                ("/lines/2/origins".into(), "invalid"),
                ("/lines/3/group_external_id".into(), "required"),
                ("/lines/3/group_name".into(), "required"),
            ]
        );
        assert_eq!(faults(&format!("{head}g,치킨\n")), [("/lines/2".into(), "wrong_length")]);
    }
}
