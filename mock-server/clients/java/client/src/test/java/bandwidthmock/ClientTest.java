package bandwidthmock;

import static bandwidthmock.Operation.CREATE_USER;
import static bandwidthmock.Operation.LIST_USERS;
import static bandwidthmock.Users.ANNA;
import static bandwidthmock.Users.send;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import bandwidthmock.ControlApi.Outcome;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The client against a mock of its own. */
class ClientTest {
    private static MockServer mock;

    @BeforeAll
    static void start() {
        mock = MockServer.start();
    }

    @AfterAll
    static void stop() {
        mock.close();
    }

    @Test
    void accountsAreApart() {
        try (var one = mock.account(); var other = mock.account(new AccountOptions().seed("demo"))) {
            assertEquals(201, send(one, "POST", ANNA));
            assertEquals(409, send(one, "POST", ANNA));
            assertEquals(201, send(other, "POST", ANNA));
            assertEquals(2, one.count());
            one.verify(CREATE_USER, 2);
            one.verify(CREATE_USER, 409, 1);
            var failed = assertThrows(AssertionError.class, () -> one.verify(CREATE_USER, 201, 2));
            assertEquals(
                "account " + one.id() + " received 1 CREATE_USER requests with status 201, expected 2",
                failed.getMessage());
            assertEquals(1, one.view().users());
            assertEquals(2, other.view().users());
        }
    }

