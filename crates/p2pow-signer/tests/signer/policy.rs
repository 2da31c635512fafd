//! What is signed, and what never is.

use crate::chain::{
    account, after, ask, frontier, key, memory, refused, reward, send, signatory, user, xno,
};
use nano_block::{AccountState, StateBlock};
use nano_primitives::{Amount, BlockHash, Link};
use p2pow_client::{BoxFuture, Role, SigningRequest};
use p2pow_signer::{Approve, Kind, Policy, Signatory};
use p2pow_store::{
    SqliteStore, Store,
    crash::{CrashAt, Moment},
};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

fn policy(change: impl FnOnce(&mut Policy)) -> Policy {
    let mut policy = Policy::default();
    change(&mut policy);
    policy
}

#[tokio::test]
async fn one_place_has_one_block_of_the_user_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("signer.db");
    let below = frontier(1);
    let (first, second) = (send(&below, 1, "0.5"), send(&below, 2, "0.5"));
    let signature = {
        let store = SqliteStore::open(&file).unwrap().shared();
        let signer = signatory(Policy::default(), &store);
        let signature = user(&signer, first, &below).await.unwrap();
        assert_eq!(user(&signer, second, &below).await, refused("already_signed"));
        signature
    };
    // Another process, and another policy.
    let store = SqliteStore::open(&file).unwrap().shared();
    let signer = signatory(policy(|policy| policy.kinds.clear()), &store);
    assert_eq!(user(&signer, first, &below).await, Ok(signature), "the same block again");
    let signer = signatory(Policy::default(), &store);
    assert_eq!(user(&signer, second, &below).await, refused("already_signed"));
    // A first block has a place as well.
    let open = |source| {
        let state = AccountState::unopened(account(0), account(9));
        state.receive(BlockHash::from_bytes([source; 32]), xno("1")).unwrap()
    };
    ask(&signer, Role::User, open(1), None).await.unwrap();
    assert_eq!(ask(&signer, Role::User, open(2), None).await, refused("already_signed"));
}

#[tokio::test]
async fn what_a_block_does_is_taken_from_the_block_below_alone() {
    let signer = signatory(Policy::default(), &memory());
    let below = frontier(1);
    let all = send(&below, 1, "99");
    assert_eq!(user(&signer, all, &below).await, refused("max_amount"));
    // A block below that would make it a receive.
    let poor = StateBlock { balance: Amount::ZERO, ..below };
    assert_eq!(user(&signer, all, &poor).await, refused("not_proven"));
    assert_eq!(ask(&signer, Role::User, all, None).await, refused("not_proven"));
    // As a first block it could not take anything away.
    let first = StateBlock { previous: BlockHash::ZERO, ..all };
    ask(&signer, Role::User, first, None).await.unwrap();
    let foreign = StateBlock { account: account(1), ..below };
    assert_eq!(user(&signer, send(&foreign, 2, "1"), &foreign).await, refused("unknown_account"));
}

#[tokio::test]
async fn a_block_of_more_than_the_policy_has_is_refused() {
    let policy = policy(|policy| {
        policy.max_amount = xno("2");
        policy.destinations = BTreeSet::from([account(1)]);
    });
    let signer = signatory(policy, &memory());
    let below = frontier(1);
    let more = after(&below).send(account(1), Amount::from_raw(xno("2").to_raw() + 1)).unwrap();
    assert_eq!(user(&signer, more, &below).await, refused("max_amount"));
    assert_eq!(user(&signer, send(&below, 2, "1"), &below).await, refused("destination"));
    user(&signer, send(&below, 1, "2"), &below).await.unwrap();
}

#[tokio::test]
async fn kinds_are_signed_as_they_are_allowed() {
    let below = frontier(1);
    let source = BlockHash::from_bytes([5; 32]);
    let (receive, change) = (
        after(&below).receive(source, xno("1")).unwrap(),
        after(&below).change(account(3)).unwrap(),
    );
    let both = StateBlock { representative: account(3), ..send(&below, 1, "1") };
    let cases: [(Kind, StateBlock, bool); 5] = [
        (Kind::Receive, receive, true),
        (Kind::Change, change, true),
        (Kind::Send, send(&below, 1, "1"), true),
        (Kind::Send, both, false),
        (Kind::Send, receive, false),
    ];
    for (kind, block, is_signed) in cases {
        let only = policy(|policy| policy.kinds = BTreeSet::from([kind]));
        let signed = user(&signatory(only, &memory()), block, &below).await;
        match is_signed {
            true => assert!(signed.is_ok(), "{kind}: {signed:?}"),
            false => assert_eq!(signed, refused("not_allowed"), "{kind}"),
        }
    }
    let without = policy(|policy| assert!(policy.kinds.remove(&Kind::Reward)));
    let signer = signatory(without, &memory());
    let sent = send(&below, 1, "1");
    user(&signer, sent, &below).await.unwrap();
    assert_eq!(reward(&signer, send(&sent, 2, "0.0001"), &sent).await, refused("not_allowed"));
}

