package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

func objects() {
	key := "objects/hello"
	done := putAs(&oss.PutObjectRequest{
		Key: &key, Body: strings.NewReader(hello), ContentType: oss.Ptr("text/plain"),
		Metadata: map[string]string{"one": "1"},
	})
	equal("hello", read(key), hello)
	found := head(key)
	equal("type", text(found.ContentType), "text/plain")
	equal("meta", found.Metadata["one"], "1")
	equal("kind", text(found.ObjectType), "Normal")
	equal("ETag", text(found.ETag), text(done.ETag))
	short := must(client.GetObjectMeta(ctx, &oss.GetObjectMetaRequest{Bucket: &name, Key: &key}))
	equal("short", []string{text(short.ETag), fmt.Sprint(short.ContentLength)}, []string{text(done.ETag), "14"})
	put("objects/noise", string(noise))
	equal("noise", sum(read("objects/noise")), sum(string(noise)))
	put("objects/empty", "")
	equal("empty", read("objects/empty"), "")
	for range []int{1, 2} {
		must(client.DeleteObject(ctx, &oss.DeleteObjectRequest{Bucket: &name, Key: &key}))
	}
	equal("there", must(client.IsObjectExist(ctx, name, key)), false)
}

func ranges() {
	put("ranges", "0123456789")
	part := func(value string) (string, error) {
		return tryRead(&oss.GetObjectRequest{Key: oss.Ptr("ranges"), Range: &value, RangeBehavior: oss.Ptr("standard")})
	}
	equal("inside", must(part("bytes=2-5")), "2345")
	equal("open", must(part("bytes=7-")), "789")
	equal("last", must(part("bytes=-3")), "789")
	equal("beyond", must(part("bytes=2-50")), "23456789")
	_, err := part("bytes=20-50")
	refused(416, "InvalidRange", err)
	whole := readAs(&oss.GetObjectRequest{Key: oss.Ptr("ranges"), Range: oss.Ptr("bytes=2-50")})
	equal("beyond, by OSS's own rule", whole, "0123456789")
}

func conditions() {
	tag := put("conditions", hello).ETag
	key, hour := oss.Ptr("conditions"), time.Hour
	before, after := time.Now().Add(-hour).UTC().Format(http.TimeFormat), time.Now().Add(hour).UTC().Format(http.TimeFormat)
	equal("match", readAs(&oss.GetObjectRequest{Key: key, IfMatch: tag, IfUnmodifiedSince: &after}), hello)
	_, err := tryRead(&oss.GetObjectRequest{Key: key, IfMatch: oss.Ptr("0")})
	refused(412, "PreconditionFailed", err)
	_, err = tryRead(&oss.GetObjectRequest{Key: key, IfUnmodifiedSince: &before})
	refused(412, "PreconditionFailed", err)
	for _, request := range []*oss.GetObjectRequest{{Key: key, IfNoneMatch: tag}, {Key: key, IfModifiedSince: &after}} {
		_, err = tryRead(request)
		refused(304, "BadErrorResponse", err) // all that this client makes of an answer without a body
	}
}

func keys() {
	for _, key := range awkwardKeys() {
		put(key, key)
	}
	for _, key := range awkwardKeys() {
		equal(key, read(key), key)
	}
}

func lists() {
	made := name + "-lists"
	must(client.PutBucket(ctx, &oss.PutBucketRequest{Bucket: &made}))
	all := []oss.DeleteObject{}
	for _, key := range awkwardKeys() {
		putAs(&oss.PutObjectRequest{Bucket: &made, Key: oss.Ptr(key), Body: strings.NewReader(key)})
		all = append(all, oss.DeleteObject{Key: oss.Ptr(key)})
	}
	first, second := []string{}, []string{}
	pages := client.NewListObjectsPaginator(&oss.ListObjectsRequest{Bucket: &made, MaxKeys: 3})
	for pages.HasNext() {
		for _, item := range must(pages.NextPage(ctx)).Contents {
			first = append(first, text(item.Key))
		}
	}
	equal("ListObjects", first, awkwardKeys())
	more := client.NewListObjectsV2Paginator(&oss.ListObjectsV2Request{Bucket: &made, MaxKeys: 3})
	for more.HasNext() {
		for _, item := range must(more.NextPage(ctx)).Contents {
			second = append(second, text(item.Key))
		}
	}
	equal("ListObjectsV2", second, awkwardKeys())
	page := must(client.ListObjectsV2(ctx, &oss.ListObjectsV2Request{
		Bucket: &made, Prefix: oss.Ptr("a/"), Delimiter: oss.Ptr("/"),
	}))
	equal("keys", []string{text(page.Contents[0].Key), text(page.Contents[1].Key)}, []string{"a/", "a/b"})
	equal("prefix", text(page.CommonPrefixes[len(page.CommonPrefixes)-1].Prefix), "a//")
	gone := must(client.DeleteMultipleObjects(ctx, &oss.DeleteMultipleObjectsRequest{Bucket: &made, Objects: all}))
	equal("deleted", len(gone.DeletedObjects), len(all))
	must(client.DeleteBucket(ctx, &oss.DeleteBucketRequest{Bucket: &made}))
}

