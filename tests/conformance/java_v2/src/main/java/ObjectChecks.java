import com.aliyun.sdk.service.oss2.PresignOptions;
import com.aliyun.sdk.service.oss2.models.AppendObjectRequest;
import com.aliyun.sdk.service.oss2.models.CleanRestoredObjectRequest;
import com.aliyun.sdk.service.oss2.models.CopyObjectRequest;
import com.aliyun.sdk.service.oss2.models.DeleteMultipleObjectsRequest;
import com.aliyun.sdk.service.oss2.models.DeleteObject;
import com.aliyun.sdk.service.oss2.models.DeleteObjectRequest;
import com.aliyun.sdk.service.oss2.models.DeleteObjectTaggingRequest;
import com.aliyun.sdk.service.oss2.models.GetObjectAclRequest;
import com.aliyun.sdk.service.oss2.models.GetObjectMetaRequest;
import com.aliyun.sdk.service.oss2.models.GetObjectTaggingRequest;
import com.aliyun.sdk.service.oss2.models.GetSymlinkRequest;
import com.aliyun.sdk.service.oss2.models.ListObjectsRequest;
import com.aliyun.sdk.service.oss2.models.ListObjectsV2Request;
import com.aliyun.sdk.service.oss2.models.PutObjectAclRequest;
import com.aliyun.sdk.service.oss2.models.PutObjectRequest;
import com.aliyun.sdk.service.oss2.models.PutObjectTaggingRequest;
import com.aliyun.sdk.service.oss2.models.PutSymlinkRequest;
import com.aliyun.sdk.service.oss2.models.RestoreObjectRequest;
import com.aliyun.sdk.service.oss2.models.SealAppendObjectRequest;
import com.aliyun.sdk.service.oss2.transport.BinaryData;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** What is asked of single objects and of lists of them. */
final class ObjectChecks {
    static void add() {
        Main.checks.put("objects", ObjectChecks::objects);
        Main.checks.put("ranges", ObjectChecks::ranges);
        Main.checks.put("conditions", ObjectChecks::conditions);
        Main.checks.put("keys", ObjectChecks::keys);
        Main.checks.put("lists", ObjectChecks::lists);
        Main.checks.put("delete_many", ObjectChecks::deleteMany);
        Main.checks.put("object_acl", ObjectChecks::acl);
        Main.checks.put("object_tagging", ObjectChecks::tagging);
        Main.checks.put("symlink", ObjectChecks::symlink);
        Main.checks.put("restore", ObjectChecks::restore);
        Main.checks.put("encryption", ObjectChecks::encryption);
        Main.checks.put("append", ObjectChecks::append);
        Main.checks.put("copy", ObjectChecks::copy);
        Main.checks.put("presigned", ObjectChecks::presigned);
        Main.checks.put("directory", ObjectChecks::directory);
    }

    private static void delete(String key) {
        Main.client.deleteObject(DeleteObjectRequest.newBuilder().bucket(Main.name).key(key).build());
    }

    static void objects() throws Throwable {
        var done = Main.client.putObject(Main.putting("objects/hello", Main.HELLO.getBytes())
                .contentType("text/plain").metadata(Map.of("one", "1")).build());
        Main.equal("hello", Main.read("objects/hello"), Main.HELLO);
        var head = Main.head("objects/hello");
        Main.equal("type", head.contentType(), "text/plain");
        Main.equal("meta", head.metadata(), Map.of("one", "1"));
        Main.equal("kind", head.objectType(), "Normal");
        Main.equal("ETag", head.eTag(), done.eTag());
        var meta = Main.client.getObjectMeta(
                GetObjectMetaRequest.newBuilder().bucket(Main.name).key("objects/hello").build());
        Main.equal("short", meta.eTag() + meta.contentLength(), done.eTag() + Main.HELLO.length());
        Main.put("objects/noise", Main.NOISE);
        Main.equal("noise", Arrays.equals(Main.bytes(Main.getting("objects/noise")), Main.NOISE), true);
        Main.put("objects/empty", "");
        Main.equal("empty", Main.read("objects/empty"), "");
        delete("objects/hello");
        delete("objects/hello");
        Main.equal("there", Main.client.doesObjectExist(Main.name, "objects/hello"), false);
    }

    private static String part(String range, String behaviour) throws Exception {
        var request = Main.getting("ranges").range(range);
        return new String(Main.bytes(behaviour.isEmpty() ? request : request.rangeBehavior(behaviour)));
    }

