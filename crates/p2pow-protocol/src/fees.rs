//! What a job costs.
//!
//! A worker quotes one number, the price of a send or change job. Half of it is for the work of the reward block, half
//! for the user's block. A receive is 64 times lighter than a send on the live network, so its half shrinks to one
//! 64th of the fee (source: the first worker's rule, fee/2 + fee·(2^64 - send)/(2^64 - receive)). A batch costs the
//! same sum over its blocks.

use nano_block::Subtype;
use nano_primitives::Amount;

/// The price of a receive or open job where a send costs `fee`: fee/2 + fee/64, each rounded down.
///
/// ```
/// use nano_primitives::Amount;
/// use p2pow_protocol::fees::fee_receive;
///
/// let fee = Amount::from_xno("0.0001")?;
/// assert_eq!(fee_receive(fee).to_string(), "51562500000000000000000000");
/// # Ok::<_, nano_primitives::AmountError>(())
/// ```
#[must_use]
pub const fn fee_receive(fee: Amount) -> Amount {
    let fee = fee.to_raw();
    Amount::from_raw(fee / 2 + fee / 64)
}

/// The price of a job of these user blocks and one reward block, or `None` if it is above every amount there is.
///
/// ```
/// use nano_block::Subtype::{Open, Receive, Send};
/// use nano_primitives::Amount;
/// use p2pow_protocol::fees::{fee_receive, price};
///
/// let fee = Amount::from_raw(6401);
/// assert_eq!(price(&[Send], fee), Some(fee));
/// assert_eq!(price(&[Open], fee), Some(fee_receive(fee)));
/// assert_eq!(price(&[Receive, Send], fee), Some(Amount::from_raw(6501)));
/// ```
#[must_use]
pub fn price(blocks: &[Subtype], fee: Amount) -> Option<Amount> {
    let reward = Amount::from_raw(fee.to_raw() / 2);
    blocks.iter().try_fold(reward, |sum, &block| sum.checked_add(share(block, fee)))
}

/// One user block's part of the price. The odd raw of an odd fee is in a send's half, so that one send costs `fee`.
const fn share(block: Subtype, fee: Amount) -> Amount {
    let fee = fee.to_raw();
    Amount::from_raw(if block.is_receive() { fee / 64 } else { fee - fee / 2 })
}