    @Test
    void theJournalSaysWhy() {
        try (var account = mock.account()) {
            send(account, "POST", ANNA.replace("Teal-Wagon.47", "Tiny.1"));
            var created = account.journal().get(0);
            assertEquals(400, created.status());
            assertEquals("create_user", created.operation());
            assertNotNull(created.why().refusal());
            assertFalse(created.toString().contains("Tiny.1"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"status=503,times=1", "times=1,status=503,body={\"a\":1,\"b\":2}"})
    void aFaultMeetsOneAccount(String rule) {
        try (var account = mock.account(); var other = mock.account()) {
            var armed = account.fault(rule);
            assertEquals(200, send(other, "GET", ""));
            assertEquals(503, send(account, "GET", ""));
            assertEquals(200, send(account, "GET", ""));
            var fault = account.faults().get(0);
            assertEquals(armed, fault.id());
            assertEquals(1, fault.hits());
            assertEquals(Outcome.RECOVERED, account.retries().get(0).outcome());
            account.disarm(armed);
            assertTrue(account.faults().isEmpty());
            other.disarm();
        }
    }

    @Test
    void options(@TempDir Path folder) throws Exception {
        var options = new AccountOptions()
            .profile("guide")
            .set("delete.status", "204")
            .rateLimit("2/1m")
            .domainName("Example")
            .fault("status=500,times=1");
        try (var account = mock.account(options)) {
            assertEquals("Example", account.domainName());
            assertEquals(500, send(account, "GET", ""));
            assertEquals(201, send(account, "POST", ANNA));
            assertEquals(200, send(account, "GET", ""));
            assertEquals(429, send(account, "GET", ""));
            account.clock().advance(Duration.ofMinutes(1));
            assertEquals(200, send(account, "GET", ""));
            assertEquals("200", account.set("delete.status", "200").behaviours().get("delete.status").option());
            assertTrue(account.assumptions().requests() > 0);
            assertEquals(false, account.assumptions("assumed").ok());
            account.reset();
            assertEquals("204", account.profile().behaviours().get("delete.status").option());
        }
        var file = folder.resolve("own.toml");
        Files.writeString(file, "format = 1\nname = \"own\"\nbase = \"published\"\n");
        var own = new AccountOptions().profile(file.toString()).set("delete.status", "204");
        try (var account = mock.account(own)) {
            assertEquals("204", account.profile().behaviours().get("delete.status").option());
            assertEquals("list_only", account.profile().behaviours().get("surface.account").option());
        }
        refused("bandwidth-mock: the profile absent.toml cannot be read: ", new AccountOptions().profile("absent.toml"));
        refused("bandwidth-mock: POST accounts: ", new AccountOptions().set("put.semantic", "merge"));
    }

    private static void refused(String start, AccountOptions options) {
        var message = assertThrows(MockException.class, () -> mock.account(options)).getMessage();
        assertTrue(message.startsWith(start), message);
    }

    @Test
    void clocks() {
        var start = new AccountOptions().clock(Instant.parse("2026-12-01T23:59:00Z"));
        try (var account = mock.account(start); var other = mock.account()) {
            account.clock().freeze();
            var before = account.clock().now();
            account.clock().advance(Duration.ofMillis(61_500));
            var after = account.clock().now();
            assertEquals(Duration.ofMillis(61_500), Duration.between(before, after));
            assertTrue(after.toString().startsWith("2026-12-02"));
            assertNotEquals(after, other.clock().now());
            account.clock().resume();
        }
    }

    @Test
    void aSecretIsNotShown() {
        try (var account = mock.account()) {
            assertFalse(account.toString().contains(account.password()));
            assertFalse(account.toString().contains(account.clientSecret()));
            assertTrue(account.tokenUrl().startsWith(account.baseUrl()));
        }
    }

    @Test
    void anAccountMayBeGoneBeforeItsEnd() {
        try (var account = mock.account()) {
            account.close();
        }
    }

    @Test
    void aCountOfAnIncompleteJournalIsRefused() {
        try (var small = MockServer.start("--journal-entries", "2"); var account = small.account()) {
            for (var sent = 0; sent < 3; sent++) {
                send(account, "GET", "");
            }
            var message = assertThrows(MockException.class, () -> account.count(LIST_USERS)).getMessage();
            assertTrue(message.contains("no longer keeps 1 of its requests"), message);
        }
    }

    @Test
    void aMockThatWasJoinedGoesOn() {
        MockServer.join(mock.adminUrl()).close();
        assertFalse(mock.version().isEmpty());
    }

    @Test
    void whatCannotStartSaysWhy(@TempDir Path folder) throws Exception {
        var message = assertThrows(MockException.class, () -> MockServer.start("--profile", "gide")).getMessage();
        assertTrue(message.contains(" did not start: error: ") && message.contains("gide"), message);
        var absent = folder.resolve("absent").toString();
        message = assertThrows(MockException.class, () -> Program.find(absent, "linux-x86_64", "")).getMessage();
        assertEquals("bandwidth-mock: BANDWIDTH_MOCK names " + absent + ", which is not a program", message);
        message = assertThrows(MockException.class, () -> Program.find(null, "plan9-mips", "")).getMessage();
        assertEquals(
            "bandwidth-mock: there is no program; add the artifact bandwidth-mock:bandwidth-mock-plan9-mips, "
                + "or build the program and put it on the PATH or its path into BANDWIDTH_MOCK",
            message);
        var gone = MockServer.join("http://127.0.0.1:9/__admin");
        message = assertThrows(MockException.class, gone::version).getMessage();
        assertTrue(message.startsWith("bandwidth-mock: the mock at http://127.0.0.1:9/__admin cannot be reached"), message);

        var program = Files.writeString(folder.resolve("bandwidth-mock"), "");
        program.toFile().setExecutable(true);
        assertEquals(program, Program.find("", "plan9-mips", "/absent:" + folder));
    }

    @Test
    void theMockEndsWithItsParent() throws Exception {
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var classes = System.getProperty("java.class.path");
        var parent = new ProcessBuilder(java, "-cp", classes, Parent.class.getName()).start();
        var url = new BufferedReader(new InputStreamReader(parent.getInputStream())).readLine();
        var orphan = MockServer.join(url);
        assertFalse(orphan.version().isEmpty());
        parent.destroyForcibly().waitFor();
        for (var tries = 0; tries < 100; tries++) {
            try {
                orphan.version();
            } catch (MockException gone) {
                return;
            }
            Thread.sleep(50);
        }
        throw new AssertionError("the mock outlives its parent");
    }

    /** The process that is killed. */
    static final class Parent {
        public static void main(String[] arguments) throws Exception {
            System.out.println(MockServer.shared().adminUrl());
            Thread.sleep(Duration.ofMinutes(1).toMillis());
        }
    }
}
