package bandwidthmock;

import static bandwidthmock.Operation.DELETE_USER;
import static bandwidthmock.Operation.LIST_USERS;
import static bandwidthmock.Users.send;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;

/** The extension in test classes of its own, which fail where they should. */
@Isolated("reads what goes to stderr")
class ExtensionTest {
    private static EngineExecutionResults run(Class<?> tests) {
        return EngineTestKit.engine("junit-jupiter")
            .configurationParameter("junit.jupiter.execution.parallel.enabled", "true")
            .configurationParameter("junit.jupiter.execution.parallel.mode.default", "concurrent")
            .selectors(selectClass(tests))
            .execute();
    }

    private static void passes(Class<?> tests, int count) {
        run(tests).testEvents().assertStatistics(events -> events.started(count).succeeded(count));
    }

    /** The only test fails, in one line with these words. */
    private static void says(Class<?> tests, String words) {
        var failed = run(tests).allEvents().failed().list();
        assertEquals(1, failed.size());
        var result = failed.get(0).getRequiredPayload(TestExecutionResult.class);
        var message = result.getThrowable().orElseThrow().getMessage();
        assertTrue(message.contains(words) && message.lines().count() == 1, message);
    }

    @Test
    void eachTestHasAnAccount() {
        passes(Parameters.class, 8);
    }

    @Test
    void aFieldIsTheParameter() {
        passes(Fields.class, 5);
    }

    @Test
    void optionsComeFromTheNearestPlace() {
        passes(Options.class, 2);
    }

    @Test
    void aFailureShowsTheJournal() {
        var stderr = System.err;
        var said = new ByteArrayOutputStream();
        System.setErr(new PrintStream(said, true));
        try {
            run(Failing.class).testEvents().assertStatistics(events -> events.succeeded(1).failed(1));
        } finally {
            System.setErr(stderr);
        }
        var text = said.toString();
        assertTrue(text.startsWith("bandwidth-mock: requests of account 9"), text);
        for (var part : new String[] {
            " in fails(BandwidthAccount)\n",
            "  DELETE /api/accounts/9",
            "/users/u9  404  delete_user\n      refused   unknown_user (userId): There is no such user.\n"
                + "      sent      no body\n      received  <?xml",
        }) {
            assertTrue(text.contains(part), text);
        }
        assertTrue(!text.contains("list_users"), text);
    }

    @Test
    void whatIsWrongIsSaid() {
        says(WrongSet.class, "set: delete is not BEHAVIOUR=OPTION, for example delete.status=204");
        says(WrongClock.class, "clock: today is not a time in UTC, for example 2026-12-02T00:00:00Z");
        says(WrongSeed.class, "bandwidth-mock: POST accounts: ");
        says(SharedField.class, "SharedField.account would be shared by several tests");
        says(BeforeAllParameter.class, "an account belongs to one test");
    }

    @BandwidthMock(seed = "demo")
    static class Parameters {
        @RepeatedTest(8)
        void deletes(BandwidthAccount account) {
            assertEquals(200, send(account, "DELETE", "/u1", ""));
            account.verify(DELETE_USER, 1);
            assertEquals(1, account.count());
        }
    }

    @BandwidthMock
    static class Fields {
        BandwidthAccount account;

        @BeforeEach
        void before(BandwidthAccount same) {
            assertSame(account, same);
            assertEquals(200, send(same, "GET", ""));
        }

        @RepeatedTest(4)
        void test(BandwidthAccount same) {
            assertSame(account, same);
            account.verify(LIST_USERS, 1);
        }

        @Nested
        class Inner {
            BandwidthAccount inner;

            @Test
            void test() {
                assertSame(account, inner);
            }
        }
    }

    @BandwidthMock(set = {"put.semantics=merge", "delete.status=204"}, faults = "status=500,times=1", rateLimit = "1/1m")
    static class Options {
        private static String option(BandwidthAccount account, String behaviour) {
            return account.profile().behaviours().get(behaviour).option();
        }

        @Test
        @BandwidthMock(profile = "guide", set = "delete.status = 200", clock = "2030-01-31T12:00:00Z")
        void ofAMethod(BandwidthAccount account) {
            assertEquals("200", option(account, "delete.status"));
            assertEquals("merge", option(account, "put.semantics"));
            assertTrue(account.clock().now().toString().startsWith("2030-01-31"));
            assertEquals(500, send(account, "GET", ""));
            assertEquals(200, send(account, "GET", ""));
            assertEquals(429, send(account, "GET", ""));
        }

        @Nested
        @BandwidthMock(faults = "status=503,times=1", rateLimit = "9/1m")
        class OfAClass {
            @Test
            void test(BandwidthAccount account) {
                assertEquals("204", option(account, "delete.status"));
                assertEquals(503, send(account, "GET", ""));
                assertEquals(200, send(account, "GET", ""));
                assertEquals(200, send(account, "GET", ""));
            }
        }
    }

    @BandwidthMock(seed = "demo")
    static class Failing {
        @Test
        void fails(BandwidthAccount account) {
            send(account, "DELETE", "/u9", "");
            account.verify(LIST_USERS, 1);
        }

        @Test
        void passes(BandwidthAccount account) {
            send(account, "GET", "");
        }
    }

    @BandwidthMock(set = "delete")
    static class WrongSet extends OneTest {}

    @BandwidthMock(clock = "today")
    static class WrongClock extends OneTest {}

    @BandwidthMock(seed = "dem")
    static class WrongSeed extends OneTest {}

    abstract static class OneTest {
        @Test
        void test(BandwidthAccount account) {}
    }

    @BandwidthMock
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    static class SharedField {
        BandwidthAccount account;

        @Test
        void test() {}
    }

    @BandwidthMock
    static class BeforeAllParameter {
        @BeforeAll
        static void before(BandwidthAccount account) {}

        @Test
        void test() {}
    }
}
