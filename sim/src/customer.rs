//! A customer: picks a restaurant near home, orders, pays, follows the courier
//! on the map, and sometimes asks support where the food is.

use std::time::Duration;

use uuid::Uuid;

use crate::api::Asked;
use crate::frame::{Event, Say};
use crate::movement;
use crate::person::{Day, Person, PersonError};
use crate::responses::{
    Address, ChatMessage, ChosenOption, Menu, NewAddress, NewLine, Order, Place, Restaurant, is_over,
};
use crate::sandbox::toss::cards;
use crate::socket::{Heard, Line, Socket};
use crate::system;

/// The tally's name for delivered orders.
pub const DELIVERED: &str = "orders delivered";

/// How long a customer follows one order before giving it up.
const PATIENCE: Duration = Duration::from_secs(90 * 60);
/// A card that the sandbox approves.
const CARD: &str = cards::GOOD;
/// A card that the sandbox declines.
const BAD_CARD: &str = cards::DECLINED;

/// The texts of customers' questions.
const QUESTIONS: [&str; 5] = [
    "주문한 음식이 언제쯤 도착할까요?",
    "라이더님 위치가 안 움직이는 것 같아요.",
    "문 앞에 두고 벨 눌러 주실 수 있나요?",
    "수저를 빼고 주문했는데 확인 부탁드려요.",
    "1층 현관 비밀번호를 전달하고 싶어요.",
];

/// The texts of customers' replies to an answer.
const THANKS: [&str; 3] = ["네, 감사합니다!", "알겠습니다. 기다릴게요.", "확인해 주셔서 감사해요."];

/// A customer and their habits.
pub struct Customer {
    /// The person.
    pub person: Person,
    /// Their home, near which an address is saved if they have none.
    pub home: Place,
    /// Seconds between the end of one order and the next order, on average.
    pub hunger_secs: f64,
}

impl Customer {
    /// Orders again and again, until an error ends the run.
    pub async fn live(mut self) -> Day {
        self.person.sign_in().await?;
        // Cards are saved by who has signed in lately.
        for card in [CARD, BAD_CARD] {
            self.person.api.method_of(card).await?;
        }
        let mut socket = self.person.socket();
        let address = self.address().await?;
        self.person.pacing.linger(0.0..self.hunger_secs).await;
        loop {
            match self.order(&address).await {
                Ok(Some(order)) => self.follow(&mut socket, order.id).await?,
                Ok(None) => {}
                Err(failure) => {
                    tracing::info!(who = self.person.email, %failure, "no order");
                    self.person.tally.add("orders failed");
                }
            }
            self.person.pacing.linger(self.hunger_secs * 0.5..self.hunger_secs * 1.5).await;
        }
    }

    /// The default or first saved address; saves one if there is none.
    async fn address(&mut self) -> Asked<Address> {
        let saved = self.person.api.addresses().await?;
        if let Some(address) = saved.iter().find(|address| address.is_default).or(saved.first()) {
            return Ok(address.clone());
        }
        let pacing = &mut self.person.pacing;
        let position = movement::moved(self.home, pacing.real(-300.0..300.0), pacing.real(-300.0..300.0));
        let address = NewAddress {
            label: "집".to_owned(),
            road_address: format!("테헤란로 {}", pacing.number(1..600)),
            detail: format!("{}호", pacing.number(101..1500)),
            entrance_note: "공동현관 #1234".to_owned(),
            position,
            is_default: true,
        };
        self.person.api.add_address(&address).await
    }

    /// Chooses, orders and pays; none if nothing could be ordered or paid.
    async fn order(&mut self, address: &Address) -> Asked<Option<Order>> {
        let api = self.person.api.clone();
        let near = api.restaurants(address.position, 30).await?;
        let open: Vec<Restaurant> =
            near.into_iter().filter(|r| r.open_now && r.deliverable.unwrap_or(true)).collect();
        let Some(restaurant) = self.person.pacing.pick(&open).cloned() else {
            self.person.tally.add("nothing open nearby");
            return Ok(None);
        };
        self.person.pacing.linger(1.0..5.0).await;
        if !self.fill_cart(&restaurant).await? {
            return Ok(None);
        }
        let quote = api.quote(address.id).await?;
        if !quote.orderable {
            tracing::debug!(problems = ?quote.problems, "the quote cannot be ordered");
            self.person.tally.add("quotes not orderable");
            return Ok(None);
        }
        self.person.pacing.linger(1.0..4.0).await;
        let order = api.order(quote.quote_id, "맛있게 부탁드려요").await?;
        if self.person.pacing.happens(0.02) {
            api.pay(order.id, BAD_CARD).await?;
            self.person.tally.add("cards declined");
            self.person.pacing.linger(1.0..4.0).await;
        }
        let order = api.pay(order.id, CARD).await?;
        self.person.tally.add(if order.is_over() { "orders not paid" } else { "orders" });
        Ok((!order.is_over()).then_some(order))
    }

