//! [`Tap`]: stands between a program and its broker, counts what the program writes to the journal, and cuts the line at
//! one of these writes, as if the program had been killed there.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

/// Whether the write at which the line is cut reaches the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Before,
    /// The broker has taken it, and the program does not hear so.
    After,
    /// The broker has taken it, and the program hears so when it is let to, and goes on.
    Held,
}

/// A listener that passes on to a broker, until it is cut.
pub(crate) struct Tap {
    address: SocketAddr,
    pub(crate) cut: Receiver<()>,
    let_go: Sender<()>,
}

struct State {
    /// What the subjects of the writes begin with that are counted.
    counted: &'static [&'static str],
    last: usize,
    moment: Moment,
    /// Where it is told that the program may hear what is held.
    go: Option<Receiver<()>>,
    writes: usize,
    /// The subject on which the answer to the last write comes.
    answer: Option<String>,
    is_cut: bool,
    told: Sender<()>,
    ends: Vec<TcpStream>,
}

impl State {
    fn cut(&mut self) {
        self.is_cut = true;
        for end in &self.ends {
            let _ = end.shutdown(Shutdown::Both);
        }
        let _ = self.told.send(());
    }
}

impl Tap {
    /// Cuts at write number `last`, counted from 1, of those whose subjects begin with one of these, or holds its answer.
    pub(crate) fn new(
        broker: &str,
        counted: &'static [&'static str],
        (last, moment): (usize, Moment),
    ) -> Self {
        let broker = broker.strip_prefix("nats://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ((told, cut), (let_go, go)) = (channel(), channel());
        let (writes, answer, is_cut, ends) = (0, None, false, Vec::new());
        let go = Some(go);
        let state = State { counted, last, moment, go, writes, answer, is_cut, told, ends };
        let state = Arc::new(Mutex::new(state));
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(&broker)) else {
                    return;
                };
                let mut known = state.lock().unwrap();
                if known.is_cut {
                    return;
                }
                known.ends.extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
                drop(known);
                let ends = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let there = Arc::clone(&state);
                thread::spawn(move || pass_on(client, server, |line| sees_write(&there, line)));
                let back = Arc::clone(&state);
                thread::spawn(move || pass_on(ends.1, ends.0, |line| sees_answer(&back, line)));
            }
        });
        Self { address, cut, let_go }
    }

    /// Lets the program hear what is held.
    pub(crate) fn let_go(&self) {
        self.let_go.send(()).unwrap();
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://{}", self.address)
    }
}

/// Passes messages on as long as `may_pass` says so of their first lines.
fn pass_on(from: TcpStream, mut to: TcpStream, may_pass: impl Fn(&str) -> bool) {
    let mut from = BufReader::new(from);
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).unwrap_or(0) == 0 || !may_pass(&line) {
            let _ = to.shutdown(Shutdown::Both);
            return;
        }
        let mut message = line.clone().into_bytes();
        let mut words = line.split_whitespace();
        if matches!(words.next(), Some("PUB" | "HPUB" | "MSG" | "HMSG")) {
            let size: usize = words.last().unwrap().parse().unwrap();
            let head = message.len();
            message.resize(head + size + 2, 0);
            if from.read_exact(&mut message[head..]).is_err() {
                return;
            }
        }
        if to.write_all(&message).is_err() {
            return;
        }
    }
}

fn sees_write(state: &Mutex<State>, line: &str) -> bool {
    let mut words = line.split_whitespace();
    let is_write = words.next() == Some("HPUB");
    let subject = words.next().unwrap_or_default();
    let mut state = state.lock().unwrap();
    let is_counted = state.counted.iter().any(|counted| subject.starts_with(counted));
    if state.is_cut || !is_write || !is_counted {
        return !state.is_cut;
    }
    if state.answer.is_some() && state.moment == Moment::After {
        // What comes after the write at which the program dies never happened. The broker has that write: this is TCP.
        state.cut();
        return false;
    }
    state.writes += 1;
    if state.writes < state.last || (state.writes > state.last && state.moment == Moment::Held) {
        return true;
    }
    if state.moment == Moment::Before {
        state.cut();
        return false;
    }
    state.answer = words.next().map(str::to_owned);
    true
}

fn sees_answer(state: &Mutex<State>, line: &str) -> bool {
    let mut state = state.lock().unwrap();
    let answer = state.answer.as_deref();
    let is_it = answer.is_some_and(|answer| line.split_whitespace().nth(1) == Some(answer));
    if is_it && state.moment == Moment::Held {
        let (_, go) = (state.answer.take(), state.go.take());
        let _ = state.told.send(());
        drop(state);
        // Where nobody is left to let it go, the test is over.
        return go.is_some_and(|go| go.recv().is_ok());
    }
    if is_it {
        state.cut();
    }
    !state.is_cut
}
