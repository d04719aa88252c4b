import com.aliyun.oss.common.utils.BinaryUtil;
import com.aliyun.oss.model.MatchMode;
import com.aliyun.oss.model.PolicyConditions;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Date;
import java.util.LinkedHashMap;

/** Forms under policies that this client writes and signs. */
final class PostChecks {
    private static final String BOUNDARY = "9431149156168";

    static void add() {
        Main.checks.put("post_object", PostChecks::postObject);
    }

    private static HttpResponse<String> post(LinkedHashMap<String, String> fields, String type)
            throws Exception {
        var body = new StringBuilder();
        fields.forEach((name, value) -> body
                .append("\r\n--").append(BOUNDARY)
                .append("\r\nContent-Disposition: form-data; name=\"").append(name)
                .append("\"\r\n\r\n").append(value));
        body.append("\r\n--").append(BOUNDARY)
                .append("\r\nContent-Disposition: form-data; name=\"file\"; filename=\"test.txt\"")
                .append("\r\nContent-Type: ").append(type).append("\r\n\r\n").append(Main.HELLO)
                .append("\r\n--").append(BOUNDARY).append("--\r\n");
        var address = URI.create(System.getenv("OSS_ENDPOINT") + "/" + Main.name);
        var request = HttpRequest.newBuilder(address)
                .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
                .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
                .build();
        return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    }

    static void postObject() throws Throwable {
        // Characters that a careless policy would trip over; a dollar is escaped in conditions.
        String key = "post/4.png\"},{\"key\":\"5.png\"}]}//${filename}";
        String stored = key.replace("${filename}", "test.txt");
        var conditions = new PolicyConditions();
        conditions.addConditionItem("bucket", Main.name);
        conditions.addConditionItem("fileName", "1.png\"}]}//");
        conditions.addConditionItem(
                MatchMode.Exact, PolicyConditions.COND_KEY, key.replace("$", "\\$"));
        conditions.addConditionItem(PolicyConditions.COND_CONTENT_LENGTH_RANGE, 1, 1024);
        conditions.addConditionItem(
                MatchMode.In, PolicyConditions.COND_CONTENT_TYPE, new String[] {"text/html", "text/x"});
        conditions.addConditionItem(
                MatchMode.NotIn, PolicyConditions.COND_CACHE_CONTROL, new String[] {"no-cache"});
        var soon = new Date(System.currentTimeMillis() + 60_000);
        String policy = Main.client.generatePostPolicy(soon, conditions);
        var fields = new LinkedHashMap<String, String>();
        fields.put("key", key);
        fields.put("fileName", "1.png\"}]}//");
        fields.put("OSSAccessKeyId", System.getenv("OSS_ACCESS_KEY_ID"));
        fields.put("policy", BinaryUtil.toBase64String(policy.getBytes("utf-8")));
        fields.put("Signature", Main.client.calculatePostSignature(policy));
        var done = post(fields, "text/x");
        Main.equal("status", done.statusCode() + done.body(), "204");
        Main.equal("body", Main.read(stored), Main.HELLO);
        Main.equal("type", Main.head(stored).getContentType(), "text/x");
        Main.equal("other type", post(fields, "text/y").statusCode(), 403);
        fields.put("key", "post/other");
        Main.equal("other key", post(fields, "text/x").statusCode(), 403);
    }
}
