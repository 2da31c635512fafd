use super::{Desk, LATE, News, REFRESH, Taken, To};
use crate::{
    Name,
    message::{Command, Order, OrderId, Outcome, Report},
    roster::tests::beat,
};
use nano_pow::Puzzle;
use nano_primitives::{Difficulty, Root, Work};
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);
/// 65536 hashes are to be expected: work is found by hand.
const EASY: Difficulty = Difficulty::from_u64(0xffff_0000_0000_0000);

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// A desk with so many agents of 1 MH/s, and the time of its beginning.
fn desk(agents: usize) -> (Desk, Instant) {
    let (mut desk, now) = (Desk::new(name("front")), Instant::now());
    for agent in 0..agents {
        desk.beat(name(&format!("a{agent}")), beat(1e6, 0), now);
    }
    (desk, now)
}

fn puzzles(count: u8) -> Vec<Puzzle> {
    (1..=count).map(|byte| Puzzle::new(Root::from_bytes([byte; 32]), EASY)).collect()
}

fn solve(puzzle: &Puzzle) -> Work {
    (0..).map(Work::from_u64).find(|work| puzzle.check(*work).is_ok()).unwrap()
}

fn report(order: u64, hashes: u64, outcome: Outcome) -> Report {
    Report { order, hashes, micros: 0, outcome }
}

fn found(order: u64, puzzle: &Puzzle) -> Report {
    report(order, 10, Outcome::Found { work: solve(puzzle) })
}

/// Who, and the order that is meant.
type Told = Vec<(String, u64)>;

/// Who was told to search for which order, and who to stop.
fn told(taken: &Taken) -> (Told, Told) {
    let (mut searches, mut stops) = (Vec::new(), Vec::new());
    for (to, command) in &taken.commands {
        let to = match to {
            To::All => "all".to_owned(),
            To::Agent(name) => name.to_string(),
        };
        match command {
            Command::Search(Order { id, .. }) => searches.push((to, id.order)),
            Command::Stop(OrderId { order, .. }) => stops.push((to, *order)),
        }
    }
    (searches, stops)
}

fn pairs(expected: &[(&str, u64)]) -> Told {
    expected.iter().map(|(name, order)| ((*name).to_owned(), *order)).collect()
}

#[test]
fn one_order_alone_is_everybodys_and_its_work_stops_everybody() {
    let (mut desk, now) = desk(3);
    let puzzles = puzzles(1);
    assert_eq!(desk.open(&puzzles, now), [1]);
    assert_eq!(told(&desk.take()).0, pairs(&[("all", 1)]));
    desk.beat(name("late"), beat(1e6, 0), now);
    assert_eq!(told(&desk.take()).0, pairs(&[("late", 1)]), "who comes later helps");
    desk.report(&name("a1"), &found(1, &puzzles[0]), now + SECOND);
    let taken = desk.take();
    assert_eq!(told(&taken), (vec![], pairs(&[("all", 1)])));
    let work = solve(&puzzles[0]);
    assert_eq!(taken.news.last(), Some(&News::Found { order: 1, work }));
    let tried = taken.news.iter().map(|news| match news {
        News::Tried { hashes, .. } => *hashes,
        News::Found { .. } => 0,
    });
    assert_eq!(
        tried.sum::<u64>(),
        10 + 3_000_000,
        "what others have tried follows from their rate"
    );
    desk.report(&name("a2"), &found(1, &puzzles[0]), now + SECOND);
    assert!(desk.take().news.is_empty(), "work is found once");
}

