import com.aliyun.sdk.service.oss2.models.AbortMultipartUploadRequest;
import com.aliyun.sdk.service.oss2.models.CompleteMultipartUpload;
import com.aliyun.sdk.service.oss2.models.CompleteMultipartUploadRequest;
import com.aliyun.sdk.service.oss2.models.CopyObjectRequest;
import com.aliyun.sdk.service.oss2.models.InitiateMultipartUploadRequest;
import com.aliyun.sdk.service.oss2.models.ListMultipartUploadsRequest;
import com.aliyun.sdk.service.oss2.models.ListPartsRequest;
import com.aliyun.sdk.service.oss2.models.Part;
import com.aliyun.sdk.service.oss2.models.PutObjectRequest;
import com.aliyun.sdk.service.oss2.models.UploadPartCopyRequest;
import com.aliyun.sdk.service.oss2.models.UploadPartRequest;
import com.aliyun.sdk.service.oss2.progress.ProgressListener;
import com.aliyun.sdk.service.oss2.transfermanager.Copier;
import com.aliyun.sdk.service.oss2.transfermanager.CopierOptions;
import com.aliyun.sdk.service.oss2.transfermanager.Downloader;
import com.aliyun.sdk.service.oss2.transfermanager.DownloaderOptions;
import com.aliyun.sdk.service.oss2.transfermanager.Uploader;
import com.aliyun.sdk.service.oss2.transfermanager.UploaderOptions;
import com.aliyun.sdk.service.oss2.transport.BinaryData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Uploads in parts, and transfers that are broken and resumed. */
final class PartChecks {
    static void add() {
        Main.checks.put("multipart", PartChecks::multipart);
        Main.checks.put("multipart_lists", PartChecks::lists);
        Main.checks.put("part_copy", PartChecks::partCopy);
        Main.checks.put("upload_breaks", () -> upload(death("(?s).*UploadId.*}}")));
        Main.checks.put("upload_resumes", PartChecks::uploadResumes);
        Main.checks.put("download_breaks", () -> download(death("(?s).*\"Offset\":(786432|1048576|1310720),.*}}")));
        Main.checks.put("download_resumes", () -> download(null));
    }

    private static String initiate(String key) {
        return Main.client.initiateMultipartUpload(InitiateMultipartUploadRequest.newBuilder()
                .bucket(Main.name).key(key).contentType("text/parts").metadata(Map.of("one", "1"))
                .build()).initiateMultipartUpload().uploadId();
    }

    private static Part part(long number, String eTag) {
        return Part.newBuilder().partNumber(number).eTag(eTag).build();
    }

    private static List<Part> parts(String key, String id) {
        var parts = new ArrayList<Part>();
        for (int start = 0; start < Main.NOISE.length; start += Main.PART_SIZE) {
            int end = Math.min(start + Main.PART_SIZE, Main.NOISE.length);
            long number = parts.size() + 1;
            var body = BinaryData.fromBytes(Arrays.copyOfRange(Main.NOISE, start, end));
            var done = Main.client.uploadPart(UploadPartRequest.newBuilder()
                    .bucket(Main.name).key(key).uploadId(id).partNumber(number).body(body).build());
            parts.add(part(number, done.eTag()));
        }
        return parts;
    }

    private static CompleteMultipartUploadRequest completing(String key, String id, List<Part> parts) {
        return CompleteMultipartUploadRequest.newBuilder()
                .bucket(Main.name).key(key).uploadId(id)
                .completeMultipartUpload(CompleteMultipartUpload.newBuilder().parts(parts).build()).build();
    }

    private static void abort(String key, String id) {
        Main.client.abortMultipartUpload(
                AbortMultipartUploadRequest.newBuilder().bucket(Main.name).key(key).uploadId(id).build());
    }

    private static boolean isNoise(String key) throws Exception {
        return Arrays.equals(Main.bytes(Main.getting(key)), Main.NOISE);
    }

    static void multipart() throws Throwable {
        String id = initiate("multipart");
        var parts = parts("multipart", id);
        Main.equal("there early", Main.client.doesObjectExist(Main.name, "multipart"), false);
        var done = Main.client.completeMultipartUpload(completing("multipart", id, parts));
        Main.equal("body", isNoise("multipart"), true);
        var head = Main.head("multipart");
        Main.equal("ETag", head.eTag().endsWith("-" + parts.size() + "\""), true);
        Main.equal("kind", head.objectType() + head.contentType() + head.metadata(), "Multiparttext/parts{one=1}");
        Main.equal("CRC", head.hashCrc64ecma(), done.hashCRC64());
        Main.refused(404, "NoSuchUpload",
                () -> Main.client.completeMultipartUpload(completing("multipart", id, parts)));
        String all = initiate("all");
        parts("all", all);
        Main.client.completeMultipartUpload(CompleteMultipartUploadRequest.newBuilder()
                .bucket(Main.name).key("all").uploadId(all).completeAll("yes").build());
        Main.equal("all", isNoise("all"), true);
        String wrong = initiate("wrong");
        var mixed = parts("wrong", wrong);
        mixed.set(1, part(2, mixed.get(0).eTag()));
        Main.refused(400, "InvalidPart",
                () -> Main.client.completeMultipartUpload(completing("wrong", wrong, mixed)));
        abort("wrong", wrong);
    }

