//! Compares what clients noted with what the store contains. Pure: the same notes and facts
//! give the same findings, so unit tests can show that it finds breaches.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use uuid::Uuid;

use super::db_assertions::{Entry, Facts, Order};
use super::ledger::{Carted, Notes, Shown, Track};

/// What a promise was broken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Breach {
    /// Acknowledged or committed, and not there, or not shown.
    Lost,
    /// There, or shown, more than once.
    Duplicated,
    /// Shown in another order than it happened, or backwards in time.
    Reordered,
    /// Committed on a version or an epoch that was no longer in force.
    Stale,
    /// Against the rules in some other way.
    Illegal,
}

impl Breach {
    pub(crate) const ALL: [Self; 5] =
        [Self::Lost, Self::Duplicated, Self::Reordered, Self::Stale, Self::Illegal];
}

/// One broken promise.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    pub(crate) breach: Breach,
    pub(crate) what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.breach, self.what)
    }
}

/// Everything that is wrong.
pub(crate) fn check(notes: &Notes, facts: &Facts) -> Vec<Finding> {
    let mut found = Findings::default();
    found.fixes(notes, facts);
    found.tenures(facts);
    found.logs(facts);
    for ((who, channel), shown) in &notes.shown {
        found.view(who, channel, shown, facts.channels.get(channel).map_or(&[], Vec::as_slice));
    }
    found.messages(notes, facts);
    found.steps(notes, facts);
    found.orders(notes, facts);
    found.carts(notes, facts);
    for words in
        notes.odd.iter().chain(&facts.stuck_jobs).chain(&facts.wrong_coupons).chain(&facts.wrong_money)
    {
        found.add(Breach::Illegal, words.clone());
    }
    found.0
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, breach: Breach, what: String) {
        self.0.push(Finding { breach, what });
    }

    /// Every acknowledged fix is in the store exactly once.
    fn fixes(&mut self, notes: &Notes, facts: &Facts) {
        let mut stored: BTreeMap<(Uuid, i64), BTreeMap<i64, u32>> = BTreeMap::new();
        for fix in &facts.fixes {
            *stored.entry((fix.courier, fix.track)).or_default().entry(fix.seq).or_default() += 1;
        }
        for (key @ (courier, track), Track { sent, acked }) in &notes.tracks {
            let none = BTreeMap::new();
            let stored = stored.get(key).unwrap_or(&none);
            for seq in (1..=*acked).filter(|seq| !stored.contains_key(seq)) {
                self.add(
                    Breach::Lost,
                    format!("fix {seq} of courier {courier}, track {track}, was acknowledged"),
                );
            }
            for (seq, times) in stored.iter().filter(|(_, times)| **times > 1) {
                self.add(
                    Breach::Duplicated,
                    format!("fix {seq} of courier {courier} is stored {times} times"),
                );
            }
            if let Some(seq) = stored.keys().rfind(|seq| **seq > *sent) {
                self.add(Breach::Illegal, format!("fix {seq} of courier {courier} was never sent"));
            }
        }
    }

    /// Between two epochs of a courier, only one phone's fixes are stored.
    fn tenures(&mut self, facts: &Facts) {
        let mut moments: BTreeMap<Uuid, Vec<(f64, Option<i64>)>> = BTreeMap::new();
        for epoch in &facts.epochs {
            moments.entry(epoch.courier).or_default().push((epoch.committed, None));
        }
        for fix in &facts.fixes {
            moments.entry(fix.courier).or_default().push((fix.committed, Some(fix.track)));
        }
        for (courier, mut moments) in moments {
            moments.sort_by(|one, other| one.0.total_cmp(&other.0));
            let mut speaks: Option<i64> = None;
            for (at, track) in moments {
                match (speaks, track) {
                    (Some(own), Some(other)) if own != other => {
                        // Reported once: later fixes of the same track are not further breaches.
                        speaks = Some(other);
                        let what =
                            format!("courier {courier}: track {other} wrote at {at} in the time of {own}");
                        self.add(Breach::Stale, what);
                    }
                    (_, track) => speaks = track,
                }
            }
        }
    }

    /// Every log begins at 1, has no holes, and was committed in its order.
    fn logs(&mut self, facts: &Facts) {
        for (channel, entries) in &facts.channels {
            for (entry, due) in entries.iter().zip(1..) {
                if entry.offset != due {
                    let breach = if entry.offset < due { Breach::Duplicated } else { Breach::Lost };
                    self.add(breach, format!("{channel} has {} where {due} is due", entry.offset));
                    break;
                }
            }
            for pair in entries.windows(2).filter(|pair| pair[1].committed < pair[0].committed) {
                let (one, other) = (pair[0].offset, pair[1].offset);
                self.add(Breach::Stale, format!("{channel}: {other} was committed before {one}"));
            }
            if channel.starts_with("order:") {
                self.legal(channel, entries);
            }
        }
    }

    fn legal(&mut self, channel: &str, entries: &[Entry]) {
        let mut before = "";
        for entry in entries {
            if !may_follow(before, &entry.kind) {
                self.add(Breach::Illegal, format!("{channel}: {} after {before:?}", entry.kind));
            }
            // Who brings it, and a wish to cancel, leave the order where it is.
            if !is_aside(&entry.kind) {
                before = &entry.kind;
            }
        }
    }

    /// What one client was shown on one channel: everything that is for them,
    /// once, in order, to the end.
    fn view(&mut self, who: &str, channel: &str, shown: &[Shown], entries: &[Entry]) {
        let staff = !who.starts_with("customer");
        let mine: Vec<&Entry> = entries.iter().filter(|entry| staff || !entry.staff).collect();
        let due = |last: i64| mine.iter().find(|entry| entry.offset > last).copied();
        let (mut last, mut seen, mut newest, mut over) = (None::<i64>, BTreeSet::new(), None, false);
        for one in shown {
            match one {
                Shown::Snapshot { offset, .. } => {
                    let offset = offset.unwrap_or(0);
                    match last {
                        Some(last) if offset < last => {
                            self.add(
                                Breach::Reordered,
                                format!("{who}: {channel} went back from {last} to {offset}"),
                            );
                        }
                        Some(last) if !over && due(last).is_some_and(|entry| entry.offset <= offset) => {
                            self.add(
                                Breach::Lost,
                                format!("{who}: {channel} skipped from {last} to {offset}"),
                            );
                        }
                        _ => {}
                    }
                    (last, over) = (Some(offset), false);
                }
                Shown::Event { offset, kind, mark } => {
                    let from = last.unwrap_or(offset - 1);
                    if !seen.insert(*offset) {
                        self.add(Breach::Duplicated, format!("{who}: {channel} showed {offset} again"));
                    } else if *offset <= from {
                        self.add(Breach::Reordered, format!("{who}: {channel} showed {offset} after {from}"));
                    } else if let Some(due) = due(from).filter(|entry| entry.offset < *offset) {
                        let what = format!("{who}: {channel} showed {offset} where {} is due", due.offset);
                        self.add(Breach::Lost, what);
                    }
                    let stands = mine.iter().any(|entry| {
                        entry.offset == *offset
                            && entry.kind == *kind
                            && (mark.is_none() || entry.mark == *mark)
                    });
                    if !stands {
                        self.add(
                            Breach::Illegal,
                            format!("{who}: {channel} showed {offset} {kind}, which is not so"),
                        );
                    }
                    last = Some(from.max(*offset));
                }
                Shown::Latest { at } => {
                    if newest.is_some_and(|newest| *at < newest) {
                        self.add(Breach::Reordered, format!("{who}: {channel} went back in time to {at}"));
                    }
                    newest = newest.max(Some(*at));
                }
                Shown::Ended { .. } => over = true,
            }
        }
        if let Some(missed) = last.and_then(due)
            && !over
        {
            self.add(
                Breach::Lost,
                format!("{who}: {channel} never showed {} {}", missed.offset, missed.kind),
            );
        }
    }

    /// Every acknowledged message stands once, where its acknowledgement says.
    fn messages(&mut self, notes: &Notes, facts: &Facts) {
        let mut stored: BTreeMap<(String, Uuid), Vec<i64>> = BTreeMap::new();
        for entry in facts.channels.values().flatten() {
            if let Some(mark) = entry.mark {
                stored.entry((entry.channel.clone(), mark)).or_default().push(entry.offset);
            }
        }
        for ((channel, id), seqs) in stored.iter().filter(|(_, seqs)| seqs.len() > 1) {
            self.add(Breach::Duplicated, format!("{channel} holds message {id} at {seqs:?}"));
        }
        for said in &notes.said {
            let place = (format!("chat:{}", said.conversation), said.id);
            match stored.get(&place) {
                Some(seqs) if seqs.contains(&said.seq) => {}
                Some(seqs) => {
                    let what = format!("{} was acknowledged as {} and is {seqs:?}", said.id, said.seq);
                    self.add(Breach::Illegal, what);
                }
                None => self.add(Breach::Lost, format!("message {} was acknowledged", said.id)),
            }
        }
    }

    /// Every acknowledged step is in its order's history exactly once.
    fn steps(&mut self, notes: &Notes, facts: &Facts) {
        for done in &notes.done {
            let channel = format!("order:{}", done.order);
            let entries = facts.channels.get(&channel).map_or(&[][..], Vec::as_slice);
            match entries.iter().filter(|entry| entry.kind == done.kind).count() {
                1 => {}
                0 => self.add(Breach::Lost, format!("{channel}: {} was acknowledged", done.kind)),
                times => self.add(Breach::Duplicated, format!("{channel}: {} {times} times", done.kind)),
            }
        }
    }

    fn orders(&mut self, notes: &Notes, facts: &Facts) {
        let orders: BTreeMap<Uuid, &Order> = facts.orders.iter().map(|order| (order.id, order)).collect();
        for order in &facts.orders {
            let head = facts.channels.get(&format!("order:{}", order.id)).map_or(0, Vec::len);
            if usize::try_from(order.version) != Ok(head) {
                self.add(
                    Breach::Stale,
                    format!("order {} is {} and its log {head}", order.id, order.version),
                );
            }
            if order.winners > 1 || order.paid > 1 {
                let what =
                    format!("order {}: {} couriers, paid {} times", order.id, order.winners, order.paid);
                self.add(Breach::Duplicated, what);
            }
        }
        for (order, courier) in &notes.won {
            if orders.get(order).is_none_or(|order| order.courier != Some(*courier)) {
                self.add(Breach::Lost, format!("order {order} was promised to courier {courier}"));
            }
        }
    }

    /// Acknowledged changes of a cart happened, once each, one after another.
    fn carts(&mut self, notes: &Notes, facts: &Facts) {
        for (customer, changes) in &notes.carts {
            for pair in changes.windows(2).filter(|pair| pair[1].version <= pair[0].version) {
                let (one, other) = (pair[0].version, pair[1].version);
                self.add(Breach::Reordered, format!("cart of {customer}: version {other} after {one}"));
            }
            for Carted { version, quantity, expected } in changes {
                let breach = match quantity.cmp(expected) {
                    std::cmp::Ordering::Equal => continue,
                    std::cmp::Ordering::Less => Breach::Lost,
                    std::cmp::Ordering::Greater => Breach::Duplicated,
                };
                let what = format!("cart of {customer}, version {version}: {quantity} instead of {expected}");
                self.add(breach, what);
            }
            let stored =
                facts.carts.iter().find(|cart| cart.customer == *customer).map_or(0, |cart| cart.version);
            if let Some(last) = changes.last().filter(|last| last.version > stored) {
                self.add(
                    Breach::Lost,
                    format!("cart of {customer}: {} acknowledged, {stored} stored", last.version),
                );
            }
        }
    }
}