    /// Puts dishes into the cart until the restaurant's minimum is reached.
    async fn fill_cart(&mut self, restaurant: &Restaurant) -> Asked<bool> {
        let api = self.person.api.clone();
        let menus = api.menus(restaurant.id).await?;
        let dishes: Vec<Menu> =
            menus.groups.into_iter().flat_map(|group| group.menus).filter(|menu| !menu.sold_out).collect();
        api.empty_cart().await?;
        for _ in 0..6 {
            let Some(dish) = self.person.pacing.pick(&dishes).cloned() else { return Ok(false) };
            let line = NewLine {
                restaurant_id: restaurant.id,
                menu_id: dish.id,
                quantity: self.person.pacing.number(1..3),
                options: choose_options(&dish),
                replace: true,
            };
            if api.add_line(&line).await?.shortfall_won == 0 {
                return Ok(true);
            }
        }
        Ok(true)
    }

    /// Watches an order to its end.
    async fn follow(&mut self, socket: &mut Socket, order: Uuid) -> Result<(), PersonError> {
        let line = socket.line();
        line.subscribe(format!("order:{order}")).await?;
        line.subscribe(format!("delivery:{order}")).await?;
        let mut chat = Chat::default();
        let asks = self.person.pacing.happens(0.2);
        let question = tokio::time::sleep(self.person.pacing.secs(20.0..90.0));
        let patience = tokio::time::sleep(PATIENCE);
        tokio::pin!(question, patience);
        loop {
            tokio::select! {
                heard = self.person.hear(socket) => match heard? {
                    Heard::Event(event) if event.kind.starts_with("order.") => {
                        let status = event.data["status"].as_str().unwrap_or_default();
                        if is_over(status) {
                            self.over(status);
                            break;
                        }
                    }
                    Heard::Event(event) if event.kind == "chat.message" => {
                        self.talk(&line, &mut chat, &event).await?;
                    }
                    Heard::Latest(_) => self.person.tally.add("positions seen"),
                    // After a snapshot or a reconnect, the final event may have been missed.
                    Heard::Snapshot(_) | Heard::Ready(_) | Heard::Ended { .. } => {
                        let now = self.person.api.get_order(order).await?;
                        if now.is_over() {
                            self.over(&now.status);
                            break;
                        }
                    }
                    _ => {}
                },
                () = &mut question, if asks && chat.conversation.is_none() => {
                    self.ask_support(&line, &mut chat, order).await?;
                }
                () = &mut patience => {
                    self.person.tally.add("orders never ended");
                    break;
                }
            }
        }
        for channel in ["order", "delivery"] {
            // The server may have ended the subscription already.
            let _ = line.unsubscribe(format!("{channel}:{order}")).await;
        }
        if let Some(conversation) = chat.conversation {
            let _ = line.unsubscribe(format!("chat:{conversation}")).await;
        }
        Ok(())
    }

    fn over(&self, status: &str) {
        self.person.tally.add(match status {
            "delivered" | "completed" => DELIVERED,
            "rejected" => "orders rejected",
            "cancelled" => "orders cancelled",
            _ => "orders ended otherwise",
        });
    }

    async fn ask_support(&mut self, line: &Line, chat: &mut Chat, order: Uuid) -> Result<(), PersonError> {
        let question = self.person.pacing.pick(&QUESTIONS).copied().unwrap_or_default();
        let conversation = self.person.api.converse("delivery", Some(order), question).await?;
        line.subscribe(format!("chat:{}", conversation.id)).await?;
        chat.conversation = Some(conversation.id);
        self.person.tally.add("conversations");
        Ok(())
    }

    /// Marks an agent's message as read, and replies to the first one.
    async fn talk(&mut self, line: &Line, chat: &mut Chat, event: &Event) -> Result<(), PersonError> {
        let Ok(message) = serde_json::from_value::<ChatMessage>(event.data.clone()) else { return Ok(()) };
        let Some(conversation_id) = chat.conversation else { return Ok(()) };
        if message.author_role != "agent" {
            return Ok(());
        }
        line.ask(Say::ChatRead { conversation_id, seq: message.seq }).await?;
        self.person.tally.add("answers read");
        if chat.replies < 1 {
            chat.replies += 1;
            line.tell(Say::ChatTyping { conversation_id, typing: true }).await;
            self.person.pacing.linger(1.0..3.0).await;
            let text = self.person.pacing.pick(&THANKS).copied().unwrap_or_default().to_owned();
            let client_message_id = system::fresh_id();
            line.ask(Say::ChatSend { conversation_id, client_message_id, text, private_note: false }).await?;
        }
        Ok(())
    }
}

#[derive(Default)]
struct Chat {
    conversation: Option<Uuid>,
    replies: u32,
}

/// The options that a dish requires: of each group, the first `min` that are available.
pub fn choose_options(dish: &Menu) -> Vec<ChosenOption> {
    let needed = dish
        .option_groups
        .iter()
        .flat_map(|group| group.options.iter().filter(|option| !option.sold_out).take(group.min as usize));
    needed.map(|option| ChosenOption { option_id: option.id, quantity: 1 }).collect()
}
