//! Where the world reaches the worker, and whether it answers there.

use super::finding::Finding;
use crate::options::{AddressArgs, OfferArgs};
use p2pow_protocol::VERSION;
use p2pow_server::public_address::offer_of;
use std::net::IpAddr;

const WHAT: &str = "public address";

/// The addresses, whatever network they are of.
pub(super) async fn addresses(options: &AddressArgs) -> Result<Vec<IpAddr>, Finding> {
    let allow_local = true;
    options.check(allow_local).map_err(|error| {
        let mend = "senders find nobody; set `public_ip`, then `p2pow-worker register`";
        Finding::doubtful(WHAT, error.to_string(), mend)
    })?;
    let found = options.find(allow_local).await;
    found.map_err(|error| Finding::wrong(WHAT, error.to_string(), "set `public_ip`"))
}

/// Whether this worker answers at an address.
pub(super) async fn look(ip: IpAddr, offer: &OfferArgs) -> Finding {
    match offer_of((ip, offer.public_port()).into()).await {
        Err(error) => Finding::doubtful(
            WHAT,
            format!("{ip} does not answer: {error}"),
            "start `p2pow-worker run`, and open the port in firewall and router",
        ),
        Ok(told) if told.reward_account != offer.reward.reward_account => Finding::wrong(
            WHAT,
            format!("at {ip} another worker answers, which pays {}", told.reward_account),
            "lead the port to this computer",
        ),
        Ok(told) if told.version != VERSION => {
            Finding::wrong(WHAT, format!("{ip} speaks another version"), "update it")
        }
        Ok(_) => Finding::well(WHAT, format!("this worker answers at {ip}")),
    }
}
