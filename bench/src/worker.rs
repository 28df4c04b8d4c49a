//! A load process and its control: it reads a job and then orders from standard
//! input, one JSON line each, and writes its answers as lines to standard output.

use std::io::{BufRead, Write};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::Outcome;
use crate::net::{Handler, Net};
use crate::process::Process;

/// How long a process may take to connect all its sockets, or to run a round.
const ANSWER_WITHIN: Duration = Duration::from_secs(300);
/// Concurrent handshakes.
const OPENING: usize = 64;

/// The job of a load process, one variant for each kind of load.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Job {
    Ride(crate::live_map_load::Job),
    Idle(crate::idle_load::Job),
    Talk(crate::chat_load::Job),
}

/// The parent's handle of a load process. Dropping it kills the process.
pub(crate) struct Hand {
    pub(crate) process: Process,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl Hand {
    /// Starts a process and waits until all its sockets are ready.
    pub(crate) async fn start(job: &Job) -> Outcome<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("load")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let input = child.stdin.take().ok_or("no standard input")?;
        let output = BufReader::new(child.stdout.take().ok_or("no standard output")?).lines();
        let process = Process { pid: child.id().ok_or("the process ended")? };
        let mut hand = Self { process, input, output, _child: child };
        hand.ask::<(), _>(job).await?;
        Ok(hand)
    }

    /// Sends an order and waits for the answer.
    pub(crate) async fn ask<T: DeserializeOwned, O: Serialize>(&mut self, order: &O) -> Outcome<T> {
        self.tell(order).await?;
        self.answer().await
    }

    /// Sends an order.
    pub(crate) async fn tell<O: Serialize>(&mut self, order: &O) -> Outcome<()> {
        let mut line = serde_json::to_vec(order)?;
        line.push(b'\n');
        self.input.write_all(&line).await?;
        Ok(self.input.flush().await?)
    }

    /// Waits for an answer.
    pub(crate) async fn answer<T: DeserializeOwned>(&mut self) -> Outcome<T> {
        let line = tokio::time::timeout(ANSWER_WITHIN, self.output.next_line());
        let line = line.await.map_err(|_| "a process of the load does not answer")??;
        let line = line.ok_or("a process of the load ended; see its error above")?;
        Ok(serde_json::from_str(&line)?)
    }
}

/// The load process's end: the orders from its parent.
pub(crate) struct Orders(Receiver<String>);

impl Orders {
    /// Reads the job, and starts a thread that reads the orders.
    pub(crate) fn open() -> Outcome<(Job, Self)> {
        let (sender, receiver) = channel();
        let mut lines = std::io::stdin().lock().lines();
        let job = serde_json::from_str(&lines.next().ok_or("no job")??)?;
        drop(lines);
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok((job, Self(receiver)))
    }

    /// The next order, if there is one. An error once the parent has closed standard input.
    pub(crate) fn next<T: DeserializeOwned>(&self) -> Outcome<Option<T>> {
        match self.0.try_recv() {
            Ok(line) => Ok(Some(serde_json::from_str(&line)?)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err("the bench is over".into()),
        }
    }

    /// Writes an answer.
    pub(crate) fn answer(answer: &impl Serialize) -> Outcome<()> {
        let mut out = std::io::stdout().lock();
        serde_json::to_writer(&mut out, answer)?;
        out.write_all(b"\n")?;
        Ok(out.flush()?)
    }
}

/// Connects the sockets from 0 up to `count`, a few at a time, and waits until `ready`.
pub(crate) fn open_all<P: Handler>(
    net: &mut Net,
    handler: &mut P,
    count: usize,
    dial: impl Fn(&mut Net, usize) -> Outcome<()>,
    ready: impl Fn(&P) -> Outcome<bool>,
) -> Outcome<()> {
    let mut next = 0;
    while next < count || !ready(handler)? {
        while next < count && net.opening < OPENING {
            dial(net, next)?;
            next += 1;
        }
        net.turn(Duration::from_millis(5), handler)?;
    }
    Ok(())
}