func deleteMany() {
	all := []oss.DeleteObject{}
	for _, key := range []string{"many/1", "many/2"} {
		put(key, key)
		all = append(all, oss.DeleteObject{Key: oss.Ptr(key)})
	}
	all = append(all, oss.DeleteObject{Key: oss.Ptr("many/no")})
	gone := must(client.DeleteMultipleObjects(ctx, &oss.DeleteMultipleObjectsRequest{Bucket: &name, Objects: all}))
	equal("deleted", len(gone.DeletedObjects), 3)
	quiet := must(client.DeleteMultipleObjects(ctx, &oss.DeleteMultipleObjectsRequest{Bucket: &name, Objects: all, Quiet: true}))
	equal("quiet", len(quiet.DeletedObjects), 0)
	left := must(client.ListObjectsV2(ctx, &oss.ListObjectsV2Request{Bucket: &name, Prefix: oss.Ptr("many/")}))
	equal("left", len(left.Contents), 0)
}

func objectACL() {
	put("acl", hello)
	for _, acl := range []oss.ObjectACLType{oss.ObjectACLPublicRead, oss.ObjectACLPrivate, oss.ObjectACLDefault} {
		must(client.PutObjectAcl(ctx, &oss.PutObjectAclRequest{Bucket: &name, Key: oss.Ptr("acl"), Acl: acl}))
		found := must(client.GetObjectAcl(ctx, &oss.GetObjectAclRequest{Bucket: &name, Key: oss.Ptr("acl")}))
		equal("ACL", text(found.ACL), string(acl))
	}
}

func objectTagging() {
	key := oss.Ptr("tagging")
	tags := func() []string {
		return words(must(client.GetObjectTagging(ctx, &oss.GetObjectTaggingRequest{Bucket: &name, Key: key})).Tags)
	}
	putAs(&oss.PutObjectRequest{Key: key, Tagging: oss.Ptr("team=moss+%2B+stone&b"), Body: strings.NewReader(hello)})
	equal("from the header", tags(), []string{"b=", "team=moss + stone"})
	must(client.PutObjectTagging(ctx, &oss.PutObjectTaggingRequest{
		Bucket: &name, Key: key,
		Tagging: &oss.Tagging{TagSet: &oss.TagSet{Tags: []oss.Tag{{Key: oss.Ptr("c"), Value: oss.Ptr("3")}}}},
	}))
	equal("replaced", tags(), []string{"c=3"})
	equal("count", head(*key).TaggingCount, int32(1))
	must(client.DeleteObjectTagging(ctx, &oss.DeleteObjectTaggingRequest{Bucket: &name, Key: key}))
	equal("none", tags(), []string{})
}

func symlink() {
	target := oss.Ptr("the target 中文")
	put(*target, hello)
	must(client.PutSymlink(ctx, &oss.PutSymlinkRequest{
		Bucket: &name, Key: oss.Ptr("link"), Target: oss.Ptr(url.PathEscape(*target)), // as it is
	}))
	found := must(client.GetSymlink(ctx, &oss.GetSymlinkRequest{Bucket: &name, Key: oss.Ptr("link")}))
	equal("target", must(url.PathUnescape(text(found.Target))), *target)
	equal("followed", read("link"), hello)
	equal("kind", text(head("link").ObjectType), "Symlink")
	must(client.DeleteObject(ctx, &oss.DeleteObjectRequest{Bucket: &name, Key: target}))
	_, err := tryRead(&oss.GetObjectRequest{Key: oss.Ptr("link")})
	refused(404, "SymlinkTargetNotExist", err)
	put("no link", hello)
	_, err = client.GetSymlink(ctx, &oss.GetSymlinkRequest{Bucket: &name, Key: oss.Ptr("no link")})
	refused(400, "NotSymlink", err)
}

