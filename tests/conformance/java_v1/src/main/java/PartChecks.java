import com.aliyun.oss.event.ProgressEventType;
import com.aliyun.oss.event.ProgressListener;
import com.aliyun.oss.model.AbortMultipartUploadRequest;
import com.aliyun.oss.model.CompleteMultipartUploadRequest;
import com.aliyun.oss.model.DownloadFileRequest;
import com.aliyun.oss.model.GetObjectRequest;
import com.aliyun.oss.model.InitiateMultipartUploadRequest;
import com.aliyun.oss.model.ListMultipartUploadsRequest;
import com.aliyun.oss.model.ListPartsRequest;
import com.aliyun.oss.model.ObjectMetadata;
import com.aliyun.oss.model.PartETag;
import com.aliyun.oss.model.UploadFileRequest;
import com.aliyun.oss.model.UploadPartCopyRequest;
import com.aliyun.oss.model.UploadPartRequest;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Uploads in parts, and transfers that are broken and resumed. */
final class PartChecks {
    static void add() {
        Main.checks.put("multipart", PartChecks::multipart);
        Main.checks.put("multipart_lists", PartChecks::lists);
        Main.checks.put("part_copy", PartChecks::partCopy);
        Main.checks.put("upload_breaks", () -> upload(death(ProgressEventType.REQUEST_BYTE_TRANSFER_EVENT)));
        Main.checks.put("upload_resumes", PartChecks::uploadResumes);
        Main.checks.put("download_breaks", () -> download(death(ProgressEventType.RESPONSE_BYTE_TRANSFER_EVENT)));
        Main.checks.put("download_resumes", () -> download(null));
    }

    private static String initiate(String key) {
        var metadata = new ObjectMetadata();
        metadata.setContentType("text/parts");
        metadata.addUserMetadata("one", "1");
        var request = new InitiateMultipartUploadRequest(Main.name, key, metadata);
        return Main.client.initiateMultipartUpload(request).getUploadId();
    }

    private static List<PartETag> parts(String key, String id) {
        var parts = new ArrayList<PartETag>();
        for (int start = 0; start < Main.NOISE.length; start += Main.PART_SIZE) {
            int size = Math.min(Main.PART_SIZE, Main.NOISE.length - start);
            var body = new ByteArrayInputStream(Main.NOISE, start, size);
            var request = new UploadPartRequest(Main.name, key, id, parts.size() + 1, body, size);
            parts.add(Main.client.uploadPart(request).getPartETag());
        }
        return parts;
    }

    private static byte[] body(String key) throws Exception {
        return Main.readAs(new GetObjectRequest(Main.name, key));
    }

    private static void abort(String key, String id) {
        Main.client.abortMultipartUpload(new AbortMultipartUploadRequest(Main.name, key, id));
    }

    static void multipart() throws Throwable {
        String id = initiate("multipart");
        var parts = parts("multipart", id);
        Main.equal("there early", Main.client.doesObjectExist(Main.name, "multipart"), false);
        var request = new CompleteMultipartUploadRequest(Main.name, "multipart", id, parts);
        var done = Main.client.completeMultipartUpload(request);
        Main.equal("ETag", done.getETag().endsWith("-" + parts.size()), true);
        Main.equal("body", Arrays.equals(body("multipart"), Main.NOISE), true);
        var head = Main.head("multipart");
        Main.equal("kind", head.getObjectType() + head.getContentType(), "Multiparttext/parts");
        Main.equal("CRC", head.getServerCRC(), done.getServerCRC());
        Main.refused("NoSuchUpload", () -> Main.client.completeMultipartUpload(request));
        String wrong = initiate("wrong");
        var mixed = parts("wrong", wrong);
        mixed.set(1, new PartETag(2, mixed.get(0).getETag()));
        Main.refused("InvalidPart", () -> Main.client.completeMultipartUpload(
                new CompleteMultipartUploadRequest(Main.name, "wrong", wrong, mixed)));
        abort("wrong", wrong);
    }

