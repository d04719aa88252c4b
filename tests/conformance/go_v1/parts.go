package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

func upload(key string, options ...oss.Option) (oss.InitiateMultipartUploadResult, []oss.UploadPart) {
	begun, err := bucket.InitiateMultipartUpload(key, options...)
	must(err)
	parts := []oss.UploadPart{}
	for start := 0; start < size; start += partSize {
		end := start + partSize
		if end > size {
			end = size
		}
		part, err := bucket.UploadPart(begun, bytes.NewReader(noise[start:end]), int64(end-start), len(parts)+1)
		must(err)
		parts = append(parts, part)
	}
	return begun, parts
}

func multipart() {
	begun, parts := upload("multipart", oss.ContentType("text/parts"), oss.Meta("one", "1"))
	there, err := bucket.IsObjectExist("multipart")
	must(err)
	equal("there before it is complete", there, false)
	done, err := bucket.CompleteMultipartUpload(begun, parts)
	must(err)
	equal("ETag", strings.HasSuffix(strings.Trim(done.ETag, `"`), fmt.Sprintf("-%d", len(parts))), true)
	equal("body", sum([]byte(read(bucket, "multipart"))), sum(noise))
	head, err := bucket.GetObjectDetailedMeta("multipart")
	must(err)
	equal("kind", head.Get("x-oss-object-type"), "Multipart")
	equal("meta", head.Get("Content-Type")+head.Get("x-oss-meta-one"), "text/parts1")
	_, err = bucket.CompleteMultipartUpload(begun, parts)
	refused(404, "NoSuchUpload", err)
	begun, parts = upload("multipart/wrong")
	parts[1].ETag = parts[0].ETag
	_, err = bucket.CompleteMultipartUpload(begun, parts)
	refused(400, "InvalidPart", err)
	must(bucket.AbortMultipartUpload(begun))
}

func multipartLists() {
	begun, parts := upload("lists/a 中文")
	other, err := bucket.InitiateMultipartUpload("lists/b")
	must(err)
	found, err := bucket.ListUploadedParts(begun, oss.MaxParts(5))
	must(err)
	equal("parts", []int{len(found.UploadedParts), found.UploadedParts[4].PartNumber}, []int{5, 5})
	equal("ETag", found.UploadedParts[0].ETag, parts[0].ETag)
	equal("truncated", found.IsTruncated, true)
	uploads, err := bucket.ListMultipartUploads(oss.Prefix("lists/"), oss.MaxUploads(1))
	must(err)
	equal("first", uploads.Uploads[0].UploadID, begun.UploadID)
	equal("key", uploads.Uploads[0].Key, "lists/a 中文")
	uploads, err = bucket.ListMultipartUploads(oss.Prefix("lists/"),
		oss.KeyMarker(uploads.NextKeyMarker), oss.UploadIDMarker(uploads.NextUploadIDMarker))
	must(err)
	equal("second", uploads.Uploads[0].UploadID, other.UploadID)
	must(bucket.AbortMultipartUpload(begun))
	must(bucket.AbortMultipartUpload(other))
	refused(404, "NoSuchUpload", bucket.AbortMultipartUpload(other))
}

func partCopy() {
	put("part copy/from 中文", string(noise))
	begun, err := bucket.InitiateMultipartUpload("part copy/to")
	must(err)
	one, err := bucket.UploadPartCopy(begun, name, "part copy/from 中文", 0, 1<<20, 1)
	must(err)
	two, err := bucket.UploadPartCopy(begun, name, "part copy/from 中文", 1<<20, size-1<<20, 2)
	must(err)
	_, err = bucket.CompleteMultipartUpload(begun, []oss.UploadPart{one, two})
	must(err)
	equal("body", sum([]byte(read(bucket, "part copy/to"))), sum(noise))
	must(bucket.CopyFile(name, "part copy/from 中文", "part copy/parallel", partSize, oss.Routines(3)))
	equal("parallel", sum([]byte(read(bucket, "part copy/parallel"))), sum(noise))
}

// death ends the process, as a crash would, when half of the bytes are over.
type death struct{}

func (death) ProgressChanged(event *oss.ProgressEvent) {
	if event.EventType == oss.TransferDataEvent && event.ConsumedBytes > event.TotalBytes/2 {
		os.Exit(75)
	}
}

func uploadBreaks() {
	must(bucket.UploadFile("resumed", resumable, partSize, oss.Checkpoint(true, checkpoint), oss.Progress(death{})))
}

func uploadResumes() {
	must(bucket.UploadFile("resumed", resumable, partSize, oss.Checkpoint(true, checkpoint)))
	local, err := os.ReadFile(resumable)
	must(err)
	equal("body", sum([]byte(read(bucket, "resumed"))), sum(local))
	open, err := bucket.ListMultipartUploads(oss.Prefix("resumed"))
	must(err)
	equal("uploads left open", len(open.Uploads), 0)
}

func downloadBreaks() {
	must(bucket.DownloadFile("resumed", filepath.Join(folder, "downloaded"), partSize,
		oss.Checkpoint(true, checkpoint), oss.Progress(death{})))
}

func downloadResumes() {
	must(bucket.DownloadFile("resumed", filepath.Join(folder, "downloaded"), partSize, oss.Checkpoint(true, checkpoint)))
}