func restore() {
	key := oss.Ptr("archived")
	putAs(&oss.PutObjectRequest{Key: key, StorageClass: oss.StorageClassColdArchive, Body: strings.NewReader(hello)})
	_, err := tryRead(&oss.GetObjectRequest{Key: key})
	refused(403, "InvalidObjectState", err)
	begun := must(client.RestoreObject(ctx, &oss.RestoreObjectRequest{
		Bucket: &name, Key: key,
		RestoreRequest: &oss.RestoreRequest{Days: 2, JobParameters: &oss.JobParameters{Tier: oss.Ptr("Standard")}},
	}))
	equal("accepted", begun.StatusCode, 202)
	equal("restored", strings.HasPrefix(text(head(*key).Restore), `ongoing-request="false", expiry-date=`), true)
	equal("body", read(*key), hello)
	must(client.CleanRestoredObject(ctx, &oss.CleanRestoredObjectRequest{Bucket: &name, Key: key}))
	_, err = tryRead(&oss.GetObjectRequest{Key: key})
	refused(403, "InvalidObjectState", err)
	put("warm", hello)
	_, err = client.RestoreObject(ctx, &oss.RestoreObjectRequest{Bucket: &name, Key: oss.Ptr("warm")})
	refused(400, "OperationNotSupported", err)
}

func encryption() {
	key := oss.Ptr("encrypted")
	for _, way := range [][]string{{"AES256", ""}, {"SM4", ""}, {"KMS", ""}, {"KMS", "SM4"}} {
		request := &oss.PutObjectRequest{Key: key, ServerSideEncryption: &way[0], Body: strings.NewReader(string(noise))}
		if way[1] != "" {
			request.ServerSideDataEncryption = &way[1]
		}
		putAs(request)
		found := head(*key)
		equal("way", []string{text(found.ServerSideEncryption), text(found.ServerSideDataEncryption)}, way)
		equal("key id", text(found.ServerSideEncryptionKeyId) != "", way[0] == "KMS")
		equal("body", sum(read(*key)), sum(string(noise)))
		part := readAs(&oss.GetObjectRequest{Key: key, Range: oss.Ptr("bytes=140000-290000")})
		equal("range", part, string(noise[140000:290001]))
	}
	_, err := client.PutObject(ctx, &oss.PutObjectRequest{
		Bucket: &name, Key: key, ServerSideEncryption: oss.Ptr("ROT13"), Body: strings.NewReader(hello),
	})
	refused(400, "InvalidEncryptionAlgorithmError", err)
}

func appending() {
	key := oss.Ptr("append")
	position := int64(0)
	for _, body := range []string{hello, string(noise)} {
		done := must(client.AppendObject(ctx, &oss.AppendObjectRequest{
			Bucket: &name, Key: key, Position: oss.Ptr(position), Body: strings.NewReader(body),
			Metadata: map[string]string{"one": "1"},
		}))
		position += int64(len(body))
		equal("next", done.NextPosition, position)
		equal("CRC of the whole", text(head(*key).HashCRC64), text(done.HashCRC64))
	}
	equal("body", sum(read(*key)), sum(hello+string(noise)))
	found := head(*key)
	equal("kind", text(found.ObjectType)+found.Metadata["one"], "Appendable1")
	file := must(client.AppendFile(ctx, name, *key))
	must(file.Write([]byte("end")))
	must(0, file.Close())
	equal("as a file", strings.HasSuffix(read(*key), "end"), true)
	again := func(key *string, position int64) error {
		_, err := client.AppendObject(ctx, &oss.AppendObjectRequest{
			Bucket: &name, Key: key, Position: &position, Body: strings.NewReader("x"),
		})
		return err
	}
	refused(409, "PositionNotEqualToLength", again(key, 3))
	must(client.SealAppendObject(ctx, &oss.SealAppendObjectRequest{Bucket: &name, Key: key, Position: oss.Ptr(position + 3)}))
	refused(409, "AppendSealedObjectNotAllowed", again(key, position+3))
	put("plain", hello)
	refused(409, "ObjectNotAppendable", again(oss.Ptr("plain"), int64(len(hello))))
}

