use crate::program::p2pow;

const ROOT: &str = "718CC2121C3E641059BC1C2CFC45666C99E8AE922F7A807B7D07B62C995D79E2";
const WORK: &str = "2b3d689bbcb21dca";

#[test]
fn a_work_is_judged_against_the_live_threshold() {
    let report = p2pow(["work", "validate", "--root", ROOT, "--work", WORK, "--json"]).run().json();
    assert_eq!(report["value"], "fffffff93c41ec94");
    assert_eq!(report["threshold"], "fffffff800000000");
    assert_eq!(report["valid"], true);
    let multiplier = report["multiplier"].as_f64().unwrap();
    assert!((multiplier - 1.182_623_871_097_636).abs() < 1e-12, "{multiplier}");
    assert_eq!(report.as_object().unwrap().len(), 4);
}

#[test]
fn a_threshold_that_is_not_reached_makes_it_invalid_and_no_error() {
    let judge = |threshold: &str| {
        let arguments = [
            "work",
            "validate",
            "--root",
            ROOT,
            "--work",
            WORK,
            "--threshold",
            threshold,
            "--json",
        ];
        p2pow(arguments).run().json()
    };
    let report = judge("fffffff93c41ec95");
    assert_eq!(report["valid"], false);
    assert_eq!(report["threshold"], "fffffff93c41ec95");
    assert_eq!(judge("FFFFFFF93C41EC94")["valid"], true);
}

#[test]
fn found_work_validates() {
    let threshold = "fff0000000000000";
    let arguments = ["work", "generate", "--root", ROOT, "--threshold", threshold, "--json"];
    let found = p2pow(arguments).run().json();
    let work = found["work"].as_str().unwrap();
    assert_eq!(work.len(), 16);
    assert!(found["hashes"].as_u64().unwrap() > 0);
    let arguments =
        ["work", "validate", "--root", ROOT, "--work", work, "--threshold", threshold, "--json"];
    let judged = p2pow(arguments).run().json();
    assert_eq!(judged["valid"], true);
    for key in ["value", "valid", "threshold", "multiplier"] {
        assert_eq!(found[key], judged[key], "{key}");
    }
}

#[test]
fn the_root_of_a_first_block_may_be_its_account() {
    let account = "nano_3i1aq1cchnmbn9x5rsbap8b15akfh7wj7pwskuzi7ahz8oq6cobd99d4r3b7";
    let key = "C008B814A7D269A1FA3C6528B19201A24D797912DB9996FF02A1FF356E45552B";
    let judge = |root: &str| {
        p2pow(["work", "validate", "--root", root, "--work", WORK, "--json"]).run().json()
    };
    assert_eq!(judge(account), judge(key));
}

#[test]
fn a_network_gives_the_threshold() {
    let network = |name: &str| {
        let arguments =
            ["work", "validate", "--root", ROOT, "--work", WORK, "--network", name, "--json"];
        p2pow(arguments).run()
    };
    assert_eq!(network("dev").json()["threshold"], "ffc0000000000000");
    assert_eq!(network("banano").json()["threshold"], "fffffe0000000000");
    assert!(network("mars").bad(2).contains("mars"));
}

#[test]
fn malformed_values_are_wrong_usage() {
    for work in
        ["", "2b3d689bbcb21dc", "0x2b3d689bbcb21dca", "+b3d689bbcb21dca", "gggggggggggggggg"]
    {
        p2pow(["work", "validate", "--root", ROOT, "--work", work]).run().bad(2);
    }
    for root in ["", "00", &ROOT[1..], "nano_1", &"0".repeat(65)] {
        p2pow(["work", "validate", "--root", root, "--work", WORK]).run().bad(2);
    }
    p2pow(["work", "generate", "--root", ROOT, "--threshold", "1"]).run().bad(2);
    p2pow(["work", "generate", "--root", ROOT, "--threads", "0"]).run().bad(2);
    p2pow(["work", "generate"]).run().bad(2);
}

#[test]
fn without_json_a_line_for_each_value() {
    let ended = p2pow(["work", "validate", "--root", ROOT, "--work", WORK]).run();
    let lines: Vec<&str> = ended.good().lines().collect();
    assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>(), ["value", "fffffff93c41ec94"]);
    assert_eq!(lines.len(), 4);
}
