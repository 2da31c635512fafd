//! Signing, building, subtypes, epochs, thresholds, the binary form.

#![allow(clippy::unwrap_used)]

use nano_block::{
    AccountState, BlockKind, BuildError, DecodeError, EncodeError, Epoch, Network, SecretKey, Seed,
    SignatureError, SignedBlock, Subtype, verify,
};
use nano_primitives::{
    Account, Amount, BlockHash, HexError, Link, PublicKey, Root, Signature, Work,
};

fn key(index: u32) -> SecretKey {
    Seed::from_bytes([1; 32]).derive(index)
}

fn state(raw: u128) -> AccountState {
    AccountState {
        account: key(0).account(),
        frontier: Some(BlockHash::from_bytes([5; 32])),
        balance: Amount::from_raw(raw),
        representative: key(3).account(),
    }
}

const ONE: Amount = Amount::from_raw(1);

/// The order of Ed25519's group, little endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn add(a: &[u8], b: &[u8; 32]) -> [u8; 32] {
    let mut sum = [0; 32];
    let mut carry = 0u16;
    for ((out, a), b) in sum.iter_mut().zip(a).zip(b) {
        let digit = u16::from(*a) + u16::from(*b) + carry;
        *out = digit.to_le_bytes()[0];
        carry = digit >> 8;
    }
    sum
}

#[test]
fn a_scalar_above_the_group_order_is_refused() {
    let hash = BlockHash::from_bytes([8; 32]);
    let mut bytes = key(0).sign(&hash).to_bytes();
    let shifted = add(&bytes[32..], &ORDER);
    bytes[32..].copy_from_slice(&shifted);
    let malleable = Signature::from_bytes(bytes);
    let refused = verify(&key(0).public_key(), &hash, &malleable);
    assert!(matches!(refused, Err(SignatureError::Mismatch { .. })), "{refused:?}");
}

#[test]
fn keys_that_prove_nothing_are_refused() {
    let hash = BlockHash::ZERO;
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut forged = [0; 64];
    forged[0] = 1; // R is the identity, S is 0: valid for the identity as key, without the check
    let weak = verify(&PublicKey::from_bytes(identity), &hash, &Signature::from_bytes(forged));
    assert!(matches!(weak, Err(SignatureError::WeakKey { .. })), "{weak:?}");
    let mut no_point = [0; 32];
    no_point[0] = 2;
    let refused = verify(&PublicKey::from_bytes(no_point), &hash, &Signature::ZERO);
    assert!(matches!(refused, Err(SignatureError::NoPoint { .. })), "{refused:?}");
}

#[test]
fn secrets_are_not_shown() {
    let seed = Seed::from_bytes([0xab; 32]);
    assert_eq!(format!("{seed:?} {:?}", seed.derive(0)), "Seed(..) SecretKey(..)");
    let mistyped = format!("{}Z", "A".repeat(63));
    let error = mistyped.parse::<SecretKey>().unwrap_err();
    assert!(!error.to_string().contains("AAAA"), "{error}");
    assert!(matches!("AB".parse::<Seed>(), Err(HexError::Length { found: 2, wanted: 64, .. })));
}

#[test]
fn generated_secrets_differ() {
    assert_ne!(*Seed::generate().unwrap().expose_hex(), *Seed::generate().unwrap().expose_hex());
    assert_ne!(SecretKey::generate().unwrap().account(), SecretKey::generate().unwrap().account());
}

#[test]
fn blocks_are_built_from_the_state_before_them() {
    let before = state(10);
    let send = before.send(key(1).account(), Amount::from_raw(4)).unwrap();
    assert_eq!(send.balance, Amount::from_raw(6));
    assert_eq!(send.link, Link::from(key(1).account()));
    assert_eq!(send.subtype(before.balance), Some(Subtype::Send));
    assert_eq!(send.root(), Root::from(before.frontier.unwrap()));

    let after = before.after(&send);
    let receive = after.receive(BlockHash::from_bytes([9; 32]), ONE).unwrap();
    assert_eq!(receive.previous, send.hash());
    assert_eq!(receive.subtype(after.balance), Some(Subtype::Receive));

    let change = after.change(key(2).account()).unwrap();
    assert_eq!(change.subtype(after.balance), Some(Subtype::Change));
    assert_eq!(change.representative, key(2).account());
}

