package devstack

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed kafka/pom.xml
var kafkaPOM []byte

// CacheDir is where downloads are kept: JIFEN_CACHE, else .cache of the repository that we run in, else the user's cache.
func CacheDir() (string, error) {
	if dir := os.Getenv("JIFEN_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	if root, ok := repository(); ok {
		return filepath.Join(root, ".cache"), nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a cache folder (JIFEN_CACHE names one): %w", err)
	}
	return filepath.Join(dir, "jifen"), nil
}

// repository is the root of Jifen's source tree, if we run inside it.
func repository() (root string, ok bool) {
	dir, err := os.Getwd()
	if err != nil {
		return "", false
	}
	for {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && bytes.HasPrefix(mod, []byte("module jifen\n")) {
			return dir, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false
		}
		dir = parent
	}
}

// FetchEngine downloads the ClickHouse engine's library unless the cache has it, and returns its path.
func FetchEngine(ctx context.Context) (lib string, err error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	return fetchEngine(ctx, cache)
}

// FetchKafka downloads Apache Kafka's jars with Maven unless the cache has them, and returns their folder.
func FetchKafka(ctx context.Context) (lib string, err error) {
	return Cached("kafka", kafkaPOM, func(work string) (string, error) {
		if err := os.WriteFile(filepath.Join(work, "pom.xml"), kafkaPOM, 0o644); err != nil {
			return "", fmt.Errorf("write the list of what to download: %w", err)
		}
		cmd := exec.CommandContext(ctx, "mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib")
		cmd.Dir = work
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("download Apache Kafka with Maven (Debian: apt-get install maven): %w\n%s", err, out)
		}
		return "lib", nil
	})
}

// Cached is a folder of the cache, named after the list of what it holds. Unless it is there, fetch downloads into a folder
// to work in and says which folder in that is wanted; it appears whole or not at all, so concurrent and interrupted
// downloads do no harm.
func Cached(kind string, list []byte, fetch func(work string) (folder string, err error)) (path string, err error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(list)
	path = filepath.Join(cache, kind+"-"+hex.EncodeToString(sum[:6]))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("make the cache folder: %w", err)
	}
	work, err := os.MkdirTemp(cache, "fetch-"+kind+"-")
	if err != nil {
		return "", fmt.Errorf("make a folder for the download: %w", err)
	}
	defer os.RemoveAll(work)
	folder, err := fetch(work)
	if err != nil {
		return "", err
	}
	if err := os.Rename(filepath.Join(work, folder), path); err != nil {
		if _, there := os.Stat(path); there == nil {
			return path, nil // another process was faster
		}
		return "", errors.Join(errors.New("put the download into the cache"), err)
	}
	return path, nil
}
