//! A customer's cart.
//!
//! It owns the lines, and nothing else: what a dish costs now is the menu's to
//! say, and is asked anew whenever the cart is shown or quoted.
//!
//! Invariants: those of [`domain::cart::state`], and that every change is one
//! commit fenced by the version. Supervised by the supervisor of carts; a restart
//! loses nothing that was acknowledged. Reading a cart asks the store and does
//! not wake it.

use std::sync::Arc;

use domain::cart::{Cart, CartRefusal, Command};
use domain::{Clock, Failure, Timestamp, UserId};
use store::{Store, StoreError};

use actor_kit::{Counter, Entity, Fenced, Reply, conflicts, decide, handle};

handle! {
    /// All carts, by customer: one method for each message.
    Carts of CartEntity
}

impl Carts {
    /// Changes the cart, if it is at the version that was `seen`, or where none is said; answers
    /// with the cart after it.
    pub async fn change(&self, id: UserId, command: Command, seen: Option<i64>) -> Result<Cart, Failure> {
        self.0.call(id, |reply| Change { command, seen, reply }).await
    }
}

/// What a cart can be asked: to change, with its next state in reply.
#[derive(Debug)]
pub struct Change {
    /// How.
    pub command: Command,
    /// Which version is meant; any, where none is said.
    pub seen: Option<i64>,
    /// The cart after it.
    pub reply: Reply<Cart>,
}

/// Something in the cart changed. Nobody but the asker is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed;

/// What every cart needs.
pub struct CartEntity {
    store: Store,
    clock: Arc<dyn Clock>,
    conflicts: Counter,
}

impl CartEntity {
    /// Carts that are remembered in `store`.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, conflicts: conflicts(Self::KIND) }
    }
}

impl Entity for CartEntity {
    const KIND: &'static str = "cart";

    type Id = UserId;
    type Command = Change;
    type State = Cart;

    async fn handle(&self, id: UserId, state: &mut Option<Cart>, change: Change) {
        let Change { command, seen, reply } = change;
        let changed = decide(self, id, state, self.clock.now(), |cart| {
            cart.check_version(seen)?;
            Ok(next(cart, &command)?)
        });
        reply.send(changed.await.map(|(cart, _)| cart));
    }

    fn conflicts(&self) -> Option<&Counter> {
        Some(&self.conflicts)
    }
}

fn next(cart: &Cart, command: &Command) -> Result<(Cart, Vec<Changed>), CartRefusal> {
    let next = cart.clone().apply(command.clone())?;
    let changed = (next.version != cart.version).then_some(Changed);
    Ok((next, changed.into_iter().collect()))
}

impl Fenced for CartEntity {
    type Event = Changed;

    async fn load(&self, id: UserId) -> Result<Cart, Failure> {
        Ok(store::cart::load(&self.store, id).await?)
    }

    async fn commit(
        &self,
        before: &Cart,
        after: &Cart,
        _: &[Changed],
        _: Timestamp,
    ) -> Result<(), StoreError> {
        store::cart::commit(&self.store, before.version, after).await
    }
}
