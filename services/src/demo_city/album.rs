//! Pictures of the demo city's dishes, which the program paints: a plate on a table, and food on it in
//! the colours of its kitchen.

use std::collections::HashMap;

use domain::menu::{Menu, MenuGroup};
use domain::restaurant::Category;
use domain::{Failure, MenuId, Principal};

use super::plan::Dice;
use crate::images::Made;
use crate::{App, menu};

const WIDTH: u32 = 480;
const HEIGHT: u32 = 360;

/// Pieces of food on a plate.
const PIECES: u32 = 14;

type Colour = [f32; 3];

/// The dishes of a menu that have a picture: the first of each of its first groups.
pub(super) fn pictured(menu: &[MenuGroup]) -> impl Iterator<Item = &Menu> {
    menu.iter().take(2).filter_map(|group| group.menus.first())
}

/// The pictures that were painted, by the dish: many restaurants have it.
pub(super) struct Album {
    dice: Dice,
    made: HashMap<(Category, String), Made>,
    /// Files can be kept here.
    keeps: bool,
}

impl Album {
    pub(super) fn new(dice: Dice) -> Self {
        Self { dice, made: HashMap::new(), keeps: true }
    }

    /// Gives a dish its picture. Where no files can be kept, the city has none.
    pub(super) async fn show(
        &mut self,
        app: &App,
        owner: &Principal,
        dish: MenuId,
        (category, name): (Category, &str),
    ) -> Result<(), Failure> {
        if !self.keeps {
            return Ok(());
        }
        let key = (category, name.to_owned());
        if !self.made.contains_key(&key) {
            let painted = paint(self.dice, category, name)?;
            self.made.insert(key.clone(), menu::make_picture(app, painted.into()).await?);
        }
        let Some(made) = self.made.get(&key) else { return Ok(()) };
        match menu::give_picture(app, owner, dish, &made.again(app)).await {
            Err(failure @ Failure::Refused(_)) => {
                tracing::warn!(%failure, "the demo city has no pictures");
                self.keeps = false;
                Ok(())
            }
            outcome => outcome.map(drop),
        }
    }
}

/// The table, the plate, and the food, its darkest colour first.
fn palette(category: Category) -> [Colour; 5] {
    let of = |table: u32, plate: u32, food: [u32; 3]| {
        [table, plate, food[0], food[1], food[2]].map(|rgb| {
            let [_, red, green, blue] = rgb.to_be_bytes();
            [red, green, blue].map(f32::from)
        })
    };
    match category {
        Category::Chicken => of(0x7B_4A2D, 0xF4_EFE6, [0x9A_4B16, 0xC8_7722, 0xE8_A84C]),
        Category::Pizza => of(0x4A_362C, 0xE9_D2A4, [0xB0_2F1C, 0xE3_8A2B, 0xF4_CF6A]),
        Category::Chinese => of(0x8D_1F1A, 0xF7_F3EA, [0x2E_1C14, 0x5B_361F, 0x7F_A647]),
        Category::Korean => of(0x6B_4F38, 0x2F_2A28, [0xA9_2818, 0xD9_5C2B, 0x6F_9A3A]),
        Category::Japanese => of(0x31_3C3A, 0xEF_EADF, [0xC0_7B33, 0xE3_B062, 0xF3_EEE3]),
        Category::Snack => of(0xD8_6A4A, 0xF8_F4EA, [0xB3_1D12, 0xDC_3B21, 0xF0_D9B0]),
        Category::Burger => of(0x3A_2B24, 0xF0_E6D2, [0x5D_3118, 0xC9_823A, 0x7D_B045]),
        Category::Jokbal => of(0x5C_3F2E, 0xF2_ECDF, [0x6A_331C, 0x9C_5A35, 0xD9_A583]),
        Category::Western => of(0x54_453A, 0xFA_F7F0, [0xA8_3A22, 0xE6_C173, 0x6C_953C]),
        Category::Asian => of(0x2F_4A3C, 0xF5_F1E4, [0xB5_5A24, 0xE8_CF9A, 0x5F_A34A]),
        Category::Cafe => of(0xB8_9374, 0xFF_FBF4, [0x5A_3826, 0xD9_A06A, 0xF3_C6CD]),
        Category::LateNight => of(0x23_2735, 0xE6_E0D4, [0x8A_2B1D, 0xC9_662A, 0xE9_BB66]),
    }
}

/// A round thing on the picture.
struct Round {
    x: f32,
    y: f32,
    radius: f32,
    colour: Colour,
}

impl Round {
    /// Lays it over a colour, with a soft edge and light from above.
    fn over(&self, below: Colour, x: f32, y: f32) -> Colour {
        let (right, down) = ((x - self.x) / self.radius, (y - self.y) / self.radius);
        let away = right.hypot(down);
        let cover = ((1.0 - away) * self.radius / 1.5).clamp(0.0, 1.0);
        let light = 1.06 - 0.22 * (right + down) * away;
        let mut mixed = below;
        for (channel, own) in mixed.iter_mut().zip(self.colour) {
            *channel += ((own * light).min(255.0) - *channel) * cover;
        }
        mixed
    }
}

/// A dish as a PNG, always the same one.
fn paint(dice: Dice, category: Category, dish: &str) -> Result<Vec<u8>, Failure> {
    let [table, plate, food @ ..] = palette(category);
    let roll = |what: &str, sides: u16| {
        f32::from(u16::try_from(dice.roll(&format!("picture {dish} {what}"), u32::from(sides))).unwrap_or(0))
    };
    let (x, y) = (240.0, 184.0);
    let shade = plate.map(|channel| channel * 0.9);
    let mut rounds = vec![
        Round { x: x + 6.0, y: y + 10.0, radius: 158.0, colour: table.map(|channel| channel * 0.55) },
        Round { x, y, radius: 156.0, colour: plate },
        Round { x, y, radius: 122.0, colour: shade },
    ];
    for (number, colour) in (0..PIECES).zip(food.iter().cycle()) {
        let angle = roll(&format!("{number} angle"), 360).to_radians();
        // Evenly over the plate.
        let away = 92.0 * (roll(&format!("{number} away"), 101) / 100.0).sqrt();
        let radius = 22.0 + roll(&format!("{number} radius"), 24);
        rounds.push(Round { x: x + angle.cos() * away, y: y + angle.sin() * away, radius, colour: *colour });
    }
    images::paint(WIDTH, HEIGHT, |column, row| {
        #[expect(clippy::cast_precision_loss, reason = "a picture has few pixels")]
        let (x, y) = (column as f32, row as f32);
        let grain = 1.0 + 0.05 * (y / 9.0 + (x / 70.0).sin()).sin();
        let ground = table.map(|channel| channel * grain);
        let colour = rounds.iter().fold(ground, |below, round| round.over(below, x, y));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
        let colour = colour.map(|channel| channel.clamp(0.0, 255.0) as u8);
        colour
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_dish_has_a_picture_of_its_own_and_always_the_same() {
        let painted = |dish| paint(Dice(1), Category::Chicken, dish).unwrap();
        assert_eq!(painted("후라이드 치킨"), painted("후라이드 치킨"));
        assert_ne!(painted("후라이드 치킨"), painted("양념 치킨"));
        assert!(images::make(&painted("양념 치킨")).is_ok());
    }
}
