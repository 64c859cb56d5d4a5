import static bandwidthmock.Operation.CREATE_USER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import bandwidthmock.BandwidthAccount;
import bandwidthmock.BandwidthMock;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** Example tests. Point your own client at the account's URL with its login. */
@BandwidthMock
class UsersTest {
    private static final String ANNA = """
        {"Username": "asmith", "FirstName": "Anna", "LastName": "Smith",
         "Email": "asmith@example.com", "Password": "Teal-Wagon.47"}""";
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    /** Two at once show that tests do not meet: in one account the name would be taken. */
    @RepeatedTest(2)
    void aUserIsCreated(BandwidthAccount account) throws Exception {
        assertEquals(201, create(account).statusCode());
        account.verify(CREATE_USER, 201, 1);
    }

    @Test
    void aLostAnswerDoesNotMeanThatNothingHappened(BandwidthAccount account) throws Exception {
        account.fault("fault=EMPTY_RESPONSE,when=after,operation=create_user,times=1");
        assertThrows(IOException.class, () -> create(account));
        assertEquals(409, create(account).statusCode());
        account.verify(CREATE_USER, 2);
    }

    private static HttpResponse<String> create(BandwidthAccount account) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(account.usersUrl()))
            .header("Authorization", account.authorization())
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(ANNA))
            .build();
        return CLIENT.send(request, BodyHandlers.ofString());
    }
}
