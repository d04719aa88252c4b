import com.aliyun.oss.HttpMethod;
import com.aliyun.oss.model.BucketVersioningConfiguration;
import com.aliyun.oss.model.CannedAccessControlList;
import com.aliyun.oss.model.CopyObjectRequest;
import com.aliyun.oss.model.CreateBucketRequest;
import com.aliyun.oss.model.DataRedundancyType;
import com.aliyun.oss.model.DeleteVersionsRequest;
import com.aliyun.oss.model.GenericRequest;
import com.aliyun.oss.model.GetObjectRequest;
import com.aliyun.oss.model.HeadObjectRequest;
import com.aliyun.oss.model.ListBucketsRequest;
import com.aliyun.oss.model.ListVersionsRequest;
import com.aliyun.oss.model.ObjectMetadata;
import com.aliyun.oss.model.OptionsRequest;
import com.aliyun.oss.model.ServerSideEncryptionByDefault;
import com.aliyun.oss.model.ServerSideEncryptionConfiguration;
import com.aliyun.oss.model.SetBucketCORSRequest;
import com.aliyun.oss.model.SetBucketEncryptionRequest;
import com.aliyun.oss.model.SetBucketVersioningRequest;
import com.aliyun.oss.model.StorageClass;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

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

    static void buckets() throws Throwable {
        String made = Main.name + "-made";
        Main.client.createBucket(
                new CreateBucketRequest(made)
                        .withCannedACL(CannedAccessControlList.PublicRead)
                        .withStorageType(StorageClass.IA)
                        .withDataRedundancyType(DataRedundancyType.ZRS));
        var info = Main.client.getBucketInfo(made);
        Main.equal("class", info.getBucket().getStorageClass(), StorageClass.IA);
        Main.equal("redundancy", info.getDataRedundancyType(), DataRedundancyType.ZRS);
        Main.equal("ACL", info.getCannedACL(), CannedAccessControlList.PublicRead);
        String endpoint = "oss-" + Main.region + ".aliyuncs.com";
        Main.equal("endpoint", info.getBucket().getExtranetEndpoint(), endpoint);
        Main.equal("location", Main.client.getBucketLocation(made), "oss-" + Main.region);
        var page = Main.client.listBuckets(new ListBucketsRequest(Main.name, null, 1));
        Main.equal("first page", page.getBucketList().get(0).getName(), Main.name);
        page = Main.client.listBuckets(new ListBucketsRequest(Main.name, page.getNextMarker(), 1));
        Main.equal("second page", page.getBucketList().get(0).getName(), made);
        Main.put(made, "key", Main.HELLO.getBytes(), new ObjectMetadata());
        var stat = Main.client.getBucketStat(made);
        Main.equal("count", stat.getObjectCount(), 1L);
        Main.equal("bytes", stat.getStorageSize(), (long) Main.HELLO.length());
        Main.refused("BucketNotEmpty", () -> Main.client.deleteBucket(made));
        Main.client.deleteObject(made, "key");
        Main.client.deleteBucket(made);
        Main.equal("there", Main.client.doesBucketExist(made), false);
    }

    static void acl() throws Throwable {
        for (var acl : List.of(CannedAccessControlList.PublicReadWrite, CannedAccessControlList.Private)) {
            Main.client.setBucketAcl(Main.name, acl);
            Main.equal("ACL", Main.client.getBucketAcl(Main.name).getCannedACL(), acl);
        }
        Main.refused("InvalidArgument",
                () -> Main.client.setBucketAcl(Main.name, CannedAccessControlList.Default));
    }

    static void tags() throws Throwable {
        var tags = Map.of("team", "moss + stone", "中文", "标签");
        Main.client.setBucketTagging(Main.name, tags);
        Main.equal("tags", Main.client.getBucketTagging(Main.name).getAllTags(), tags);
        Main.client.deleteBucketTagging(Main.name);
        Main.equal("none", Main.client.getBucketTagging(Main.name).getAllTags().size(), 0);
    }

    static void encryption() throws Throwable {
        String made = Main.name + "-encrypted";
        Main.client.createBucket(made);
        Main.refused("NoSuchServerSideEncryptionRule", () -> Main.client.getBucketEncryption(made));
        var rule = new ServerSideEncryptionByDefault("KMS").withKMSDataEncryption("SM4");
        Main.client.setBucketEncryption(
                new SetBucketEncryptionRequest(made,
                        new ServerSideEncryptionConfiguration()
                                .withApplyServerSideEncryptionByDefault(rule)));
        var found = Main.client.getBucketEncryption(made).getApplyServerSideEncryptionByDefault();
        Main.equal("rule", found.getSSEAlgorithm() + found.getKMSDataEncryption(), "KMSSM4");
        Main.put(made, "key", Main.HELLO.getBytes(), new ObjectMetadata());
        var head = Main.client.headObject(made, "key");
        Main.equal("way", head.getServerSideEncryption() + head.getServerSideDataEncryption(), "KMSSM4");
        Main.equal("body", new String(Main.readAs(new GetObjectRequest(made, "key"))), Main.HELLO);
        Main.client.deleteBucketEncryption(made);
        Main.refused("NoSuchServerSideEncryptionRule", () -> Main.client.getBucketEncryption(made));
    }

    static void cors() throws Throwable {
        Main.refused("NoSuchCORSConfiguration", () -> Main.client.getBucketCORSRules(Main.name));
        var rule = new SetBucketCORSRequest.CORSRule();
        rule.setAllowedOrigins(List.of("http://a.test", "http://*.b.test"));
        rule.setAllowedMethods(List.of("PUT", "GET"));
        rule.setAllowedHeaders(List.of("x-oss-*"));
        rule.setExposeHeaders(List.of("ETag"));
        rule.setMaxAgeSeconds(60);
        var request = new SetBucketCORSRequest(Main.name);
        request.addCorsRule(rule);
        request.setResponseVary(true);
        Main.client.setBucketCORS(request);
        var found = Main.client.getBucketCORS(new GenericRequest(Main.name));
        Main.equal("vary", found.getResponseVary(), true);
        Main.equal("origins", found.getCorsRules().get(0).getAllowedOrigins(), rule.getAllowedOrigins());
        Main.equal("age", found.getCorsRules().get(0).getMaxAgeSeconds(), 60);
        var page = new OptionsRequest(Main.name, "key").withOrigin("http://www.b.test")
                .withRequestMethod(HttpMethod.PUT).withRequestHeaders("x-oss-date");
        Main.client.optionsObject(page); // its answer is not for us to see
        page.setRequestHeaders("content-type");
        Main.refused("AccessForbidden", () -> Main.client.optionsObject(page));
        Main.client.deleteBucketCORSRules(Main.name);
        Main.refused("NoSuchCORSConfiguration", () -> Main.client.getBucketCORSRules(Main.name));
    }

    static void versioning() throws Throwable {
        String made = Main.name + "-versions";
        Main.client.createBucket(made);
        Main.equal("never", Main.client.getBucketVersioning(made).getStatus(), null);
        for (var status : List.of("Suspended", "Enabled")) {
            var wanted = new BucketVersioningConfiguration(status);
            Main.client.setBucketVersioning(new SetBucketVersioningRequest(made, wanted));
            Main.equal("status", Main.client.getBucketVersioning(made).getStatus(), status);
        }
        var ids = new ArrayList<String>();
        for (var body : List.of("first", "second")) {
            ids.add(Main.put(made, "key", body.getBytes(), new ObjectMetadata()).getVersionId());
        }
        Main.equal("current", body(made, null), "second");
        Main.equal("first", body(made, ids.get(0)), "first");
        Main.client.deleteObject(made, "key");
        Main.refused("NoSuchKey", () -> body(made, null));
        var listed = Main.client.listVersions(made, null).getVersionSummaries();
        Main.equal("versions", listed.size(), 3);
        // This client puts delete markers after the versions.
        Main.equal("newest first", listed.get(0).getVersionId(), ids.get(1));
        Main.equal("marker", listed.get(2).isDeleteMarker() && listed.get(2).isLatest(), true);
        String marker = listed.get(2).getVersionId();
        Main.refused("MethodNotAllowed", () -> body(made, marker));
        Main.client.deleteVersion(made, "key", marker);
        Main.equal("back", body(made, null), "second");
        Main.client.copyObject(new CopyObjectRequest(made, "key", ids.get(0), made, "key"));
        Main.equal("restored", body(made, null), "first");
        var head = Main.client.headObject(new HeadObjectRequest(made, "key", ids.get(1)));
        Main.equal("second", head.getVersionId(), ids.get(1));
        var all = new ArrayList<DeleteVersionsRequest.KeyVersion>();
        var request = new ListVersionsRequest().withBucketName(made).withMaxResults(1);
        boolean more;
        do {
            var page = Main.client.listVersions(request);
            for (var version : page.getVersionSummaries()) {
                all.add(new DeleteVersionsRequest.KeyVersion("key", version.getVersionId()));
            }
            request.withKeyMarker(page.getNextKeyMarker()).setVersionIdMarker(page.getNextVersionIdMarker());
            more = page.isTruncated();
        } while (more);
        Main.equal("all", all.size(), 3);
        Main.equal("oldest last", all.get(2).getVersion(), ids.get(0));
        Main.client.deleteVersions(new DeleteVersionsRequest(made).withKeys(all));
        Main.client.deleteBucket(made);
    }

    private static String body(String bucket, String version) throws Exception {
        return new String(Main.readAs(new GetObjectRequest(bucket, "key", version)));
    }

    static void errors() throws Throwable {
        String no = Main.name + "-no";
        Main.refused("NoSuchKey", () -> Main.read("no such key"));
        Main.refused("NoSuchKey", () -> Main.head("no such key"));
        Main.refused("NoSuchBucket", () -> Main.readAs(new GetObjectRequest(no, "key")));
        Main.refused("NoSuchBucket", () -> Main.client.getBucketInfo(no));
        var wrong = Main.clientWith("mossbox", "wrong");
        Main.refused("SignatureDoesNotMatch", () -> wrong.getObject(Main.name, "key"));
        var unknown = Main.clientWith("unknown", "wrong");
        Main.refused("InvalidAccessKeyId", () -> unknown.getBucketAcl(Main.name));
        Main.put("errors", Main.HELLO);
        var once = new ObjectMetadata();
        once.setHeader("x-oss-forbid-overwrite", "true");
        Main.refused("FileAlreadyExists", () -> Main.put(Main.name, "errors", new byte[1], once));
        var matching = new GetObjectRequest(Main.name, "errors");
        matching.setMatchingETagConstraints(List.of("0"));
        Main.refused("PreconditionFailed", () -> Main.readAs(matching));
        wrong.shutdown();
        unknown.shutdown();
    }
}
