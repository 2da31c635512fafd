use crate::program::{Desk, p2pow};
use serde_json::{Value, json};

const KEY: &str = "0000000000000000000000000000000000000000000000000000000000000002";
const HASH: &str = "FF0144381CFF0B2C079A115E7ADA7E96F43FD219446E7524C48D1CC9900C4F17";

/// The block of nano-docs, `block_create`.
fn signed() -> Value {
    json!({
        "type": "state",
        "account": "nano_3qgmh14nwztqw4wmcdzy4xpqeejey68chx6nciczwn9abji7ihhum9qtpmdr",
        "previous": "F47B23107E5F34B2CE06F562B5C435DF72A533251CB414C51B2B62A8F63A00E4",
        "representative": "nano_1hza3f7wiiqa7ig3jczyxj5yo86yegcmqk3criaz838j91sxcckpfhbhhra1",
        "balance": "1000000000000000000000",
        "link": "19D3D919475DEED4696B5D13018151D1AF88B2BD3BCFF048B45031C1F36D1858",
        "signature": "3BFBA64A775550E6D49DF1EB8EEC2136DCD74F090E2ED658FBD9E80F17CB1C9F9F7BDE2B93D95558EC2F277FFF15FD11E6E2162A1714731B743D1E941FA4560A",
        "work": "cab7404f0b5449d0",
    })
}

fn without(mut block: Value, fields: &[&str]) -> Value {
    for field in fields {
        block.as_object_mut().unwrap().remove(*field);
    }
    block
}

#[test]
fn the_hash_is_upper_case_hex_from_a_file_or_standard_input() {
    let desk = Desk::new();
    let file = desk.file("block.json", signed().to_string());
    assert_eq!(p2pow(["block", "hash", &file]).run().stdout, format!("{HASH}\n"));
    let unsigned = without(signed(), &["signature", "work"]).to_string();
    assert_eq!(p2pow(["block", "hash"]).run_with(&unsigned).good(), HASH);
    assert_eq!(p2pow(["block", "hash", "-"]).run_with(&unsigned).good(), HASH);
    let object = p2pow(["block", "hash", "--json"]).run_with(&unsigned);
    assert_eq!(object.json(), json!({ "hash": HASH }));
}

#[test]
fn a_legacy_block_has_a_hash_too() {
    let block = json!({
        "type": "open",
        "source": "B0311EA55708D6A53C75CDBF88300259C6D018522FE3D4D0A242E431F9E8B6D0",
        "representative": "nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo",
        "account": "nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo",
    });
    let hash = "04270D7F11C4B2B472F2854C5A59F2A7E84226CE9ED799DE75744BD7D85FC9D9";
    assert_eq!(p2pow(["block", "hash"]).run_with(block.to_string()).good(), hash);
}

#[test]
fn a_good_signature_is_valid_and_a_wrong_one_is_told() {
    assert_eq!(p2pow(["block", "verify"]).run_with(signed().to_string()).good(), "valid");

    let mut forged = signed();
    forged["balance"] = json!("1000000000000000000001");
    let ended = p2pow(["block", "verify"]).run_with(forged.to_string());
    assert!(ended.stdout.contains("signature is not"), "{ended:?}");
    assert!(ended.bad(1).contains("is not valid"));
}

#[test]
fn the_work_is_checked_if_asked_for() {
    // Its value is ffffffd2b7ffab7b.
    let verify = |threshold: &str| {
        p2pow(["block", "verify", "--threshold", threshold]).run_with(signed().to_string())
    };
    assert_eq!(verify("ffffffc000000000").good(), "valid");
    let ended = verify("fffffff800000000");
    assert!(ended.stdout.contains("ffffffd2b7ffab7b"), "{ended:?}");
    ended.bad(1);
    let lacking = without(signed(), &["work"]).to_string();
    let ended = p2pow(["block", "verify", "--threshold", "0000000000000000"]).run_with(lacking);
    assert_eq!(ended.stdout, "the block has no work\n");
    ended.bad(1);
}