#[tokio::test]
async fn a_reward_stands_on_a_block_that_was_signed_here() {
    let signer = signatory(Policy::default(), &memory());
    let below = frontier(1);
    let sent = send(&below, 1, "0.5");
    let fee = send(&sent, 2, "0.001");
    assert_eq!(reward(&signer, fee, &sent).await, refused("not_own_block"));
    user(&signer, sent, &below).await.unwrap();
    // Twin of the block that was signed, in the same place.
    let twin = send(&below, 3, "0.5");
    assert_eq!(reward(&signer, send(&twin, 2, "0.001"), &twin).await, refused("not_own_block"));
    reward(&signer, fee, &sent).await.unwrap();
    // A reward is no block of the user, so nothing is paid for on top of it.
    assert_eq!(reward(&signer, send(&fee, 2, "0.001"), &fee).await, refused("not_own_block"));
    let change = StateBlock { representative: account(3), ..send(&sent, 4, "0.001") };
    assert_eq!(reward(&signer, change, &sent).await, refused("not_proven"));
    // The user's next block stands where a reward could.
    user(&signer, send(&sent, 1, "0.5"), &sent).await.unwrap();
}

#[tokio::test]
async fn a_fee_pays_for_the_works_of_the_blocks_that_were_signed() {
    let signer = signatory(Policy::default(), &memory());
    let first = send(&frontier(1), 1, "0.1");
    user(&signer, first, &frontier(1)).await.unwrap();
    assert_eq!(reward(&signer, send(&first, 2, "0.0010001"), &first).await, refused("max_fee"));
    reward(&signer, send(&first, 2, "0.001"), &first).await.unwrap();
    let second = send(&first, 1, "0.1");
    user(&signer, second, &first).await.unwrap();
    assert_eq!(reward(&signer, send(&second, 2, "0.0015001"), &second).await, refused("max_fee"));
    reward(&signer, send(&second, 2, "0.0015"), &second).await.unwrap();
    // A receive costs a 64th, and its reward half a fee.
    let below = frontier(2);
    let received = after(&below).receive(BlockHash::from_bytes([5; 32]), xno("1")).unwrap();
    user(&signer, received, &below).await.unwrap();
    assert_eq!(reward(&signer, send(&received, 2, "0.0006"), &received).await, refused("max_fee"));
    reward(&signer, send(&received, 2, "0.0005"), &received).await.unwrap();
}

#[tokio::test]
async fn several_workers_may_be_promised_a_reward_of_which_one_counts() {
    let few = policy(|policy| {
        policy.max_rewards = 3;
        policy.max_per_day = xno("0.502");
    });
    let signer = signatory(few, &memory());
    let sent = send(&frontier(1), 1, "0.5");
    user(&signer, sent, &frontier(1)).await.unwrap();
    for (worker, fee) in [(2, "0.0005"), (3, "0.001"), (4, "0.0007")] {
        reward(&signer, send(&sent, worker, fee), &sent).await.unwrap();
    }
    let one_more = send(&sent, 5, "0.0005");
    assert_eq!(reward(&signer, one_more, &sent).await, refused("too_many_rewards"));
    let standing = signer.standing().await.unwrap();
    assert_eq!((standing.spent, standing.left), (xno("0.501"), xno("0.001")));
}

