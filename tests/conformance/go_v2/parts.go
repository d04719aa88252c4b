package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

func initiate(key string) *string {
	return must(client.InitiateMultipartUpload(ctx, &oss.InitiateMultipartUploadRequest{
		Bucket: &name, Key: &key, ContentType: oss.Ptr("text/parts"), Metadata: map[string]string{"one": "1"},
	})).UploadId
}

func upload(key string) (*string, []oss.UploadPart) {
	id, parts := initiate(key), []oss.UploadPart{}
	for start := 0; start < size; start += partSize {
		end := start + partSize
		if end > size {
			end = size
		}
		number := int32(len(parts) + 1)
		done := must(client.UploadPart(ctx, &oss.UploadPartRequest{
			Bucket: &name, Key: &key, UploadId: id, PartNumber: number,
			Body: strings.NewReader(string(noise[start:end])),
		}))
		parts = append(parts, oss.UploadPart{PartNumber: number, ETag: done.ETag})
	}
	return id, parts
}

func complete(key string, id *string, parts []oss.UploadPart) (*oss.CompleteMultipartUploadResult, error) {
	return client.CompleteMultipartUpload(ctx, &oss.CompleteMultipartUploadRequest{
		Bucket: &name, Key: &key, UploadId: id,
		CompleteMultipartUpload: &oss.CompleteMultipartUpload{Parts: parts},
	})
}

func abort(key string, id *string) error {
	_, err := client.AbortMultipartUpload(ctx, &oss.AbortMultipartUploadRequest{Bucket: &name, Key: &key, UploadId: id})
	return err
}

func multipart() {
	id, parts := upload("multipart")
	equal("there before it is complete", must(client.IsObjectExist(ctx, name, "multipart")), false)
	done := must(complete("multipart", id, parts))
	equal("ETag", strings.HasSuffix(text(done.ETag), fmt.Sprintf(`-%d"`, len(parts))), true)
	equal("body", sum(read("multipart")), sum(string(noise)))
	found := head("multipart")
	equal("CRC", text(found.HashCRC64), text(done.HashCRC64))
	equal("kind", text(found.ObjectType)+text(found.ContentType)+found.Metadata["one"], "Multiparttext/parts1")
	_, err := complete("multipart", id, parts)
	refused(404, "NoSuchUpload", err)
	id, _ = upload("multipart/all")
	must(client.CompleteMultipartUpload(ctx, &oss.CompleteMultipartUploadRequest{
		Bucket: &name, Key: oss.Ptr("multipart/all"), UploadId: id, CompleteAll: oss.Ptr("yes"),
	}))
	equal("all", sum(read("multipart/all")), sum(string(noise)))
	id, parts = upload("multipart/wrong")
	parts[1].ETag = parts[0].ETag
	_, err = complete("multipart/wrong", id, parts)
	refused(400, "InvalidPart", err)
	must(0, abort("multipart/wrong", id))
}

func multipartLists() {
	key := "lists/a 中文"
	id, parts := upload(key)
	other := initiate("lists/b")
	found := []string{}
	pages := client.NewListPartsPaginator(&oss.ListPartsRequest{Bucket: &name, Key: &key, UploadId: id, MaxParts: 4})
	for pages.HasNext() {
		for _, part := range must(pages.NextPage(ctx)).Parts {
			equal("ETag", text(part.ETag), text(parts[part.PartNumber-1].ETag))
			found = append(found, fmt.Sprint(part.PartNumber))
		}
	}
	equal("parts", strings.Join(found, ""), "123456789")
	found = []string{}
	more := client.NewListMultipartUploadsPaginator(&oss.ListMultipartUploadsRequest{
		Bucket: &name, Prefix: oss.Ptr("lists/"), MaxUploads: 1,
	})
	for more.HasNext() {
		for _, item := range must(more.NextPage(ctx)).Uploads {
			found = append(found, text(item.Key), text(item.UploadId))
		}
	}
	equal("uploads", found, []string{key, *id, "lists/b", *other})
	must(0, abort(key, id))
	must(0, abort("lists/b", other))
	refused(404, "NoSuchUpload", abort("lists/b", other))
}

