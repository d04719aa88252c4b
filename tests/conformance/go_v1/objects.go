package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

func objects() {
	put("objects/hello", hello, oss.ContentType("text/plain"), oss.Meta("one", "1"))
	equal("hello", read(bucket, "objects/hello"), hello)
	head, err := bucket.GetObjectDetailedMeta("objects/hello")
	must(err)
	equal("type", head.Get("Content-Type"), "text/plain")
	equal("meta", head.Get("x-oss-meta-one"), "1")
	equal("kind", head.Get("x-oss-object-type"), "Normal")
	short, err := bucket.GetObjectMeta("objects/hello")
	must(err)
	equal("ETag", short.Get("ETag"), head.Get("ETag"))
	put("objects/noise", string(noise))
	equal("noise", sum([]byte(read(bucket, "objects/noise"))), sum(noise))
	put("objects/empty", "")
	equal("empty", read(bucket, "objects/empty"), "")
	must(bucket.DeleteObject("objects/hello"))
	must(bucket.DeleteObject("objects/hello"))
	there, err := bucket.IsObjectExist("objects/hello")
	must(err)
	equal("there", there, false)
}

func ranges() {
	put("ranges", "0123456789")
	equal("inside", read(bucket, "ranges", oss.Range(2, 5)), "2345")
	equal("open", read(bucket, "ranges", oss.NormalizedRange("7-")), "789")
	equal("last", read(bucket, "ranges", oss.NormalizedRange("-3")), "789")
	equal("beyond", read(bucket, "ranges", oss.Range(2, 50)), "0123456789")
	equal("standard", read(bucket, "ranges", oss.Range(2, 50), oss.RangeBehavior("standard")), "23456789")
	_, err := bucket.GetObject("ranges", oss.Range(20, 50), oss.RangeBehavior("standard"))
	refused(416, "InvalidRange", err)
}

func conditions() {
	put("conditions", hello)
	head, err := bucket.GetObjectDetailedMeta("conditions")
	must(err)
	tag, hour := head.Get("ETag"), time.Hour
	equal("match", read(bucket, "conditions", oss.IfMatch(tag), oss.IfUnmodifiedSince(time.Now().Add(hour))), hello)
	_, err = bucket.GetObject("conditions", oss.IfMatch("0"))
	refused(412, "PreconditionFailed", err)
	_, err = bucket.GetObject("conditions", oss.IfUnmodifiedSince(time.Now().Add(-hour)))
	refused(412, "PreconditionFailed", err)
	_, err = bucket.GetObject("conditions", oss.IfNoneMatch(tag))
	equal("none match", strings.Contains(err.Error(), " 304"), true)
	_, err = bucket.GetObject("conditions", oss.IfModifiedSince(time.Now().Add(hour)))
	equal("modified", strings.Contains(err.Error(), " 304"), true)
}

func keys() {
	for _, key := range awkwardKeys() {
		put(key, key)
	}
	for _, key := range awkwardKeys() {
		equal(key, read(bucket, key), key)
	}
}

func lists() {
	made := bucketOf(client, name+"-lists")
	must(client.CreateBucket(made.BucketName))
	for _, key := range awkwardKeys() {
		must(made.PutObject(key, strings.NewReader(key)))
	}
	first, marker := []string{}, ""
	for more := true; more; {
		page, err := made.ListObjects(oss.MaxKeys(3), oss.Marker(marker))
		must(err)
		for _, item := range page.Objects {
			first = append(first, item.Key)
		}
		marker, more = page.NextMarker, page.IsTruncated
	}
	equal("ListObjects", first, awkwardKeys())
	second, token := []string{}, ""
	for more := true; more; {
		page, err := made.ListObjectsV2(oss.MaxKeys(3), oss.ContinuationToken(token))
		must(err)
		for _, item := range page.Objects {
			second = append(second, item.Key)
		}
		token, more = page.NextContinuationToken, page.IsTruncated
	}
	equal("ListObjectsV2", second, awkwardKeys())
	page, err := made.ListObjects(oss.Prefix("a/"), oss.Delimiter("/"))
	must(err)
	equal("keys", []string{page.Objects[0].Key, page.Objects[1].Key}, []string{"a/", "a/b"})
	equal("prefixes", page.CommonPrefixes[len(page.CommonPrefixes)-1], "a//")
	gone, err := made.DeleteObjects(first)
	must(err)
	equal("deleted", gone.DeletedObjects, first)
	must(client.DeleteBucket(made.BucketName))
}

