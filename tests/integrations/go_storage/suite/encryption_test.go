package main

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	oss "github.com/beyondstorage/go-service-oss/v2"
	"github.com/beyondstorage/go-storage/v4/services"
	"github.com/beyondstorage/go-storage/v4/types"
)

// The rows of the page's tables; the test that started this program knows them by the same names.
var rows = []struct {
	name, algorithm, data string
	key                   bool
}{
	{"KMS", "KMS", "", false},
	{"KMS-key", "KMS", "", true},
	{"KMS-SM4", "KMS", "SM4", false},
	{"KMS-SM4-key", "KMS", "SM4", true},
	{"AES256", "AES256", "", false},
	{"SM4", "SM4", "", false},
}

func encryption(algorithm, data, key string) []types.Pair {
	found := []types.Pair{oss.WithServerSideEncryption(algorithm)}
	if data != "" {
		found = append(found, oss.WithServerSideDataEncryption(data))
	}
	if key != "" {
		found = append(found, oss.WithServerSideEncryptionKeyID(key))
	}
	return found
}

// TestEncryption writes MARKER over and over, by every way and row; a part stays unfinished.
func TestEncryption(t *testing.T) {
	store := storager(t)
	marker := os.Getenv("MARKER")
	for _, size := range []int{3000, 400_000} {
		body := strings.Repeat(marker, size/len(marker)+1)[:size]
		for _, row := range rows {
			key := ""
			if row.key {
				key = os.Getenv("KEY_ID")
			}
			given := encryption(row.algorithm, row.data, key)
			path := func(way string) string {
				return way + "/" + row.name + map[bool]string{true: "/small", false: "/large"}[size == 3000]
			}
			write(t, store, path("write"), body, given...)
			equal(t, read(t, store, path("write")), body)
			parts(t, store, path("multipart"), body, given, true)
			parts(t, store, path("unfinished"), body, given, false)
			appended(t, store, path("append"), body, given)
		}
	}
}

func parts(
	t *testing.T, store types.Storager, path, body string, given []types.Pair, complete bool,
) {
	t.Helper()
	multiparter := store.(types.Multiparter)
	object, err := multiparter.CreateMultipart(path, given...)
	must(t, err)
	_, part, err := multiparter.WriteMultipart(object, strings.NewReader(body), int64(len(body)), 0)
	must(t, err)
	if complete {
		must(t, multiparter.CompleteMultipart(object, []*types.Part{part}))
		equal(t, read(t, store, path), body)
	}
}

// appended writes by two appends; this client has no more than the algorithm for them.
func appended(t *testing.T, store types.Storager, path, body string, given []types.Pair) {
	t.Helper()
	appender := store.(types.Appender)
	object, err := appender.CreateAppend(path, given...)
	if len(given) > 1 {
		unsupported(t, err, given[1].Key)
		_, err = store.Stat(path)
		refused(t, err, services.ErrObjectNotExist)
		return
	}
	must(t, err)
	half := len(body) / 2
	_, err = appender.WriteAppend(object, strings.NewReader(body[:half]), int64(half), given...)
	unsupported(t, err, "server_side_encryption")
	for _, text := range []string{body[:half], body[half:]} {
		_, err = appender.WriteAppend(object, strings.NewReader(text), int64(len(text)))
		must(t, err)
	}
	must(t, appender.CommitAppend(object))
	equal(t, read(t, store, path), body)
}

func unsupported(t *testing.T, err error, key string) {
	t.Helper()
	var found services.PairUnsupportedError
	if !errors.As(err, &found) {
		t.Fatalf("%v is not of a pair", err)
	}
	equal(t, found.Pair.Key, key)
}

func TestEncryptionThatIsRefused(t *testing.T) {
	store := storager(t)
	for _, row := range []struct{ algorithm, data, key, code string }{
		{"KMS", "AES256", "", "InvalidDataEncryptionAlgorithmError"},
		{"DES", "", "", "InvalidEncryptionAlgorithmError"},
		{"AES256", "", os.Getenv("KEY_ID"), "InvalidArgument"},
		{"SM4", "", os.Getenv("KEY_ID"), "InvalidArgument"},
		{"KMS", "", "6b9b2a5f-0000-4000-8000-000000000000", "InvalidParameter"},
	} {
		_, err := store.Write("refused", strings.NewReader("1"), 1,
			encryption(row.algorithm, row.data, row.key)...)
		refused(t, err, nil, row.code)
		_, err = store.Read("refused", io.Discard)
		refused(t, err, services.ErrObjectNotExist)
	}
}
