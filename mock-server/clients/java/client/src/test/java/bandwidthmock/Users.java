package bandwidthmock;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;

/** Requests to the emulated API. */
final class Users {
    static final String ANNA = """
        {"Username": "asmith", "FirstName": "Anna", "LastName": "Smith",
         "Email": "asmith@example.com", "Password": "Teal-Wagon.47"}""";
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    private Users() {}

    /** Sends a request to the users of an account, and returns the status. */
    static int send(BandwidthAccount account, String method, String body) {
        return send(account, method, "", body);
    }

    static int send(BandwidthAccount account, String method, String path, String body) {
        var request = HttpRequest.newBuilder(URI.create(account.usersUrl() + path))
            .header("Authorization", account.authorization())
            .header("Content-Type", "application/json")
            .method(method, BodyPublishers.ofString(body))
            .build();
        try {
            return CLIENT.send(request, BodyHandlers.ofString()).statusCode();
        } catch (Exception error) {
            throw new AssertionError(error);
        }
    }
}