#[test]
fn several_orders_are_spread_and_who_has_nothing_left_helps() {
    let (mut desk, now) = desk(3);
    let puzzles = puzzles(4);
    desk.open(&puzzles, now);
    let searches = told(&desk.take()).0;
    assert_eq!(searches, pairs(&[("a0", 1), ("a1", 2), ("a2", 3), ("a0", 4)]));
    desk.report(&name("a1"), &found(2, &puzzles[1]), now);
    assert_eq!(told(&desk.take()), (pairs(&[("a1", 1)]), vec![]), "nobody else was at it");
    desk.report(&name("a0"), &found(1, &puzzles[0]), now);
    let (searches, stops) = told(&desk.take());
    assert_eq!((searches, stops), (pairs(&[("a1", 3)]), pairs(&[("a1", 1)])));
    desk.report(&name("a2"), &found(3, &puzzles[2]), now);
    let (searches, stops) = told(&desk.take());
    assert_eq!(
        (searches, stops),
        (pairs(&[("all", 4)]), pairs(&[("a1", 3)])),
        "the last is everybody's"
    );
}

#[test]
fn a_faster_agent_gets_more() {
    let (mut desk, now) = desk(1);
    desk.beat(name("fast"), beat(8e6, 0), now);
    desk.open(&puzzles(20), now);
    let searches = told(&desk.take()).0;
    let of_fast = searches.iter().filter(|(to, _)| to == "fast").count();
    assert!(of_fast >= 2 && of_fast < searches.len(), "{searches:?}");
    assert!(searches.len() < 20, "the rest waits here, not with agents: {searches:?}");
}

#[test]
fn wrong_work_is_not_told_and_who_proposed_it_is_left_alone() {
    let (mut desk, now) = desk(2);
    let puzzles = puzzles(2);
    desk.open(&puzzles, now);
    desk.take();
    let wrong = Outcome::Found { work: Work::from_u64(solve(&puzzles[0]).to_u64() + 1) };
    desk.report(&name("a0"), &report(1, 10, wrong), now);
    let taken = desk.take();
    assert!(!taken.news.iter().any(|news| matches!(news, News::Found { .. })));
    assert_eq!(told(&taken).0, pairs(&[("a1", 1)]), "its order goes to the other");
    desk.report(&name("a0"), &found(1, &puzzles[0]), now);
    assert!(desk.take().news.is_empty(), "a liar is not listened to");
    let status = desk.status("1", now);
    assert_eq!((status.wrong, status.agents, status.quarantined.len()), (1, 1, 1));
    desk.garbled(&name("a1"), now);
    assert_eq!(desk.strength(now).0, 0, "what is no message comes from no agent");
}

#[test]
fn who_falls_silent_loses_its_orders_to_the_others() {
    let (mut desk, now) = desk(2);
    desk.open(&puzzles(2), now);
    desk.take();
    let later = now + 3 * SECOND;
    desk.beat(name("a1"), beat(1e6, 7), later);
    desk.report(&name("a1"), &report(2, 7, Outcome::Searching), later);
    desk.tick(now + 4 * SECOND);
    let (searches, _) = told(&desk.take());
    assert!(searches.contains(&("a1".to_owned(), 1)), "{searches:?}");
}

/// It says that it is there and that it searches, but has tried nothing more.
#[test]
fn who_hangs_is_late() {
    let (mut desk, now) = desk(2);
    desk.open(&puzzles(2), now);
    for second in 1..=5 {
        let now = now + second * SECOND;
        for (agent, order, hashes) in [("a0", 1, 0), ("a1", 2, u64::from(second))] {
            desk.beat(name(agent), beat(1e6, hashes), now);
            desk.report(&name(agent), &report(order, hashes, Outcome::Searching), now);
        }
        desk.tick(now);
        let is_late = second * SECOND > LATE;
        assert_eq!(desk.status("1", now).quarantined.len(), usize::from(is_late), "{second}");
    }
    assert_eq!(
        desk.status("1", now + 5 * SECOND).quarantined[0].reason,
        "does not get on with its orders"
    );
}

/// It has other things to do, says so, and is at them.
#[test]
fn who_works_for_others_is_not_late() {
    let (mut desk, now) = desk(1);
    desk.open(&puzzles(1), now);
    for second in 1..=20 {
        let now = now + second * SECOND;
        desk.beat(name("a0"), beat(1e6, u64::from(second)), now);
        desk.report(&name("a0"), &report(1, 0, Outcome::Searching), now);
        desk.tick(now);
        assert_eq!(desk.strength(now).0, 1);
    }
}

