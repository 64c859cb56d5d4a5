import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Base64;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;

/** A mock in a container for the tests of a class, with Testcontainers for Java and JUnit 5. */
class UsersTest {
    /** The image needs a token for its control API; else it makes one, which only its log has. */
    private static final String TOKEN = "for-tests-only";
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final GenericContainer<?> MOCK = new GenericContainer<>("bandwidth-mock")
        .withEnv("BANDWIDTH_MOCK_ADMIN_TOKEN", TOKEN)
        .withExposedPorts(8080)
        .waitingFor(Wait.forHttp("/__admin/ready").forStatusCode(200));

    /** A throwaway account: accountId, username, password, baseUrl. */
    private JsonObject account;

    @BeforeAll
    static void start() {
        MOCK.start();
    }

    @AfterAll
    static void stop() {
        MOCK.stop();
    }

    @BeforeEach
    void makeAccount() throws Exception {
        var url = "http://" + MOCK.getHost() + ":" + MOCK.getMappedPort(8080);
        account = send(HttpRequest.newBuilder(URI.create(url + "/__admin/accounts"))
            .header("Authorization", "Bearer " + TOKEN)
            .POST(BodyPublishers.ofString("{\"seed\": \"demo\"}")));
    }

    @Test
    void anAccountStartsWithTheDemoUser() throws Exception {
        var login = text("username") + ":" + text("password");
        var users = send(HttpRequest.newBuilder(URI.create(text("baseUrl") + "/accounts/" + text("accountId") + "/users"))
            .header("Authorization", "Basic " + Base64.getEncoder().encodeToString(login.getBytes()))
            .header("Accept", "application/json"));
        var first = users.getAsJsonArray("Users").get(0).getAsJsonObject();
        assertEquals("jdoe", first.get("Username").getAsString());
    }

    private String text(String key) {
        return account.get(key).getAsString();
    }

    private static JsonObject send(HttpRequest.Builder request) throws Exception {
        var answer = CLIENT.send(request.build(), BodyHandlers.ofString()).body();
        return JsonParser.parseString(answer).getAsJsonObject();
    }
}
