//! Several jobs for one root share one search.

mod common;

use common::{device, endless, hold, next_puzzle, one_in_two_to, plain, root, spied, until};
use nano_pow::{Pool, Puzzle, pool::SearchPhase};
use nano_primitives::Difficulty;

#[test]
fn equal_jobs_are_one_search_with_one_work() {
    let pool = Pool::new(vec![device("plain", plain)]);
    let blocker = pool.submit(endless(9));
    let puzzle = Puzzle::new(root(1), one_in_two_to(10));
    let tickets = [pool.submit(puzzle), pool.submit(puzzle), pool.submit(puzzle)];
    assert_eq!(pool.status().queued, 1);
    drop(blocker);
    let [first, second, third] = tickets.map(|ticket| ticket.wait().unwrap());
    assert_eq!((first, second), (second, third));
}

#[test]
fn each_threshold_gets_work_that_is_good_enough() {
    let pool = Pool::new(vec![device("plain", plain)]);
    let blocker = pool.submit(endless(9));
    let jobs = [12, 4, 8].map(|bits| Puzzle::new(root(1), one_in_two_to(bits)));
    let tickets = jobs.map(|puzzle| pool.submit(puzzle));
    drop(blocker);
    for (ticket, puzzle) in tickets.into_iter().zip(jobs) {
        let solution = ticket.wait().unwrap();
        assert_eq!(solution.puzzle(), &puzzle);
        assert!(solution.value() >= puzzle.threshold);
    }
}

#[test]
fn work_for_an_easy_job_leaves_the_hard_one_running() {
    let pool = Pool::new(vec![device("plain", plain)]);
    let hard = pool.submit(endless(1));
    let easy = pool.submit(Puzzle::new(root(1), one_in_two_to(6)));
    easy.wait().unwrap();
    assert_eq!(hard.progress().phase, SearchPhase::Running);
    let tried = hard.progress().hashes;
    until("the search goes on", || hard.progress().hashes > tried);
}

#[test]
fn the_search_follows_the_least_demanding_job() {
    let (backend, events) = spied(device("hold", hold));
    let pool = Pool::new(vec![backend]);
    let puzzle = |bits| Puzzle::new(root(1), one_in_two_to(bits));
    let hard = pool.submit(puzzle(60));
    assert_eq!(next_puzzle(&events), puzzle(60));
    let easier = pool.submit(puzzle(50));
    assert_eq!(next_puzzle(&events), puzzle(50));
    let harder = pool.submit(Puzzle::new(root(1), Difficulty::MAX));
    drop(easier);
    assert_eq!(next_puzzle(&events), puzzle(60));
    drop(hard);
    assert_eq!(next_puzzle(&events), endless(1));
    drop(harder);
    until("nothing runs", || pool.status().running.is_empty());
}
