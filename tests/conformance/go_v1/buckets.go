package main

import (
	"sort"
	"strings"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

func buckets() {
	made := name + "-made"
	must(client.CreateBucket(made, oss.ACL(oss.ACLPublicRead), oss.StorageClass(oss.StorageIA)))
	info, err := client.GetBucketInfo(made)
	must(err)
	equal("ACL", info.BucketInfo.ACL, "public-read")
	equal("class", info.BucketInfo.StorageClass, "IA")
	equal("endpoint", info.BucketInfo.ExtranetEndpoint, "oss-"+region+".aliyuncs.com")
	location, err := client.GetBucketLocation(made)
	must(err)
	equal("location", location, "oss-"+region)
	found, err := client.ListBuckets(oss.Prefix(name), oss.MaxKeys(1))
	must(err)
	equal("first page", found.Buckets[0].Name, name)
	equal("truncated", found.IsTruncated, true)
	found, err = client.ListBuckets(oss.Prefix(name), oss.Marker(found.NextMarker))
	must(err)
	equal("second page", found.Buckets[0].Name, made)
	full := bucketOf(client, made)
	must(full.PutObject("key", strings.NewReader(hello)))
	stat, err := client.GetBucketStat(made)
	must(err)
	equal("count", stat.ObjectCount, int64(1))
	equal("bytes", stat.Storage, int64(len(hello)))
	refused(409, "BucketNotEmpty", client.DeleteBucket(made))
	must(full.DeleteObject("key"))
	must(client.DeleteBucket(made))
	there, err := client.IsBucketExist(made)
	must(err)
	equal("there", there, false)
}

func bucketACL() {
	for _, acl := range []oss.ACLType{oss.ACLPublicReadWrite, oss.ACLPublicRead, oss.ACLPrivate} {
		must(client.SetBucketACL(name, acl))
		found, err := client.GetBucketACL(name)
		must(err)
		equal("ACL", found.ACL, string(acl))
	}
	refused(400, "InvalidArgument", client.SetBucketACL(name, oss.ACLDefault))
}

func tagsOf(found oss.Tagging) []string {
	words := []string{}
	for _, tag := range found.Tags {
		words = append(words, tag.Key+"="+tag.Value)
	}
	sort.Strings(words)
	return words
}

var twoTags = oss.Tagging{Tags: []oss.Tag{{Key: "team", Value: "moss + stone"}, {Key: "b", Value: ""}}}

func bucketTags() {
	must(client.SetBucketTagging(name, twoTags))
	found, err := client.GetBucketTagging(name)
	must(err)
	equal("tags", tagsOf(oss.Tagging(found)), []string{"b=", "team=moss + stone"})
	must(client.DeleteBucketTagging(name))
	found, err = client.GetBucketTagging(name)
	must(err)
	equal("no tags", len(found.Tags), 0)
}

func bucketEncryption() {
	made := bucketOf(client, name+"-encrypted")
	must(client.CreateBucket(made.BucketName))
	_, err := client.GetBucketEncryption(made.BucketName)
	refused(404, "NoSuchServerSideEncryptionRule", err)
	rule := oss.ServerEncryptionRule{SSEDefault: oss.SSEDefaultRule{SSEAlgorithm: "SM4"}}
	must(client.SetBucketEncryption(made.BucketName, rule))
	found, err := client.GetBucketEncryption(made.BucketName)
	must(err)
	equal("rule", found.SSEDefault.SSEAlgorithm, "SM4")
	must(made.PutObject("key", strings.NewReader(hello)))
	head, err := made.GetObjectDetailedMeta("key")
	must(err)
	equal("encryption", head.Get(oss.HTTPHeaderOssServerSideEncryption), "SM4")
	equal("body", read(made, "key"), hello)
	must(client.DeleteBucketEncryption(made.BucketName))
	_, err = client.GetBucketEncryption(made.BucketName)
	refused(404, "NoSuchServerSideEncryptionRule", err)
}

func bucketCors() {
	_, err := client.GetBucketCORS(name)
	refused(404, "NoSuchCORSConfiguration", err)
	rule := oss.CORSRule{
		AllowedOrigin: []string{"http://a.test", "http://*.b.test"}, AllowedMethod: []string{"PUT", "GET"},
		AllowedHeader: []string{"x-oss-*"}, ExposeHeader: []string{"ETag"}, MaxAgeSeconds: 60,
	}
	must(client.SetBucketCORS(name, []oss.CORSRule{rule}))
	found, err := client.GetBucketCORS(name)
	must(err)
	equal("rule", found.CORSRules[0].AllowedOrigin, rule.AllowedOrigin)
	equal("age", found.CORSRules[0].MaxAgeSeconds, 60)
	page := []oss.Option{oss.Origin("http://www.b.test"), oss.ACReqMethod("PUT")}
	allowed, err := bucket.OptionsMethod("key", append(page, oss.ACReqHeaders("x-oss-date"))...)
	must(err)
	equal("origin", allowed.Get("Access-Control-Allow-Origin"), "http://www.b.test")
	equal("headers", allowed.Get("Access-Control-Allow-Headers"), "x-oss-date")
	_, err = bucket.OptionsMethod("key", append(page, oss.ACReqHeaders("content-type"))...)
	refused(403, "AccessForbidden", err)
	must(client.DeleteBucketCORS(name))
	_, err = client.GetBucketCORS(name)
	refused(404, "NoSuchCORSConfiguration", err)
}

func versioning() {
	made := bucketOf(client, name+"-versions")
	must(client.CreateBucket(made.BucketName))
	found, err := client.GetBucketVersioning(made.BucketName)
	must(err)
	equal("never", found.Status, "")
	must(client.SetBucketVersioning(made.BucketName, oss.VersioningConfig{Status: string(oss.VersionEnabled)}))
	found, err = client.GetBucketVersioning(made.BucketName)
	must(err)
	equal("status", found.Status, "Enabled")
	ids := []string{}
	for _, body := range []string{"first", "second"} {
		answer, err := made.DoPutObject(&oss.PutObjectRequest{ObjectKey: "key", Reader: strings.NewReader(body)}, nil)
		must(err)
		ids = append(ids, oss.GetVersionId(answer.Headers))
	}
	equal("current", read(made, "key"), "second")
	equal("first", read(made, "key", oss.VersionId(ids[0])), "first")
	must(made.DeleteObject("key"))
	_, err = made.GetObject("key")
	refused(404, "NoSuchKey", err)
	listed, err := made.ListObjectVersions()
	must(err)
	equal("markers", len(listed.ObjectDeleteMarkers), 1)
	equal("versions", len(listed.ObjectVersions), 2)
	equal("newest first", listed.ObjectVersions[0].VersionId, ids[1])
	marker := listed.ObjectDeleteMarkers[0]
	equal("marker is the latest", marker.IsLatest, true)
	_, err = made.GetObject("key", oss.VersionId(marker.VersionId))
	refused(405, "MethodNotAllowed", err)
	must(made.DeleteObject("key", oss.VersionId(marker.VersionId)))
	equal("back", read(made, "key"), "second")
	_, err = made.CopyObject("key", "key", oss.VersionId(ids[0]))
	must(err)
	equal("restored", read(made, "key"), "first")
	page, err := made.ListObjectVersions(oss.MaxKeys(2))
	must(err)
	equal("truncated", page.IsTruncated, true)
	rest, err := made.ListObjectVersions(oss.KeyMarker(page.NextKeyMarker), oss.VersionIdMarker(page.NextVersionIdMarker))
	must(err)
	equal("oldest", rest.ObjectVersions[0].VersionId, ids[0])
	all := []oss.DeleteObject{}
	for _, version := range append(page.ObjectVersions, rest.ObjectVersions...) {
		all = append(all, oss.DeleteObject{Key: version.Key, VersionId: version.VersionId})
	}
	gone, err := made.DeleteObjectVersions(all)
	must(err)
	equal("deleted", len(gone.DeletedObjectsDetail), 3)
	must(client.DeleteBucket(made.BucketName))
}

func refusals() {
	_, err := bucket.GetObject("no such key")
	refused(404, "NoSuchKey", err)
	_, err = bucket.GetObjectDetailedMeta("no such key")
	refused(404, "NoSuchKey", err)
	refused(404, "NoSuchBucket", bucketOf(client, name+"-no").PutObject("key", strings.NewReader(hello)))
	_, err = client.GetBucketInfo(name + "-no")
	refused(404, "NoSuchBucket", err)
	_, err = bucketOf(clientWith("mossbox", "wrong"), name).GetObject("key")
	refused(403, "SignatureDoesNotMatch", err)
	_, err = bucketOf(clientWith("unknown", "wrong"), name).GetObject("key")
	refused(403, "InvalidAccessKeyId", err)
	put("errors", hello)
	refused(409, "FileAlreadyExists", bucket.PutObject("errors", strings.NewReader("x"), oss.ForbidOverWrite(true)))
	_, err = bucket.GetObject("errors", oss.IfMatch("0"))
	refused(412, "PreconditionFailed", err)
}