func deleteMany() {
	for _, key := range []string{"many/1", "many/2", "many/3"} {
		put(key, key)
	}
	gone, err := bucket.DeleteObjects([]string{"many/1", "many/3", "many/no"})
	must(err)
	equal("deleted", gone.DeletedObjects, []string{"many/1", "many/3", "many/no"})
	gone, err = bucket.DeleteObjects([]string{"many/2"}, oss.DeleteObjectsQuiet(true))
	must(err)
	equal("quiet", len(gone.DeletedObjects), 0)
	page, err := bucket.ListObjectsV2(oss.Prefix("many/"))
	must(err)
	equal("left", len(page.Objects), 0)
}

func objectACL() {
	put("acl", hello)
	for _, acl := range []oss.ACLType{oss.ACLPublicRead, oss.ACLPrivate, oss.ACLDefault} {
		must(bucket.SetObjectACL("acl", acl))
		found, err := bucket.GetObjectACL("acl")
		must(err)
		equal("ACL", found.ACL, string(acl))
	}
}

func objectTagging() {
	put("tagging", hello, oss.SetTagging(twoTags))
	found, err := bucket.GetObjectTagging("tagging")
	must(err)
	equal("from the header", tagsOf(oss.Tagging(found)), []string{"b=", "team=moss + stone"})
	must(bucket.PutObjectTagging("tagging", oss.Tagging{Tags: []oss.Tag{{Key: "c", Value: "3"}}}))
	found, err = bucket.GetObjectTagging("tagging")
	must(err)
	equal("replaced", tagsOf(oss.Tagging(found)), []string{"c=3"})
	head, err := bucket.GetObjectDetailedMeta("tagging")
	must(err)
	equal("count", head.Get("x-oss-tagging-count"), "1")
	must(bucket.DeleteObjectTagging("tagging"))
	found, err = bucket.GetObjectTagging("tagging")
	must(err)
	equal("none", len(found.Tags), 0)
}

func symlink() {
	put("target of the link", hello)
	must(bucket.PutSymlink("link", "target of the link"))
	found, err := bucket.GetSymlink("link")
	must(err)
	equal("target", found.Get(oss.HTTPHeaderOssSymlinkTarget), "target of the link")
	equal("followed", read(bucket, "link"), hello)
	must(bucket.DeleteObject("target of the link"))
	_, err = bucket.GetObject("link")
	refused(404, "SymlinkTargetNotExist", err)
	put("no link", hello)
	_, err = bucket.GetSymlink("no link")
	refused(400, "NotSymlink", err)
}

func restore() {
	put("archived", hello, oss.ObjectStorageClass(oss.StorageArchive))
	_, err := bucket.GetObject("archived")
	refused(403, "InvalidObjectState", err)
	must(bucket.RestoreObject("archived"))
	head, err := bucket.GetObjectDetailedMeta("archived")
	must(err)
	equal("restored", strings.HasPrefix(head.Get("x-oss-restore"), `ongoing-request="false", expiry-date=`), true)
	equal("body", read(bucket, "archived"), hello)
	put("warm", hello)
	refused(400, "OperationNotSupported", bucket.RestoreObject("warm"))
}

func encryption() {
	for _, way := range [][]string{{"AES256", ""}, {"SM4", ""}, {"KMS", ""}, {"KMS", "SM4"}} {
		options := []oss.Option{oss.ServerSideEncryption(way[0])}
		if way[1] != "" {
			options = append(options, oss.ServerSideDataEncryption(way[1]))
		}
		put("encrypted", string(noise), options...)
		head, err := bucket.GetObjectDetailedMeta("encrypted")
		must(err)
		equal("algorithm", head.Get(oss.HTTPHeaderOssServerSideEncryption), way[0])
		equal("data", head.Get(oss.HTTPHeaderOssServerSideDataEncryption), way[1])
		equal("key id", head.Get(oss.HTTPHeaderOssServerSideEncryptionKeyID) != "", way[0] == "KMS")
		equal("body", sum([]byte(read(bucket, "encrypted"))), sum(noise))
		equal("range", read(bucket, "encrypted", oss.Range(140000, 290000)), string(noise[140000:290001]))
	}
	err := bucket.PutObject("encrypted", strings.NewReader(hello), oss.ServerSideEncryption("ROT13"))
	refused(400, "InvalidEncryptionAlgorithmError", err)
}

