import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;

/** OkHttp. */
class OkHttp extends Steps {
    final OkHttpClient client = new OkHttpClient();

    @Override
    Answer send(String method, String url, String body) throws Exception {
        RequestBody sent = body == null ? null : RequestBody.create(body, MediaType.get("application/json"));
        Request request = new Request.Builder().url(url).method(method, sent)
            .header("Accept", "application/json").header("Authorization", BASIC).build();
        try (var answer = client.newCall(request).execute()) {
            return new Answer(answer.code(), answer.body().string());
        }
    }

    public static void main(String[] arguments) throws Exception {
        new OkHttp().run();
        System.exit(0);
    }
}
