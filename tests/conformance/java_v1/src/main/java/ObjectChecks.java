import com.aliyun.oss.HttpMethod;
import com.aliyun.oss.model.AppendObjectRequest;
import com.aliyun.oss.model.CannedAccessControlList;
import com.aliyun.oss.model.CopyObjectRequest;
import com.aliyun.oss.model.DeleteObjectsRequest;
import com.aliyun.oss.model.GeneratePresignedUrlRequest;
import com.aliyun.oss.model.GetObjectRequest;
import com.aliyun.oss.model.ListObjectsRequest;
import com.aliyun.oss.model.ListObjectsV2Request;
import com.aliyun.oss.model.OSSObjectSummary;
import com.aliyun.oss.model.ObjectMetadata;
import com.aliyun.oss.model.SealAppendObjectRequest;
import com.aliyun.oss.model.StorageClass;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
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

    static void objects() throws Throwable {
        var metadata = new ObjectMetadata();
        metadata.setContentType("text/plain");
        metadata.addUserMetadata("one", "1");
        var done = Main.put(Main.name, "objects/hello", Main.HELLO.getBytes(), metadata);
        Main.equal("hello", Main.read("objects/hello"), Main.HELLO);
        var head = Main.head("objects/hello");
        Main.equal("type", head.getContentType(), "text/plain");
        Main.equal("meta", head.getUserMetadata(), Map.of("one", "1"));
        Main.equal("kind", head.getObjectType(), "Normal");
        Main.equal("ETag", head.getETag(), done.getETag());
        var meta = Main.client.getSimplifiedObjectMeta(Main.name, "objects/hello");
        Main.equal("short", meta.getETag() + meta.getSize(), done.getETag() + Main.HELLO.length());
        Main.put(Main.name, "objects/noise", Main.NOISE, new ObjectMetadata());
        var noise = Main.readAs(new GetObjectRequest(Main.name, "objects/noise"));
        Main.equal("noise", Arrays.equals(noise, Main.NOISE), true);
        Main.put("objects/empty", "");
        Main.equal("empty", Main.read("objects/empty"), "");
        Main.client.deleteObject(Main.name, "objects/hello");
        Main.client.deleteObject(Main.name, "objects/hello");
        Main.equal("there", Main.client.doesObjectExist(Main.name, "objects/hello"), false);
    }

    private static GetObjectRequest range(String key, long first, long last) {
        return new GetObjectRequest(Main.name, key).withRange(first, last);
    }

    static void ranges() throws Throwable {
        Main.put("ranges", "0123456789");
        Main.equal("inside", new String(Main.readAs(range("ranges", 2, 5))), "2345");
        Main.equal("open", new String(Main.readAs(range("ranges", 7, -1))), "789");
        Main.equal("last", new String(Main.readAs(range("ranges", -1, 3))), "789");
        Main.equal("beyond", new String(Main.readAs(range("ranges", 2, 50))), "0123456789");
        var standard = range("ranges", 2, 50);
        standard.addHeader("x-oss-range-behavior", "standard");
        Main.equal("standard", new String(Main.readAs(standard)), "23456789");
        var outside = range("ranges", 20, 50);
        outside.addHeader("x-oss-range-behavior", "standard");
        Main.refused("InvalidRange", () -> Main.readAs(outside));
    }

    static void conditions() throws Throwable {
        String tag = Main.put("conditions", Main.HELLO).getETag();
        var hour = 3_600_000L;
        var good = new GetObjectRequest(Main.name, "conditions");
        good.setMatchingETagConstraints(List.of(tag));
        good.setUnmodifiedSinceConstraint(new Date(System.currentTimeMillis() + hour));
        Main.equal("match", new String(Main.readAs(good)), Main.HELLO);
        var other = new GetObjectRequest(Main.name, "conditions");
        other.setMatchingETagConstraints(List.of("0"));
        Main.refused("PreconditionFailed", () -> Main.readAs(other));
        var old = new GetObjectRequest(Main.name, "conditions");
        old.setUnmodifiedSinceConstraint(new Date(System.currentTimeMillis() - hour));
        Main.refused("PreconditionFailed", () -> Main.readAs(old));
        var same = new GetObjectRequest(Main.name, "conditions");
        same.setNonmatchingETagConstraints(List.of(tag));
        Main.refused("NotModified", () -> Main.readAs(same));
        var fresh = new GetObjectRequest(Main.name, "conditions");
        fresh.setModifiedSinceConstraint(new Date(System.currentTimeMillis() + hour));
        Main.refused("NotModified", () -> Main.readAs(fresh));
    }

    static void keys() throws Throwable {
        for (String key : Main.awkwardKeys()) {
            Main.put(key, key);
        }
        for (String key : Main.awkwardKeys()) {
            Main.equal(key, Main.read(key), key);
        }
    }

    /** This client leaves names as encoded as they came. */
    private static String decoded(String name) {
        return name == null ? null : URLDecoder.decode(name, StandardCharsets.UTF_8);
    }

    static void lists() throws Throwable {
        String made = Main.name + "-lists";
        Main.client.createBucket(made);
        for (String key : Main.awkwardKeys()) {
            Main.put(made, key, key.getBytes(StandardCharsets.UTF_8), new ObjectMetadata());
        }
        var first = new ArrayList<String>();
        var request = new ListObjectsRequest(made).withMaxKeys(3).withEncodingType("url");
        boolean more;
        do {
            var page = Main.client.listObjects(request);
            page.getObjectSummaries().forEach(item -> first.add(decoded(item.getKey())));
            request.setMarker(decoded(page.getNextMarker()));
            more = page.isTruncated();
        } while (more);
        Main.equal("listObjects", first, Main.awkwardKeys());
        var second = new ArrayList<String>();
        var requestV2 = new ListObjectsV2Request(made).withMaxKeys(3).withEncodingType("url");
        do {
            var page = Main.client.listObjectsV2(requestV2);
            page.getObjectSummaries().forEach(item -> second.add(decoded(item.getKey())));
            requestV2.setContinuationToken(page.getNextContinuationToken());
            more = page.isTruncated();
        } while (more);
        Main.equal("listObjectsV2", second, Main.awkwardKeys());
        var page = Main.client.listObjects(
                new ListObjectsRequest(made).withPrefix("a/").withDelimiter("/"));
        var keys = page.getObjectSummaries().stream().map(OSSObjectSummary::getKey).toList();
        Main.equal("keys", keys, List.of("a/", "a/b"));
        Main.equal("prefixes", page.getCommonPrefixes(), List.of("a/../", "a//"));
        var gone = Main.client.deleteObjects(
                new DeleteObjectsRequest(made).withKeys(first).withEncodingType("url"));
        Main.equal("deleted", gone.getDeletedObjects().stream().map(ObjectChecks::decoded).toList(), first);
        Main.client.deleteBucket(made);
    }

    static void deleteMany() throws Throwable {
        Main.put("many/1", "1");
        Main.put("many/2", "2");
        var keys = List.of("many/1", "many/2", "many/no");
        var gone = Main.client.deleteObjects(new DeleteObjectsRequest(Main.name).withKeys(keys));
        Main.equal("deleted", gone.getDeletedObjects(), keys);
        var quiet = new DeleteObjectsRequest(Main.name).withKeys(keys).withQuiet(true);
        Main.equal("quiet", Main.client.deleteObjects(quiet).getDeletedObjects().size(), 0);
        Main.equal("left", Main.client.listObjects(Main.name, "many/").getObjectSummaries().size(), 0);
    }

    static void acl() throws Throwable {
        Main.put("acl", Main.HELLO);
        for (var acl : List.of(CannedAccessControlList.PublicRead, CannedAccessControlList.Default)) {
            Main.client.setObjectAcl(Main.name, "acl", acl);
            String found = Main.client.getObjectAcl(Main.name, "acl").getPermission().toString();
            Main.equal("ACL", found, acl.toString());
        }
    }

    static void tagging() throws Throwable {
        var tags = Map.of("team", "moss + stone", "b", "2");
        var metadata = new ObjectMetadata();
        metadata.setObjectTagging(tags);
        Main.put(Main.name, "tagging", Main.HELLO.getBytes(), metadata);
        Main.equal("header", Main.client.getObjectTagging(Main.name, "tagging").getAllTags(), tags);
        Main.client.setObjectTagging(Main.name, "tagging", Map.of("c", "3"));
        Main.equal("replaced", Main.client.getObjectTagging(Main.name, "tagging").getAllTags(), Map.of("c", "3"));
        Main.equal("count", Main.head("tagging").getRawMetadata().get("x-oss-tagging-count"), "1");
        Main.client.deleteObjectTagging(Main.name, "tagging");
        Main.equal("none", Main.client.getObjectTagging(Main.name, "tagging").getAllTags(), Map.of());
    }

    static void symlink() throws Throwable {
        Main.put("the target 中文", Main.HELLO);
        Main.client.createSymlink(Main.name, "link", "the target 中文");
        Main.equal("target", Main.client.getSymlink(Main.name, "link").getTarget(), "the target 中文");
        Main.equal("followed", Main.read("link"), Main.HELLO);
        Main.equal("kind", Main.head("link").getObjectType(), "Symlink");
        Main.client.deleteObject(Main.name, "the target 中文");
        Main.refused("SymlinkTargetNotExist", () -> Main.read("link"));
        Main.put("no link", Main.HELLO);
        Main.refused("NotSymlink", () -> Main.client.getSymlink(Main.name, "no link"));
    }

    static void restore() throws Throwable {
        var metadata = new ObjectMetadata();
        metadata.setHeader("x-oss-storage-class", StorageClass.Archive);
        Main.put(Main.name, "archived", Main.HELLO.getBytes(), metadata);
        Main.refused("InvalidObjectState", () -> Main.read("archived"));
        Main.equal("accepted", Main.client.restoreObject(Main.name, "archived").getStatusCode(), 202);
        Main.equal("restored", Main.head("archived").isRestoreCompleted(), true);
        Main.equal("body", Main.read("archived"), Main.HELLO);
        Main.put("warm", Main.HELLO);
        Main.refused("OperationNotSupported", () -> Main.client.restoreObject(Main.name, "warm"));
    }

    static void encryption() throws Throwable {
        for (var way : List.of("AES256,", "SM4,", "KMS,", "KMS,SM4")) {
            String[] words = way.split(",", 2);
            var metadata = new ObjectMetadata();
            metadata.setServerSideEncryption(words[0]);
            if (!words[1].isEmpty()) {
                metadata.setServerSideDataEncryption(words[1]);
            }
            Main.put(Main.name, "encrypted", Main.NOISE, metadata);
            var head = Main.head("encrypted");
            Main.equal("algorithm", head.getServerSideEncryption(), words[0]);
            Main.equal("data", head.getServerSideDataEncryption(), words[1].isEmpty() ? null : words[1]);
            Main.equal("key id", head.getServerSideEncryptionKeyId() != null, words[0].equals("KMS"));
            var whole = Main.readAs(new GetObjectRequest(Main.name, "encrypted"));
            Main.equal("body", Arrays.equals(whole, Main.NOISE), true);
            var part = Main.readAs(range("encrypted", 140_000, 290_000));
            Main.equal("range", Arrays.equals(part, Arrays.copyOfRange(Main.NOISE, 140_000, 290_001)), true);
        }
        var wrong = new ObjectMetadata();
        wrong.setHeader("x-oss-server-side-encryption", "ROT13");
        Main.refused("InvalidEncryptionAlgorithmError",
                () -> Main.put(Main.name, "encrypted", new byte[1], wrong));
    }

    private static AppendObjectRequest piece(String key, long position, byte[] body) {
        return new AppendObjectRequest(Main.name, key, new ByteArrayInputStream(body)).withPosition(position);
    }

    static void append() throws Throwable {
        long position = 0;
        for (byte[] body : List.of(Main.HELLO.getBytes(), Main.NOISE)) {
            var done = Main.client.appendObject(piece("append", position, body));
            position += body.length;
            Main.equal("next", done.getNextPosition(), position);
            Main.equal("CRC of the whole", Main.head("append").getServerCRC(), done.getServerCRC());
        }
        var whole = Main.readAs(new GetObjectRequest(Main.name, "append"));
        Main.equal("end", Arrays.equals(Arrays.copyOfRange(whole, 14, whole.length), Main.NOISE), true);
        Main.equal("kind", Main.head("append").getObjectType(), "Appendable");
        byte[] more = new byte[1];
        Main.refused("PositionNotEqualToLength", () -> Main.client.appendObject(piece("append", 3, more)));
        long end = position;
        Main.client.sealAppendObject(new SealAppendObjectRequest(Main.name, "append").withPosition(end));
        Main.refused("AppendSealedObjectNotAllowed", () -> Main.client.appendObject(piece("append", end, more)));
        Main.put("plain", Main.HELLO);
        Main.refused("ObjectNotAppendable", () -> Main.client.appendObject(piece("plain", 14, more)));
    }

    static void copy() throws Throwable {
        var metadata = new ObjectMetadata();
        metadata.setContentType("text/plain");
        metadata.addUserMetadata("one", "1");
        metadata.setObjectTagging(Map.of("a", "1", "b", "2"));
        Main.put(Main.name, "copy/from 中文+", Main.HELLO.getBytes(), metadata);
        var done = Main.client.copyObject(Main.name, "copy/from 中文+", Main.name, "copy/to");
        var head = Main.head("copy/to");
        Main.equal("body", Main.read("copy/to"), Main.HELLO);
        Main.equal("ETag", head.getETag(), done.getETag());
        Main.equal("meta", head.getContentType() + head.getUserMetadata(), "text/plain{one=1}");
        Main.equal("tags", head.getRawMetadata().get("x-oss-tagging-count"), "2");
        var request = new CopyObjectRequest(Main.name, "copy/from 中文+", Main.name, "copy/to");
        var replacing = new ObjectMetadata();
        replacing.addUserMetadata("two", "2");
        request.setNewObjectMetadata(replacing);
        Main.client.copyObject(request);
        Main.equal("replaced", Main.head("copy/to").getUserMetadata(), Map.of("two", "2"));
        request.setMatchingETagConstraints(List.of("0"));
        Main.refused("PreconditionFailed", () -> Main.client.copyObject(request));
        Main.refused("NoSuchKey", () -> Main.client.copyObject(Main.name, "copy/no", Main.name, "copy/to"));
        Main.refused("NoSuchBucket",
                () -> Main.client.copyObject(Main.name + "-no", "copy/no", Main.name, "copy/to"));
    }

    static void presigned() throws Throwable {
        var http = HttpClient.newHttpClient();
        var soon = new Date(System.currentTimeMillis() + 60_000);
        for (String key : List.of("presigned", "中文/a b+c?.txt")) {
            var put = new GeneratePresignedUrlRequest(Main.name, key, HttpMethod.PUT);
            put.setContentType("text/signed");
            put.setExpiration(soon);
            String url = Main.client.generatePresignedUrl(put).toString();
            var request = HttpRequest.newBuilder(URI.create(url))
                    .PUT(HttpRequest.BodyPublishers.ofString(Main.HELLO));
            var good = request.copy().header("Content-Type", "text/signed").build();
            Main.equal("put", http.send(good, HttpResponse.BodyHandlers.ofString()).statusCode(), 200);
            var bad = request.copy().header("Content-Type", "text/other").build();
            var refusal = http.send(bad, HttpResponse.BodyHandlers.ofString());
            Main.equal("status", refusal.statusCode(), 403);
            Main.equal("code", refusal.body().contains("SignatureDoesNotMatch"), true);
            url = Main.client.generatePresignedUrl(Main.name, key, soon).toString();
            var answer = http.send(
                    HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
            Main.equal("body", answer.body(), Main.HELLO);
            Main.equal("type", answer.headers().firstValue("Content-Type").get(), "text/signed");
        }
    }

    static void directory() throws Throwable {
        var root = Main.folder.resolve("files");
        List<java.nio.file.Path> paths;
        try (var found = Files.walk(root)) {
            paths = found.filter(Files::isRegularFile).toList();
        }
        for (var path : paths) {
            String key = "directory/" + root.relativize(path);
            Main.client.putObject(Main.name, key, path.toFile());
            var back = Main.folder.resolve("back").resolve(root.relativize(path).toString());
            Files.createDirectories(back.getParent());
            Main.client.getObject(new GetObjectRequest(Main.name, key), back.toFile());
        }
    }
}