func appending() {
	var header http.Header
	next, err := bucket.AppendObject("append", strings.NewReader(hello), 0, oss.Meta("one", "1"))
	must(err)
	equal("next", next, int64(len(hello)))
	next, err = bucket.AppendObject("append", strings.NewReader(string(noise)), next, oss.GetResponseHeader(&header))
	must(err)
	equal("next", next, int64(len(hello)+size))
	equal("body", sum([]byte(read(bucket, "append"))), sum([]byte(hello+string(noise))))
	head, err := bucket.GetObjectDetailedMeta("append")
	must(err)
	equal("kind", head.Get("x-oss-object-type"), "Appendable")
	equal("position", head.Get(oss.HTTPHeaderOssNextAppendPosition), "2097183")
	equal("CRC of the whole", head.Get("x-oss-hash-crc64ecma"), header.Get("x-oss-hash-crc64ecma"))
	_, err = bucket.AppendObject("append", strings.NewReader("x"), 3)
	refused(409, "PositionNotEqualToLength", err)
	put("plain", hello)
	_, err = bucket.AppendObject("plain", strings.NewReader("x"), int64(len(hello)))
	refused(409, "ObjectNotAppendable", err)
}

func copying() {
	put("copy/from 中文+", hello, oss.ContentType("text/plain"), oss.Meta("one", "1"), oss.SetTagging(twoTags))
	done, err := bucket.CopyObject("copy/from 中文+", "copy/to")
	must(err)
	head, err := bucket.GetObjectDetailedMeta("copy/to")
	must(err)
	equal("body", read(bucket, "copy/to"), hello)
	equal("ETag", head.Get("ETag"), done.ETag)
	equal("meta", head.Get("Content-Type")+head.Get("x-oss-meta-one"), "text/plain1")
	equal("tags", head.Get("x-oss-tagging-count"), "2")
	_, err = bucket.CopyObject("copy/from 中文+", "copy/to", oss.Meta("two", "2"), oss.MetadataDirective(oss.MetaReplace))
	must(err)
	head, err = bucket.GetObjectDetailedMeta("copy/to")
	must(err)
	equal("replaced", head.Get("x-oss-meta-two")+head.Get("x-oss-meta-one"), "2")
	must(bucket.SetObjectMeta("copy/to", oss.Meta("three", "3")))
	head, err = bucket.GetObjectDetailedMeta("copy/to")
	must(err)
	equal("set", head.Get("x-oss-meta-three")+head.Get("x-oss-meta-two"), "3")
	_, err = bucket.CopyObject("copy/from 中文+", "copy/to", oss.CopySourceIfMatch("0"))
	refused(412, "PreconditionFailed", err)
	_, err = bucket.CopyObject("copy/no", "copy/to")
	refused(404, "NoSuchKey", err)
	_, err = bucket.CopyObjectFrom(name+"-no", "copy/no", "copy/to")
	refused(404, "NoSuchBucket", err)
}

func presigned() {
	for _, key := range []string{"presigned", "中文/a b+c?.txt"} {
		signed, err := bucket.SignURL(key, oss.HTTPPut, 60, oss.ContentType("text/signed"))
		must(err)
		must(bucket.PutObjectWithURL(signed, strings.NewReader(hello), oss.ContentType("text/signed")))
		refused(403, "SignatureDoesNotMatch",
			bucket.PutObjectWithURL(signed, strings.NewReader("x"), oss.ContentType("text/other")))
		signed, err = bucket.SignURL(key, oss.HTTPGet, 60)
		must(err)
		answer, err := http.Get(signed)
		must(err)
		body, err := io.ReadAll(answer.Body)
		must(err)
		equal("body", string(body), hello)
		equal("type", answer.Header.Get("Content-Type"), "text/signed")
		_, err = bucket.GetObjectWithURL(signed + "&acl")
		refused(403, "SignatureDoesNotMatch", err)
	}
}

func directory() {
	root := filepath.Join(folder, "files")
	must(filepath.Walk(root, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		key, err := filepath.Rel(root, path)
		must(err)
		must(bucket.PutObjectFromFile("directory/"+key, path))
		back := filepath.Join(folder, "back", key)
		must(os.MkdirAll(filepath.Dir(back), 0o755))
		return bucket.GetObjectToFile("directory/"+key, back)
	}))
}
