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
        Category::Chicken => of(0x7b_4a_2d, 0xf4_ef_e6, [0x9a_4b_16, 0xc8_77_22, 0xe8_a8_4c]),
        Category::Pizza => of(0x4a_36_2c, 0xe9_d2_a4, [0xb0_2f_1c, 0xe3_8a_2b, 0xf4_cf_6a]),
        Category::Chinese => of(0x8d_1f_1a, 0xf7_f3_ea, [0x2e_1c_14, 0x5b_36_1f, 0x7f_a6_47]),
        Category::Korean => of(0x6b_4f_38, 0x2f_2a_28, [0xa9_28_18, 0xd9_5c_2b, 0x6f_9a_3a]),
        Category::Japanese => of(0x31_3c_3a, 0xef_ea_df, [0xc0_7b_33, 0xe3_b0_62, 0xf3_ee_e3]),
        Category::Snack => of(0xd8_6a_4a, 0xf8_f4_ea, [0xb3_1d_12, 0xdc_3b_21, 0xf0_d9_b0]),
        Category::Burger => of(0x3a_2b_24, 0xf0_e6_d2, [0x5d_31_18, 0xc9_82_3a, 0x7d_b0_45]),
        Category::Jokbal => of(0x5c_3f_2e, 0xf2_ec_df, [0x6a_33_1c, 0x9c_5a_35, 0xd9_a5_83]),
        Category::Western => of(0x54_45_3a, 0xfa_f7_f0, [0xa8_3a_22, 0xe6_c1_73, 0x6c_95_3c]),
        Category::Asian => of(0x2f_4a_3c, 0xf5_f1_e4, [0xb5_5a_24, 0xe8_cf_9a, 0x5f_a3_4a]),
        Category::Cafe => of(0xb8_93_74, 0xff_fb_f4, [0x5a_38_26, 0xd9_a0_6a, 0xf3_c6_cd]),
        Category::LateNight => of(0x23_27_35, 0xe6_e0_d4, [0x8a_2b_1d, 0xc9_66_2a, 0xe9_bb_66]),
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
