//! [`RemoteSigner`]: a sender's side of the socket.

use crate::{
    Standing,
    lines::{LineError, VERSION, read_line},
    refusal::is_certain,
    wire::{Answer, MAX_ANSWER, Question},
};
use nano_primitives::{Account, BlockHash, Signature, excerpt};
use p2pow_client::{BoxFuture, Signer, SignerError, SigningRequest};
use std::{io, path::PathBuf, time::Duration};
use tokio::{
    io::AsyncWriteExt,
    net::UnixStream,
    time::{Instant, sleep, timeout, timeout_at},
};

/// How long a signer may take to answer: somebody may be asked for a yes there, who has less time.
const ANSWER: Duration = Duration::from_secs(150);
/// How long it may take to take the question.
const CONNECT: Duration = Duration::from_secs(5);
/// Between two tries while too many others are connecting.
const AGAIN: Duration = Duration::from_millis(20);
/// Of a message of the signer, in characters.
const MAX_MESSAGE: usize = 500;

/// A signer that cannot be had, or that did not sign.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// Nobody listens.
    #[error("no signer can be reached at {}: start `p2pow signer serve`", path.display())]
    Away {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The connection ended, or brought no line.
    #[error("the signer at {} gave no answer", path.display())]
    NoAnswer {
        /// The socket.
        path: PathBuf,
        /// What happened.
        source: io::Error,
    },
    /// What came is no answer to the question.
    #[error("what the signer at {} answered is none: {problem}", path.display())]
    Nonsense {
        /// The socket.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The signer refused.
    #[error("{message}")]
    Refused {
        /// Why, as a word for programs.
        code: String,
        /// Why, in the signer's words.
        message: String,
    },
    /// It does not sign for the account that is wanted.
    #[error("the signer at {} has no key of {wanted}", path.display())]
    OtherAccount {
        /// The socket.
        path: PathBuf,
        /// The account.
        wanted: Account,
    },
    /// It signs for several accounts, and none was named.
    #[error("the signer at {} has {count} accounts, name one of them: {first} …", path.display())]
    WhichAccount {
        /// The socket.
        path: PathBuf,
        /// How many.
        count: usize,
        /// One of them.
        first: Account,
    },
    /// It has no keys.
    #[error("the signer at {} has no account", path.display())]
    NoAccount {
        /// The socket.
        path: PathBuf,
    },
}

impl RemoteError {
    /// Whether it is certain that nothing was signed for this question, now or later.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        match self {
            Self::NoAnswer { .. } | Self::Nonsense { .. } => false,
            Self::Refused { code, .. } => is_certain(code),
            _ => true,
        }
    }
}

/// A signer in another process, for one of its accounts. Each signature is asked for over a connection of its own.
#[derive(Debug, Clone)]
pub struct RemoteSigner {
    socket: Address,
    account: Account,
}

#[derive(Debug, Clone)]
struct Address(PathBuf);

impl RemoteSigner {
    /// The signer that listens at this path, for this account; without one, for the only one that it has.
    ///
    /// # Errors
    /// Nobody listens there, or it has not this account.
    pub async fn connect(
        path: impl Into<PathBuf>,
        account: Option<Account>,
    ) -> Result<Self, RemoteError> {
        let socket = Address(path.into());
        let accounts = socket.accounts().await?;
        let path = socket.0.clone();
        let account = match (account, accounts.as_slice()) {
            (Some(wanted), known) if known.contains(&wanted) => wanted,
            (Some(wanted), _) => return Err(RemoteError::OtherAccount { path, wanted }),
            (None, [only]) => *only,
            (None, []) => return Err(RemoteError::NoAccount { path }),
            (None, [first, ..]) => {
                let (count, first) = (accounts.len(), *first);
                return Err(RemoteError::WhichAccount { path, count, first });
            }
        };
        Ok(Self { socket, account })
    }

    /// The accounts that the signer at this path signs for.
    ///
    /// # Errors
    /// Nobody listens there, or answers otherwise.
    pub async fn accounts(path: impl Into<PathBuf>) -> Result<Vec<Account>, RemoteError> {
        Address(path.into()).accounts().await
    }

