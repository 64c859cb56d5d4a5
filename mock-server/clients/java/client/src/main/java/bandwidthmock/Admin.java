package bandwidthmock;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import com.google.gson.ToNumberPolicy;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** The control API at a URL such as {@code http://127.0.0.1:8080/__admin}. */
final class Admin {
    static final Gson GSON =
        new GsonBuilder().setObjectToNumberStrategy(ToNumberPolicy.LONG_OR_DOUBLE).create();
    private static final Duration LIMIT = Duration.ofSeconds(30);
    /** The mock is local: a proxy of the environment does not lead to it. */
    private static final HttpClient CLIENT = HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .proxy(HttpClient.Builder.NO_PROXY)
        .connectTimeout(LIMIT)
        .build();

    final String url;
    private final String token;

    Admin(String url, String token) {
        this.url = url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
        this.token = token;
    }

    <T> T get(String path, Class<T> type) {
        return GSON.fromJson(send("GET", path, null), type);
    }

    <T> T post(String path, Object body, Class<T> type) {
        return GSON.fromJson(send("POST", path, body), type);
    }

    <T> T patch(String path, Object body, Class<T> type) {
        return GSON.fromJson(send("PATCH", path, body), type);
    }

    void delete(String path) {
        send("DELETE", path, null);
    }

    /** A value in the query of a path. */
    static String encoded(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8);
    }

    private String send(String method, String path, Object body) {
        var publisher = body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(GSON.toJson(body));
        var request = HttpRequest.newBuilder(URI.create(url + "/" + path))
            .method(method, publisher)
            .timeout(LIMIT)
            .header("Content-Type", "application/json");
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        HttpResponse<String> response;
        try {
            response = CLIENT.send(request.build(), BodyHandlers.ofString());
        } catch (IOException error) {
            throw new MockException("the mock at " + url + " cannot be reached; does it still run? " + error);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new MockException("interrupted in a request to " + url);
        }
        if (response.statusCode() < 300) {
            return response.body();
        }
        throw new MockException(method + " " + path + ": " + message(response), response.statusCode());
    }

    private static String message(HttpResponse<String> response) {
        try {
            var refusal = GSON.fromJson(response.body(), Refusal.class);
            if (refusal != null && refusal.error != null) {
                return refusal.error.message;
            }
        } catch (JsonParseException ignored) {
            // Not of the control API.
        }
        return "status " + response.statusCode() + ", not from a mock's control API";
    }

    private record Refusal(Reason error) {}

    private record Reason(String message) {}
}
