//! [`Guarded`]: a connection that is not waited for longer than its limits allow.
//!
//! hyper knows a time-out for heads alone, and starts it when a connection falls silent. Here silence, a slow head and a
//! stalled answer each have a limit of their own, and the refusals that hyper writes by itself get a body.

use crate::{HttpLimits, door::Pass, phase::Phase, refusal::Unserved};
use bytes::{Buf, Bytes};
use std::{
    io::{self, ErrorKind},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

/// A stalled answer gets its time anew when so many bytes of it have been taken.
const PROGRESS: usize = 16 * 1024;

/// In place of a time that is too long to be told.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

/// A connection, and its place at the door.
#[derive(Debug)]
pub(crate) struct Guarded<Io> {
    io: Io,
    phase: Phase,
    limits: HttpLimits,
    is_open_to_pages: bool,
    /// The phase that the head and its deadline belong to.
    seen: usize,
    has_begun: bool,
    reading: Deadline,
    writing: Deadline,
    /// Bytes taken since the last stall.
    progress: usize,
    /// Whether all answers so far have left hyper's buffer. While a request is waited for, too, the only thing that hyper
    /// can write is a refusal of its own.
    is_flushed: bool,
    /// What is written in place of hyper's own refusal.
    instead: Bytes,
    _pass: Pass,
}

impl<Io> Guarded<Io> {
    pub(crate) fn new(io: Io, pass: Pass, limits: HttpLimits, is_open_to_pages: bool) -> Self {
        Self {
            io,
            phase: pass.phase(),
            limits,
            is_open_to_pages,
            seen: 0,
            has_begun: false,
            reading: Deadline::default(),
            writing: Deadline::default(),
            progress: 0,
            is_flushed: true,
            instead: Bytes::new(),
            _pass: pass,
        }
    }

    /// Whether a request is waited for, in its beginning or in the middle of its head.
    fn waits_for_request(&mut self) -> bool {
        let now = self.phase.now();
        if now != self.seen {
            (self.seen, self.has_begun, self.is_flushed) = (now, false, false);
            self.reading.clear();
        }
        now.is_multiple_of(2)
    }
}

impl<Io: AsyncWrite + Unpin> Guarded<Io> {
    /// Looks at the time while the client sends nothing.
    fn silent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let within = if self.has_begun { self.limits.head_within } else { self.limits.idle_within };
        ready!(self.reading.poll(cx, within));
        if self.has_begun && !self.writing.is_set() {
            // A fresh connection takes so little at once; if it does not, the client learns it by the end.
            let text = Unserved::SlowHead.to_bytes(self.is_open_to_pages);
            let _ = Pin::new(&mut self.io).poll_write(cx, &text);
        }
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }

    /// An answer may have been given. hyper does not always look for the next request then, so silence starts here.
    fn given(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let waits = self.waits_for_request();
        self.is_flushed = true;
        match if waits { self.silent(cx) } else { Poll::Pending } {
            Poll::Ready(late) => Poll::Ready(late),
            Poll::Pending => Poll::Ready(Ok(())),
        }
    }

    /// Looks at the time while the client takes nothing.
    fn stalled<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if !self.writing.is_set() {
            self.progress = 0;
        }
        ready!(self.writing.poll(cx, self.limits.write_within));
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }

    fn write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Poll::Ready(written) = Pin::new(&mut self.io).poll_write(cx, bytes) else {
            return self.stalled(cx);
        };
        let written = written?;
        self.progress = self.progress.saturating_add(written);
        if written == bytes.len() || self.progress >= PROGRESS {
            self.writing.clear();
        }
        Poll::Ready(Ok(written))
    }

    fn write_instead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.instead.is_empty() {
            let text = self.instead.clone();
            let written = ready!(self.write(cx, &text))?;
            self.instead.advance(written);
            if written == 0 {
                return Poll::Ready(Err(ErrorKind::WriteZero.into()));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> AsyncRead for Guarded<Io> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.io).poll_read(cx, buffer);
        if !this.waits_for_request() {
            return read;
        }
        if read.is_pending() {
            return this.silent(cx);
        }
        if !this.has_begun && buffer.filled().len() > before {
            this.has_begun = true;
            this.reading.set(this.limits.head_within);
        }
        read
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guarded<Io> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.write_instead(cx))?;
        let is_own = this.waits_for_request() && this.is_flushed;
        match is_own.then(|| Unserved::told_by(bytes)).flatten() {
            Some(refusal) => {
                this.instead = refusal.to_bytes(this.is_open_to_pages).into();
                Poll::Ready(Ok(bytes.len()))
            }
            None => {
                this.is_flushed = false;
                this.write(cx, bytes)
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.write_instead(cx))?;
        match Pin::new(&mut this.io).poll_flush(cx) {
            Poll::Pending => this.stalled(cx),
            Poll::Ready(Ok(())) => this.given(cx),
            failed => failed,
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.write_instead(cx))?;
        match Pin::new(&mut this.io).poll_shutdown(cx) {
            Poll::Pending => this.stalled(cx),
            shut => shut,
        }
    }
}

/// A time that may be set, and then comes.
#[derive(Debug, Default)]
struct Deadline {
    at: Option<Instant>,
    /// Kept for the next time: a timer is cheap to move, not to make.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    const fn is_set(&self) -> bool {
        self.at.is_some()
    }

    const fn clear(&mut self) {
        self.at = None;
    }

    fn set(&mut self, within: Duration) {
        let now = Instant::now();
        let at = now.checked_add(within).unwrap_or(now + FAR);
        self.at = Some(at);
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(at),
            None => self.timer = Some(Box::pin(sleep_until(at))),
        }
    }

    /// Waits for the time, which is set now if it was not.
    fn poll(&mut self, cx: &mut Context<'_>, within: Duration) -> Poll<()> {
        if !self.is_set() {
            self.set(within);
        }
        let timer = self.timer.as_mut();
        timer.map_or(Poll::Ready(()), |timer| timer.as_mut().poll(cx))
    }
}
