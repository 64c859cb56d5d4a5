import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.http.io.entity.StringEntity;
import java.net.URI;

/** Apache HttpClient 5. */
class Apache5 extends Steps {
    final CloseableHttpClient client = HttpClients.custom()
        .setConnectionManager(PoolingHttpClientConnectionManagerBuilder.create()
            .setMaxConnPerRoute(50).setMaxConnTotal(50).build())
        .build();

    @Override
    Answer send(String method, String url, String body) throws Exception {
        HttpUriRequestBase request = new HttpUriRequestBase(method, URI.create(url));
        request.setHeader("Accept", "application/json");
        request.setHeader("Authorization", BASIC);
        if (body != null) {
            request.setEntity(new StringEntity(body, ContentType.APPLICATION_JSON));
        }
        return client.execute(request, answer -> new Answer(answer.getCode(), EntityUtils.toString(answer.getEntity())));
    }

    public static void main(String[] arguments) throws Exception {
        new Apache5().run();
    }
}