func copying() {
	source, target := oss.Ptr("copy/from 中文+"), oss.Ptr("copy/to")
	putAs(&oss.PutObjectRequest{
		Key: source, ContentType: oss.Ptr("text/plain"), Metadata: map[string]string{"one": "1"},
		Tagging: oss.Ptr("a=1&b=2"), Body: strings.NewReader(hello),
	})
	done := must(client.CopyObject(ctx, &oss.CopyObjectRequest{Bucket: &name, Key: target, SourceKey: source}))
	found := head(*target)
	equal("body", read(*target), hello)
	equal("ETag", text(found.ETag), text(done.ETag))
	equal("meta", text(found.ContentType)+found.Metadata["one"], "text/plain1")
	equal("tags", found.TaggingCount, int32(2))
	must(client.CopyObject(ctx, &oss.CopyObjectRequest{
		Bucket: &name, Key: target, SourceBucket: &name, SourceKey: source,
		MetadataDirective: oss.Ptr("REPLACE"), Metadata: map[string]string{"two": "2"},
		TaggingDirective: oss.Ptr("Replace"), Tagging: oss.Ptr("c=3"),
	}))
	found = head(*target)
	equal("replaced", found.Metadata["two"]+found.Metadata["one"], "2")
	equal("new tags", found.TaggingCount, int32(1))
	_, err := client.CopyObject(ctx, &oss.CopyObjectRequest{Bucket: &name, Key: target, SourceKey: source, IfMatch: oss.Ptr("0")})
	refused(412, "PreconditionFailed", err)
	_, err = client.CopyObject(ctx, &oss.CopyObjectRequest{Bucket: &name, Key: target, SourceKey: oss.Ptr("copy/no")})
	refused(404, "NoSuchKey", err)
	_, err = client.CopyObject(ctx, &oss.CopyObjectRequest{
		Bucket: &name, Key: target, SourceBucket: oss.Ptr(name + "-no"), SourceKey: source,
	})
	refused(404, "NoSuchBucket", err)
}

func presigned() {
	send := func(signed *oss.PresignResult, body string) (int, string, string) {
		request := must(http.NewRequest(signed.Method, signed.URL, strings.NewReader(body)))
		for field, value := range signed.SignedHeaders {
			request.Header.Set(field, value)
		}
		answer := must(http.DefaultClient.Do(request))
		defer answer.Body.Close()
		return answer.StatusCode, string(must(io.ReadAll(answer.Body))), answer.Header.Get("Content-Type")
	}
	for _, key := range []string{"presigned", "中文/a b+c?.txt"} {
		signed := must(client.Presign(ctx, &oss.PutObjectRequest{
			Bucket: &name, Key: oss.Ptr(key), ContentType: oss.Ptr("text/signed"),
		}))
		status, _, _ := send(signed, hello)
		equal("put", status, 200)
		signed.SignedHeaders["Content-Type"] = "text/other"
		status, body, _ := send(signed, "x")
		equal("wrong type", []any{status, strings.Contains(body, "SignatureDoesNotMatch")}, []any{403, true})
		signed = must(client.Presign(ctx, &oss.GetObjectRequest{Bucket: &name, Key: oss.Ptr(key)}))
		status, body, kind := send(signed, "")
		equal("get", []any{status, body, kind}, []any{200, hello, "text/signed"})
	}
}

func directory() {
	root := filepath.Join(folder, "files")
	must(0, filepath.Walk(root, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		relative := must(filepath.Rel(root, path))
		key := oss.Ptr("directory/" + relative)
		must(client.PutObjectFromFile(ctx, &oss.PutObjectRequest{Bucket: &name, Key: key}, path))
		back := filepath.Join(folder, "back", relative)
		must(0, os.MkdirAll(filepath.Dir(back), 0o755))
		must(client.GetObjectToFile(ctx, &oss.GetObjectRequest{Bucket: &name, Key: key}, back))
		return nil
	}))
}
