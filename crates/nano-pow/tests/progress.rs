//! What a pool tells of its work.

mod common;

use common::{DEADLINE, device, easy, endless, hold, one_in_two_to, plain, root, until};
use futures_util::StreamExt;
use nano_pow::{Backend, CpuBackend, Pool, Puzzle, measure, pool::SearchPhase};
use std::{
    pin::pin,
    time::{Duration, Instant},
};

#[test]
fn hashes_only_grow_and_are_the_sum_of_the_devices() {
    let pool = Pool::new(vec![Box::new(CpuBackend::new(2)), device("plain", plain)]);
    let ticket = pool.submit(endless(1));
    let (mut last, mut changes) = (0, 0);
    let started = Instant::now();
    while changes < 50 {
        assert!(started.elapsed() < DEADLINE);
        let progress = ticket.progress();
        assert!(progress.hashes >= last, "{last} hashes became {}", progress.hashes);
        assert_eq!(progress.hashes, progress.hashes_by_device.iter().sum::<u64>());
        changes += u32::from(progress.hashes > last);
        last = progress.hashes;
    }
    let all = || ticket.progress().hashes_by_device.iter().all(|hashes| *hashes > 0);
    until("both devices are counted", all);
    assert!(pool.status().hashes_total >= last);
}

#[test]
fn a_running_job_knows_rate_and_expected_time() {
    let pool = Pool::cpu(Some(1));
    let puzzle = Puzzle::new(root(1), one_in_two_to(60));
    let ticket = pool.submit(puzzle);
    until("the rate is known", || ticket.progress().expected_seconds_left.is_some());
    let progress = ticket.progress();
    assert_eq!(progress.phase, SearchPhase::Running);
    assert!(progress.rate > 0.0 && progress.elapsed > Duration::ZERO);
    let expected = puzzle.threshold.expected_hashes() / progress.rate;
    assert_eq!(progress.expected_seconds_left, Some(expected));
    let status = pool.status();
    assert_eq!(status.expected_hashes_left, puzzle.threshold.expected_hashes());
    assert!(status.expected_seconds_left().is_some_and(|seconds| seconds > 0.0));
}

#[test]
fn a_job_goes_from_queued_to_running_to_done() {
    let pool = Pool::new(vec![device("hold", hold)]);
    let first = pool.submit(endless(1));
    let second = pool.submit(endless(2));
    let watch = second.watch();
    let progress = watch.progress();
    assert_eq!((progress.phase, progress.hashes, progress.rate), (SearchPhase::Queued, 0, 0.0));
    assert_eq!(progress.expected_seconds_left, None);
    drop(first);
    assert_eq!(watch.progress().phase, SearchPhase::Running);
    drop(second);
    assert_eq!(watch.progress().phase, SearchPhase::Done);
}

#[test]
fn a_watch_outlives_ticket_and_pool() {
    let pool = Pool::cpu(Some(1));
    let ticket = pool.submit(easy(1));
    let watch = ticket.watch();
    ticket.wait().unwrap();
    drop(pool);
    let progress = watch.progress();
    assert_eq!((progress.phase, progress.expected_seconds_left), (SearchPhase::Done, Some(0.0)));
    assert!(progress.hashes > 0);
    assert_eq!(progress.elapsed, watch.progress().elapsed);
}

#[test]
fn an_idle_pool_has_an_empty_status() {
    let status = Pool::new(vec![device("plain", plain)]).status();
    assert_eq!((status.queued, status.hashes_total, status.rate), (0, 0, None));
    assert!(status.running.is_empty() && status.expected_seconds_left().is_none());
    assert_eq!(status.devices[0].name, "plain");
}

#[test]
fn the_rate_of_the_pool_is_measured() {
    let pool = Pool::new(vec![Box::new(CpuBackend::new(1)), device("hold", hold)]);
    let alone = measure(&CpuBackend::new(1), Duration::from_millis(50)).unwrap();
    let pooled = pool.measure(Duration::from_millis(50));
    // Any processor does more than 100 000 hashes a second, none a billion.
    for rate in [alone, pooled] {
        assert!((1e5..1e9).contains(&rate), "{rate} hashes per second");
    }
    assert_eq!(pool.status().hashes_total, 0);
    let each = pool.measure_each(Duration::from_millis(20));
    let names: Vec<_> = each.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, [CpuBackend::new(1).info().name.as_str(), "hold"]);
    assert!(each[0].1 > 0.0 && each[1].1 == 0.0);
}

#[tokio::test]
async fn updates_come_in_periods_and_end_with_the_job() {
    let pool = Pool::cpu(Some(1));
    let ticket = pool.submit(endless(1));
    let mut updates = pin!(ticket.watch().updates(Duration::from_millis(1)));
    let mut last = 0;
    while last < 100_000 {
        let progress = updates.next().await.expect("the job is not done");
        assert!(progress.hashes >= last);
        last = progress.hashes;
    }
    drop(ticket);
    let rest: Vec<_> = updates.map(|progress| progress.phase).collect().await;
    assert_eq!(rest.last(), Some(&SearchPhase::Done));
    assert_eq!(rest.iter().filter(|phase| **phase == SearchPhase::Done).count(), 1);
}

#[tokio::test]
async fn the_end_of_a_job_does_not_wait_for_the_period() {
    let pool = Pool::new(vec![device("hold", hold)]);
    let ticket = pool.submit(endless(1));
    let watch = ticket.watch();
    let mut updates = pin!(watch.updates(Duration::from_secs(3600)));
    assert_eq!(updates.next().await.map(|progress| progress.phase), Some(SearchPhase::Running));
    let (next, ()) = tokio::join!(updates.next(), async { drop(ticket) });
    assert_eq!(next.map(|progress| progress.phase), Some(SearchPhase::Done));
    watch.finished().await;
    assert_eq!(updates.next().await, None);
}
