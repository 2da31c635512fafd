//! What a device without an operating system does of P2PoW: it reads a worker's offer, signs the payment and its
//! reward, and writes the request. Clock, network and random source are the device's own matter.
//!
//! Needs an allocator and nothing else. The device must write down what [`Payment::user`] holds before the request
//! leaves it: after that, no other block may be signed on the same previous block.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::vec::Vec;
use nano_block::{AccountState, BuildError, SecretKey, SignedState, Subtype};
use nano_primitives::{Account, Amount};
use p2pow_protocol::{Answer, AnswerError, Info, InfoError, WorkRequest};

/// Why there is no payment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PaymentError {
    /// The worker's answer to `request_info` cannot be used.
    #[error(transparent)]
    Info(#[from] InfoError),
    /// The worker takes no jobs for now.
    #[error("the worker takes no jobs for now")]
    Busy,
    /// The worker asks for more than is allowed.
    #[error("the worker asks for {found} raw, wanted at most {most}")]
    Dear {
        /// Its fee.
        found: Amount,
        /// The most that is paid.
        most: Amount,
    },
    /// The account has too little.
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// A payment that is signed and not sent yet.
#[derive(Debug)]
pub struct Payment {
    /// The block that pays, to be written down first.
    pub user: SignedState,
    /// The body of `POST /request_work`.
    pub request: Vec<u8>,
}

/// Signs a send of `amount` to `destination` and the worker's reward of at most `most` raw. `info` is the body that the
/// worker answered to `/request_info`; `state` is what a node says of the account, checked by whoever asked it.
///
/// # Errors
/// The offer is none, too dear or closed, or the account has too little for both.
pub fn sign(
    key: &SecretKey,
    state: &AccountState,
    (destination, amount): (Account, Amount),
    info: &[u8],
    most: Amount,
) -> Result<Payment, PaymentError> {
    let offer = Info::parse(info)?.offer();
    if !offer.is_available {
        return Err(PaymentError::Busy);
    }
    let fee = offer.price(&[Subtype::Send]).unwrap_or(Amount::MAX);
    if fee > most {
        return Err(PaymentError::Dear { found: fee, most });
    }
    let send = state.send(destination, amount)?;
    let reward = state.after(&send).send(offer.reward_account, fee)?;
    let user = send.sign(key);
    let request = WorkRequest::single(user, reward.sign(key)).to_json();
    Ok(Payment { user, request })
}

/// Reads the worker's answer. What truly happened is on the ledger.
///
/// # Errors
/// It is a refusal, or no answer at all.
pub fn read_answer(status: u16, body: &[u8]) -> Result<Answer, AnswerError> {
    Answer::read(status, body)
}

#[cfg(feature = "bare")]
#[panic_handler]
fn halt(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