    static void lists() throws Throwable {
        String key = "lists/a 中文";
        String id = initiate(key);
        String other = initiate("lists/b");
        var parts = parts(key, id);
        var tags = new ArrayList<String>();
        var request = ListPartsRequest.newBuilder().bucket(Main.name).key(key).uploadId(id).maxParts(4L).build();
        for (var page : Main.client.listPartsPaginator(request)) {
            page.parts().forEach(part -> tags.add(part.eTag()));
        }
        Main.equal("parts", tags, parts.stream().map(Part::eTag).toList());
        var found = new ArrayList<String>();
        var uploads = ListMultipartUploadsRequest.newBuilder().bucket(Main.name).prefix("lists/").maxUploads(1L).build();
        for (var page : Main.client.listMultipartUploadsPaginator(uploads)) {
            page.uploads().forEach(upload -> found.addAll(List.of(upload.key(), upload.uploadId())));
        }
        Main.equal("uploads", found, List.of(key, id, "lists/b", other));
        abort(key, id);
        abort("lists/b", other);
        Main.refused(404, "NoSuchUpload", () -> abort("lists/b", other));
    }

    static void partCopy() throws Throwable {
        String source = "part copy/from 中文";
        Main.put(source, Main.NOISE);
        String id = initiate("part copy/to");
        var parts = new ArrayList<Part>();
        for (String range : List.of("bytes=0-1048575", "bytes=1048576-" + (Main.NOISE.length - 1))) {
            long number = parts.size() + 1;
            var done = Main.client.uploadPartCopy(UploadPartCopyRequest.newBuilder()
                    .bucket(Main.name).key("part copy/to").uploadId(id).partNumber(number)
                    .sourceKey(source).copySourceRange(range).build());
            parts.add(part(number, done.copyPartResult().eTag()));
        }
        Main.client.completeMultipartUpload(completing("part copy/to", id, parts));
        Main.equal("body", isNoise("part copy/to"), true);
        var options = CopierOptions.newBuilder()
                .partSize(Main.PART_SIZE).multipartCopyThreshold(Main.PART_SIZE).disableShallowCopy(true);
        new Copier(Main.client, options.build()).copy(CopyObjectRequest.newBuilder()
                .bucket(Main.name).key("part copy/parallel").sourceKey(source).build());
        Main.equal("parallel", isNoise("part copy/parallel"), true);
        Main.equal("kind", Main.head("part copy/parallel").objectType(), "Multipart");
    }

    /** Ends the process, as a crash would, in the middle, once a checkpoint reads like `recorded`. */
    private static ProgressListener death(String recorded) {
        return new ProgressListener() {
            @Override
            public void onProgress(long increment, long transferred, long total) {
                while (transferred > 4.5 * Main.PART_SIZE) {
                    for (var file : Main.folder.resolve("checkpoint").toFile().listFiles()) {
                        if (text(file.toPath()).matches(recorded)) {
                            Runtime.getRuntime().halt(75);
                        }
                    }
                }
            }

            @Override
            public void onFinish() {}
        };
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException gone) {
            return "";
        }
    }

    private static void upload(ProgressListener listener) throws Throwable {
        var options = UploaderOptions.newBuilder()
                .partSize(Main.PART_SIZE).parallelNum(1)
                .enableCheckpoint(true).checkpointDir(Main.folder.resolve("checkpoint").toString());
        var request = PutObjectRequest.newBuilder().bucket(Main.name).key("resumed");
        if (listener != null) {
            request.progressListener(listener);
        }
        new Uploader(Main.client, options.build())
                .uploadFile(request.build(), Main.folder.resolve("resumable.bin").toString());
    }

    static void uploadResumes() throws Throwable {
        upload(null);
        var original = Files.readAllBytes(Main.folder.resolve("resumable.bin"));
        Main.equal("body", Arrays.equals(Main.bytes(Main.getting("resumed")), original), true);
        var open = Main.client.listMultipartUploads(
                ListMultipartUploadsRequest.newBuilder().bucket(Main.name).prefix("resumed").build());
        Main.equal("open", open.uploads() == null || open.uploads().isEmpty(), true);
    }

    private static void download(ProgressListener listener) throws Throwable {
        var options = DownloaderOptions.newBuilder()
                .partSize(Main.PART_SIZE).parallelNum(2)
                .enableCheckpoint(true).checkpointDir(Main.folder.resolve("checkpoint").toString());
        var request = Main.getting("resumed");
        if (listener != null) {
            request.progressListener(listener);
        }
        new Downloader(Main.client, options.build())
                .downloadFile(request.build(), Main.folder.resolve("downloaded").toString());
    }
}
