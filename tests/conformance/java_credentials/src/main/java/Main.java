import com.aliyun.credentials.Client;
import com.aliyun.credentials.models.Config;
import com.aliyun.sdk.service.oss2.OSSClient;
import com.aliyun.sdk.service.oss2.credentials.Credentials;
import com.aliyun.sdk.service.oss2.models.GetObjectRequest;
import com.aliyun.sdk.service.oss2.models.PutObjectRequest;
import com.aliyun.sdk.service.oss2.transport.BinaryData;
import com.google.gson.Gson;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The credential providers of credentials-java, and alibabacloud-oss-v2 as their user. Reads orders
 * from standard input, one JSON object a line, and answers each with a line: the keys that it was
 * given or used, oldest first.
 */
final class Main {
    record Key(String id, String secret, String token) {}

    record Order(
            String step, String name, String type, Key key, String roleArn, int seconds,
            String stsEndpoint, String uri, String endpoint, String region, String bucket) {}

    static final Map<String, Client> providers = new HashMap<>();

    public static void main(String[] none) throws Exception {
        var json = new Gson();
        var answers = System.out;
        System.setOut(System.err); // the provider tells there of its renewals
        var input = new InputStreamReader(System.in, StandardCharsets.UTF_8);
        try (var orders = new BufferedReader(input)) {
            for (String line; (line = orders.readLine()) != null; ) {
                answers.println(json.toJson(answer(json.fromJson(line, Order.class))));
            }
        }
    }

    static List<Key> answer(Order given) throws Exception {
        providers.computeIfAbsent(given.name, name -> new Client(config(given)));
        return given.step.equals("obtain") ? List.of(obtain(given.name)) : use(given);
    }

    static Config config(Order given) {
        var config = new Config().setType(given.type);
        return switch (given.type) {
            case "ram_role_arn" -> config.setAccessKeyId(given.key.id)
                    .setAccessKeySecret(given.key.secret)
                    .setRoleArn(given.roleArn)
                    .setRoleSessionName("provider")
                    .setRoleSessionExpiration(given.seconds)
                    .setSTSEndpoint(given.stsEndpoint);
            case "sts" -> config.setAccessKeyId(given.key.id)
                    .setAccessKeySecret(given.key.secret)
                    .setSecurityToken(given.key.token);
            case "credentials_uri" -> config.setCredentialsUri(given.uri);
            default -> throw new IllegalArgumentException(given.type);
        };
    }

    static Key obtain(String name) {
        var found = providers.get(name).getCredential();
        return new Key(
                found.getAccessKeyId(), found.getAccessKeySecret(), found.getSecurityToken());
    }

    /** Puts an object and reads it again; the client asks the provider before each request. */
    static List<Key> use(Order given) throws Exception {
        var used = new ArrayList<Key>();
        var body = ("from " + given.name).getBytes(StandardCharsets.UTF_8);
        try (OSSClient client = OSSClient.newBuilder()
                .endpoint(given.endpoint)
                .region(given.region)
                .credentialsProvider(() -> {
                    used.add(obtain(given.name));
                    var key = used.get(used.size() - 1);
                    return new Credentials(key.id, key.secret, key.token);
                })
                .build()) {
            client.putObject(PutObjectRequest.newBuilder()
                    .bucket(given.bucket)
                    .key(given.name)
                    .body(BinaryData.fromBytes(body))
                    .build());
            var reading =
                    GetObjectRequest.newBuilder().bucket(given.bucket).key(given.name).build();
            try (var got = client.getObject(reading)) {
                if (!Arrays.equals(got.body().readAllBytes(), body)) {
                    throw new AssertionError("another body came back");
                }
            }
        }
        return used;
    }
}