#[tokio::test]
async fn the_limit_of_the_day_outlives_the_process_and_leaves_room_for_the_fee() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("signer.db");
    let daily = || policy(|policy| policy.max_per_day = xno("2"));
    {
        let store = SqliteStore::open(&file).unwrap().shared();
        let signer = signatory(daily(), &store);
        user(&signer, send(&frontier(1), 1, "1"), &frontier(1)).await.unwrap();
        // It would be signed, and then no reward on top of it.
        let rest = send(&frontier(2), 1, "1");
        assert_eq!(user(&signer, rest, &frontier(2)).await, refused("max_per_day"));
    }
    let store = SqliteStore::open(&file).unwrap().shared();
    let signer = signatory(daily(), &store);
    assert_eq!(signer.standing().await.unwrap().spent, xno("1"));
    let rest = send(&frontier(2), 1, "0.9991");
    assert_eq!(user(&signer, rest, &frontier(2)).await, refused("max_per_day"));
    let rest = send(&frontier(2), 1, "0.999");
    user(&signer, rest, &frontier(2)).await.unwrap();
    reward(&signer, send(&rest, 2, "0.001"), &rest).await.unwrap();
    assert_eq!(signer.standing().await.unwrap().left, Amount::ZERO);
    let one = after(&frontier(3)).send(account(1), Amount::from_raw(1)).unwrap();
    assert_eq!(user(&signer, one, &frontier(3)).await, refused("max_per_day"));
}

#[tokio::test]
async fn blocks_that_no_user_signs_are_refused() {
    let signer = signatory(Policy::default(), &memory());
    let below = frontier(1);
    let idle = StateBlock { previous: below.hash(), ..below };
    let epoch = nano_block::Epoch::Epoch2.link().unwrap();
    for link in [epoch, Link::from_bytes([1; 32])] {
        let block = StateBlock { link, ..idle };
        assert_eq!(user(&signer, block, &below).await, refused("not_proven"));
    }
}

/// Says yes or no, and keeps what it was asked.
#[derive(Debug)]
struct Owner {
    is_willing: bool,
    asked: Mutex<Vec<(SigningRequest, Amount)>>,
}

impl Approve for Owner {
    fn approve<'a>(&'a self, request: &'a SigningRequest, max_fee: Amount) -> BoxFuture<'a, bool> {
        self.asked.lock().unwrap().push((*request, max_fee));
        Box::pin(std::future::ready(self.is_willing))
    }
}

#[tokio::test]
async fn the_owner_is_asked_for_what_the_policy_allows() {
    let (below, sent) = (frontier(1), send(&frontier(1), 1, "0.5"));
    for is_willing in [true, false] {
        let owner = Arc::new(Owner { is_willing, asked: Mutex::default() });
        let signer = Signatory::new([key(0)], Policy::default(), memory());
        let signer = signer.with_approval(Arc::<Owner>::clone(&owner));
        assert_eq!(user(&signer, send(&below, 1, "5"), &below).await, refused("max_amount"));
        let signed = user(&signer, sent, &below).await;
        if is_willing {
            signed.unwrap();
            user(&signer, sent, &below).await.unwrap();
            reward(&signer, send(&sent, 2, "0.001"), &sent).await.unwrap();
        } else {
            assert_eq!(signed, refused("not_approved"));
            assert_eq!(signer.standing().await.unwrap().spent, Amount::ZERO);
        }
        let asked = owner.asked.lock().unwrap();
        let proven = SigningRequest::proven(Role::User, sent, Some(below)).unwrap();
        assert_eq!(*asked, [(proven, xno("0.001"))], "once, and not for the reward");
    }
}

#[tokio::test]
async fn a_death_at_any_write_lets_no_second_block_be_signed() {
    let (below, sent) = (frontier(1), send(&frontier(1), 1, "0.5"));
    let other = send(&below, 2, "0.25");
    for moment in [Moment::Before, Moment::After] {
        for write in 1..=2 {
            for is_other in [false, true] {
                let store = memory();
                let dying: Arc<dyn Store> =
                    Arc::new(CrashAt::new(Arc::clone(&store), write, moment));
                let signer = signatory(Policy::default(), &dying);
                assert_eq!(user(&signer, sent, &below).await, refused("store"));
                let signer = signatory(Policy::default(), &store);
                let what = format!("{moment:?} write {write}, other: {is_other}");
                if !is_other {
                    user(&signer, sent, &below).await.unwrap();
                    assert_eq!(user(&signer, other, &below).await, refused("already_signed"));
                    let spent = signer.standing().await.unwrap().spent;
                    assert_eq!(spent, xno("0.5"), "{what}");
                    continue;
                }
                let both = [user(&signer, other, &below).await, user(&signer, sent, &below).await];
                let signed = both.iter().filter(|signed| signed.is_ok()).count();
                assert_eq!(signed, 1, "{what}: {both:?}");
                let is_written = moment == Moment::After && write == 2;
                assert_eq!(both[1].is_ok(), is_written, "{what}");
            }
        }
    }
}
