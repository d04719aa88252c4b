// The store through go-storage: the project's own suites, and what they leave out.
//
// Where the store is stands in the environment: SERVICER_YAML and STORAGER_YAML name files as
// go-storage's page on OSS prints them.
package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"sort"
	"strings"
	"testing"

	suites "github.com/beyondstorage/go-integration-test/v4"
	oss "github.com/beyondstorage/go-service-oss/v2"
	"github.com/beyondstorage/go-storage/v4/pairs"
	"github.com/beyondstorage/go-storage/v4/services"
	"github.com/beyondstorage/go-storage/v4/types"
	"gopkg.in/yaml.v3"
)

// configured gives every line of a file as a pair of go-storage.
func configured(t *testing.T, variable string) []types.Pair {
	t.Helper()
	text, err := os.ReadFile(os.Getenv(variable))
	must(t, err)
	fields := map[string]string{}
	must(t, yaml.Unmarshal(text, &fields))
	var found []types.Pair
	for key, value := range fields {
		found = append(found, types.Pair{Key: key, Value: value})
	}
	return found
}

// changed gives the pairs with one value replaced.
func changed(given []types.Pair, key, value string) []types.Pair {
	found := []types.Pair{{Key: key, Value: value}}
	for _, pair := range given {
		if pair.Key != key {
			found = append(found, pair)
		}
	}
	return found
}

func value(given []types.Pair, key string) string {
	for _, pair := range given {
		if pair.Key == key {
			return pair.Value.(string)
		}
	}
	return ""
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, got, wanted any) {
	t.Helper()
	if got != wanted {
		t.Fatalf("got %q, wanted %q", got, wanted)
	}
}

// refused wants an error that is `kind` (when there is one) and whose text has these words.
func refused(t *testing.T, err error, kind error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("it was not refused")
	}
	if kind != nil && !errors.Is(err, kind) {
		t.Fatalf("%v is not %v", err, kind)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Fatalf("%v says nothing of %q", err, word)
		}
	}
}

// storager gives one with a work_dir of the test's own.
func storager(t *testing.T) types.Storager {
	t.Helper()
	given := changed(configured(t, "STORAGER_YAML"), "work_dir", "/"+t.Name()+"/")
	features := oss.WithStorageFeatures(oss.StorageFeatures{VirtualDir: true})
	store, err := oss.NewStorager(append(given, features)...)
	must(t, err)
	return store
}

func TestStorager(t *testing.T)    { suites.TestStorager(t, storager(t)) }
func TestAppender(t *testing.T)    { suites.TestAppender(t, storager(t)) }
func TestDirer(t *testing.T)       { suites.TestDirer(t, storager(t)) }
func TestMultiparter(t *testing.T) { suites.TestMultiparter(t, storager(t)) }
func TestLinker(t *testing.T)      { suites.TestLinker(t, storager(t)) }

func write(t *testing.T, store types.Storager, path, text string, given ...types.Pair) {
	t.Helper()
	_, err := store.Write(path, strings.NewReader(text), int64(len(text)), given...)
	must(t, err)
}

func read(t *testing.T, store types.Storager, path string) string {
	t.Helper()
	var found bytes.Buffer
	_, err := store.Read(path, &found)
	must(t, err)
	return found.String()
}

// paths of a listing, in order.
func paths(t *testing.T, store types.Storager, path string, given ...types.Pair) string {
	t.Helper()
	objects, err := store.List(path, given...)
	must(t, err)
	var found []string
	for {
		object, err := objects.Next()
		if errors.Is(err, types.IterateDone) {
			sort.Strings(found)
			return strings.Join(found, " ")
		}
		must(t, err)
		found = append(found, object.Path)
	}
}

