import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.AccountApiApi;
import org.openapitools.client.model.ErrorResponse;
import org.openapitools.client.model.NewUser;
import org.openapitools.client.model.RoleReference;
import org.openapitools.client.model.User;
import org.openapitools.client.model.UserChanges;

/** A sync with the client that openapi-generator makes of the description, for Java's HttpClient. */
class Sync {
    static void expect(String what, Object seen, Object wanted) {
        if (!wanted.equals(seen)) {
            throw new AssertionError(what + ": " + seen + ", expected " + wanted);
        }
    }

    public static void main(String[] arguments) throws Exception {
        String login = System.getenv("BW_USERNAME") + ":" + System.getenv("BW_PASSWORD");
        String basic = Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8));
        ApiClient client = new ApiClient();
        client.updateBaseUri(System.getenv("BW_ORIGIN"));
        client.setRequestInterceptor(request -> request
            .setHeader("Accept", "application/json")
            .setHeader("Authorization", "Basic " + basic));
        AccountApiApi users = new AccountApiApi(client);
        String account = System.getenv("BW_ACCOUNT_ID");

        int before = users.listUsers(account).getUsers().size();
        NewUser body = new NewUser()
            .username("zoe.java").firstName("Zoë").lastName("O'Neil & Söhne")
            .email("zoe.java@example.com").password("Teal-Wagon.47")
            .roles(List.of(new RoleReference().roleId("r2")));
        User created = users.createUser(account, body);
        try {
            users.createUser(account, body);
            throw new AssertionError("a taken name was accepted");
        } catch (ApiException taken) {
            expect("status of a taken name", taken.getCode(), 409);
            ErrorResponse error = client.getObjectMapper().readValue(taken.getResponseBody(), ErrorResponse.class);
            expect("whether there is a code", error.getResponseStatus().getErrorCode() > 0, true);
        }
        User updated = users.updateUser(account, created.getUserId(), new UserChanges().firstName("Zoé"));
        expect("first name", updated.getFirstName(), "Zoé");
        expect("user name", users.getUser(account, created.getUserId()).getUsername(), "zoe.java");
        expect("users", users.listUsers(account).getUsers().size(), before + 1);
        expect("status of the delete", users.deleteUserWithHttpInfo(account, created.getUserId()).getStatusCode(), 200);
        expect("users", users.listUsers(account).getUsers().size(), before);
    }
}
