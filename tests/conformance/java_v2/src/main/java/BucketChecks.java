import com.aliyun.sdk.service.oss2.models.ApplyServerSideEncryptionByDefault;
import com.aliyun.sdk.service.oss2.models.CORSConfiguration;
import com.aliyun.sdk.service.oss2.models.CORSRule;
import com.aliyun.sdk.service.oss2.models.CopyObjectRequest;
import com.aliyun.sdk.service.oss2.models.CreateBucketConfiguration;
import com.aliyun.sdk.service.oss2.models.DeleteBucketCorsRequest;
import com.aliyun.sdk.service.oss2.models.DeleteBucketEncryptionRequest;
import com.aliyun.sdk.service.oss2.models.DeleteBucketRequest;
import com.aliyun.sdk.service.oss2.models.DeleteBucketTagsRequest;
import com.aliyun.sdk.service.oss2.models.DeleteMultipleObjectsRequest;
import com.aliyun.sdk.service.oss2.models.DeleteObject;
import com.aliyun.sdk.service.oss2.models.DeleteObjectRequest;
import com.aliyun.sdk.service.oss2.models.GetBucketAclRequest;
import com.aliyun.sdk.service.oss2.models.GetBucketCorsRequest;
import com.aliyun.sdk.service.oss2.models.GetBucketEncryptionRequest;
import com.aliyun.sdk.service.oss2.models.GetBucketInfoRequest;
import com.aliyun.sdk.service.oss2.models.GetBucketLocationRequest;
import com.aliyun.sdk.service.oss2.models.GetBucketStatRequest;
import com.aliyun.sdk.service.oss2.models.GetBucketTagsRequest;
import com.aliyun.sdk.service.oss2.models.GetBucketVersioningRequest;
import com.aliyun.sdk.service.oss2.models.HeadObjectRequest;
import com.aliyun.sdk.service.oss2.models.ListBucketsRequest;
import com.aliyun.sdk.service.oss2.models.ListObjectVersionsRequest;
import com.aliyun.sdk.service.oss2.models.OptionObjectRequest;
import com.aliyun.sdk.service.oss2.models.PutBucketAclRequest;
import com.aliyun.sdk.service.oss2.models.PutBucketCorsRequest;
import com.aliyun.sdk.service.oss2.models.PutBucketEncryptionRequest;
import com.aliyun.sdk.service.oss2.models.PutBucketRequest;
import com.aliyun.sdk.service.oss2.models.PutBucketTagsRequest;
import com.aliyun.sdk.service.oss2.models.PutBucketVersioningRequest;
import com.aliyun.sdk.service.oss2.models.ServerSideEncryptionRule;
import com.aliyun.sdk.service.oss2.models.Tag;
import com.aliyun.sdk.service.oss2.models.TagSet;
import com.aliyun.sdk.service.oss2.models.Tagging;
import com.aliyun.sdk.service.oss2.models.VersioningConfiguration;
import java.util.ArrayList;
import java.util.List;

/** What is asked of buckets, versions included, and refusals. */
final class BucketChecks {
    static void add() {
        Main.checks.put("buckets", BucketChecks::buckets);
        Main.checks.put("bucket_acl", BucketChecks::acl);
        Main.checks.put("bucket_tags", BucketChecks::tags);
        Main.checks.put("bucket_encryption", BucketChecks::encryption);
        Main.checks.put("bucket_cors", BucketChecks::cors);
        Main.checks.put("versioning", BucketChecks::versioning);
        Main.checks.put("errors", BucketChecks::errors);
    }

    static void create(String bucket) {
        Main.client.putBucket(PutBucketRequest.newBuilder().bucket(bucket).build());
    }

    static void delete(String bucket) {
        Main.client.deleteBucket(DeleteBucketRequest.newBuilder().bucket(bucket).build());
    }

    static void buckets() throws Throwable {
        String made = Main.name + "-made";
        var kind = CreateBucketConfiguration.newBuilder().storageClass("IA").dataRedundancyType("ZRS");
        Main.client.putBucket(PutBucketRequest.newBuilder()
                .bucket(made).acl("public-read").createBucketConfiguration(kind.build()).build());
        var info = Main.client.getBucketInfo(GetBucketInfoRequest.newBuilder().bucket(made).build()).bucketInfo();
        Main.equal("class", info.storageClass() + info.dataRedundancyType(), "IAZRS");
        Main.equal("ACL", info.accessControlList().grant(), "public-read");
        Main.equal("endpoint", info.extranetEndpoint(), "oss-" + Main.region + ".aliyuncs.com");
        var location = Main.client.getBucketLocation(GetBucketLocationRequest.newBuilder().bucket(made).build());
        Main.equal("location", location.locationConstraint(), "oss-" + Main.region);
        var found = new ArrayList<String>();
        var request = ListBucketsRequest.newBuilder().prefix(Main.name).maxKeys(1L).build();
        for (var page : Main.client.listBucketsPaginator(request)) {
            page.buckets().forEach(bucket -> found.add(bucket.name()));
        }
        Main.equal("buckets", found.subList(0, 2), List.of(Main.name, made));
        Main.client.putObject(Main.putting("key", Main.HELLO.getBytes()).bucket(made).build());
        var stat = Main.client.getBucketStat(GetBucketStatRequest.newBuilder().bucket(made).build()).bucketStat();
        Main.equal("count", stat.objectCount(), 1L);
        Main.equal("bytes", stat.storage(), (long) Main.HELLO.length());
        Main.refused(409, "BucketNotEmpty", () -> delete(made));
        Main.client.deleteObject(DeleteObjectRequest.newBuilder().bucket(made).key("key").build());
        delete(made);
        var asked = GetBucketAclRequest.newBuilder().bucket(made).build();
        Main.equal("there", Main.client.doesBucketExist(asked), false);
    }