    static void ranges() throws Throwable {
        Main.put("ranges", "0123456789");
        Main.equal("inside", part("bytes=2-5", ""), "2345");
        Main.equal("open", part("bytes=7-", ""), "789");
        Main.equal("last", part("bytes=-3", ""), "789");
        Main.equal("beyond", part("bytes=2-50", ""), "0123456789");
        Main.equal("standard", part("bytes=2-50", "standard"), "23456789");
        Main.refused(416, "InvalidRange", () -> part("bytes=20-50", "standard"));
    }

    static void conditions() throws Throwable {
        String tag = Main.put("conditions", Main.HELLO).eTag();
        var now = Instant.now().atOffset(ZoneOffset.UTC);
        String before = DateTimeFormatter.RFC_1123_DATE_TIME.format(now.minusHours(1));
        String after = DateTimeFormatter.RFC_1123_DATE_TIME.format(now.plusHours(1));
        var good = Main.getting("conditions").ifMatch(tag).ifUnmodifiedSince(after);
        Main.equal("match", new String(Main.bytes(good)), Main.HELLO);
        Main.refused(412, "PreconditionFailed", () -> Main.bytes(Main.getting("conditions").ifMatch("0")));
        Main.refused(412, "PreconditionFailed",
                () -> Main.bytes(Main.getting("conditions").ifUnmodifiedSince(before)));
        // All that this client makes of an answer without a body:
        Main.refused(304, "BadErrorResponse", () -> Main.bytes(Main.getting("conditions").ifNoneMatch(tag)));
        Main.refused(304, "BadErrorResponse", () -> Main.bytes(Main.getting("conditions").ifModifiedSince(after)));
    }

    static void keys() throws Throwable {
        for (String key : Main.awkwardKeys()) {
            Main.put(key, key);
        }
        for (String key : Main.awkwardKeys()) {
            Main.equal(key, Main.read(key), key);
        }
    }

    static void lists() throws Throwable {
        String made = Main.name + "-lists";
        BucketChecks.create(made);
        var all = new ArrayList<DeleteObject>();
        for (String key : Main.awkwardKeys()) {
            Main.client.putObject(Main.putting(key, key.getBytes(StandardCharsets.UTF_8)).bucket(made).build());
            all.add(DeleteObject.newBuilder().key(key).build());
        }
        var first = new ArrayList<String>();
        var request = ListObjectsRequest.newBuilder().bucket(made).maxKeys(3L).build();
        for (var page : Main.client.listObjectsPaginator(request)) {
            page.contents().forEach(item -> first.add(item.key()));
        }
        Main.equal("listObjects", first, Main.awkwardKeys());
        var second = new ArrayList<String>();
        var requestV2 = ListObjectsV2Request.newBuilder().bucket(made).maxKeys(3L).build();
        for (var page : Main.client.listObjectsV2Paginator(requestV2)) {
            page.contents().forEach(item -> second.add(item.key()));
        }
        Main.equal("listObjectsV2", second, Main.awkwardKeys());
        var page = Main.client.listObjectsV2(
                ListObjectsV2Request.newBuilder().bucket(made).prefix("a/").delimiter("/").build());
        Main.equal("keys", page.contents().stream().map(item -> item.key()).toList(), List.of("a/", "a/b"));
        var prefixes = page.commonPrefixes().stream().map(item -> item.prefix()).toList();
        Main.equal("prefixes", prefixes, List.of("a/../", "a//"));
        var gone = Main.client.deleteMultipleObjects(
                DeleteMultipleObjectsRequest.newBuilder().bucket(made).deleteObjects(all).build());
        Main.equal("deleted", gone.deletedObjects().stream().map(item -> item.key()).toList(), first);
        BucketChecks.delete(made);
    }

    static void deleteMany() throws Throwable {
        Main.put("many/1", "1");
        var all = List.of(
                DeleteObject.newBuilder().key("many/1").build(), DeleteObject.newBuilder().key("many/no").build());
        var request = DeleteMultipleObjectsRequest.newBuilder().bucket(Main.name).deleteObjects(all);
        Main.equal("deleted", Main.client.deleteMultipleObjects(request.build()).deletedObjects().size(), 2);
        var quiet = Main.client.deleteMultipleObjects(request.quiet(true).build()).deletedObjects();
        Main.equal("quiet", quiet == null || quiet.isEmpty(), true);
        Main.equal("left", Main.client.doesObjectExist(Main.name, "many/1"), false);
    }

    static void acl() throws Throwable {
        Main.put("acl", Main.HELLO);
        for (var acl : List.of("public-read", "private", "default")) {
            Main.client.putObjectAcl(
                    PutObjectAclRequest.newBuilder().bucket(Main.name).key("acl").objectAcl(acl).build());
            var found = Main.client.getObjectAcl(
                    GetObjectAclRequest.newBuilder().bucket(Main.name).key("acl").build());
            Main.equal("ACL", found.accessControlPolicy().accessControlList().grant(), acl);
        }
    }

