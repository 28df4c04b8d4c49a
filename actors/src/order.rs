//! The order entity: runs the commands of one order, one after another.
//!
//! It owns nothing beyond the store: its state is the last one it committed or loaded.
//! 1. A command is answered after its commit, never before.
//! 2. A commit finds the version that the decision was made on; otherwise the decision is made
//!    again.
//! 3. The state diagram is in `domain::order`.
//!
//! Supervised by the `orders` supervisor. A restart loses only the commands in the mailbox; their
//! callers get an error.

use domain::order::{By, Command, Fact, Order, OrderEvent, Placement, Times};
use domain::{Failure, OrderId, Timestamp};
use metrics::counter;
use store::{Store, StoreError};

use actor_kit::{Counter, Entity, Fenced, Reply, conflicts, decide, handle};

handle! {
    /// All orders: one method for each message.
    Orders of OrderEntity
}

impl Orders {
    /// Places an order. Refused as a conflict if it conflicts with an existing order.
    pub async fn place(&self, placement: Placement, now: Timestamp) -> Result<Order, Failure> {
        let (id, placement) = (placement.id, Box::new(placement));
        self.0.call(id, |reply| OrderCommand::Place { placement, now, reply }).await
    }

    /// Decides `command` on the order, commits, and returns the order after it.
    pub async fn decide(
        &self,
        id: OrderId,
        by: By,
        command: Command,
        now: Timestamp,
    ) -> Result<Order, Failure> {
        self.0.call(id, |reply| OrderCommand::Decide { by, command, now, reply }).await
    }

    /// How many orders this process has placed at their restaurants.
    pub fn placed(&self) -> u64 {
        self.0.shared().placed.count()
    }
}

/// The messages of an order.
pub enum OrderCommand {
    /// Creates the order.
    Place {
        /// The order's contents.
        placement: Box<Placement>,
        /// The time of the command.
        now: Timestamp,
        /// The new order.
        reply: Reply<Order>,
    },
    /// Decides a command on an existing order.
    Decide {
        /// The caller.
        by: By,
        /// The command.
        command: Command,
        /// The time of the command.
        now: Timestamp,
        /// The order after it.
        reply: Reply<Order>,
    },
}

/// What all order entities share.
pub struct OrderEntity {
    store: Store,
    times: Times,
    conflicts: Counter,
    placed: Counter,
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
    /// Orders stored in `store`; `times` are the deadlines of an order's states.
    pub fn new(store: Store, times: Times) -> Self {
        let placed = Counter::new(counter!("orders_placed_total"));
        Self { store, times, conflicts: conflicts(Self::KIND), placed }
    }

    /// Refused as a conflict if it conflicts with an existing order.
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
        store::order::update(&self.store, before.version, after, events, &self.times, now).await?;
        if events.iter().any(|event| event.fact == Fact::Placed) {
            self.placed.one();
        }
        Ok(())
    }
}
