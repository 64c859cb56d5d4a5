//! The timer of a connection.
//!
//! hyper asks for a new timer for the head of every request and drops it when the head is there.
//! Nearly none of them ever ends, so all of a connection share one entry in the runtime's wheel,
//! which is moved only when it ends too early.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use hyper::rt::{Sleep, Timer};

type Shared = Arc<Mutex<Option<Pin<Box<tokio::time::Sleep>>>>>;

/// Gives one connection the time. Its deadlines must not go back.
#[derive(Clone, Default)]
pub struct ConnectionTimer {
    shared: Shared,
}

impl fmt::Debug for ConnectionTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectionTimer")
    }
}

impl Timer for ConnectionTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(Until {
            deadline,
            shared: Arc::clone(&self.shared),
        })
    }
}

struct Until {
    deadline: Instant,
    shared: Shared,
}

impl Future for Until {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let deadline = self.deadline.into();
        let sleep = shared.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        loop {
            match sleep.as_mut().poll(context) {
                Poll::Ready(()) if sleep.deadline() < deadline => sleep.as_mut().reset(deadline),
                outcome => return outcome,
            }
        }
    }
}

impl Sleep for Until {}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use hyper::rt::Timer as _;

    use super::ConnectionTimer;

    #[tokio::test]
    async fn a_later_deadline_is_kept_although_an_earlier_one_was_dropped() {
        let timer = ConnectionTimer::default();
        let start = Instant::now();
        let first = timer.sleep(Duration::from_millis(40));
        let second = timer.sleep_until(start + Duration::from_millis(120));
        tokio::time::timeout(Duration::from_millis(10), first)
            .await
            .unwrap_err();
        second.await;
        assert!(start.elapsed() >= Duration::from_millis(120));
    }
}
