//! Group commit: the items that arrive while one group is written form the next group.
//!
//! Leader-based: the first caller to find the writer idle writes everything queued. There is no
//! worker and no timer, so a single caller is served at once, and under load many share a statement
//! and a commit. If a group is blocked, for example by a row lock, a second leader can write the
//! next group meanwhile.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Turn, MutexGuard as MyTurn, oneshot};

/// A group that takes longer counts as blocked: a dozen times the usual duration under load.
const HELD_UP: Duration = Duration::from_millis(100);

/// The queue of items to be written, each with its caller's reply channel.
pub struct GroupCommit<T, R> {
    waiting: Mutex<Vec<(T, oneshot::Sender<R>)>>,
    turn: Turn<()>,
    /// For a second leader, while the first one is blocked.
    second_turn: Turn<()>,
    max: usize,
}

impl<T, R> GroupCommit<T, R> {
    /// Groups of at most `max` items each.
    pub fn of(max: usize) -> Self {
        Self { waiting: Mutex::default(), turn: Turn::new(()), second_turn: Turn::new(()), max }
    }

    /// Has `item` written, by this caller's `write` or another's. `write` returns one answer per
    /// item, in order. Returns `None` if the leader that took the item failed: whether it was
    /// written is unknown.
    pub async fn join<F>(&self, item: T, write: impl Fn(Vec<T>) -> F) -> Option<R>
    where
        F: Future<Output = Vec<R>>,
    {
        let (sender, mut answer) = oneshot::channel();
        self.waiting().push((item, sender));
        loop {
            tokio::select! {
                biased;
                answer = &mut answer => return answer.ok(),
                _turn = self.my_turn() => {
                    let (items, senders): (Vec<_>, Vec<_>) = self.next().into_iter().unzip();
                    if !items.is_empty() {
                        // A caller that stopped waiting does not need its answer.
                        let answers = senders.into_iter().zip(write(items).await);
                        answers.for_each(|(sender, answer)| drop(sender.send(answer)));
                    }
                }
            }
        }
    }

    async fn my_turn(&self) -> MyTurn<'_, ()> {
        tokio::select! {
            biased;
            turn = self.turn.lock() => turn,
            turn = async {
                tokio::time::sleep(HELD_UP).await;
                self.second_turn.lock().await
            } => turn,
        }
    }

    fn next(&self) -> Vec<(T, oneshot::Sender<R>)> {
        let mut waiting = self.waiting();
        let count = waiting.len().min(self.max);
        waiting.drain(..count).collect()
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<(T, oneshot::Sender<R>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn everybody_is_answered_for_their_own_and_many_share_a_write() {
        let groups = Arc::new(GroupCommit::of(8));
        let sizes = Arc::new(Mutex::new(Vec::new()));
        let callers = (0..100).map(|number: u32| {
            let (groups, sizes) = (Arc::clone(&groups), Arc::clone(&sizes));
            tokio::spawn(async move {
                let write = async |items: Vec<u32>| {
                    sizes.lock().unwrap().push(items.len());
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    items.into_iter().map(|item| item * 2).collect()
                };
                assert_eq!(groups.join(number, write).await, Some(number * 2));
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.unwrap();
        }
        let sizes = sizes.lock().unwrap();
        assert_eq!(sizes.iter().sum::<usize>(), 100);
        assert!(sizes.len() < 50 && sizes.iter().all(|size| *size <= 8), "{sizes:?}");
    }

    #[tokio::test]
    async fn a_group_that_is_held_up_does_not_hold_up_the_next() {
        let groups = Arc::new(GroupCommit::<u32, u32>::of(8));
        let (held, first) = (Arc::new(Turn::new(())), Arc::clone(&groups));
        let row = held.lock().await;
        let of_first = Arc::clone(&held);
        let frozen = tokio::spawn(async move {
            let write = async |items| {
                let _row = of_first.lock().await;
                items
            };
            first.join(1, write).await
        });
        tokio::task::yield_now().await;
        assert_eq!(groups.join(2, async |items| items).await, Some(2));
        assert_eq!(groups.join(3, async |items| items).await, Some(3));
        assert!(!frozen.is_finished());
        drop(row);
        assert_eq!(frozen.await.unwrap(), Some(1));
    }

    #[tokio::test]
    async fn a_writer_who_panics_leaves_the_others_to_be_written() {
        let groups = Arc::new(GroupCommit::<u32, u32>::of(1));
        let first = Arc::clone(&groups);
        let crash = tokio::spawn(async move { first.join(1, async |_| panic!("on purpose")).await });
        assert!(crash.await.is_err());
        assert_eq!(groups.join(2, async |items| items).await, Some(2));
    }
}
