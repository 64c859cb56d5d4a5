import com.bandwidth.iris.sdk.IrisClient;
import com.bandwidth.iris.sdk.IrisClientException;
import com.bandwidth.iris.sdk.IrisResponse;
import com.bandwidth.iris.sdk.model.BaseModel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import javax.xml.bind.annotation.XmlAccessType;
import javax.xml.bind.annotation.XmlAccessorType;
import javax.xml.bind.annotation.XmlElement;
import javax.xml.bind.annotation.XmlElementWrapper;
import javax.xml.bind.annotation.XmlRootElement;
import org.apache.http.HttpEntityEnclosingRequest;
import org.apache.http.client.methods.HttpUriRequest;
import org.apache.http.entity.ContentType;
import org.apache.http.entity.StringEntity;
import org.apache.http.util.EntityUtils;

/** The HTTP client of Bandwidth's Java SDK, which has no users, with a model of ours. */
class IrisSdk {
    @XmlRootElement(name = "User")
    @XmlAccessorType(XmlAccessType.FIELD)
    static class User extends BaseModel {
        @XmlElement(name = "UserId") String userId;
        @XmlElement(name = "Username") String username;
        @XmlElement(name = "FirstName") String firstName;
        @XmlElement(name = "LastName") String lastName;
        @XmlElement(name = "Email") String email;
        @XmlElement(name = "Password") String password;

        static User named(String username) {
            User user = new User();
            user.username = username;
            user.firstName = "Zoë";
            user.lastName = "O'Neil & Söhne";
            user.email = username + "@example.com";
            user.password = "Teal-Wagon.47";
            return user;
        }
    }

    @XmlRootElement(name = "UserResponse")
    @XmlAccessorType(XmlAccessType.FIELD)
    static class UserResponse {
        @XmlElement(name = "User") User user;
    }

    @XmlRootElement(name = "UsersResponse")
    @XmlAccessorType(XmlAccessType.FIELD)
    static class UsersResponse {
        @XmlElementWrapper(name = "Users") @XmlElement(name = "User") List<User> users = new ArrayList<>();
    }

    /** The SDK writes Latin-1 whatever its header says, and reads Latin-1 where no charset is named. */
    static class Utf8Client extends IrisClient {
        Utf8Client() throws Exception {
            super(System.getenv("BW_BASE_URL").replaceFirst("/api$", ""), System.getenv("BW_ACCOUNT_ID"),
                System.getenv("BW_USERNAME"), System.getenv("BW_PASSWORD"), "api");
        }

        @Override
        protected IrisResponse executeRequest(HttpUriRequest request) throws Exception {
            if (request instanceof HttpEntityEnclosingRequest sending) {
                String body = EntityUtils.toString(sending.getEntity(), StandardCharsets.ISO_8859_1);
                sending.setEntity(new StringEntity(body, ContentType.create("application/xml", "UTF-8")));
            }
            IrisResponse answer = super.executeRequest(request);
            boolean named = answer.getHeaders().entrySet().stream().anyMatch(header ->
                header.getKey().equalsIgnoreCase("Content-Type") && header.getValue().contains("charset"));
            if (!named && answer.getResponseBody() != null) {
                byte[] bytes = answer.getResponseBody().getBytes(StandardCharsets.ISO_8859_1);
                answer.setResponseBody(new String(bytes, StandardCharsets.UTF_8));
            }
            return answer;
        }
    }

    static String place(IrisClient client, String... key) throws Exception {
        List<String> path = new ArrayList<>(List.of("users"));
        path.addAll(List.of(key));
        return client.buildAccountModelUri(path.toArray(new String[0]));
    }

    static List<User> users(IrisClient client) throws Exception {
        return client.get(place(client), UsersResponse.class).users;
    }

    static String create(String name) throws Exception {
        IrisClient client = new Utf8Client();
        return client.post(place(client), User.named(name), UserResponse.class).user.userId;
    }

    static boolean delete(String key) throws Exception {
        IrisClient client = new Utf8Client();
        return client.delete(place(client, key)).isOK();
    }

    public static void main(String[] arguments) throws Exception {
        IrisClient client = new Utf8Client();
        int before = users(client).size();
        Steps.check(users(client).stream().anyMatch(user -> user.username.equals("jdoe")), "jdoe");
        System.out.println("list");
        String key = create("zoe");
        User seen = client.get(place(client, key), UserResponse.class).user;
        Steps.check(seen.firstName.equals("Zoë") && seen.lastName.equals("O'Neil & Söhne"), seen.lastName);
        System.out.println("create");
        User changes = new User();
        changes.firstName = "Zoé";
        Steps.check(client.put(place(client, key), changes, UserResponse.class).user.firstName.equals("Zoé"), "Zoé");
        System.out.println("update");
        Steps.check(delete(key), "the delete");
        System.out.println("delete");
        try {
            client.get(place(client, key));
            throw new AssertionError("a user that was deleted");
        } catch (IrisClientException error) {
            Steps.check(error.getMessage().contains("<ErrorCode>"), error);
        }
        System.out.println("error");
        // A client of the SDK has one connection.
        List<Callable<String>> creates = new ArrayList<>();
        for (int n = 0; n < 50; n++) {
            String name = "user" + n;
            creates.add(() -> create(name));
        }
        Set<String> keys = new HashSet<>(Steps.atOnce(creates));
        Steps.check(keys.size() == 50, keys);
        List<Callable<Boolean>> deletes = new ArrayList<>();
        keys.forEach(each -> deletes.add(() -> delete(each)));
        Steps.check(!Steps.atOnce(deletes).contains(false), "the deletes");
        Steps.check(users(client).size() == before, "the users of the start");
        System.out.println("50 at once");
    }
}