    /** This client's own field for it looks for a header of another spelling. */
    private static String tagCount(String key) {
        return Main.head(key).headers().get("x-oss-tagging-count");
    }

    private static List<String> tags() {
        return BucketChecks.words(Main.client.getObjectTagging(
                GetObjectTaggingRequest.newBuilder().bucket(Main.name).key("tagging").build()).tagging());
    }

    static void tagging() throws Throwable {
        Main.client.putObject(
                Main.putting("tagging", Main.HELLO.getBytes()).tagging("team=moss+%2B+stone&b=2").build());
        Main.equal("header", tags(), List.of("b=2", "team=moss + stone"));
        Main.client.putObjectTagging(PutObjectTaggingRequest.newBuilder()
                .bucket(Main.name).key("tagging").tagging(BucketChecks.tagging("c=3")).build());
        Main.equal("replaced", tags(), List.of("c=3"));
        Main.equal("count", tagCount("tagging"), "1");
        Main.client.deleteObjectTagging(
                DeleteObjectTaggingRequest.newBuilder().bucket(Main.name).key("tagging").build());
        Main.equal("none", tags(), List.of());
    }

    static void symlink() throws Throwable {
        Main.put("the target 中文", Main.HELLO);
        String encoded = URLEncoder.encode("the target 中文", StandardCharsets.UTF_8).replace("+", "%20");
        Main.client.putSymlink(PutSymlinkRequest.newBuilder()
                .bucket(Main.name).key("link").symlinkTarget(encoded).build());
        var asked = GetSymlinkRequest.newBuilder().bucket(Main.name).key("link");
        Main.equal("target", Main.client.getSymlink(asked.build()).symlinkTarget(), encoded);
        Main.equal("followed", Main.read("link"), Main.HELLO);
        Main.equal("kind", Main.head("link").objectType(), "Symlink");
        delete("the target 中文");
        Main.refused(404, "SymlinkTargetNotExist", () -> Main.read("link"));
        Main.put("no link", Main.HELLO);
        Main.refused(400, "NotSymlink", () -> Main.client.getSymlink(asked.key("no link").build()));
    }

    static void restore() throws Throwable {
        Main.client.putObject(Main.putting("archived", Main.HELLO.getBytes()).storageClass("Archive").build());
        Main.refused(403, "InvalidObjectState", () -> Main.read("archived"));
        var asked = RestoreObjectRequest.newBuilder().bucket(Main.name).key("archived");
        Main.equal("accepted", Main.client.restoreObject(asked.build()).statusCode(), 202);
        var told = Main.head("archived").restore();
        Main.equal("restored", told.startsWith("ongoing-request=\"false\", expiry-date="), true);
        Main.equal("body", Main.read("archived"), Main.HELLO);
        Main.client.cleanRestoredObject(
                CleanRestoredObjectRequest.newBuilder().bucket(Main.name).key("archived").build());
        Main.refused(403, "InvalidObjectState", () -> Main.read("archived"));
        Main.put("warm", Main.HELLO);
        Main.refused(400, "OperationNotSupported", () -> Main.client.restoreObject(asked.key("warm").build()));
    }

    static void encryption() throws Throwable {
        for (var way : List.of("AES256,", "SM4,", "KMS,", "KMS,SM4")) {
            String[] words = way.split(",", 2);
            var request = Main.putting("encrypted", Main.NOISE).serverSideEncryption(words[0]);
            Main.client.putObject(
                    words[1].isEmpty() ? request.build() : request.serverSideDataEncryption(words[1]).build());
            var head = Main.head("encrypted");
            Main.equal("algorithm", head.serverSideEncryption(), words[0]);
            Main.equal("data", head.serverSideDataEncryption(), words[1].isEmpty() ? null : words[1]);
            Main.equal("key id", head.serverSideEncryptionKeyId() != null, words[0].equals("KMS"));
            Main.equal("body", Arrays.equals(Main.bytes(Main.getting("encrypted")), Main.NOISE), true);
            var part = Main.bytes(Main.getting("encrypted").range("bytes=140000-290000"));
            Main.equal("range", Arrays.equals(part, Arrays.copyOfRange(Main.NOISE, 140_000, 290_001)), true);
        }
        var wrong = Main.putting("encrypted", new byte[1]).serverSideEncryption("ROT13");
        Main.refused(400, "InvalidEncryptionAlgorithmError", () -> Main.client.putObject(wrong.build()));
    }

    private static AppendObjectRequest piece(String key, long position, byte[] body) {
        return AppendObjectRequest.newBuilder()
                .bucket(Main.name).key(key).position(position).body(BinaryData.fromBytes(body)).build();
    }