    private static void put(String acl) {
        Main.client.putBucketAcl(PutBucketAclRequest.newBuilder().bucket(Main.name).acl(acl).build());
    }

    static void acl() throws Throwable {
        for (var acl : List.of("public-read-write", "public-read", "private")) {
            put(acl);
            var found = Main.client.getBucketAcl(GetBucketAclRequest.newBuilder().bucket(Main.name).build());
            Main.equal("ACL", found.accessControlPolicy().accessControlList().grant(), acl);
        }
        Main.refused(400, "InvalidArgument", () -> put("open"));
    }

    static Tagging tagging(String... words) {
        var tags = new ArrayList<Tag>();
        for (String word : words) {
            String[] pair = word.split("=", 2);
            tags.add(Tag.newBuilder().key(pair[0]).value(pair[1]).build());
        }
        return Tagging.newBuilder().tagSet(TagSet.newBuilder().tags(tags).build()).build();
    }

    static List<String> words(Tagging tagging) {
        var tags = tagging.tagSet().tags();
        return tags == null ? List.of() : tags.stream().map(tag -> tag.key() + "=" + tag.value()).sorted().toList();
    }

    static void tags() throws Throwable {
        var tags = tagging("team=moss + stone", "中文=标签");
        Main.client.putBucketTags(PutBucketTagsRequest.newBuilder().bucket(Main.name).tagging(tags).build());
        var asked = GetBucketTagsRequest.newBuilder().bucket(Main.name).build();
        Main.equal("tags", words(Main.client.getBucketTags(asked).tagging()), words(tags));
        Main.client.deleteBucketTags(DeleteBucketTagsRequest.newBuilder().bucket(Main.name).build());
        Main.equal("none", words(Main.client.getBucketTags(asked).tagging()), List.of());
    }

    static void encryption() throws Throwable {
        String made = Main.name + "-encrypted";
        create(made);
        var asked = GetBucketEncryptionRequest.newBuilder().bucket(made).build();
        Main.refused(404, "NoSuchServerSideEncryptionRule", () -> Main.client.getBucketEncryption(asked));
        var way = ApplyServerSideEncryptionByDefault.newBuilder().sSEAlgorithm("AES256").build();
        var rule = ServerSideEncryptionRule.newBuilder().applyServerSideEncryptionByDefault(way).build();
        Main.client.putBucketEncryption(
                PutBucketEncryptionRequest.newBuilder().bucket(made).serverSideEncryptionRule(rule).build());
        var found = Main.client.getBucketEncryption(asked).serverSideEncryptionRule();
        Main.equal("rule", found.applyServerSideEncryptionByDefault().sSEAlgorithm(), "AES256");
        Main.client.putObject(Main.putting("key", Main.HELLO.getBytes()).bucket(made).build());
        var head = Main.client.headObject(HeadObjectRequest.newBuilder().bucket(made).key("key").build());
        Main.equal("way", head.serverSideEncryption(), "AES256");
        Main.equal("body", new String(Main.bytes(Main.getting("key").bucket(made))), Main.HELLO);
        Main.client.deleteBucketEncryption(DeleteBucketEncryptionRequest.newBuilder().bucket(made).build());
        Main.refused(404, "NoSuchServerSideEncryptionRule", () -> Main.client.getBucketEncryption(asked));
    }