    static void lists() throws Throwable {
        String key = "lists/a 中文";
        String id = initiate(key);
        String other = initiate("lists/b");
        var parts = parts(key, id);
        var request = new ListPartsRequest(Main.name, key, id);
        request.setMaxParts(5);
        var page = Main.client.listParts(request);
        Main.equal("parts", page.getParts().size(), 5);
        Main.equal("ETag", page.getParts().get(4).getETag(), parts.get(4).getETag());
        request.setPartNumberMarker(page.getNextPartNumberMarker());
        Main.equal("rest", Main.client.listParts(request).getParts().size(), parts.size() - 5);
        var uploads = new ListMultipartUploadsRequest(Main.name);
        uploads.setPrefix("lists/");
        uploads.setMaxUploads(1);
        var first = Main.client.listMultipartUploads(uploads);
        Main.equal("first", first.getMultipartUploads().get(0).getUploadId(), id);
        Main.equal("key", first.getMultipartUploads().get(0).getKey(), key);
        uploads.setKeyMarker(first.getNextKeyMarker());
        uploads.setUploadIdMarker(first.getNextUploadIdMarker());
        var second = Main.client.listMultipartUploads(uploads);
        Main.equal("second", second.getMultipartUploads().get(0).getUploadId(), other);
        abort(key, id);
        abort("lists/b", other);
        Main.refused("NoSuchUpload", () -> abort("lists/b", other));
    }

    static void partCopy() throws Throwable {
        String source = "part copy/from 中文";
        Main.put(Main.name, source, Main.NOISE, new ObjectMetadata());
        String id = initiate("part copy/to");
        var parts = new ArrayList<PartETag>();
        for (long start : new long[] {0, 1 << 20}) {
            long size = Math.min(1 << 20, Main.NOISE.length - start) + (start == 0 ? 0 : 17);
            parts.add(Main.client.uploadPartCopy(new UploadPartCopyRequest(
                    Main.name, source, Main.name, "part copy/to", id, parts.size() + 1, start, size)).getPartETag());
        }
        Main.client.completeMultipartUpload(
                new CompleteMultipartUploadRequest(Main.name, "part copy/to", id, parts));
        Main.equal("body", Arrays.equals(body("part copy/to"), Main.NOISE), true);
    }

    /** Ends the process, as a crash would, when more than half of the bytes are over. */
    private static ProgressListener death(ProgressEventType counted) {
        long[] over = {0};
        return event -> {
            if (event.getEventType() == counted && (over[0] += event.getBytes()) > Main.NOISE.length / 2) {
                Runtime.getRuntime().halt(75);
            }
        };
    }

    private static void upload(ProgressListener listener) throws Throwable {
        var request = new UploadFileRequest(Main.name, "resumed",
                Main.folder.resolve("resumable.bin").toString(), Main.PART_SIZE, 1, true,
                Main.folder.resolve("checkpoint/up").toString());
        request.setProgressListener(listener);
        Main.client.uploadFile(request);
    }

    static void uploadResumes() throws Throwable {
        upload(null);
        var original = Files.readAllBytes(Main.folder.resolve("resumable.bin"));
        Main.equal("body", Arrays.equals(body("resumed"), original), true);
        var request = new ListMultipartUploadsRequest(Main.name);
        request.setPrefix("resumed");
        Main.equal("open", Main.client.listMultipartUploads(request).getMultipartUploads().size(), 0);
    }

    private static void download(ProgressListener listener) throws Throwable {
        var request = new DownloadFileRequest(Main.name, "resumed",
                Main.folder.resolve("downloaded").toString(), Main.PART_SIZE, 1, true,
                Main.folder.resolve("checkpoint/down").toString());
        request.setProgressListener(listener);
        Main.client.downloadFile(request);
    }
}