    /// What the signer at this path signs, and how much of it is used up.
    ///
    /// # Errors
    /// Nobody listens there, or answers otherwise.
    pub async fn standing(path: impl Into<PathBuf>) -> Result<Standing, RemoteError> {
        let socket = Address(path.into());
        match socket.ask(Question::Policy).await? {
            Answer::Policy(standing) => Ok(standing),
            other => Err(socket.nonsense(&other)),
        }
    }
}

impl Signer for RemoteSigner {
    fn account(&self) -> Account {
        self.account
    }

    fn sign<'a>(
        &'a self,
        request: &'a SigningRequest,
    ) -> BoxFuture<'a, Result<Signature, SignerError>> {
        Box::pin(async move {
            let signed = self.socket.sign(request).await;
            signed.map_err(|error| match error.is_certain() {
                true => SignerError::new(error),
                false => SignerError::unanswered(error),
            })
        })
    }
}

impl Address {
    async fn accounts(&self) -> Result<Vec<Account>, RemoteError> {
        match self.ask(Question::Accounts).await? {
            Answer::Accounts(accounts) => Ok(accounts),
            other => Err(self.nonsense(&other)),
        }
    }

    async fn sign(&self, request: &SigningRequest) -> Result<Signature, RemoteError> {
        let &SigningRequest { role, block, below, .. } = request;
        let wanted: BlockHash = block.hash();
        match self.ask(Question::Sign { role, block, below }).await? {
            // The signature is verified by whoever uses it.
            Answer::Signed { hash, signature } if hash == wanted => Ok(signature),
            other => Err(self.nonsense(&other)),
        }
    }

    async fn ask(&self, question: Question) -> Result<Answer, RemoteError> {
        let Self(path) = self;
        let away = |source| RemoteError::Away { path: path.clone(), source };
        let slow = || io::Error::from(io::ErrorKind::TimedOut);
        let mut stream = self.connect().await.map_err(away)?;
        // A question without its end is none, so one that is not written whole was not asked.
        let written = timeout(CONNECT, stream.write_all(&question.to_line())).await;
        let refused_early = match written {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error),
            Err(_) => return Err(away(slow())),
        };
        let failed = |source| RemoteError::NoAnswer { path: path.clone(), source };
        let line = match timeout(ANSWER, read_line(stream, MAX_ANSWER)).await {
            Ok(Ok(line)) => line,
            // It hung up before it had the question.
            _ if refused_early.is_some() => return Err(away(refused_early.unwrap_or_else(slow))),
            Ok(Err(LineError::Io(error))) => return Err(failed(error)),
            Ok(Err(error)) => return Err(failed(io::Error::other(error))),
            Err(_) => return Err(failed(slow())),
        };
        match Answer::read(&line) {
            Ok(Answer::Error { code, message }) => {
                let (code, message) = (excerpt(&code, 40), excerpt(&message, MAX_MESSAGE));
                Err(RemoteError::Refused { code, message })
            }
            Ok(answer) => Ok(answer),
            Err(error) => {
                let problem = format!("{error} (wanted a line of version {VERSION})");
                Err(RemoteError::Nonsense { path: path.clone(), problem })
            }
        }
    }

    /// Where too many wait to be let in the system says so at once, and a little later there is room.
    async fn connect(&self) -> io::Result<UnixStream> {
        let until = Instant::now() + CONNECT;
        loop {
            let slow = |_| Err(io::ErrorKind::TimedOut.into());
            match timeout_at(until, UnixStream::connect(&self.0)).await.unwrap_or_else(slow) {
                Err(error)
                    if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < until =>
                {
                    sleep(AGAIN).await;
                }
                connected => return connected,
            }
        }
    }

    fn nonsense(&self, answer: &Answer) -> RemoteError {
        let problem = match answer {
            Answer::Accounts(_) => "a list of accounts",
            Answer::Policy(_) => "a policy",
            Answer::Signed { .. } => "a signature over another block",
            Answer::Error { .. } => "an error",
        };
        RemoteError::Nonsense { path: self.0.clone(), problem: format!("it is {problem}") }
    }
}
