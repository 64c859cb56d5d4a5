package bandwidthmock;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/**
 * The clock of an account, or that of a mock and all its accounts.
 *
 * <p>Rate limits, lockouts, tokens and the life of faults follow it. Delays of faults do not.
 */
public final class Clock {
    private final Admin admin;
    private final String path;

    Clock(Admin admin, String path) {
        this.admin = admin;
        this.path = path;
    }

    /** The current time. */
    public Instant now() {
        return Instant.parse(admin.get(path, Shown.class).now);
    }

    /** Stops it. */
    public void freeze() {
        move(Map.of("action", "freeze"));
    }

    /** Moves it forward. */
    public void advance(Duration by) {
        move(Map.of("action", "advance", "ms", by.toMillis()));
    }

    /** Lets it run again. */
    public void resume() {
        move(Map.of("action", "resume"));
    }

    private void move(Map<String, Object> action) {
        admin.post(path, action, Shown.class);
    }

    private record Shown(String now) {}
}
