package bandwidthmock;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Settings of an account. The mock supplies those that are not set. */
public final class AccountOptions {
    private final Map<String, Object> request = new HashMap<>();
    private final Map<String, String> set = new TreeMap<>();
    private final List<String> faults = new ArrayList<>();
    private String profile;

    /** By default one that is free. */
    public AccountOptions accountId(String id) {
        request.put("accountId", id);
        return this;
    }

    /** The name of its identity domain. By default made from its id. */
    public AccountOptions domainName(String name) {
        request.put("domainName", name);
        return this;
    }

    /** {@code guide}, {@code published}, or the path of a profile file that ends in {@code .toml}. */
    public AccountOptions profile(String profile) {
        this.profile = profile;
        return this;
    }

    /** Another option of a behaviour, for example {@code set("delete.status", "204")}. */
    public AccountOptions set(String behaviour, String option) {
        set.put(behaviour, option);
        return this;
    }

    /** {@code demo}, {@code empty} or {@code published}. By default the demo's roles, and no users. */
    public AccountOptions seed(String seed) {
        request.put("seed", seed);
        return this;
    }

    /** For example {@code 100/1m,burst=20}. */
    public AccountOptions rateLimit(String limit) {
        request.put("rateLimit", limit);
        return this;
    }

    /** A fault in the form of {@code --fault}, for example {@code status=503,times=1}. */
    public AccountOptions fault(String rule) {
        faults.add(rule);
        return this;
    }

    /** When its clock starts. By default it follows the mock's. */
    public AccountOptions clock(Instant start) {
        request.put("clock", start.toString());
        return this;
    }

    /** The body of {@code POST accounts}. */
    Map<String, Object> request() {
        var body = new HashMap<>(request);
        body.put("faults", faults);
        var chosen = new HashMap<String, Object>();
        if (profile != null && profile.endsWith(".toml")) {
            chosen.put("toml", text(Path.of(profile)));
        } else if (profile != null) {
            chosen.put("profile", profile);
        }
        if (!set.isEmpty()) {
            chosen.put("set", set);
        }
        if (!chosen.isEmpty()) {
            body.put("profile", chosen);
        }
        return body;
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException error) {
            throw new MockException("the profile " + file + " cannot be read: " + error);
        }
    }
}
