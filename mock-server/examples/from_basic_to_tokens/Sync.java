import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Creates the user asmith unless it exists. The login is Basic without BW_CLIENT_ID, and a token with it. */
class Sync {
    static final String BASE = System.getenv("BW_BASE_URL");
    static final String USERS = BASE + "/accounts/" + System.getenv("BW_ACCOUNT_ID") + "/users";
    static final HttpClient HTTP = HttpClient.newHttpClient();

    static String send(HttpRequest request) throws Exception {
        var answer = HTTP.send(request, BodyHandlers.ofString(StandardCharsets.UTF_8));
        if (answer.statusCode() >= 300) {
            throw new IllegalStateException(request.uri().getPath() + " returned " + answer.statusCode());
        }
        return answer.body();
    }

    static String basic(String name, String password) {
        var pair = System.getenv(name) + ":" + System.getenv(password);
        return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
    }

    static String token;
    static long renewAt = System.nanoTime();

    /** A token, and a new one a minute before it expires. */
    static String bearer() throws Exception {
        if (System.nanoTime() - renewAt >= 0) {
            var answer = send(HttpRequest.newBuilder(URI.create(BASE.replaceFirst("/api.*", "/api/v1/oauth2/token")))
                    .header("Authorization", basic("BW_CLIENT_ID", "BW_CLIENT_SECRET"))
                    .header("Content-Type", "application/x-www-form-urlencoded")
                    .POST(BodyPublishers.ofString("grant_type=client_credentials")).build());
            token = value(answer, "\"access_token\"\\s*:\\s*\"([^\"]+)\"", "");
            renewAt = System.nanoTime() + (Long.parseLong(value(answer, "\"expires_in\"\\s*:\\s*(\\d+)", "3600")) - 60) * 1_000_000_000L;
        }
        return "Bearer " + token;
    }

    // A real sync reads JSON with a library; the JDK has none.
    static String value(String json, String pattern, String otherwise) {
        Matcher found = Pattern.compile(pattern).matcher(json);
        return found.find() ? found.group(1) : otherwise;
    }

    static HttpRequest.Builder call() throws Exception {
        var login = System.getenv("BW_CLIENT_ID") == null ? basic("BW_USERNAME", "BW_PASSWORD") : bearer();
        return HttpRequest.newBuilder(URI.create(USERS)).header("Authorization", login).header("Accept", "application/json");
    }

    public static void main(String[] arguments) throws Exception {
        if (send(call().build()).contains("\"Username\":\"asmith\"")) {
            System.out.println("asmith exists");
            return;
        }
        send(call().header("Content-Type", "application/json").POST(BodyPublishers.ofString(
                "{\"Username\":\"asmith\",\"FirstName\":\"Anna\",\"LastName\":\"Smith\","
                        + "\"Email\":\"asmith@example.com\",\"Password\":\"Teal-Wagon.47\"}")).build());
        System.out.println("asmith was created");
    }
}
