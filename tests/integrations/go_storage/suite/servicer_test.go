package main

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	oss "github.com/beyondstorage/go-service-oss/v2"
	"github.com/beyondstorage/go-storage/v4/pairs"
	"github.com/beyondstorage/go-storage/v4/services"
	"github.com/beyondstorage/go-storage/v4/types"
)

func servicer(t *testing.T) types.Servicer {
	t.Helper()
	service, err := services.NewServicer("oss", configured(t, "SERVICER_YAML")...)
	must(t, err)
	return service
}

func names(t *testing.T, service types.Servicer) map[string]bool {
	t.Helper()
	stores, err := service.List()
	must(t, err)
	found := map[string]bool{}
	for {
		store, err := stores.Next()
		if errors.Is(err, types.IterateDone) {
			return found
		}
		must(t, err)
		found[store.Metadata().Name] = true
	}
}

func TestServicer(t *testing.T) {
	service := servicer(t)
	name := value(configured(t, "STORAGER_YAML"), "name") + "-made"
	equal(t, service.String(), "Servicer oss")
	equal(t, names(t, service)[name], false)

	store, err := service.Create(name)
	must(t, err)
	equal(t, store.Metadata().Name, name)
	equal(t, names(t, service)[name], true)
	_, err = service.Create(name) // its owner's again: no error
	must(t, err)

	write(t, store, "here", "to stay")
	refused(t, service.Delete(name), services.ErrUnexpected, "BucketNotEmpty")
	again, err := service.Get(name)
	must(t, err)
	equal(t, read(t, again, "here"), "to stay")
	must(t, again.Delete("here"))
	must(t, service.Delete(name))
	equal(t, names(t, service)[name], false)
	refused(t, service.Delete(name), services.ErrUnexpected, "NoSuchBucket")
	_, err = again.Stat("here")
	refused(t, err, services.ErrObjectNotExist)
}

// Create has no pairs in this version: the location of its page is the Storager's alone.
func TestServicerRefusesALocation(t *testing.T) {
	_, err := servicer(t).Create("never-made", pairs.WithLocation("oss-cn-hangzhou"))
	var unsupported services.PairUnsupportedError
	if !errors.As(err, &unsupported) {
		t.Fatal(err)
	}
	equal(t, unsupported.Pair.Key, "location")
	equal(t, names(t, servicer(t))["never-made"], false)
}

func TestCredentials(t *testing.T) {
	given := configured(t, "STORAGER_YAML")
	for _, credential := range []string{"env", "file:/a/b", "base64:YQ=="} {
		_, err := oss.NewStorager(changed(given, "credential", credential)...)
		var unsupported services.PairUnsupportedError
		if !errors.As(err, &unsupported) {
			t.Fatal(err)
		}
		equal(t, unsupported.Pair.Value, credential)
	}
	_, err := oss.NewStorager(changed(given, "credential", "basic:a:b")...)
	refused(t, err, nil, "basic", "unsupported protocol")

	for credential, code := range map[string]string{
		"hmac:mossbox:wrong":       "SignatureDoesNotMatch",
		"hmac:nobody:what-ever-it": "InvalidAccessKeyId",
	} {
		store, err := oss.NewStorager(changed(given, "credential", credential)...)
		must(t, err)
		_, err = store.Read("a", io.Discard)
		refused(t, err, services.ErrUnexpected, code)
	}
	store, err := oss.NewStorager(changed(given, "credential", os.Getenv("NO_RIGHTS"))...)
	must(t, err)
	_, err = store.Read("a", io.Discard)
	refused(t, err, services.ErrPermissionDenied)
	_, err = store.Write("a", strings.NewReader("1"), 1)
	refused(t, err, services.ErrPermissionDenied)
}

// A URL is no endpoint of go-storage: http:HOST:PORT, https:HOST and https:HOST:PORT are.
func TestURLIsNoEndpoint(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Fatal("this client no longer breaks down at a URL")
		}
	}()
	url := "http://" + strings.TrimPrefix(value(configured(t, "SERVICER_YAML"), "endpoint"), "http:")
	_, _ = oss.NewServicer(changed(configured(t, "SERVICER_YAML"), "endpoint", url)...)
}

func TestEndpoints(t *testing.T) {
	given := configured(t, "STORAGER_YAML")
	_, err := oss.NewStorager(changed(given, "endpoint", "tcp:127.0.0.1:1")...)
	refused(t, err, nil, "pair unsupported", "tcp:127.0.0.1:1")
	_, err = oss.NewStorager(changed(given, "endpoint", "127.0.0.1:9000")...)
	refused(t, err, nil, "unsupported protocol")
	store, err := oss.NewStorager(changed(given, "endpoint", os.Getenv("TLS_ENDPOINT"))...)
	must(t, err)
	write(t, store, "over TLS", "1")
	equal(t, read(t, store, "over TLS"), "1")
	must(t, store.Delete("over TLS"))
}
