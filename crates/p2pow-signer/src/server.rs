//! [`SignerServer`]: answers for a [`Signatory`] on a Unix socket: one connection, one question, one answer.

use crate::{
    Access, BindError, Refusal, Signatory,
    lines::{LineError, read_line},
    socket::Socket,
    wire::{Answer, MAX_QUESTION, Question},
};
use nano_block::StateBlock;
use p2pow_client::Role;
use std::{io, path::Path, sync::Arc, time::Duration};
use tokio::{
    io::AsyncWriteExt,
    net::{UnixListener, UnixStream},
    sync::{Semaphore, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};
use tracing::{debug, info, warn};

/// How long a system without free file descriptors is given.
const BREATH: Duration = Duration::from_millis(100);

/// A running signer. Dropping it stops it; what it has begun to sign is in its book or not signed.
#[derive(Debug)]
pub struct SignerServer {
    closing: watch::Sender<bool>,
    listening: JoinHandle<()>,
}

#[derive(Debug)]
struct Desk {
    signatory: Signatory,
    access: Access,
}

impl SignerServer {
    /// Listens at the path, on the current tokio runtime. The folder is made with mode 0700 if it is not there; a socket
    /// that a killed signer has left behind is replaced.
    ///
    /// # Errors
    /// Another signer listens there, others could change the folder, or the system refuses.
    pub fn bind(
        path: impl AsRef<Path>,
        signatory: Signatory,
        access: Access,
    ) -> Result<Self, BindError> {
        let socket = Socket::bind(path.as_ref(), &access)?;
        let (closing, closed) = watch::channel(false);
        let desk = Arc::new(Desk { signatory, access });
        let listening = tokio::spawn(listen(socket, desk, closed));
        Ok(Self { closing, listening })
    }

    /// Takes no more questions, answers those that it has, and ends.
    pub async fn shutdown(self) {
        let Self { closing, listening } = self;
        let _ = closing.send(true);
        // It ends by itself.
        let _ = listening.await;
    }
}

async fn listen(socket: Socket, desk: Arc<Desk>, mut closed: watch::Receiver<bool>) {
    let most = desk.access.connections.max(1);
    let room = Arc::new(Semaphore::new(most));
    loop {
        let free = Arc::clone(&room).acquire_owned();
        let next = async {
            let Ok(place) = free.await else { std::future::pending().await };
            (accept(&socket.listener).await, place)
        };
        let (stream, place) = tokio::select! {
            next = next => next,
            // Also when the server was dropped.
            _ = closed.changed() => break,
        };
        let desk = Arc::clone(&desk);
        tokio::spawn(async move {
            if let Err(error) = desk.serve(stream).await {
                debug!(%error, "a connection failed");
            }
            drop(place);
        });
    }
    let all = u32::try_from(most).unwrap_or(u32::MAX);
    drop(room.acquire_many(all).await);
}

async fn accept(listener: &UnixListener) -> UnixStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                warn!(%error, "no connection can be taken now");
                sleep(BREATH).await;
            }
        }
    }
}

impl Desk {
    async fn serve(&self, mut stream: UnixStream) -> io::Result<()> {
        let answer = match self.answer(&mut stream).await {
            Ok(Some(answer)) => answer,
            // Whoever it was has gone without a question.
            Ok(None) => return Ok(()),
            Err(refusal) => {
                warn!(code = refusal.code(), %refusal, "refused");
                refusal.into()
            }
        };
        let line = answer.to_line();
        let written = async {
            stream.write_all(&line).await?;
            stream.shutdown().await
        };
        timeout(self.access.line, written).await?
    }

    async fn answer(&self, stream: &mut UnixStream) -> Result<Option<Answer>, Refusal> {
        // A process that ended before it was asked for its user.
        let Ok(peer) = stream.peer_cred() else { return Ok(None) };
        let user = peer.uid();
        if !self.access.lets_in(user) {
            return Err(Refusal::WrongUser { user });
        }
        let patience = self.access.line;
        let line = match timeout(patience, read_line(stream, MAX_QUESTION)).await {
            Ok(Ok(line)) => line,
            Ok(Err(LineError::TooLong { max })) => return Err(Refusal::TooLong { max }),
            Ok(Err(LineError::Ended { .. } | LineError::Io(_))) => return Ok(None),
            Err(_) => return Err(Refusal::TooSlow { seconds: patience.as_secs() }),
        };
        Ok(Some(match Question::read(&line)? {
            Question::Accounts => Answer::Accounts(self.signatory.accounts().collect()),
            Question::Policy => Answer::Policy(self.signatory.standing().await?),
            Question::Sign { role, block, below } => self.sign(role, block, below).await?,
        }))
    }

    async fn sign(
        &self,
        role: Role,
        block: StateBlock,
        below: Option<StateBlock>,
    ) -> Result<Answer, Refusal> {
        let signature = self.signatory.sign(role, block, below).await?;
        let (account, hash) = (block.account, block.hash());
        info!(%account, %hash, ?role, "signed");
        Ok(Answer::Signed { hash, signature })
    }
}
