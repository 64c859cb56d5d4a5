import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Pattern;

/**
 * A sync whose host is fixed: it lists users, creates one, updates and deletes it. The argument says
 * with which client of the JDK. Reads BW_ACCOUNT_ID, BW_USERNAME and BW_PASSWORD; proxy and trust
 * store come from system properties.
 */
public class FixedHost {
    static final String HOST = "https://dashboard.bandwidth.com/api";
    static final String AUTHORIZATION = "Basic " + Base64.getEncoder().encodeToString(
        (System.getenv("BW_USERNAME") + ":" + System.getenv("BW_PASSWORD")).getBytes(StandardCharsets.UTF_8));
    static final HttpClient CLIENT = HttpClient.newHttpClient();

    public static void main(String[] arguments) throws Exception {
        boolean old = arguments[0].equals("HttpURLConnection");
        String users = HOST + "/accounts/" + System.getenv("BW_ACCOUNT_ID") + "/users";
        send(old, "GET", users, null);
        String created = send(old, "POST", users, user("Anna", "<Password>Teal-Wagon.47</Password>"));
        var id = Pattern.compile("<UserId>(.*?)</UserId>").matcher(created);
        if (!id.find()) {
            throw new IOException("the answer to the create names no user");
        }
        String own = users + "/" + id.group(1);
        send(old, "PUT", own, user("Anne", ""));
        send(old, "DELETE", own, null);
        System.out.println("Java " + System.getProperty("java.version") + " " + arguments[0]
            + ": lists, creates, updates and deletes at dashboard.bandwidth.com");
    }

    static String user(String firstName, String more) {
        return "<User><Username>bjones</Username><FirstName>" + firstName + "</FirstName>"
            + "<LastName>Jones</LastName><Email>bjones@example.com</Email>" + more + "</User>";
    }

    static String send(boolean old, String method, String url, String body) throws Exception {
        return old ? sendOld(method, url, body) : sendNew(method, url, body);
    }

    static String sendNew(String method, String url, String body) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(url)).header("Authorization", AUTHORIZATION)
            .header("Content-Type", "application/xml")
            .method(method, body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        var response = CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
        check(method, response.statusCode());
        return response.body();
    }

    static String sendOld(String method, String url, String body) throws Exception {
        var connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
        connection.setRequestMethod(method);
        connection.setRequestProperty("Authorization", AUTHORIZATION);
        connection.setRequestProperty("Content-Type", "application/xml");
        if (body != null) {
            connection.setDoOutput(true);
            connection.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
        }
        check(method, connection.getResponseCode());
        try (InputStream answer = connection.getInputStream()) {
            return new String(answer.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    static void check(String method, int status) throws IOException {
        if (status >= 300) {
            throw new IOException(method + " was answered " + status);
        }
    }
}
