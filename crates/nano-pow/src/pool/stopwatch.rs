//! How long something has gone on.

use std::time::{Duration, Instant};

/// Adds up the times between its starts and stops.
#[derive(Debug, Default)]
pub(super) struct Stopwatch {
    /// The time of the runs that are over.
    total: Duration,
    since: Option<Instant>,
}

impl Stopwatch {
    /// Starts, or goes on.
    pub(super) fn start(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }

    pub(super) fn stop(&mut self) {
        self.total = self.elapsed();
        self.since = None;
    }

    /// The time so far, with the run that goes on.
    pub(super) fn elapsed(&self) -> Duration {
        self.total + self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::Stopwatch;
    use std::{thread, time::Duration};

    #[test]
    fn only_the_time_between_start_and_stop_counts() {
        let pause = Duration::from_millis(2);
        let mut watch = Stopwatch::default();
        thread::sleep(pause);
        assert_eq!(watch.elapsed(), Duration::ZERO);
        watch.start();
        thread::sleep(pause);
        watch.start();
        let running = watch.elapsed();
        assert!(running >= pause, "{running:?}");
        watch.stop();
        let stopped = watch.elapsed();
        thread::sleep(pause);
        assert_eq!(watch.elapsed(), stopped);
        watch.start();
        thread::sleep(pause);
        assert!(watch.elapsed() >= stopped + pause);
    }
}
