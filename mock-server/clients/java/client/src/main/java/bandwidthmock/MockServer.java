package bandwidthmock;

import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A running mock: one that this process started, or one that was there already. */
public final class MockServer implements AutoCloseable {
    private static final int SECONDS_TO_START = 30;
    private static final int SECONDS_TO_STOP = 10;
    private static MockServer shared;

    private final Admin admin;
    /** Null for a mock that was there already. */
    private final Process process;

    private MockServer(String adminUrl, Process process) {
        admin = new Admin(adminUrl, System.getenv("BANDWIDTH_MOCK_ADMIN_TOKEN"));
        this.process = process;
    }

    /**
     * Starts a mock on a free port, with the arguments of {@code bandwidth-mock serve}.
     *
     * <p>It ends with {@link #close()}, and when this process ends, also by a signal.
     */
    public static MockServer start(String... arguments) {
        return start(Program.find(), arguments);
    }

    static MockServer start(Path program, String... arguments) {
        var command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        command.addAll(List.of("--listen", ":0", "--announce", "json", "--until-stdin-closes"));
        File log = null;
        try {
            // A file, since a pipe that is full would stop the mock.
            log = File.createTempFile("bandwidth-mock-", ".log");
            var process = new ProcessBuilder(command).redirectError(log).start();
            var line = firstLine(process);
            if (line == null) {
                process.waitFor();
                var said = Files.readString(log.toPath()).strip();
                throw new MockException(program + " did not start: "
                    + (said.isEmpty() ? "it said nothing for " + SECONDS_TO_START + " s" : said));
            }
            var announced = Admin.GSON.fromJson(line, JsonObject.class);
            return new MockServer(announced.get("adminUrl").getAsString(), process);
        } catch (IOException error) {
            throw new MockException(program + " cannot be run: " + error.getMessage());
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new MockException("interrupted while the mock starts");
        } finally {
            // Windows removes no file that is open.
            if (log != null && !log.delete()) {
                log.deleteOnExit();
            }
        }
    }

    /** Uses a mock that runs already. {@code BANDWIDTH_MOCK_ADMIN_TOKEN} opens it, if it needs a token. */
    public static MockServer join(String adminUrl) {
        return new MockServer(adminUrl, null);
    }

    /**
     * The mock that this process shares: that of {@code BANDWIDTH_MOCK_ADMIN_URL}, as below {@code
     * bandwidth-mock variants}, else one that the first call starts. It ends with the process.
     */
    public static synchronized MockServer shared() {
        if (shared == null) {
            var present = System.getenv("BANDWIDTH_MOCK_ADMIN_URL");
            shared = present == null || present.isEmpty() ? start() : join(present);
        }
        return shared;
    }

    /** The base of its control API. */
    public String adminUrl() {
        return admin.url;
    }

    /** The clock of the mock and of all its accounts. Tests that run side by side share it. */
    public Clock clock() {
        return new Clock(admin, "clock");
    }

    /** Makes an account that behaves as the mock does, with roles and without users. */
    public BandwidthAccount account() {
        return account(new AccountOptions());
    }

    /** Makes an account. */
    public BandwidthAccount account(AccountOptions options) {
        return new BandwidthAccount(admin, options);
    }

    /** The version of the program. */
    public String version() {
        return admin.get("version", JsonObject.class).get("version").getAsString();
    }

    /** Everything as it was at the start. Accounts that tests made are gone. */
    public void reset() {
        admin.post("reset", Map.of(), Object.class);
    }

    /** Stops a mock that this process started. One that was joined goes on. */
    @Override
    public void close() {
        if (process == null) {
            return;
        }
        try {
            process.getOutputStream().close();
            if (!process.waitFor(SECONDS_TO_STOP, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException error) {
            process.destroyForcibly();
        } catch (InterruptedException error) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return "mock at " + admin.url;
    }

    /** The announcement of the mock; null if it ended first, or took too long and was stopped. */
    private static String firstLine(Process process) throws IOException, InterruptedException {
        BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
        var line = CompletableFuture.supplyAsync(() -> output.lines().findFirst().orElse(null));
        try {
            return line.get(SECONDS_TO_START, TimeUnit.SECONDS);
        } catch (TimeoutException error) {
            process.destroyForcibly();
            return null;
        } catch (ExecutionException error) {
            throw new IOException(error.getCause());
        }
    }
}
