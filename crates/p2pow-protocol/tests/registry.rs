//! Addresses as representatives, and which of them may be dialled.

mod common;

use common::{key, text, vectors};
use nano_primitives::{Account, PublicKey};
use p2pow_protocol::registry::{self, REGISTRATION_ACCOUNT, REGISTRATION_AMOUNT, is_dialable};
use proptest::prelude::{any, prop_assert_eq, proptest};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const MAIN: &str = "nano_1de1egated1proof1ofwork1themain1registration1accountp46rpyr6";

#[test]
fn the_registration_account_reads_as_its_slogan() {
    assert_eq!(REGISTRATION_ACCOUNT.to_string(), MAIN);
    assert_eq!(REGISTRATION_AMOUNT.to_raw(), 18_080_613);
}

#[test]
fn every_vector_is_written_and_read_as_the_first_worker_did() {
    for vector in vectors()["registry"].as_array().unwrap() {
        let address: IpAddr = text(&vector["ip"]).parse().unwrap();
        let account: Account = text(&vector["address"]).parse().unwrap();
        assert_eq!(account.public_key().to_string(), text(&vector["public"]));
        if address == "2600::".parse::<IpAddr>().unwrap() {
            continue; // read as IPv4 by everybody: see the next test
        }
        assert_eq!(registry::encode(address), Ok(account), "{address}");
        assert_eq!(registry::decode(&account), Some(address), "{address}");
    }
}

#[test]
fn an_address_that_reads_back_as_another_is_refused() {
    let error = registry::encode("2600::".parse().unwrap()).unwrap_err();
    let text = "address 2600:: cannot be registered: it would be read as 38.0.0.0";
    assert_eq!(error.to_string(), text);
    assert!(registry::encode("::".parse().unwrap()).is_err());
    assert!(registry::encode("::1".parse().unwrap()).is_ok());
    assert!(registry::encode("0.0.0.7".parse().unwrap()).is_ok());
}

#[test]
fn an_ordinary_account_is_no_address() {
    assert_eq!(registry::decode(&key(1).account()), None);
    assert_eq!(registry::decode(&REGISTRATION_ACCOUNT), None);
    let mut bytes = [0; 32];
    bytes[16] = 1;
    assert_eq!(registry::decode(&Account::new(PublicKey::from_bytes(bytes))), None);
}

#[test]
fn only_global_unicast_is_dialled() {
    for global in ["1.1.1.1", "8.8.8.8", "100.63.0.1", "172.32.0.1", "192.0.1.1", "198.20.0.1"] {
        assert!(is_dialable(global.parse().unwrap(), false), "{global}");
    }
    for global in ["2a01:4f8:c17:1::1", "2001:200::1", "2600:1::1", "2804:14:1::5"] {
        assert!(is_dialable(global.parse().unwrap(), false), "{global}");
    }
}

#[test]
fn local_addresses_are_dialled_only_where_that_is_allowed() {
    let v4 = ["127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1"];
    for local in v4.into_iter().chain(["::1", "fd00::1"]) {
        assert!(!is_dialable(local.parse().unwrap(), false), "{local}");
        assert!(is_dialable(local.parse().unwrap(), true), "{local}");
    }
}

#[test]
fn special_addresses_are_never_dialled() {
    let v4 = [
        "0.0.0.0",
        "0.1.2.3",
        "100.64.0.1",
        "169.254.1.1",
        "169.254.169.254",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
    ];
    let v6 = [
        "::",
        "::ffff:8.8.8.8",
        "::8.8.8.8",
        "64:ff9b::808:808",
        "100::1",
        "2001::1",
        "2001:1ff::1",
        "2001:db8::1",
        "2002:808:808::1",
        "3fff::1",
        "fe80::1",
        "ff02::1",
        "5f00::1",
    ];
    for special in v4.into_iter().chain(v6) {
        assert!(!is_dialable(special.parse().unwrap(), false), "{special}");
        assert!(!is_dialable(special.parse().unwrap(), true), "{special}");
    }
}

proptest! {
    #[test]
    fn what_can_be_registered_reads_back_as_itself(v4 in any::<u32>(), v6 in any::<u128>()) {
        let v4 = IpAddr::from(Ipv4Addr::from_bits(v4));
        prop_assert_eq!(registry::decode(&registry::encode(v4).unwrap()), Some(v4));
        for v6 in [v6, v6 << 96, v6 >> 96, v6 & !0xffff] {
            let v6 = IpAddr::from(Ipv6Addr::from_bits(v6));
            if let Ok(account) = registry::encode(v6) {
                prop_assert_eq!(registry::decode(&account), Some(v6));
            }
        }
    }

    #[test]
    fn what_is_read_is_written_as_the_same_account(bytes in any::<[u8; 32]>(), keep in 0usize..=32) {
        let mut padded = [0; 32];
        padded[..keep].copy_from_slice(&bytes[..keep]);
        let account = Account::new(PublicKey::from_bytes(padded));
        if let Some(address) = registry::decode(&account) {
            prop_assert_eq!(registry::encode(address), Ok(account));
        }
    }
}