    static void append() throws Throwable {
        long position = 0;
        for (byte[] body : List.of(Main.HELLO.getBytes(), Main.NOISE)) {
            var done = Main.client.appendObject(piece("append", position, body));
            position += body.length;
            Main.equal("next", done.nextAppendPosition(), position);
            Main.equal("CRC of the whole", Main.head("append").hashCrc64ecma(), done.hashCrc64ecma());
        }
        var whole = Main.bytes(Main.getting("append"));
        Main.equal("end", Arrays.equals(Arrays.copyOfRange(whole, 14, whole.length), Main.NOISE), true);
        Main.equal("kind", Main.head("append").objectType(), "Appendable");
        byte[] more = new byte[1];
        Main.refused(409, "PositionNotEqualToLength", () -> Main.client.appendObject(piece("append", 3, more)));
        long end = position;
        Main.client.sealAppendObject(
                SealAppendObjectRequest.newBuilder().bucket(Main.name).key("append").position(end).build());
        Main.refused(409, "AppendSealedObjectNotAllowed",
                () -> Main.client.appendObject(piece("append", end, more)));
        Main.put("plain", Main.HELLO);
        Main.refused(409, "ObjectNotAppendable", () -> Main.client.appendObject(piece("plain", 14, more)));
    }

    private static CopyObjectRequest.Builder copying() {
        return CopyObjectRequest.newBuilder()
                .bucket(Main.name).key("copy/to").sourceBucket(Main.name).sourceKey("copy/from 中文+");
    }

    static void copy() throws Throwable {
        Main.client.putObject(Main.putting("copy/from 中文+", Main.HELLO.getBytes())
                .contentType("text/plain").metadata(Map.of("one", "1")).tagging("a=1&b=2").build());
        var done = Main.client.copyObject(copying().build());
        var head = Main.head("copy/to");
        Main.equal("body", Main.read("copy/to"), Main.HELLO);
        Main.equal("ETag", head.eTag(), done.eTag());
        Main.equal("meta", head.contentType() + head.metadata(), "text/plain{one=1}");
        Main.equal("tags", tagCount("copy/to"), "2");
        Main.client.copyObject(copying()
                .metadataDirective("REPLACE").metadata(Map.of("two", "2"))
                .taggingDirective("Replace").tagging("c=3").build());
        Main.equal("replaced", Main.head("copy/to").metadata(), Map.of("two", "2"));
        Main.equal("new tags", tagCount("copy/to"), "1");
        Main.refused(412, "PreconditionFailed",
                () -> Main.client.copyObject(copying().copySourceIfMatch("0").build()));
        Main.refused(404, "NoSuchKey", () -> Main.client.copyObject(copying().sourceKey("copy/no").build()));
        Main.refused(404, "NoSuchBucket",
                () -> Main.client.copyObject(copying().sourceBucket(Main.name + "-no").build()));
    }

    static void presigned() throws Throwable {
        var http = HttpClient.newHttpClient();
        var text = HttpResponse.BodyHandlers.ofString();
        var options = PresignOptions.newBuilder().expiration(Instant.now().plusSeconds(60)).build();
        for (String key : List.of("presigned", "中文/a b+c?.txt")) {
            var put = PutObjectRequest.newBuilder().bucket(Main.name).key(key).contentType("text/signed").build();
            var request = HttpRequest.newBuilder(URI.create(Main.client.presign(put, options).url()))
                    .PUT(HttpRequest.BodyPublishers.ofString(Main.HELLO));
            var good = request.copy().header("Content-Type", "text/signed").build();
            Main.equal("put", http.send(good, text).statusCode(), 200);
            var bad = http.send(request.copy().header("Content-Type", "text/other").build(), text);
            Main.equal("status", bad.statusCode(), 403);
            Main.equal("code", bad.body().contains("SignatureDoesNotMatch"), true);
            String url = Main.client.presign(Main.getting(key).build(), options).url();
            var answer = http.send(HttpRequest.newBuilder(URI.create(url)).build(), text);
            Main.equal("body", answer.body(), Main.HELLO);
            Main.equal("type", answer.headers().firstValue("Content-Type").get(), "text/signed");
        }
    }

    static void directory() throws Throwable {
        var root = Main.folder.resolve("files");
        List<Path> paths;
        try (var found = Files.walk(root)) {
            paths = found.filter(Files::isRegularFile).toList();
        }
        for (var path : paths) {
            String key = "directory/" + root.relativize(path);
            Main.client.putObjectFromFile(
                    PutObjectRequest.newBuilder().bucket(Main.name).key(key).build(), path);
            var back = Main.folder.resolve("back").resolve(root.relativize(path).toString());
            Files.createDirectories(back.getParent());
            Main.client.getObjectToFile(Main.getting(key).build(), back);
        }
    }
}
