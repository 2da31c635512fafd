//! How a job stands, asked at front ends that do not have it.

use super::{
    LONG, SHORT, broker,
    setup::{FEE, Front, amount, books, george, net, request},
};
use nano_primitives::BlockHash;
use p2pow_protocol::JobState;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn any_front_end_says_how_a_job_stands_and_goes_on_to_say_so_when_it_has_another_owner() {
    let Some(broker) = broker::start("") else { return };
    let (net, fleet) = (net(1).await, broker.address());
    net.faults().leave_unconfirmed(true);
    let mut one = Front::start(&net, &fleet, SHORT, None);
    let mut other = Front::start(&net, &fleet, LONG, None);
    let asked = request(&net, 1, 1000);
    let id = asked.id();
    assert_eq!(other.state(&id), 404);
    assert_eq!(one.ask(&asked).join().unwrap().unwrap().0, 201);
    one.job(&id, "published");
    assert_eq!(other.state(&id), "published");
    assert_eq!(other.state(&BlockHash::ZERO), 404);
    let events = other.get(&format!("/jobs/{id}/events"));
    // Its owner dies, and the one that is asked goes on with it.
    assert!(other.said_of(&id).is_empty(), "to look is not to take");
    drop(one);
    other.job(&id, "published");
    net.faults().leave_unconfirmed(false);
    let (status, events) = events.join().unwrap();
    assert_eq!(status, 200);
    let states: Vec<JobState> = events
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|state| serde_json::from_str(state).unwrap())
        .collect();
    assert!(states.iter().all(|state| state.id == id), "{events}");
    assert!(states.iter().all(|state| state.works_done == 2), "{events}");
    let mut seen: Vec<&str> = states.iter().map(|state| state.state.as_str()).collect();
    seen.dedup();
    assert_eq!(seen.last(), Some(&"confirmed"), "{events}");
    assert_eq!(seen.first(), Some(&"published"), "{events}");
    assert_eq!(books(&fleet, 1).len(), 1);
    assert_eq!(other.stop()["won"], json!(1));
    // One that has never heard of it reads the books.
    let third = Front::start(&net, &fleet, LONG, None);
    assert_eq!(third.state(&id), "confirmed");
    assert_eq!(net.receivable_total(&george()), amount(FEE));
}