func partCopy() {
	source, target := oss.Ptr("part copy/from 中文"), "part copy/to"
	put(*source, string(noise))
	id, parts := initiate(target), []oss.UploadPart{}
	for number, part := range []string{"bytes=0-1048575", fmt.Sprintf("bytes=1048576-%d", size-1)} {
		done := must(client.UploadPartCopy(ctx, &oss.UploadPartCopyRequest{
			Bucket: &name, Key: &target, UploadId: id, PartNumber: int32(number + 1), SourceKey: source, Range: oss.Ptr(part),
		}))
		parts = append(parts, oss.UploadPart{PartNumber: int32(number + 1), ETag: done.ETag})
	}
	must(complete(target, id, parts))
	equal("body", sum(read(target)), sum(string(noise)))
	copier := oss.NewCopier(client, func(o *oss.CopierOptions) {
		o.PartSize, o.MultipartCopyThreshold, o.DisableShallowCopy = partSize, partSize, true
	})
	must(copier.Copy(ctx, &oss.CopyObjectRequest{Bucket: &name, Key: oss.Ptr("part copy/parallel"), SourceKey: source}))
	equal("parallel", sum(read("part copy/parallel")), sum(string(noise)))
	equal("kind", text(head("part copy/parallel").ObjectType), "Multipart")
}

// death ends the process, as a crash would, in the middle of the fifth part.
func death(_, transferred, _ int64) {
	if transferred > 4*partSize+partSize/2 {
		os.Exit(75)
	}
}

// deathAfterRecord waits until the parts that are over stand in the checkpoint, which this client
// writes in another goroutine and not atomically.
func deathAfterRecord(increment, transferred, total int64) {
	wanted := fmt.Sprintf(`"Offset":%d`, 4*partSize)
	for transferred > 4*partSize+partSize/2 {
		for _, path := range must(filepath.Glob(filepath.Join(checkpoint, "*"))) {
			if strings.Contains(string(must(os.ReadFile(path))), wanted) {
				death(increment, transferred, total)
			}
		}
	}
}

func uploadFile(progress oss.ProgressFunc) {
	uploader := client.NewUploader(func(o *oss.UploaderOptions) {
		o.PartSize, o.ParallelNum, o.EnableCheckpoint, o.CheckpointDir = partSize, 1, true, checkpoint+"/"
	})
	request := &oss.PutObjectRequest{Bucket: &name, Key: oss.Ptr("resumed"), ProgressFn: progress}
	must(uploader.UploadFile(ctx, request, resumable))
}

func uploadBreaks() {
	uploadFile(death)
}

func uploadResumes() {
	uploadFile(nil)
	equal("body", sum(read("resumed")), sum(string(must(os.ReadFile(resumable)))))
	open := must(client.ListMultipartUploads(ctx, &oss.ListMultipartUploadsRequest{Bucket: &name, Prefix: oss.Ptr("resumed")}))
	equal("uploads left open", len(open.Uploads), 0)
}

func downloadFile(progress oss.ProgressFunc) {
	downloader := client.NewDownloader(func(o *oss.DownloaderOptions) {
		o.PartSize, o.ParallelNum, o.EnableCheckpoint, o.CheckpointDir = partSize, 1, true, checkpoint+"/"
	})
	request := &oss.GetObjectRequest{Bucket: &name, Key: oss.Ptr("resumed"), ProgressFn: progress}
	must(downloader.DownloadFile(ctx, request, filepath.Join(folder, "downloaded")))
}

func downloadBreaks() {
	downloadFile(deathAfterRecord)
}

func downloadResumes() {
	downloadFile(nil)
}