// Every path is below work_dir; what lies beside it in the bucket is not seen.
func TestWorkDir(t *testing.T) {
	store, err := services.NewStorager("oss", configured(t, "STORAGER_YAML")...)
	must(t, err)
	name := value(configured(t, "STORAGER_YAML"), "name")
	equal(t, store.Metadata().WorkDir, "/work_dir/")
	whole, err := oss.NewStorager(changed(configured(t, "STORAGER_YAML"), "work_dir", "/")...)
	must(t, err)
	write(t, whole, "beside", "somebody else's")
	write(t, whole, "work_dir", "nor is this in the directory")

	equal(t, paths(t, store, ""), "")
	_, err = store.Stat("beside")
	refused(t, err, services.ErrObjectNotExist)
	_, err = store.Read("beside", io.Discard)
	refused(t, err, services.ErrObjectNotExist)
	must(t, store.Delete("beside"))
	equal(t, read(t, whole, "beside"), "somebody else's")

	write(t, store, "a", "1")
	write(t, store, "folder/b", "2")
	write(t, store, "folder/c/d", "3")
	object, err := store.Stat("folder/b")
	must(t, err)
	equal(t, object.ID, "work_dir/folder/b")
	equal(t, paths(t, store, ""), "a folder/b folder/c/d")
	equal(t, paths(t, store, "folder/", pairs.WithListMode(types.ListModeDir)), "folder/b folder/c/")
	equal(t, paths(t, whole, "work_dir"),
		"work_dir work_dir/a work_dir/folder/b work_dir/folder/c/d")

	for _, path := range []string{"a", "folder/b", "folder/c/d", "folder/c/d", "never was"} {
		must(t, store.Delete(path))
	}
	equal(t, paths(t, whole, "work_dir"), "work_dir")

	joined, err := services.NewStoragerFromString("oss://" + name + "/work_dir/?credential=" +
		value(configured(t, "STORAGER_YAML"), "credential") + "&endpoint=" +
		value(configured(t, "STORAGER_YAML"), "endpoint"))
	must(t, err)
	write(t, joined, "by a connection string", "4")
	equal(t, paths(t, store, ""), "by a connection string")
	must(t, store.Delete("by a connection string"))
}

// go-storage 4 joins work_dir and path as they stand: without its last slash it is a prefix.
func TestWorkDirWithoutSlash(t *testing.T) {
	store, err := oss.NewStorager(changed(configured(t, "STORAGER_YAML"), "work_dir", "/pre")...)
	must(t, err)
	write(t, store, "fix", "1")
	object, err := store.Stat("fix")
	must(t, err)
	equal(t, object.ID, "prefix")
	must(t, store.Delete("fix"))
}

// Directories exist as objects whose keys end in a slash; unfinished uploads are listed as parts.
func TestModes(t *testing.T) {
	store := storager(t)
	_, err := store.(types.Direr).CreateDir("empty")
	must(t, err)
	object, err := store.Stat("empty", pairs.WithObjectMode(types.ModeDir))
	must(t, err)
	equal(t, object.Mode.IsDir(), true)
	_, err = store.Stat("empty")
	refused(t, err, services.ErrObjectNotExist)
	must(t, store.Delete("empty", pairs.WithObjectMode(types.ModeDir)))
	_, err = store.Stat("empty", pairs.WithObjectMode(types.ModeDir))
	refused(t, err, services.ErrObjectNotExist)

	upload, err := store.(types.Multiparter).CreateMultipart("unfinished")
	must(t, err)
	equal(t, paths(t, store, "", pairs.WithListMode(types.ListModePart)), "unfinished")
	for range []int{1, 2} { // the second finds nothing, and that is no error
		must(t, store.Delete("unfinished", pairs.WithMultipartID(upload.MustGetMultipartID())))
	}
	equal(t, paths(t, store, "", pairs.WithListMode(types.ListModePart)), "")
}

func TestAppendsReplace(t *testing.T) {
	store := storager(t)
	write(t, store, "x", "1")
	object, err := store.(types.Appender).CreateAppend("x")
	must(t, err)
	for _, text := range []string{"a", "bc"} {
		_, err = store.(types.Appender).WriteAppend(object, strings.NewReader(text), int64(len(text)))
		must(t, err)
	}
	must(t, store.(types.Appender).CommitAppend(object))
	equal(t, read(t, store, "x"), "abc")
	must(t, store.Delete("x"))
}
