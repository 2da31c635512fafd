//! Several jobs for one root share one search.

mod common;

use common::{Fake, endless, hold, next_job, one_in_two_to, plain, root, spied, until};
use nano_pow::{Job, Pool, pool::Phase};
use nano_primitives::Difficulty;

#[test]
fn equal_jobs_are_one_search_with_one_work() {
    let pool = Pool::new(vec![Fake::boxed("plain", plain)]);
    let blocker = pool.submit(endless(9));
    let job = Job::new(root(1), one_in_two_to(10));
    let tickets = [pool.submit(job), pool.submit(job), pool.submit(job)];
    assert_eq!(pool.status().queued, 1);
    drop(blocker);
    let [first, second, third] = tickets.map(|ticket| ticket.wait().unwrap());
    assert_eq!((first, second), (second, third));
}

#[test]
fn each_threshold_gets_work_that_is_good_enough() {
    let pool = Pool::new(vec![Fake::boxed("plain", plain)]);
    let blocker = pool.submit(endless(9));
    let jobs = [12, 4, 8].map(|bits| Job::new(root(1), one_in_two_to(bits)));
    let tickets = jobs.map(|job| pool.submit(job));
    drop(blocker);
    for (ticket, job) in tickets.into_iter().zip(jobs) {
        let solution = ticket.wait().unwrap();
        assert_eq!(solution.job(), &job);
        assert!(solution.value() >= job.threshold);
    }
}

#[test]
fn work_for_an_easy_job_leaves_the_hard_one_running() {
    let pool = Pool::new(vec![Fake::boxed("plain", plain)]);
    let hard = pool.submit(endless(1));
    let easy = pool.submit(Job::new(root(1), one_in_two_to(6)));
    easy.wait().unwrap();
    assert_eq!(hard.progress().phase, Phase::Running);
    let tried = hard.progress().hashes;
    until("the search goes on", || hard.progress().hashes > tried);
}

#[test]
fn the_search_follows_the_least_demanding_job() {
    let (backend, events) = spied(Fake::boxed("hold", hold));
    let pool = Pool::new(vec![backend]);
    let job = |bits| Job::new(root(1), one_in_two_to(bits));
    let hard = pool.submit(job(60));
    assert_eq!(next_job(&events), job(60));
    let easier = pool.submit(job(50));
    assert_eq!(next_job(&events), job(50));
    let harder = pool.submit(Job::new(root(1), Difficulty::MAX));
    drop(easier);
    assert_eq!(next_job(&events), job(60));
    drop(hard);
    assert_eq!(next_job(&events), endless(1));
    drop(harder);
    until("nothing runs", || pool.status().running.is_empty());
}
