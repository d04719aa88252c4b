import com.aliyun.sdk.service.oss2.OSSClient;
import com.aliyun.sdk.service.oss2.credentials.StaticCredentialsProvider;
import com.aliyun.sdk.service.oss2.exceptions.ServiceException;
import com.aliyun.sdk.service.oss2.models.GetObjectRequest;
import com.aliyun.sdk.service.oss2.models.HeadObjectRequest;
import com.aliyun.sdk.service.oss2.models.HeadObjectResult;
import com.aliyun.sdk.service.oss2.models.PutObjectRequest;
import com.aliyun.sdk.service.oss2.models.PutObjectResult;
import com.aliyun.sdk.service.oss2.transport.BinaryData;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

/**
 * Uses a Mossbox server through alibabacloud-oss-v2: runs the checks named on the command line and
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
    static final OSSClient client =
            clientWith(System.getenv("OSS_ACCESS_KEY_ID"), System.getenv("OSS_ACCESS_KEY_SECRET"));
    static final Map<String, Check> checks = new LinkedHashMap<>();

    public static void main(String[] names) throws Exception {
        new Random(7).nextBytes(NOISE);
        BucketChecks.add();
        ObjectChecks.add();
        PartChecks.add();
        for (String name : names) {
            try {
                checks.get(name).run();
                System.out.println("ok " + name);
            } catch (Throwable why) {
                System.out.println("not ok " + name + ": " + why.toString().replace('\n', ' '));
            }
        }
        client.close();
    }

    static OSSClient clientWith(String id, String secret) {
        return OSSClient.newBuilder()
                .endpoint(System.getenv("OSS_ENDPOINT"))
                .region(region)
                .signatureVersion(System.getenv("OSS_SIGNATURE"))
                .credentialsProvider(new StaticCredentialsProvider(id, secret))
                .build();
    }

    static void equal(String what, Object got, Object want) {
        if (!Objects.deepEquals(got, want)) {
            throw new AssertionError(what + ": got " + shown(got) + ", want " + shown(want));
        }
    }

    private static String shown(Object value) {
        String text = String.valueOf(value);
        return text.length() > 200 ? text.substring(0, 200) : text;
    }

    /** Fails unless the call is refused with this status and code and a request id. */
    static void refused(int status, String code, Check call) throws Throwable {
        try {
            call.run();
        } catch (RuntimeException error) {
            var answer = ServiceException.asCause(error);
            if (answer == null) {
                throw error;
            }
            equal("status and code", answer.statusCode() + answer.errorCode(), status + code);
            equal("length of the request id", answer.requestId().length(), 24);
            return;
        }
        throw new AssertionError("want " + code + ", but there was no refusal");
    }

    /** The beginning of a request that puts these bytes. */
    static PutObjectRequest.Builder putting(String key, byte[] body) {
        return PutObjectRequest.newBuilder().bucket(name).key(key).body(BinaryData.fromBytes(body));
    }

    static PutObjectResult put(String key, String body) {
        return client.putObject(putting(key, body.getBytes(StandardCharsets.UTF_8)).build());
    }

    static PutObjectResult put(String key, byte[] body) {
        return client.putObject(putting(key, body).build());
    }

    static GetObjectRequest.Builder getting(String key) {
        return GetObjectRequest.newBuilder().bucket(name).key(key);
    }

    static String read(String key) throws Exception {
        return new String(bytes(getting(key)), StandardCharsets.UTF_8);
    }

    static byte[] bytes(GetObjectRequest.Builder request) throws Exception {
        try (var found = client.getObject(request.build())) {
            return found.body().readAllBytes();
        }
    }

    static HeadObjectResult head(String key) {
        return client.headObject(HeadObjectRequest.newBuilder().bucket(name).key(key).build());
    }

    static List<String> awkwardKeys() {
        var found = new ArrayList<String>();
        for (String word : System.getenv("KEYS").split(",")) {
            found.add(new String(Base64.getDecoder().decode(word), StandardCharsets.UTF_8));
        }
        return found;
    }
}
