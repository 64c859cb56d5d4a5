import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The steps that each client of Java takes. */
abstract class Steps {
    record Answer(int status, String text) {
        /** The first value of a key. */
        String value(String key) {
            Matcher found = Pattern.compile("\"" + key + "\":\"?([^\",}]*)").matcher(text);
            return found.find() ? found.group(1) : null;
        }
    }

    static final String USERS =
        System.getenv("BW_BASE_URL") + "/accounts/" + System.getenv("BW_ACCOUNT_ID") + "/users";
    static final String BASIC = "Basic " + Base64.getEncoder().encodeToString(
        (System.getenv("BW_USERNAME") + ":" + System.getenv("BW_PASSWORD")).getBytes(StandardCharsets.UTF_8));

    /** Sends a request, with JSON unless the body is null. */
    abstract Answer send(String method, String url, String body) throws Exception;

    static void check(boolean holds, Object seen) {
        if (!holds) {
            throw new AssertionError(seen);
        }
    }

    static String user(String name) {
        return """
            {"Username": "%s", "FirstName": "Zoë", "LastName": "O'Neil & Söhne",
             "Email": "%s@example.com", "Password": "Teal-Wagon.47"}""".formatted(name, name);
    }

    Answer expect(int wanted, String method, String url, String body) throws Exception {
        Answer answer = send(method, url, body);
        check(answer.status() == wanted, method + " " + url + ": " + answer);
        return answer;
    }

    /** Runs all of them at the same time. */
    static <T> List<T> atOnce(List<Callable<T>> tasks) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(tasks.size());
        List<T> results = new ArrayList<>();
        for (Future<T> future : pool.invokeAll(tasks)) {
            results.add(future.get());
        }
        pool.shutdown();
        return results;
    }

    void run() throws Exception {
        Answer before = expect(200, "GET", USERS, null);
        check(before.text().contains("\"jdoe\""), before);
        System.out.println("list");
        String own = USERS + "/" + expect(201, "POST", USERS, user("zoe")).value("UserId");
        Answer seen = expect(200, "GET", own, null);
        check("Zoë".equals(seen.value("FirstName")) && "O'Neil & Söhne".equals(seen.value("LastName")), seen);
        System.out.println("create");
        expect(200, "PUT", own, "{\"FirstName\": \"Zoé\"}");
        check("Zoé".equals(expect(200, "GET", own, null).value("FirstName")), "Zoé");
        System.out.println("update");
        expect(200, "DELETE", own, null);
        System.out.println("delete");
        Answer error = expect(404, "GET", own, null);
        check(error.value("ErrorCode") != null && error.value("Description") != null, error);
        System.out.println("error");
        List<Callable<String>> creates = new ArrayList<>();
        for (int n = 0; n < 50; n++) {
            String body = user("user" + n);
            creates.add(() -> expect(201, "POST", USERS, body).value("UserId"));
        }
        Set<String> keys = new HashSet<>(atOnce(creates));
        check(keys.size() == 50, keys);
        List<Callable<Answer>> deletes = new ArrayList<>();
        keys.forEach(key -> deletes.add(() -> expect(200, "DELETE", USERS + "/" + key, null)));
        atOnce(deletes);
        check(expect(200, "GET", USERS, null).equals(before), "the users of the start");
        System.out.println("50 at once");
    }
}
