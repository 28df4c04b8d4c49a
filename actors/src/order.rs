//! The order entity: the commands of one order, one after another.
//!
//! Owns nothing that the store does not: the state it holds is the last one it
//! committed or loaded.
//! 1. A command is answered after its commit, never before.
//! 2. A commit finds the version that was decided on, or is decided anew.
//! 3. The state diagram stands in `domain::order`.
//!
//! Supervised by the `orders` supervisor. A restart loses nothing but the commands
//! in the mailbox, whose callers are told.

use domain::order::{By, Command, Order, OrderEvent, Placement, Times};
use domain::{Failure, OrderId, Timestamp};
use store::{Store, StoreError};

use actor_kit::{Counter, Entity, Fenced, Reply, conflicts, decide, handle};

handle! {
    /// All orders: one method for each message.
    Orders of OrderEntity
}

impl Orders {
    /// Makes an order. Refuses as a conflict what stands as another order already.
    pub async fn place(&self, placement: Placement, now: Timestamp) -> Result<Order, Failure> {
        let (id, placement) = (placement.id, Box::new(placement));
        self.0.call(id, |reply| OrderCommand::Place { placement, now, reply }).await
    }

    /// Has the order decide on `command`, and answers with the order after it.
    pub async fn decide(
        &self,
        id: OrderId,
        by: By,
        command: Command,
        now: Timestamp,
    ) -> Result<Order, Failure> {
        self.0.call(id, |reply| OrderCommand::Decide { by, command, now, reply }).await
    }
}

/// What an order can be asked.
pub enum OrderCommand {
    /// Come into being.
    Place {
        /// From what.
        placement: Box<Placement>,
        /// The time of it.
        now: Timestamp,
        /// The new order.
        reply: Reply<Order>,
    },
    /// Change.
    Decide {
        /// Who asks.
        by: By,
        /// For what.
        command: Command,
        /// The time of it.
        now: Timestamp,
        /// The order after it.
        reply: Reply<Order>,
    },
}

/// What every order needs.
pub struct OrderEntity {
    store: Store,
    times: Times,
    conflicts: Counter,
}

impl Entity for OrderEntity {
    const KIND: &'static str = "order";
    type Id = OrderId;
    type Command = OrderCommand;
    type State = Order;

    async fn handle(&self, id: OrderId, slot: &mut Option<Order>, command: OrderCommand) {
        match command {
            OrderCommand::Place { placement, now, reply } => {
                reply.send(self.place(slot, *placement, now).await);
            }
            OrderCommand::Decide { by, command, now, reply } => {
                let rule = |order: &Order| Ok(order.decide(by, &command, now)?);
                reply.send(decide(self, id, slot, now, rule).await.map(|(order, _)| order));
            }
        }
    }

    fn conflicts(&self) -> Option<&Counter> {
        Some(&self.conflicts)
    }
}

impl OrderEntity {
    /// Orders that are remembered in `store`; `times` says how long things may take.
    pub fn new(store: Store, times: Times) -> Self {
        Self { store, times, conflicts: conflicts(Self::KIND) }
    }

    /// Refuses as a conflict what stands as another order already.
    async fn place(
        &self,
        slot: &mut Option<Order>,
        placement: Placement,
        now: Timestamp,
    ) -> Result<Order, Failure> {
        let (order, events) = Order::place(placement, now)?;
        store::order::insert(&self.store, &order, &events, &self.times, now).await?;
        *slot = Some(order.clone());
        Ok(order)
    }
}

impl Fenced for OrderEntity {
    type Event = OrderEvent;

    async fn load(&self, id: OrderId) -> Result<Order, Failure> {
        store::order::load(&self.store, id).await?.ok_or_else(|| Failure::not_found("order"))
    }

    async fn commit(
        &self,
        before: &Order,
        after: &Order,
        events: &[OrderEvent],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        store::order::update(&self.store, before.version, after, events, &self.times, now).await
    }
}
