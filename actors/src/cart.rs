//! A customer's cart.
//!
//! It owns the lines only: prices come from the menu, and are read again whenever the cart is shown
//! or quoted.
//!
//! Invariants: those of [`domain::cart::state`], and every change is one commit, fenced by the
//! version. Supervised by the supervisor of carts; a restart loses nothing that was acknowledged.
//! Reading a cart queries the store and does not activate the entity.

use std::sync::Arc;

use domain::cart::{Cart, CartRefusal, Command};
use domain::{Clock, ExpectedVersion, Failure, Timestamp, UserId};
use store::{Store, StoreError};

use actor_kit::{Counter, Entity, Fenced, Reply, conflicts, decide, handle};

handle! {
    /// All carts, by customer: one method for each message.
    Carts of CartEntity
}

impl Carts {
    /// Applies `command` if the cart is at an `expected` version. Returns the cart after the change.
    pub async fn change(
        &self,
        id: UserId,
        command: Command,
        expected: ExpectedVersion,
    ) -> Result<Cart, Failure> {
        self.0.call(id, |reply| Change { command, expected, reply }).await
    }
}

/// The one message of a cart: change, and reply with the next state.
#[derive(Debug)]
pub struct Change {
    /// The change.
    pub command: Command,
    /// The version that the caller expects.
    pub expected: ExpectedVersion,
    /// The cart after the change.
    pub reply: Reply<Cart>,
}

/// Something in the cart changed. The store tells the customer's devices which version there is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed;

/// What all cart entities share.
pub struct CartEntity {
    store: Store,
    clock: Arc<dyn Clock>,
    conflicts: Counter,
}

impl CartEntity {
    /// Carts stored in `store`.
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
        let Change { command, expected, reply } = change;
        let changed = decide(self, id, state, self.clock.now(), |cart| {
            cart.check_version(&expected)?;
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
        now: Timestamp,
    ) -> Result<(), StoreError> {
        store::cart::commit(&self.store, before.version, after, now).await
    }
}