fn is_aside(kind: &str) -> bool {
    matches!(
        kind,
        "order.courier_assigned"
            | "order.courier_unassigned"
            | "order.lines_cancelled"
            | "order.cancel_requested"
            | "order.cancel_refused"
    )
}

/// The table of an order's transitions, written down a second time on purpose.
fn may_follow(before: &str, kind: &str) -> bool {
    let allowed: &[&str] = match kind {
        "order.created" => &[""],
        "order.payment_declined" => &["order.created", "order.payment_declined"],
        "order.placed" => &["order.created", "order.payment_declined", "order.scheduled"],
        "order.scheduled" | "order.expired" => &["order.created", "order.payment_declined"],
        "order.accepted" | "order.rejected" => &["order.placed"],
        "order.preparing" => &["order.accepted"],
        "order.ready" => &["order.accepted", "order.preparing"],
        "order.picked_up" => &["order.preparing", "order.ready"],
        "order.delivered" | "order.delivery_failed" => &["order.picked_up"],
        "order.completed" => &["order.delivered", "order.ready"],
        "order.cancelled" => &[
            "order.created",
            "order.payment_declined",
            "order.scheduled",
            "order.placed",
            "order.accepted",
            "order.preparing",
            "order.ready",
        ],
        aside if is_aside(aside) => &["order.accepted", "order.preparing", "order.ready"],
        _ => &[],
    };
    allowed.contains(&before)
}

#[cfg(test)]
#[path = "checker_tests.rs"]
mod tests;