#[test]
fn who_claims_hashes_and_finds_nothing_is_left_alone() {
    let (mut desk, now) = desk(1);
    desk.open(&puzzles(1), now);
    let mut claimed = 0;
    let seconds = (1..100).find(|second| {
        let now = now + *second * SECOND;
        claimed += 1_000_000;
        desk.beat(name("a0"), beat(1e6, claimed), now);
        desk.report(&name("a0"), &report(1, claimed, Outcome::Searching), now);
        desk.strength(now).0 == 0
    });
    // 15 works a second are to be expected of it.
    assert_eq!(seconds, Some(2));
}

#[test]
fn an_order_that_goes_on_is_told_again_and_after_the_broker_was_away_at_once() {
    let (mut desk, now) = desk(2);
    desk.open(&puzzles(2), now);
    desk.take();
    desk.tick(now + REFRESH / 2);
    assert!(desk.take().commands.is_empty());
    desk.reconnected(now + REFRESH / 2);
    assert_eq!(told(&desk.take()).0, pairs(&[("a0", 1), ("a1", 2)]));
    desk.tick(now + REFRESH);
    assert!(desk.take().commands.is_empty(), "it was told just now");
    desk.tick(now + REFRESH / 2 + REFRESH);
    assert_eq!(told(&desk.take()).0.len(), 2);
}

#[test]
fn closing_stops_who_is_at_it_and_nobody_else() {
    let (mut desk, now) = desk(2);
    desk.open(&puzzles(3), now);
    desk.take();
    desk.close(1, now);
    let (searches, stops) = told(&desk.take());
    assert_eq!((searches.len(), stops), (0, pairs(&[("a0", 1)])), "a0 has another");
    desk.close(1, now);
    assert!(desk.take().commands.is_empty());
}

/// Whatever agents say, in whatever order: no panic, no work that is none, and nobody holds what is closed.
#[test]
fn any_reports_leave_the_desk_in_order() {
    let mut state = 7u64;
    let mut next = move |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % bound
    };
    let (mut desk, mut now) = desk(4);
    let puzzles = puzzles(6);
    for _ in 0..5_000 {
        now += Duration::from_millis(next(400));
        let agent = name(&format!("a{}", next(5)));
        let order = next(desk.last + 2);
        match next(7) {
            0 => drop(desk.open(&puzzles[..usize::try_from(next(6)).unwrap()], now)),
            1 => desk.close(order, now),
            2 => desk.tick(now),
            3 => desk.beat(agent, beat(next(3) as f64 * 1e6 - 1e6, next(3)), now),
            4 => desk.report(&agent, &report(order, next(u64::MAX / 2), Outcome::Searching), now),
            5 => desk.report(
                &agent,
                &report(order, 0, Outcome::Failed { reason: String::new() }),
                now,
            ),
            _ => desk.report(
                &agent,
                &report(order, 9, Outcome::Found { work: Work::from_u64(next(9)) }),
                now,
            ),
        }
        let held =
            desk.held.iter().flat_map(|(name, held)| held.iter().map(move |order| (name, order)));
        for (name, order) in held {
            assert!(desk.open.get(order).is_some_and(|open| open.sent_to(name).is_some()));
        }
        for (name, held) in desk.held.iter() {
            let expected: f64 = held.iter().map(|order| desk.open[order].expected()).sum();
            assert!((desk.held.load(name) - expected).abs() < 1.0, "the sum is kept");
        }
        let at =
            desk.open.iter().flat_map(|(order, open)| open.agents().map(move |name| (name, order)));
        for (name, order) in at {
            assert!(desk.held.of(name).contains(order));
        }
        for news in desk.take().news {
            assert!(!matches!(news, News::Found { .. }), "work below the threshold");
        }
        if desk.open.len() > 100 {
            desk.open
                .keys()
                .copied()
                .collect::<Vec<_>>()
                .into_iter()
                .for_each(|order| desk.close(order, now));
        }
    }
}
