//! What comes over HTTP: jobs, and the answers of nodes and workers.

use nano_block::Seed;
use nano_primitives::Amount;
use nano_rpc::answers;
use p2pow_protocol::{Answer, Info, Terms, WorkRequest, check_request};

/// What reads as a job is written and read as the same job. What is accepted pays the fee, is signed by one account, and
/// is a chain with the reward on top.
pub fn request_work(bytes: &[u8]) {
    const MOST: usize = 16;
    let Ok(request) = WorkRequest::parse(bytes, MOST) else { return };
    assert_eq!(WorkRequest::parse(&request.to_json(), MOST).as_ref(), Ok(&request));
    let worker = Seed::from_bytes([2; 32]).derive(0).account();
    let terms = Terms { reward_account: worker, fee: Amount::from_raw(1_000) };
    if check_request(&request, &terms).is_ok() {
        let mut previous = None;
        for block in request.blocks() {
            assert!(block.verify().is_ok());
            assert_eq!(block.block.account, request.account());
            assert!(previous.is_none_or(|hash| hash == block.block.previous));
            previous = Some(block.hash());
        }
        assert_eq!(request.reward().block.link.to_account(), worker);
        assert!(request.paid().is_some_and(|paid| paid >= Amount::from_raw(515)));
    }
}

/// No answer of a node or a worker makes a reader panic.
pub fn rpc_answer(bytes: &[u8]) {
    let _ = answers::version(bytes);
    let _ = answers::words(422, bytes);
    let _ = nano_rpc::websocket::read_event(bytes);
    let _ = answers::account_info(bytes);
    let _ = answers::account_balance(bytes);
    let _ = answers::accounts_frontiers(bytes);
    let _ = answers::accounts_balances(bytes);
    let _ = answers::account_history(bytes);
    let _ = answers::block_info(bytes);
    let _ = answers::blocks_info(bytes);
    let _ = answers::receivable(bytes);
    let _ = answers::accounts_receivable(bytes);
    let _ = answers::process(bytes);
    let _ = answers::work_generate(bytes);
    let _ = answers::work_validate(bytes);
    let _ = answers::active_difficulty(bytes);
    let _ = answers::telemetry(bytes);
    let _ = answers::confirmation_info(bytes);
    let _ = Info::parse(bytes).map(|info| info.offer());
    for status in [201, 500] {
        let _ = Answer::read(status, bytes);
    }
}