#[test]
fn who_signed_a_legacy_send_must_be_said() {
    let send = json!({
        "type": "send",
        "previous": "991CF190094C00F0B68E2E5F75F6BEE95A2E0BD93CEAA4A6734DB9F19B728948",
        "destination": "nano_13ezf4od79h1tgj9aiu4djzcmmguendtjfuhwfukhuucboua8cpoihmh8byo",
        "balance": "FD89D89D89D89D89D89D89D89D89D89D",
        "work": "3c82cc724905ee95",
        "signature": "5B11B17DB9C8FE0CC58CAC6A6EECEF9CB122DA8A81C6D3DB1B5EE3AB065AA8F8CB1D6765C8EB91B58530C5FF5987AD95E6D34BB57F44257E20795EE412E61600",
    })
    .to_string();
    assert!(p2pow(["block", "verify"]).run_with(&send).bad(2).contains("--account"));
    let signer = "nano_3t6k35gi95xu6tergt6p69ck76ogmitsa8mnijtpxm9fkcm736xtoncuohr3";
    let ended = p2pow(["block", "verify", "--account", signer]).run_with(&send);
    assert_eq!(ended.good(), "valid");
}

#[test]
fn signing_gives_the_block_with_its_signature() {
    let unsigned = without(signed(), &["signature", "work"]).to_string();
    let ended = p2pow(["block", "sign"]).env("P2POW_KEY", KEY).run_with(&unsigned);
    let block = ended.json();
    for (field, value) in without(signed(), &["work"]).as_object().unwrap() {
        assert_eq!(&block[field], value, "{field}");
    }
    assert!(block.get("work").is_none());
    // Work that is there already stays: it is bound to the root and not to the signature.
    let worked = without(signed(), &["signature"]).to_string();
    let ended = p2pow(["block", "sign"]).env("P2POW_KEY", KEY).run_with(worked);
    assert_eq!(ended.json()["work"], signed()["work"]);
    assert_eq!(p2pow(["block", "verify"]).run_with(ended.good()).good(), "valid");
}

#[test]
fn a_block_of_another_account_is_not_signed() {
    let ended =
        p2pow(["block", "sign"]).env("P2POW_KEY", "0".repeat(64)).run_with(signed().to_string());
    assert!(ended.bad(1).contains("but the key of nano_"), "{ended:?}");
}

#[test]
fn a_key_is_never_an_argument() {
    let desk = Desk::new();
    let file = desk.file("block.json", signed().to_string());
    p2pow(["block", "sign", &file, "--key", KEY]).run().bad(2);
    p2pow(["block", "sign", &file, KEY]).run().bad(2);
    assert!(p2pow(["block", "sign", &file]).run().bad(2).contains("--key-file"));
}

#[test]
fn bad_input_is_told_by_field_found_and_wanted() {
    let spoil = |field: &str, value: Value| {
        let mut block = signed();
        block[field] = value;
        p2pow(["block", "hash"]).run_with(block.to_string()).bad(1).to_owned()
    };
    assert!(spoil("balance", json!("-1")).contains("balance"));
    let beyond = spoil("balance", json!("340282366920938463463374607431768211456"));
    assert!(beyond.contains("balance") && beyond.contains("largest"), "{beyond}");
    assert!(spoil("balance", json!("1e3")).contains("balance"));
    assert!(spoil("previous", json!("AB")).contains("previous"));
    assert!(spoil("account", json!("nano_1")).contains("account"));
    let wrong = "nano_3qgmh14nwztqw4wmcdzy4xpqeejey68chx6nciczwn9abji7ihhum9qtpmd1";
    assert!(spoil("account", json!(wrong)).contains("checksum"));
    assert!(spoil("type", json!("vote")).contains("vote"));
    let short = without(signed(), &["representative"]).to_string();
    assert!(p2pow(["block", "hash"]).run_with(short).bad(1).contains("representative"));
}

#[test]
fn garbage_truncated_huge_and_binary_input_is_refused() {
    let whole = signed().to_string();
    let inputs: [Vec<u8>; 7] = [
        Vec::new(),
        b"null".to_vec(),
        b"[]".to_vec(),
        whole.as_bytes()[..whole.len() / 2].to_vec(),
        vec![0xff, 0x00, 0xfe],
        vec![b'{'; 5 * 1024 * 1024],
        [b"{\"type\":\"".to_vec(), vec![b'x'; 1024 * 1024], b"\"}".to_vec()].concat(),
    ];
    for input in inputs {
        for command in ["hash", "verify", "sign"] {
            let ended = p2pow(["block", command]).env("P2POW_KEY", KEY).run_with(&input);
            assert!(ended.bad(1).len() < 4100, "{command}");
        }
    }
}

#[test]
fn verify_wants_a_signature() {
    let unsigned = without(signed(), &["signature"]).to_string();
    assert!(p2pow(["block", "verify"]).run_with(unsigned).bad(1).contains("signature"));
}