#[test]
fn a_first_block_opens_the_account() {
    let unopened = AccountState::unopened(key(0).account(), key(3).account());
    let open = unopened.receive(BlockHash::from_bytes([9; 32]), ONE).unwrap();
    assert_eq!(open.subtype(Amount::ZERO), Some(Subtype::Open));
    assert_eq!(open.root(), Root::from(key(0).account()));
    assert_eq!(
        unopened.send(key(1).account(), ONE),
        Err(BuildError::Unopened { account: key(0).account() })
    );
    assert!(unopened.change(key(1).account()).is_err());
}

#[test]
fn impossible_blocks_are_not_built() {
    let account = key(0).account();
    let (balance, amount) = (ONE, Amount::from_raw(2));
    let refused = state(1).send(account, amount);
    assert_eq!(refused, Err(BuildError::Insufficient { account, balance, amount }));
    assert_eq!(state(1).send(account, Amount::ZERO), Err(BuildError::Nothing));
    assert_eq!(state(1).receive(BlockHash::ZERO, Amount::ZERO), Err(BuildError::Nothing));
    let overflow = state(u128::MAX).receive(BlockHash::ZERO, ONE);
    assert!(matches!(overflow, Err(BuildError::Overflow { .. })));
    let burn = AccountState::unopened(Account::ZERO, account);
    assert_eq!(burn.receive(BlockHash::ZERO, ONE), Err(BuildError::Burn));
}

#[test]
fn an_epoch_block_is_known_by_its_link() {
    for epoch in [Epoch::Epoch1, Epoch::Epoch2] {
        let mut block = state(5).change(key(3).account()).unwrap();
        block.link = epoch.link().unwrap();
        assert_eq!(block.subtype(Amount::from_raw(5)), Some(Subtype::Epoch));
        assert_eq!(Epoch::from_link(&block.link), Some(epoch));
        assert_eq!(Epoch::from_number(epoch.number()), Some(epoch));
    }
    let text = Epoch::Epoch2.link().unwrap();
    assert!(text.as_bytes().starts_with(b"epoch v2 block\0"));
    assert_eq!(Epoch::Epoch0.link(), None);
}

#[test]
fn a_balance_that_stays_with_a_link_is_nothing() {
    let mut block = state(5).change(key(3).account()).unwrap();
    block.link = Link::from_bytes([1; 32]);
    assert_eq!(block.subtype(Amount::from_raw(5)), None);
}

#[test]
fn thresholds_follow_subtype_and_epoch() {
    let live = Network::Live.thresholds();
    for subtype in [Subtype::Send, Subtype::Receive, Subtype::Open, Subtype::Change, Subtype::Epoch]
    {
        assert_eq!(live.for_state(subtype, Epoch::Epoch0), live.epoch_1);
        assert_eq!(live.for_state(subtype, Epoch::Epoch1), live.epoch_1);
    }
    assert_eq!(live.for_state(Subtype::Send, Epoch::Epoch2), live.base());
    assert_eq!(live.for_state(Subtype::Change, Epoch::Epoch2), live.epoch_2);
    assert_eq!(live.for_state(Subtype::Receive, Epoch::Epoch2), live.entry());
    assert_eq!(live.for_state(Subtype::Open, Epoch::Epoch2), live.epoch_2_receive);
    assert_eq!(live.for_state(Subtype::Epoch, Epoch::Epoch2), live.epoch_2_receive);
    assert_eq!(live.for_legacy(), live.epoch_1);
}

#[test]
fn the_binary_form_says_what_is_wrong() {
    let signed: SignedBlock = state(5).send(key(1).account(), ONE).unwrap().sign(&key(0)).into();
    assert_eq!(signed.encode(), Err(EncodeError::NoWork { hash: signed.hash() }));
    let bytes = signed.with_work(Work::from_u64(1)).encode().unwrap();
    assert_eq!((bytes.len(), bytes[0], bytes[216]), (217, 6, 1));
    assert_eq!(SignedBlock::decode(&[]), Err(DecodeError::Empty));
    assert_eq!(SignedBlock::decode(&[1, 2]), Err(DecodeError::Kind { found: 1 }));
    let (kind, wanted) = (BlockKind::State, 217);
    assert_eq!(
        SignedBlock::decode(&bytes[..216]),
        Err(DecodeError::Length { kind, found: 216, wanted })
    );
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(SignedBlock::decode(&longer), Err(DecodeError::Length { kind, found: 218, wanted }));
}
