package bandwidthmock;

import bandwidthmock.ControlApi.AccountView;
import bandwidthmock.ControlApi.Assumptions;
import bandwidthmock.ControlApi.FaultView;
import bandwidthmock.ControlApi.ProfileView;
import bandwidthmock.ControlApi.RecordedRequest;
import bandwidthmock.ControlApi.Sequence;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** An account that belongs to one test: its users, login, profile, faults, clock and journal. */
public final class BandwidthAccount implements AutoCloseable {
    private static final int NOT_FOUND = 404;

    private final Admin admin;
    private final Created made;
    private final String path;
    private final Clock clock;

    BandwidthAccount(Admin admin, AccountOptions options) {
        this.admin = admin;
        made = admin.post("accounts", options.request(), Created.class);
        path = "accounts/" + made.accountId;
        clock = new Clock(admin, path + "/clock");
    }

    /** The account's id. */
    public String id() {
        return made.accountId;
    }

    /** The identity domain that the account is in. */
    public String domainName() {
        return made.domainName;
    }

    /** Base of the emulated API, for example {@code http://127.0.0.1:40123/api}. */
    public String baseUrl() {
        return made.baseUrl;
    }

    /** Absolute, where users are listed and created. */
    public String usersUrl() {
        return made.baseUrl + "/accounts/" + made.accountId + "/users";
    }

    /** Absolute, where its API credential gets tokens, if its profile has any. */
    public String tokenUrl() {
        return made.tokenUrl;
    }

    /** The name of its Basic login. */
    public String username() {
        return made.username;
    }

    /** The password of its Basic login. */
    public String password() {
        return made.password;
    }

    /** The same login as the value of the header {@code Authorization}. */
    public String authorization() {
        var login = made.username + ":" + made.password;
        return "Basic " + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8));
    }

    /** The id of its API credential, for tokens. */
    public String clientId() {
        return made.clientId;
    }

    /** The secret of its API credential. */
    public String clientSecret() {
        return made.clientSecret;
    }

    /** The clock of this account alone. */
    public Clock clock() {
        return clock;
    }

    /** Lets requests to this account fail, for example {@code fault("status=503,times=1")}. Returns the fault's id. */
    public long fault(String rule) {
        // In front: a `body` at the end takes the rest of the text.
        return admin.post("faults", "accountId=" + made.accountId + "," + rule, FaultView.class).id();
    }

    /** Its faults, each with the number of requests that it was applied to. */
    public List<FaultView> faults() {
        return admin.get("faults", Faults.class).faults.stream()
            .filter(fault -> made.accountId.equals(fault.rule().get("accountId")))
            .toList();
    }

    /** Takes away all its faults. */
    public void disarm() {
        admin.delete("faults?accountId=" + made.accountId);
    }

    /** Takes away one fault. */
    public void disarm(long fault) {
        admin.delete("faults/" + fault);
    }

    /** Chooses another option of a behaviour, for example {@code set("delete.status", "204")}. */
    public ProfileView set(String behaviour, String option) {
        return admin.patch(path + "/profile", Map.of(behaviour, option), ProfileView.class);
    }

    /** How it behaves. */
    public ProfileView profile() {
        return admin.get(path + "/profile", ProfileView.class);
    }

    /** Number of requests that it received. */
    public long count() {
        return count(new HashMap<>());
    }

    /** Number of requests of this operation. */
    public long count(Operation operation) {
        return count(new HashMap<>(Map.of("operation", operation)));
    }

    /** Number of requests of this operation with this status. */
    public long count(Operation operation, int status) {
        return count(new HashMap<>(Map.of("operation", operation, "status", status)));
    }

    /** Fails unless it received so many requests of this operation. */
    public void verify(Operation operation, long times) {
        expect(times, count(operation), operation + " requests");
    }

    /** Fails unless it answered so many requests of this operation with this status. */
    public void verify(Operation operation, int status, long times) {
        expect(times, count(operation, status), operation + " requests with status " + status);
    }

    /** Its requests in order of arrival, each with the answer and the reason of it. */
    public List<RecordedRequest> journal() {
        var listed = admin.get("requests?accountId=" + made.accountId, Requests.class);
        complete(listed.dropped);
        return listed.requests;
    }

    /** The newest of its requests. */
    List<RecordedRequest> newest(int limit) {
        var query = "requests?accountId=" + made.accountId + "&limit=" + limit;
        return admin.get(query, Requests.class).requests;
    }

    /** Retries of its clients after a 429, a 5xx or a dropped response. */
    public List<Sequence> retries() {
        var report = admin.get("retries?accountId=" + made.accountId, Retries.class);
        complete(report.dropped);
        return report.sequences;
    }

    /** Open questions that its traffic relied on, with the evidence for each answer. */
    public Assumptions assumptions() {
        return admin.get("assumptions?accountId=" + made.accountId, Assumptions.class);
    }

    /** {@code ok} is true if everything has better evidence than that, for example {@code assumed}. */
    public Assumptions assumptions(String failOn) {
        var query = "assumptions?accountId=" + made.accountId + "&fail_on=" + Admin.encoded(failOn);
        return admin.get(query, Assumptions.class);
    }

    /** Its state: users, roles, failed logins and more. */
    public AccountView view() {
        return admin.get(path, AccountView.class);
    }

    /** Everything as it was when the account was made. */
    public void reset() {
        admin.post(path + "/reset", Map.of(), Object.class);
    }

    /** Unlocks its logins, as an administrator would. */
    public void unlock() {
        admin.post(path + "/unlock", Map.of(), Object.class);
    }

    /** Ends the account, with its users, faults and requests. It may be gone already. */
    @Override
    public void close() {
        try {
            admin.delete(path);
        } catch (MockException error) {
            // The test may have reset the mock.
            if (error.status() != NOT_FOUND) {
                throw error;
            }
        }
    }

    /** Names the account, without its secrets. */
    @Override
    public String toString() {
        return "account " + made.accountId + " at " + made.baseUrl;
    }

    private long count(Map<String, Object> pattern) {
        pattern.put("accountId", made.accountId);
        var counted = admin.post("requests/count", pattern, Count.class);
        complete(counted.dropped);
        return counted.count;
    }

    private void expect(long expected, long received, String what) {
        if (received != expected) {
            throw new AssertionError(
                "account %s received %d %s, expected %d".formatted(made.accountId, received, what, expected));
        }
    }

    private void complete(long dropped) {
        if (dropped > 0) {
            throw new MockException(
                "the journal of account %s no longer keeps %d of its requests; ".formatted(made.accountId, dropped)
                    + "start the mock with a larger --journal-entries or --journal-bytes");
        }
    }

    /** It holds secrets, so it is never shown. */
    private record Created(
        String accountId,
        String domainName,
        String baseUrl,
        String tokenUrl,
        String username,
        String password,
        String clientId,
        String clientSecret) {}

    private record Faults(List<FaultView> faults) {}

    private record Requests(List<RecordedRequest> requests, long dropped) {}

    private record Retries(List<Sequence> sequences, long dropped) {}

    private record Count(long count, long dropped) {}
}
