import com.aliyun.oss.ClientBuilderConfiguration;
import com.aliyun.oss.OSS;
import com.aliyun.oss.OSSClientBuilder;
import com.aliyun.oss.OSSException;
import com.aliyun.oss.common.auth.DefaultCredentialProvider;
import com.aliyun.oss.common.comm.SignVersion;
import com.aliyun.oss.model.GetObjectRequest;
import com.aliyun.oss.model.ObjectMetadata;
import com.aliyun.oss.model.PutObjectResult;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

/**
 * Uses a Mossbox server through aliyun-sdk-oss: runs the checks named on the command line and
 * prints one line for each, "ok NAME" or "not ok NAME: WHY". Where the server is comes from the
 * environment.
 */
final class Main {
    /** A check fails by throwing. */
    interface Check {
        void run() throws Throwable;
    }

    static final String HELLO = "hello, mossbox";
    static final int PART_SIZE = 256 << 10;
    static final byte[] NOISE = new byte[(2 << 20) + 17];

    static final String region = System.getenv("OSS_REGION");
    static final String name = System.getenv("BUCKET");
    static final Path folder = Path.of(System.getenv("FOLDER"));
    static final OSS client =
            clientWith(System.getenv("OSS_ACCESS_KEY_ID"), System.getenv("OSS_ACCESS_KEY_SECRET"));
    static final Map<String, Check> checks = new LinkedHashMap<>();

    public static void main(String[] names) {
        new Random(7).nextBytes(NOISE);
        BucketChecks.add();
        ObjectChecks.add();
        PartChecks.add();
        PostChecks.add();
        for (String name : names) {
            try {
                checks.get(name).run();
                System.out.println("ok " + name);
            } catch (Throwable why) {
                System.out.println("not ok " + name + ": " + why.toString().replace('\n', ' '));
            }
        }
        client.shutdown();
    }

    static OSS clientWith(String id, String secret) {
        var configuration = new ClientBuilderConfiguration();
        boolean four = "v4".equals(System.getenv("OSS_SIGNATURE"));
        configuration.setSignatureVersion(four ? SignVersion.V4 : SignVersion.V1);
        return OSSClientBuilder.create()
                .endpoint(System.getenv("OSS_ENDPOINT"))
                .region(region)
                .credentialsProvider(new DefaultCredentialProvider(id, secret))
                .clientConfiguration(configuration)
                .build();
    }

    static void equal(String what, Object got, Object want) {
        if (!Objects.deepEquals(got, want)) {
            throw new AssertionError(what + ": got " + shown(got) + ", want " + shown(want));
        }
    }

    private static String shown(Object value) {
        String text = value instanceof Object[] many ? Arrays.toString(many) : String.valueOf(value);
        return text.length() > 200 ? text.substring(0, 200) : text;
    }

    /** Fails unless the call is refused with this code and a request id. */
    static void refused(String code, Check call) throws Throwable {
        try {
            call.run();
        } catch (OSSException error) {
            equal("code", error.getErrorCode(), code);
            equal("length of the request id", error.getRequestId().length(), 24);
            return;
        }
        throw new AssertionError("want " + code + ", but there was no refusal");
    }

    static PutObjectResult put(String key, String body) {
        return put(name, key, body.getBytes(StandardCharsets.UTF_8), new ObjectMetadata());
    }

    static PutObjectResult put(String bucket, String key, byte[] body, ObjectMetadata metadata) {
        return client.putObject(bucket, key, new ByteArrayInputStream(body), metadata);
    }

    static String read(String key) throws Exception {
        return new String(readAs(new GetObjectRequest(name, key)), StandardCharsets.UTF_8);
    }

    static byte[] readAs(GetObjectRequest request) throws Exception {
        try (var found = client.getObject(request)) {
            return found.getObjectContent().readAllBytes();
        }
    }

    static ObjectMetadata head(String key) {
        return client.headObject(name, key);
    }

    static List<String> awkwardKeys() {
        var found = new ArrayList<String>();
        for (String word : System.getenv("KEYS").split(",")) {
            found.add(new String(Base64.getDecoder().decode(word), StandardCharsets.UTF_8));
        }
        return found;
    }
}