    static void cors() throws Throwable {
        var asked = GetBucketCorsRequest.newBuilder().bucket(Main.name).build();
        Main.refused(404, "NoSuchCORSConfiguration", () -> Main.client.getBucketCors(asked));
        var rule = CORSRule.newBuilder().allowedOrigins(List.of("http://a.test", "http://*.b.test"))
                .allowedMethods(List.of("PUT", "GET")).allowedHeaders(List.of("x-oss-*"))
                .exposeHeaders(List.of("ETag")).maxAgeSeconds(60L).build();
        var rules = CORSConfiguration.newBuilder().corsRules(List.of(rule)).responseVary(true).build();
        Main.client.putBucketCors(
                PutBucketCorsRequest.newBuilder().bucket(Main.name).corsConfiguration(rules).build());
        var found = Main.client.getBucketCors(asked).corsConfiguration();
        Main.equal("vary", found.responseVary(), true);
        Main.equal("origins", found.corsRules().get(0).allowedOrigins(), rule.allowedOrigins());
        Main.equal("age", found.corsRules().get(0).maxAgeSeconds(), 60L);
        var page = OptionObjectRequest.newBuilder().bucket(Main.name).key("key")
                .origin("http://www.b.test").accessControlRequestMethod("PUT");
        var allowed = Main.client.optionObject(page.accessControlRequestHeaders("x-oss-date").build());
        Main.equal("origin", allowed.accessControlAllowOrigin(), "http://www.b.test");
        Main.equal("headers", allowed.accessControlAllowHeaders(), "x-oss-date");
        Main.equal("max age", allowed.accessControlMaxAge(), 60L);
        var other = page.accessControlRequestHeaders("content-type").build();
        Main.refused(403, "AccessForbidden", () -> Main.client.optionObject(other));
        Main.client.deleteBucketCors(DeleteBucketCorsRequest.newBuilder().bucket(Main.name).build());
        Main.refused(404, "NoSuchCORSConfiguration", () -> Main.client.getBucketCors(asked));
    }

    static void versioning() throws Throwable {
        String made = Main.name + "-versions";
        create(made);
        var asked = GetBucketVersioningRequest.newBuilder().bucket(made).build();
        Main.equal("never", Main.client.getBucketVersioning(asked).versioningConfiguration().status(), null);
        for (var status : List.of("Suspended", "Enabled")) {
            var wanted = VersioningConfiguration.newBuilder().status(status).build();
            Main.client.putBucketVersioning(
                    PutBucketVersioningRequest.newBuilder().bucket(made).versioningConfiguration(wanted).build());
            Main.equal("status", Main.client.getBucketVersioning(asked).versioningConfiguration().status(), status);
        }
        var ids = new ArrayList<String>();
        for (var body : List.of("first", "second")) {
            ids.add(Main.client.putObject(Main.putting("key", body.getBytes()).bucket(made).build()).versionId());
        }
        Main.equal("current", body(made, null), "second");
        Main.equal("first", body(made, ids.get(0)), "first");
        var gone = Main.client.deleteObject(DeleteObjectRequest.newBuilder().bucket(made).key("key").build());
        Main.equal("marker", gone.deleteMarker(), true);
        Main.refused(404, "NoSuchKey", () -> body(made, null));
        Main.refused(405, "MethodNotAllowed", () -> body(made, gone.versionId()));
        var listed = Main.client.listObjectVersions(ListObjectVersionsRequest.newBuilder().bucket(made).build());
        Main.equal("marker", listed.deleteMarkers().get(0).versionId(), gone.versionId());
        Main.equal("newest first", listed.versions().get(0).versionId(), ids.get(1));
        Main.client.deleteObject(
                DeleteObjectRequest.newBuilder().bucket(made).key("key").versionId(gone.versionId()).build());
        Main.equal("back", body(made, null), "second");
        Main.client.copyObject(CopyObjectRequest.newBuilder()
                .bucket(made).key("key").sourceKey("key").sourceVersionId(ids.get(0)).build());
        Main.equal("restored", body(made, null), "first");
        var all = new ArrayList<DeleteObject>();
        var request = ListObjectVersionsRequest.newBuilder().bucket(made).maxKeys(1L).build();
        for (var page : Main.client.listObjectVersionsPaginator(request)) {
            for (var version : page.versions()) {
                all.add(DeleteObject.newBuilder().key("key").versionId(version.versionId()).build());
            }
        }
        Main.equal("all", all.size(), 3);
        Main.client.deleteMultipleObjects(
                DeleteMultipleObjectsRequest.newBuilder().bucket(made).deleteObjects(all).build());
        delete(made);
    }

    private static String body(String bucket, String version) throws Exception {
        var request = Main.getting("key").bucket(bucket);
        return new String(Main.bytes(version == null ? request : request.versionId(version)));
    }

    static void errors() throws Throwable {
        String no = Main.name + "-no";
        Main.refused(404, "NoSuchKey", () -> Main.read("no such key"));
        Main.refused(404, "NoSuchKey", () -> Main.head("no such key"));
        Main.refused(404, "NoSuchBucket", () -> Main.bytes(Main.getting("key").bucket(no)));
        Main.refused(404, "NoSuchBucket",
                () -> Main.client.getBucketInfo(GetBucketInfoRequest.newBuilder().bucket(no).build()));
        try (var wrong = Main.clientWith("mossbox", "wrong")) {
            Main.refused(403, "SignatureDoesNotMatch", () -> wrong.getObject(Main.getting("key").build()));
        }
        try (var unknown = Main.clientWith("unknown", "wrong")) {
            Main.refused(403, "InvalidAccessKeyId", () -> unknown.getObject(Main.getting("key").build()));
        }
        Main.put("errors", Main.HELLO);
        Main.refused(409, "FileAlreadyExists",
                () -> Main.client.putObject(Main.putting("errors", new byte[1]).forbidOverwrite(true).build()));
        Main.refused(412, "PreconditionFailed", () -> Main.bytes(Main.getting("errors").ifMatch("0")));
    }
}
